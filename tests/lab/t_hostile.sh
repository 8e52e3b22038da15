# lab: -t 350
# t_hostile.sh: servers that answer badly, one line of the log each, and what they cost
# at most: their deadline, and 64 KiB that are read of them, whatever they send.
. "$(dirname "$0")/test.sh"

lab_up 1
# What the kernel takes and nobody has read is little, so that what the server's kernel
# saw arrive is what was read.
ns director sysctl -qw net.ipv4.tcp_rmem="4096 4096 4096"
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 \
	-subj /CN=lab.example -keyout /run/key.pem -out /run/cert.pem 2>/run/openssl.log

# row NAME OPTION SCRIPT LINE: a director, its server and what the log must say of it,
# from the new state on, without names and duration; a pattern of the shell.
names=() scripts=() port=9000
row()
{
	port=$((port + 1))
	names+=("$1")
	scripts+=("$port" "$3")
	want[$port]=$4
	cat >>/run/conf <<-END
		director $1 $VIP:$port
		 option $2
		 server a 10.2.0.11:$port check
	END
}
declare -a want
cat >/run/conf <<END
global
 user nobody
defaults
 check interval 16s timeout 8s
END
get='read \r\n\r\n'
match='httpcheck match "wanted"'

# http: nothing, too slow, too much, and what is none
row mute httpcheck 'hold' 'down: timeout|timeout code=0'
row drips httpcheck "$get; drip 1000 HTTP/1.1 200 OK\r\n" 'down: timeout|timeout code=0'
row drips-headers "$match" "$get; send HTTP/1.1 200 OK\r\n; drip 1000 A: bcdefghijklm" \
	'down: timeout|timeout code=0'
row status-1m httpcheck "$get; send HTTP/1.1 200\x20; times 1048576 O; hold" \
	'down: malformed answer|malformed code=0 text="HTTP/1.1 200 OOO*"'
row headers-1m httpcheck "$get; send HTTP/1.1 100 Go\r\n; times 1048576 a; hold" \
	'down: malformed answer|malformed code=0 text="HTTP/1.1 100 Go"'
row header-lines "$match" "$get; send HTTP/1.1 200 OK\r\n; times 100000 A: b\r\n; hold" \
	'down: malformed answer|malformed code=200 text="HTTP/1.1 200 OK"'
row interims httpcheck "$get; times 100000 HTTP/1.1 100 Go\r\n\r\n; hold" \
	'down: malformed answer|malformed code=0*'
row empty-lines httpcheck "$get; times 500000 \r\n; hold" \
	'down: malformed answer|malformed code=0'
row nul httpcheck "$get; send HTTP/1.1 200 O\0K\r\n\r\n; hold" \
	'down: malformed answer|malformed code=0 text="HTTP/1.1 200 O\\x00K"'
row nul-header "$match" "$get; send HTTP/1.1 200 OK\r\nA: \0\r\n\r\nwanted; hold" \
	'down: malformed answer|malformed code=200 text="HTTP/1.1 200 OK"'
row version-2 httpcheck "$get; send HTTP/2.0 200 OK\r\n; hold" \
	'down: malformed answer|malformed code=0 text="HTTP/2.0 200 OK"'
row version-11 httpcheck "$get; send HTTP/11.1 200 OK\r\n; hold" \
	'down: malformed answer|malformed code=0 text="HTTP/11.1 200 OK"'
row status-2000 httpcheck "$get; send HTTP/1.1 2000 OK\r\n; hold" \
	'down: malformed answer|malformed code=0 text="HTTP/1.1 2000 OK"'
row no-http httpcheck 'send SSH-2.0-OpenSSH\r\n; hold' \
	'down: malformed answer|malformed code=0 text="SSH-2.0-OpenSSH"'
row closes httpcheck "$get; send HTTP/1.1 200 O" \
	'down: connection closed before the answer|closed code=0'
row resets httpcheck "$get; send HTTP/1.1 20; reset" 'down: connection reset|reset code=104'
row resets-body "$match" "$get; send HTTP/1.1 200 OK\r\n\r\nwan; reset" \
	'down: connection reset|reset code=104'
row busy httpcheck "$get; send HTTP/1.1 503 \x22Busy\x22\r\n\r\n" \
	'down: bad status|bad-status code=503 text="HTTP/1.1 503 \\x22Busy\\x22"'
row endless "$match" "$get; send HTTP/1.1 200 OK\r\n\r\n; times 2000000 x; hold" \
	'down: expected text not in the answer|no-match code=200 text="HTTP/1.1 200 OK"'
row chunks "$match" "$get; send HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n;
	times 500000 1\r\nx\r\n; hold" \
	'down: expected text not in the answer|no-match code=200 text="HTTP/1.1 200 OK"'
row chunk-size "$match" "$get; send HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n;
	times 1000000 f; hold" 'down: malformed answer|malformed code=200 text="HTTP/1.1 200 OK"'

# tcp with words
expect='tcpcheck send "HELO\r\n" expect "250"'
row tcp-mute "$expect" 'hold' 'down: timeout|timeout code=0'
row tcp-endless "$expect" 'times 2000000 x; hold' \
	'down: expected text not in the answer|no-match code=0 text="xxx*x"'
row tcp-lines "$expect" 'times 200000 220 go on\r\n; hold' \
	'down: expected text not in the answer|no-match code=0 text="22*"'
row tcp-says-no "$expect" 'read HELO; send 554 no\r\n' \
	'down: expected text not in the answer|no-match code=0 text="554 no"'
row tcp-closes "$expect" 'read HELO' \
	'down: connection closed before the answer|closed code=0'
row tcp-resets "$expect" 'read HELO; send 2; reset' 'down: connection reset|reset code=104'

# TLS
row tls-mute httpscheck 'hold' 'down: timeout|timeout code=0'
row tls-alert httpscheck 'send \x15\x03\x03\0\x02\x02\x28; hold' \
	'down: TLS error|tls code=0 text="sslv3 alert handshake failure"'
row tls-none httpscheck 'send HTTP/1.1 400 Bad Request\r\n; hold' \
	'down: TLS error|tls code=0 text="wrong version number"'
row tls-zeros httpscheck 'times 1048576 \0; hold' \
	'down: TLS error|tls code=0 text="wrong version number"'
row tls-closes httpscheck 'read \x03' 'down: connection closed before the answer|closed code=0'
row tls-resets httpscheck 'read \x03; reset' 'down: connection reset|reset code=104'
row tls-drips httpscheck "tls; $get; drip 1000 HTTP/1.1 200 OK\r\n" \
	'down: timeout|timeout code=0'
row tls-headers httpscheck "tls; $get; send HTTP/1.1 100 Go\r\n; times 1048576 a; hold" \
	'down: malformed answer|malformed code=0 text="HTTP/1.1 100 Go"'
row tls-endless 'httpscheck match "wanted"' \
	"tls; $get; send HTTP/1.1 200 OK\r\n\r\n; times 2000000 x; hold" \
	'down: expected text not in the answer|no-match code=200 text="HTTP/1.1 200 OK"'
row tls-self 'httpscheck verify required' 'tls; hold' \
	'down: TLS error|tls code=0 text="self-signed certificate"'

# and what is well, in the middle of that
row good httpcheck "$get; send HTTP/1.1 200 OK\r\n\r\n" \
	'up: ok|ok code=200 text="HTTP/1.1 200 OK"'
row tls-good httpscheck "tls; $get; send HTTP/1.1 200 OK\r\n\r\n" \
	'up: ok|ok code=200 text="HTTP/1.1 200 OK"'
row tcp-good "$expect" 'read HELO; send 250 hello\r\n; hold' 'up: ok|ok code=0 text="250 hello"'

# agents: their servers are not moved by any of it
row agent-mute 'tcpcheck' 'hold' 'agent: timeout|timeout code=0'
row agent-endless 'tcpcheck' 'times 1048576 x; hold' \
	'agent: malformed answer|malformed code=0 text="xxx*x"'
row agent-nul 'tcpcheck' 'send up\0\n; hold' \
	'agent: malformed answer|malformed code=0 text="up\\x00"'
row agent-resets 'tcpcheck' 'send up; reset' 'agent: connection reset|reset code=104'
sed -i 's/^director agent-[a-z]* [0-9.]*:\([0-9]*\)$/&\n option agentcheck port \1/' /run/conf

ns rs1 scripted -c /run/cert.pem -k /run/key.pem -l /run/served "${scripts[@]}" >/run/pid
lvsd_start </run/conf

logged_once() { [ "$(logged "$1")" -ge 1 ]; }
# line NAME PORT: the line of the log, as row() was told it.
line()
{
	local said="server $1\/a unknown -> " agent= address=" address=10.2.0.11:$2"

	[[ $1 != agent-* ]] || said="server $1\/a: no word from its agent, what it said last stands: " agent="agent: " address=
	sed -n "s/.*$said\(.*\) director=$1 server=a$address reason=/$agent\1|/p" "$LVSD_LOG" |
		sed 's/ duration_us=[0-9]*//; s/ text=""$//' | tail -n 1
}
all_told() { [ "$(grep -Ec 'unknown -> |no word from' "$LVSD_LOG")" -ge $((${#names[@]} + 4)) ]; }
check "all have been told of" wait_for 120 all_told
for ((i = 0; i < ${#names[@]}; i++)); do
	name=${names[i]} port=${scripts[i * 2]} got=
	# The server of an agent is told of by its check first.
	[[ $name != agent-* ]] || wait_for 30 logged_once "server $name/a: no word"
	got=$(line "$name" "$port")
	[[ $got == ${want[port]} ]] && got=${want[port]}
	is "$name" "$got" "${want[port]}"
done
is "agents moved nobody" "$(ns director ipvsadm -Ln | grep -c ':90[0-9]* *Masq *1 ')" 7

# A connection is told of when its server has seen the end of it.
is_served() { [ "$(cut -d' ' -f1 /run/served | sort -u | wc -l)" = "${#names[@]}" ]; }
check "each server was asked" wait_for 60 is_served
most=$(sed -n 's/.* acked=\([0-9]*\) .*/\1/p' /run/served | sort -n | tail -n 1)
note "read of one server: $most bytes at most"
at_most "no more than 64 KiB was read of anyone, and what the buffer holds" "$most" \
	$((65536 + 8192))
at_most "of those who would have said more" 60000 \
	"$(sed -n 's/.* acked=\([0-9]*\) end=client$/\1/p' /run/served | sort -n | tail -n 1)"
is "it is the same checker" "$(lvsctl --json status | jq .checker.deaths)" 0
lvsd_stop
finish

# tls.sh: OpenSSL is there for the checker alone, and only when a check uses TLS.
. "$SRCDIR/tests/dry/lib"

web=$port
servers=$(backend -n web -p $web)
file()
{
	conf <<-END
	director $2 10.9.9.1:80
	 check interval 300ms timeout 300ms
	 option $1
	 server a 127.0.0.1:$web check
	END
}
checker() { json .checker.pid; }
maps() { grep -c libcrypto "/proc/$1/maps"; }
reason_is() { [ "$(json '.directors[0].servers[0].check.reason')" = "$1" ]; }

file httpcheck web
check "http: it starts" start
check "http: up" wait_for 30 health_is a up
is "http: the daemon does not hold OpenSSL" "$(maps "$daemon")" 0
is "http: nor does its checker" "$(maps "$(checker)")" 0
file httpscheck web
like "https: a reload" "$(ctl reload)" 'checks restart'
check "https: checked" wait_for 30 reason_is timeout
is "https: the daemon does not hold OpenSSL" "$(maps "$daemon")" 0
not_zero() { [ "$1" -gt 0 ]; }
check "https: its checker does" not_zero "$(maps "$(checker)")"
stop

# A program whose module is neither installed nor beside it; nothing is known of the new
# director's server.
mkdir "$dir/bin"
cp "$BUILDDIR/lvsd" "$dir/bin/lvsd"
PATH=$dir/bin:$PATH
file httpscheck other
check "without the module: it starts" start
check "without the module: no verdict" wait_for 30 reason_is local-other
is "without the module: told once" "$(logged 'cannot load .*lvsd-tls.so: .*no check can use TLS')" 1
check "without the module: the server is not taken for down" health_is a unknown
stop

# After an upgrade, under a daemon of before.
version=$(lvsd -V | cut -d' ' -f2)
cp "$BUILDDIR/lvsd-tls.so" "$dir/bin"
LC_ALL=C sed -i "s/$(echo "$version" | sed 's/\./\\./g')/$(echo "$version" | tr 0-9 9)/" "$dir/bin/lvsd-tls.so"
check "a module of another version: it starts" start
check "a module of another version: no verdict" wait_for 30 reason_is local-other
is "a module of another version: told" "$(logged 'cannot load .*: it is of another version; restart lvsd')" 1
stop
finish

#!/bin/sh
# host.sh: the lab as its caller sees it: what comes back from a guest, what
# happens when one fails, and that nothing stays behind. Runs on the host.
cd "$(dirname "$0")" || exit
. ./tap.sh
scratch=$(mktemp -d /tmp/lvsd-host.XXXXXX) || exit
trap 'rm -rf "$scratch"' EXIT
trap 'exit 143' TERM INT HUP
export TMPDIR="$scratch"

# The processes of guests that have their directory below $scratch.
guests()
{
	ps -eo pid,stat,args | awk -v at="lab=$scratch/" '$2 !~ /Z/ && index($0, " " at) { print $1 }'
}

# until_true COMMAND...: for at most a minute or so.
until_true()
{
	tries=1200
	until "$@"; do
		tries=$((tries - 1))
		[ $tries -gt 0 ] || return 1
		sleep 0.05
	done
}

# What is left: a process that was killed may need a moment to be gone.
nothing_left() { [ -z "$(guests)" ]; }
left()
{
	until_true nothing_left
	guests
	ls "$scratch"
}

said_started()
{
	grep -q started "$scratch/said"
}

is "output and errors come back" "$(./lab -- sh -c 'echo one; echo two >&2')" "one
two"
fails "the exit status comes back" 7 ./lab -- sh -c 'exit 7'
is "arguments arrive as they are" "$(./lab -- printf '%s|' 'a b' '*' "it's" '$HOME' '')" \
	"a b|*|it's|\$HOME||"
is "the command runs in this directory" "$(./lab -- pwd)" "$(pwd)"
is "a megabyte arrives whole" "$(./lab -- head -c 1000000 /dev/zero | wc -c)" 1000000
is "nothing is left" "$(left)" ""

fails "a guest that is not done in time: 124" 124 ./lab -t 2 -- sleep 100
like "says so" "$tap_said" 'not done after 2 s'
is "nothing is left after the deadline" "$(left)" ""
fails "a guest that dies: 125" 125 ./lab -- sh -c 'echo c >/proc/sysrq-trigger; sleep 5'
like "shows the kernel's log" "$tap_said" 'Kernel panic'
is "nothing is left of a dead guest" "$(left)" ""
fails "a guest that cannot boot: 125" 125 ./lab -m 8M -- true
like "shows why" "$tap_said" 'physical memory'
fails "a command that does not exist: 127" 127 ./lab -- no-such-command
fails "a guest that reboots: 125" 125 \
	./lab -o "$scratch/out" -- sh -c 'echo ran >>$OUT/runs; sync; echo b >/proc/sysrq-trigger; sleep 5'
is "does not run its command twice" "$(cat "$scratch/out/runs")" ran
rm -r "$scratch/out"

for how in TERM:143 INT:130 HUP:129; do
	signal=${how%:*}
	env --default-signal ./lab -- sh -c 'echo started; exec sleep 100' >"$scratch/said" &
	check "a guest runs" until_true said_started
	kill -$signal $!
	wait $!
	is "$signal ends it" $? "${how#*:}"
	rm "$scratch/said"
	is "nothing is left after $signal" "$(left)" ""
done

# Those that have not booted yet are the hardest to find.
for delay in 0 0.02 0.05 0.1 0.2; do
	./lab -- sleep 100 &
	sleep $delay
	kill $!
	wait $! 2>/dev/null
	is "nothing is left when it ends after $delay s" "$(left)" ""
done

# Two guests run, and each keeps to a CPU of its own.
apart='^2 on [0-9]+ [0-9]+ $'
two_apart()
{
	sessions=$(guests | xargs -r -n 1 ps -o sid= -p | sort -u | wc -l)
	cpus=$(guests | xargs -r -n 1 taskset -cp | sed 's/.*: //' | sort -u | tr '\n' ' ')
	echo "$sessions on $cpus" | grep -Eq "$apart"
}

# The lab locks the directories of CPUs. In here they are others, so that it does not matter
# how many guests other people have. Replaces this process.
private()
{
	exec unshare --mount $as_root sh -c 'mount --bind "$0" /sys/devices/system/cpu && exec "$@"' \
		"$scratch/cpus" "$@"
}
mkdir "$scratch/cpus"
for cpu in /sys/devices/system/cpu/cpu[0-9]*; do
	mkdir "$scratch/cpus/${cpu##*/}"
done
as_root=
(private true) 2>/dev/null || as_root=--map-root-user
if [ "$(nproc)" = 1 ]; then
	skip "two guests have a CPU each" "there is only one"
elif (private true) 2>/dev/null; then
	private ./lab -t 300 -- sleep 300 &
	one=$!
	private ./lab -t 300 -- sleep 300 &
	until_true two_apart
	like "two guests have a CPU each" "$sessions on $cpus" "$apart"
	kill $one $!
	wait 2>/dev/null
	rm -r "$scratch/cpus"
	is "nothing is left of two" "$(left)" ""
else
	skip "two guests have a CPU each" "nothing may be mounted here, and others may have one"
fi
rm -rf "$scratch/cpus"

like "with -v the kernel's log is shown in any case" "$(./lab -v -- true 2>&1)" 'sysrq: Power Off'
check "OUT can be written to" ./lab -o "$scratch/out" -- sh -c 'echo kept >$OUT/file'
is "it is there afterwards" "$(cat "$scratch/out/file")" kept
rm -r "$scratch/out"
fails "the host's files cannot be written" 2 ./lab -- sh -c ': >lab.new'
check "IPVS is there" ./lab -- ipvsadm -A -t 10.9.9.1:80 -s mh
fails "and with --no-ipvs it is not" 2 ./lab --no-ipvs -- ipvsadm -A -t 10.9.9.1:80 -s mh
fails "a scheduler can be missing" 255 \
	./lab --no-module ip_vs_mh -- ipvsadm -A -t 10.9.9.1:80 -s mh
check "the others are there" ./lab --no-module ip_vs_mh -- ipvsadm -A -t 10.9.9.1:80 -s sh
fails "no command: 2" 2 ./lab -t 3
fails "an unknown option: 2" 2 ./lab --what -- true
fails "-i needs a terminal" 125 ./lab -i -- true </dev/null
fails "the status comes back with -i" 9 \
	script -qec './lab -i -- sh -c "tty; test -t 0 && exit 9"' /dev/null
like "and the command has a terminal" "$tap_said" '/dev/tty1'

# As an ordinary user, when that is not what this is run as.
nobody()
{
	setpriv --reuid=65534 --regid=65534 --clear-groups "$@"
}
if [ "$(id -u)" = 0 ] && nobody test -r lab; then
	chmod 1777 "$scratch"
	is "an ordinary user is root in the guest, too" "$(nobody ./lab -- id -u)" 0
	check "and has IPVS" nobody ./lab -- ipvsadm -A -t 10.9.9.1:80
	is "nothing is left of an ordinary user" "$(left)" ""
fi
finish

# notify.sh: what a service manager is told.
. "$SRCDIR/tests/dry/lib"

file()
{
	conf <<-END
	director web 10.9.9.1:80
	 server a 127.0.0.1:80 weight $1
	END
}
socat -u "UNIX-RECV:$dir/manager" "OPEN:$dir/heard,creat,append" &
servers=$!
wait_for 30 test -S "$dir/manager" || exit
heard() { [ "$(sed 's/WATCHDOG=1//g' "$dir/heard" | tr -d '\n' | sed 's/MONOTONIC_USEC=[0-9]*//g')" = "$1" ]; }

file 1
NOTIFY_SOCKET=$dir/manager
WATCHDOG_USEC=200000
export NOTIFY_SOCKET WATCHDOG_USEC
check "it starts" start
check "that it is ready" wait_for 30 heard READY=1
barks() { [ "$(grep -o WATCHDOG=1 "$dir/heard" | wc -l)" -ge 3 ]; }
check "that it is alive, again and again" wait_for 30 barks
file 2
like "a reload" "$(ctl reload)" 'reloaded'
check "a reload, and its end" wait_for 30 heard READY=1RELOADING=1READY=1
file 70000
ctl reload >/dev/null 2>&1
check "one that is refused has an end, too" wait_for 30 heard READY=1RELOADING=1READY=1RELOADING=1READY=1
stop
check "that it stops" wait_for 30 heard READY=1RELOADING=1READY=1RELOADING=1READY=1STOPPING=1

file 3
NOTIFY_SOCKET=$dir/nobody
check "a manager that is not there stops nothing" start
like "and is told of" "$(logged 'cannot reach the service manager')" '^1$'
stop
finish

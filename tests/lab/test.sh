# test.sh: what every lab test begins with; sourced by bash in the guest.
#
#   # lab: -t 60             (options of the lab for this script, when needed)
#   . "$(dirname "$0")/test.sh"
#   lab_up
#   start_backends
#   lvsd_start <<-END        lvs.conf; lvsd runs in the namespace director
#   ...
#   END
#   is "text" "$got" "$want" and the rest of tap.sh
#   finish
#
# When something failed, the daemon's log and the table are shown at the end.

. "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/tap.sh"
. "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/net.sh"
PATH=$TOOLS:$BUILDDIR:$PATH
LVSD_CONF=/run/lvs.conf LVSD_LOG=/run/lvsd.log
dmesg -C # what the kernel says of its boot is no news
mkdir -p -m 755 /run/lvsd /var/lib/lvsd /run/hammer

show_state()
{
	local file

	{
		for file in $(grep -l '^failed=[1-9]' /run/hammer/*); do
			echo "---- $file"
			cat "$file"
		done
		echo "---- $LVSD_LOG"
		[ ! -e "$LVSD_LOG" ] || tail -n 50 "$LVSD_LOG"
		echo "---- ipvsadm -Ln"
		[ ! -e /run/netns/director ] || ns director ipvsadm -Ln 2>&1
		echo "---- warnings of the kernel"
		dmesg -l warn,err,crit,alert,emerg | tail -n 10
	} | sed 's/^/# /'
}

at_exit()
{
	local status=$?

	if [ "$tap_n" != "done" ]; then
		echo "not ok - the script ended early, with status $status"
		tap_failed=1
	fi
	[ "$tap_failed" = 0 ] || show_state 2>/dev/null
	exit $((tap_failed > 0))
}
trap at_exit EXIT

# The lab would end the guest without a word about what it hangs at.
watchdog()
{
	local up_cs

	uptime_cs
	pause $((LAB_SECONDS - 3 - up_cs / 100))
	echo "not ok - not done after $LAB_SECONDS s"
	ps -eo pid,args | grep -v '\[' | sed 's/^/# /'
	show_state 2>/dev/null
	kill -9 $$
}
watchdog &

# The time from one line of now, hammer or ipvswait to a later one, in ms.
ms_between()
{
	echo $(((10#${2/./} - 10#${1/./}) / 1000))
}

# ---- the daemon ----

# lvsd_conf <<END: writes the configuration, as an editor would.
lvsd_conf()
{
	cat >"$LVSD_CONF.new" && mv "$LVSD_CONF.new" "$LVSD_CONF"
}

# lvsd_run [ARGUMENT...]: lvsd in the foreground, for starts that must fail.
lvsd_run()
{
	ns director lvsd -f "$LVSD_CONF" "$@"
}

# lvsd_launch [ARGUMENT...]: starts it and does not wait. The words of
# LVSD_UNDER, such as valgrind with options, come before it.
lvsd_launch()
{
	ip netns exec director $LVSD_UNDER "$BUILDDIR/lvsd" -f "$LVSD_CONF" "$@" >>"$LVSD_LOG" 2>&1 &
	lvsd_pid=$!
}

lvsd_answers_or_died()
{
	lvsctl status >/run/lvsctl.out 2>&1 || ! kill -0 "$lvsd_pid" 2>/dev/null
}

# lvsd_start [ARGUMENT...] [<<END]: with this configuration, or the one that is
# there; returns when it answers.
lvsd_start()
{
	# An inherited /dev/null is not a configuration.
	[ /dev/stdin -ef /dev/null ] || lvsd_conf
	lvsd_launch "$@"
	wait_for 60 lvsd_answers_or_died && lvsctl status >/run/lvsctl.out 2>&1 && return
	not_ok "lvsd starts" "$(cat /run/lvsctl.out "$LVSD_LOG")"
	return 1
}

# lvsd_reload [<<END]: by lvsctl; its output and status.
lvsd_reload()
{
	[ /dev/stdin -ef /dev/null ] || lvsd_conf
	lvsctl reload
}

# lvsd_hup [<<END]: by signal; returns when the reload is done or refused.
lvsd_hup()
{
	local before

	[ /dev/stdin -ef /dev/null ] || lvsd_conf
	before=$(reloads)
	kill -HUP "$lvsd_pid"
	wait_for 30 reloaded_since "$before"
}

reloads()
{
	grep -Ec ' reloaded | reload refused' "$LVSD_LOG"
}

reloaded_since()
{
	[ "$(reloads)" -gt "$1" ]
}

# lvsd_stop [SIGNAL]: TERM unless told otherwise; its exit status.
lvsd_stop()
{
	kill "-${1:-TERM}" "$lvsd_pid"
	wait "$lvsd_pid" 2>/dev/null
}

# How many lines of the log are like PATTERN.
logged()
{
	grep -Ec -- "$1" "$LVSD_LOG"
}

# The process that writes the state file.
writer_pid()
{
	pgrep -P "$lvsd_pid" -f '^lvsd: writer'
}

# ---- traffic ----

# What makes hammer a crowd of 100 clients, unless the caller says who it is.
crowd()
{
	case " $* " in
	*" -b "*) ;;
	*:*) echo "-b fd01:1::1/100" ;;
	*) echo "-b 10.1.1.1/100" ;;
	esac
}

# hammer_start NAME [ARGUMENT...] ADDRESS PORT: many clients, or with -b
# 10.1.0.2/1 one, until hammer_stop; returns when a request was answered.
declare -A hammer_pid
hammer_start()
{
	local name=$1

	shift
	: >"/run/hammer/$name"
	ip netns exec client hammer $(crowd "$@") "$@" >"/run/hammer/$name" 2>&1 &
	hammer_pid[$name]=$!
	wait_for 30 grep -q '^started=' "/run/hammer/$name"
}

# hammer_stop NAME: 0 when no request failed.
hammer_stop()
{
	kill "${hammer_pid[$1]}"
	wait "${hammer_pid[$1]}"
}

# hammer_run NAME ARGUMENT...: the same from begin to end.
hammer_run()
{
	local name=$1

	shift
	ns client hammer $(crowd "$@") "$@" >"/run/hammer/$name" 2>&1
}

# hammer_get NAME KEY: a value of the summary, 0 when it has none.
hammer_get()
{
	local value

	value=$(sed -n "s/^$2=//p" "/run/hammer/$1")
	echo "${value:-0}"
}

# without_ipset.sh: a build without libipset: it has no warning, its tests pass, and a file
# that needs marks is refused with one line.
. "$SRCDIR/tests/dry/lib"

# Once is enough, and it is the compilers that matter.
case $BUILDDIR in
*/asan)
	ok "built once"
	finish
	exit
	;;
esac

# configured COMPILER: builds everything out of the tree.
configured()
{
	mkdir "$dir/$1" && cd "$dir/$1" || return 1
	{
		"$SRCDIR/configure" -q --enable-werror --without-ipset --sysconfdir=/etc \
			--localstatedir=/var --runstatedir=/run CC="$1" CFLAGS=-O0 &&
			make -s all
	} >"$dir/build" 2>&1 || { tail -n 20 "$dir/build"; return 1; }
}

check "clang builds it without a warning" configured clang
check "so does gcc" configured gcc
cd "$dir/gcc" || exit 1
check "and what tests it" sh -c "make -s check TESTS= >$dir/build 2>&1 || ! tail -n 20 $dir/build"
for test in "$dir"/gcc/tests/unit/test_* "$dir"/gcc/tests/plan/test_*; do
	case $test in
	*.o) continue ;;
	esac
	check "${test##*/}" sh -c "timeout 600 $test >$dir/said 2>&1 || ! tail -n 20 $dir/said"
done
is "no libipset is linked" "$(ldd lvsd | grep -c ipset)" 0

# refused TEXT <<END: by a check run and by a start, with one line.
refused()
{
	conf
	for how in "-c" "--dry-run"; do
		timeout 60 "$dir/gcc/lvsd" $how -f "$conf" >"$dir/said" 2>&1
		is "$1: refused by $how" $? 1
		is "$1: one line" "$(grep -c . "$dir/said")" 1
		like "$1: that says why" "$(cat "$dir/said")" \
			'lvs.conf: (error: )?director "pool" needs .* built without libipset'
	done
}
refused "a flow" <<END
director web 10.9.9.1:80
 server a 127.0.0.1:80
director pool
 server a 127.0.0.1:80
flow f director pool
 match dst 192.0.2.0/24
END
refused "every port" <<END
director pool 10.9.9.1
 server a 127.0.0.1
END
refused "masquerade" <<END
director pool 10.9.9.1:80
 mode nat masquerade
 server a 127.0.0.1:80
END
conf <<END
director web 10.9.9.1:80
 server a 127.0.0.1:80
director marked fwmark 7
 server a 127.0.0.1:80
END
check "what needs none is good" "$dir/gcc/lvsd" -c -f "$conf"
finish

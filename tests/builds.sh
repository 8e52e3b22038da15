#!/bin/sh
# builds.sh: the builds that nobody works with day by day: of what make dist gives (distcheck:
# read-only, out of its tree, tested, installed, by DESTDIR, too, and taken away), in the tree,
# and without the page. No compiler has a warning. Without ipset: tests/dry/without_ipset.sh.
cd "$(dirname "$0")/.." || exit 1
. tests/lab/tap.sh
BUILDDIR=${BUILDDIR:-$PWD/build/gcc}
top=$PWD
tmp=$(mktemp -d) || exit 1
trap 'chmod -R u+w "$tmp"; rm -rf "$tmp"' EXIT
trap 'exit 143' TERM INT HUP
unset MAKEFLAGS MAKELEVEL
export VERBOSE=1 # tests that fail are shown
export TMPDIR="$tmp" # for distcheck's own

# in_build DIR COMMAND...: what it said is kept, and its end shown if it fails.
in_build()
{
	(cd "$tmp/$1" && shift && "$@") >"$tmp/log" 2>&1 </dev/null && return
	tail -n 60 "$tmp/log"
	return 1
}

# Tests wait more than they work, so there may be more of them than CPUs.
mkdir "$tmp/top"
distcheck()
{
	in_build top "$top/configure" -q CFLAGS=-O0 &&
		in_build top make -s -j4 distcheck DISTCHECK_CONFIGURE_FLAGS=CFLAGS=-O0
}
check "make distcheck" distcheck

# The same files, with configure as make dist gives it.
mkdir "$tmp/tree"
tar -C "$tmp/tree" --strip-components=1 -xzf "$tmp"/top/lvsd-*.tar.gz
in_tree() { in_build tree ./configure -q --enable-werror CC=clang CFLAGS=-O0 && in_build tree make -s -j2; }
check "in the tree, by clang" in_tree
check "is the same program" "$tmp/tree/lvsd" -c -f examples/web.conf

# ---- what configure says ----

mkdir "$tmp/poor"
check "what is missing is told" sh -c "! (cd $tmp/poor && $top/configure -q PKG_CONFIG_LIBDIR=/nonexistent)"
like "all of it, by package" "$tap_said" 'apt-get install .*libnl-3-dev .*libssl-dev .*libjansson-dev .*libmicrohttpd-dev'
check "what is there is told" sh -c "cd $tmp/poor && $top/configure -q --disable-lvsweb --without-ipset --prefix=/opt/x"
is "where, and what it is for" "$(echo "$tap_said" | sed -n 's/^  \(programs\|flows\|web page\)  */\1: /p')" \
	"programs: /opt/x/sbin
flows: none: no flows, directors of every port, masquerading
web page: none: no lvsweb"

# ---- without the page ----

# without_page COMPILER
without_page()
{
	mkdir "$tmp/$1" && in_build "$1" "$top/configure" -q --enable-werror --disable-lvsweb CC="$1" CFLAGS=-O0 &&
		in_build "$1" make -s -j2 && in_build "$1" make -s DESTDIR="$tmp/$1/root" install
}
for compiler in gcc clang; do
	check "--disable-lvsweb, by $compiler" without_page $compiler
	is "nothing of it is installed" "$(find "$tmp/$compiler/root" -name '*lvsweb*' ! -path '*/doc/*')" ""
	is "nor is its library needed" "$(ldd "$tmp/$compiler/lvsd" "$tmp/$compiler/lvsctl" | grep -c microhttpd)" 0
done
finish

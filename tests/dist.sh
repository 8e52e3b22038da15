#!/bin/sh
# What is given away: make dist has every file that is kept, make install puts each where it
# belongs and make uninstall takes it away again, the words of options and of the grammar are
# the same wherever they stand. BUILDDIR is a build; it needs no rights.
cd "$(dirname "$0")/.." || exit 1
. tests/lab/tap.sh
BUILDDIR=${BUILDDIR:-$PWD/build/gcc}
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT

# empty TEXT FILE: which tells what should not be.
empty()
{
	is "$1" "$(head -n 20 "$2")" ""
}

# ---- make dist ----

text="make dist has every file that git has"
if git rev-parse --git-dir >/dev/null 2>&1; then
	check "make dist" make -s -C "$BUILDDIR" distdir
	given=$BUILDDIR/lvsd-$(sed -n "s/^VERSION = //p" "$BUILDDIR/Makefile")
	git ls-files | grep -v '^\.ci/' | while read -r file; do
		[ ! -e "$file" ] || cmp -s "$file" "$given/$file" || echo "$file"
	done >"$tmp/missing"
	empty "$text" "$tmp/missing"
	find "$given" -name '*.[oa]' -o -name '*.orig' -o -name '*.swp' >"$tmp/built"
	empty "and nothing that was built" "$tmp/built"
	chmod -R u+w "$given" && rm -rf "$given"
else
	skip "$text" "this is not a git checkout"
fi

# ---- make install, uninstall ----

root=$tmp/root prefix=$(sed -n 's/^prefix = //p' "$BUILDDIR/Makefile")
check "make install" make -s -C "$BUILDDIR" DESTDIR="$root" install
while read -r mode file; do
	is "$file" "$(stat -c %a "$root$file" 2>&1)" "$mode"
done <<END
755 /etc/init.d/lvsd
644 $prefix/lib/systemd/system/lvsd.service
644 $prefix/lib/systemd/system/lvsweb.service
644 $prefix/lib/sysusers.d/lvsd.conf
644 $prefix/lib/sysusers.d/lvsweb.conf
644 $prefix/lib/tmpfiles.d/lvsd.conf
644 $prefix/share/doc/lvsd/operations.md
755 $prefix/share/doc/lvsd/examples/anycast-announce
644 $prefix/share/doc/lvsd/examples/web.conf
644 $prefix/share/man/man5/lvs.conf.5
644 $prefix/share/man/man8/lvsctl.8
644 $prefix/share/man/man8/lvsd.8
644 $prefix/share/man/man8/lvsweb.8
755 $prefix/sbin/lvsweb
644 $prefix/share/vim/vimfiles/ftdetect/lvsconf.vim
644 $prefix/share/vim/vimfiles/syntax/lvsconf.vim
END
{
	sed -n 's,^Exec[A-Za-z]*=\(/[^ ]*\).*,\1,p' "$root$prefix/lib/systemd/system/lvsd.service"
	sed -n 's,^\(DAEMON\|CTL\)=,,p' "$root/etc/init.d/lvsd"
	sed -n 's,^\.It Pa \(/.*\.so\)$,\1,p' "$root$prefix/share/man/man8/lvsd.8"
} >"$tmp/named"
is "unit, init script and page name six files" "$(wc -l <"$tmp/named")" 6
while read -r file; do
	[ -x "$root$file" ] || echo "$file"
done <"$tmp/named" >"$tmp/missing"
empty "which are there" "$tmp/missing"
if command -v systemd-analyze >/dev/null; then
	# It looks for the programs in place, where a test may not put them.
	for unit in lvsd lvsweb; do
		sed "s,=/usr/local/sbin,=$root$prefix/sbin," "$root$prefix/lib/systemd/system/$unit.service" \
			>"$tmp/$unit.service"
		check "systemd knows every line of $unit's unit" systemd-analyze verify --man=no "$tmp/$unit.service"
		is "and has nothing to say" "$tap_said" ""
	done
else
	skip "systemd knows every line of the unit" "there is no systemd-analyze"
fi
grep -rhno '/[a-z/]*lvsd/examples' "$root$prefix/share/man" | sed 's/.*://' | sort -u >"$tmp/named"
is "lvs.conf(5) names the examples" "$(cat "$tmp/named")" "$prefix/share/doc/lvsd/examples"
is "all of them" "$(cd "$root$prefix/share/doc/lvsd/examples" && ls)" "$(cd examples && ls | grep -Ev '^(lvs\.conf|on-host|quickstart|story)$')"
for document in doc/*.md; do
	[ -e "$root$prefix/share/$(echo "$document" | sed 's,doc/,doc/lvsd/,')" ] || echo "$document"
done >"$tmp/missing"
empty "and all documents are installed" "$tmp/missing"
check "make uninstall" make -s -C "$BUILDDIR" DESTDIR="$root" uninstall
find "$root" ! -type d >"$tmp/left"
empty "nothing is left" "$tmp/left"

# ---- the same words ----

# Options of a page: each .It Fl of its list of options, and what -c takes: -s socket.
page_options()
{
	sed -n '/^The options are:/,/^\.El/s/^\.It //p' "man/$1.8" | sed 's/ , / Fl /; s/Fl -/Fl --/g' |
		tr ' ' '\n' | awk 'last == "Fl" { print (length($0) > 1 ? $0 : "-" $0) } { last = $0 }' |
		sort -u
}
# Those of the program: the lines that begin with one, and the long ones of its usage.
help_options()
{
	"$BUILDDIR/$1" -h | grep -o '^  -[-A-Za-z]*\(, --[a-z-]*\)\?' | tr -d ' ' | tr , '\n' | sort -u
}
for program in lvsd lvsctl lvsweb; do
	help_options $program >"$tmp/help"
	page_options $program >"$tmp/page"
	is "$program(8) and $program -h have the same options" "$(cat "$tmp/page")" "$(cat "$tmp/help")"
done
sed -n 's/^%token <word> [A-Z0-9_]* "\(.*\)"$/\1/p' parser/grammar.y | tr A-Z a-z | sort -u >"$tmp/grammar"
grep '^syntax \(keyword\|match lvsS\)' dist/vim/syntax/lvsconf.vim | tr -c 'a-z0-9-' '\n' | sort -u >"$tmp/vim"
comm -23 "$tmp/grammar" "$tmp/vim" >"$tmp/missing"
empty "vim knows every keyword" "$tmp/missing"
finish

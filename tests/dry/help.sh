# help.sh: lvsctl --help and lvsctl(8) tell of the same commands and options, and every
# one of them is taken.
. "$SRCDIR/tests/dry/lib"
page=$SRCDIR/man/lvsctl.8

# help: "command option option", sorted, a line a command
help()
{
	lvsctl --help | sed -n 's/^  \([a-z].*\)/\1/p' | awk '{
		line = $1
		for (i = 2; i <= NF; i++)
			if (match($i, /--[a-z]+/))
				line = line " " substr($i, RSTART, RLENGTH)
		print line }' | sorted
}
# Options in the order of the alphabet, as the page may have another one.
sorted()
{
	while read -r verb options; do
		# shellcheck disable=SC2086 # words
		echo "$verb $(printf '%s\n' $options | sort | paste -sd' ')"
	done | sed 's/ $//' | sort
}
# manual: the same, of the list of commands
manual()
{
	awk '/^The options are/ { exit }
		/^\.It / { item = $0; if (/ Xo/) { open = 1; next } }
		open { item = item " " $0; if (/^\.Xc/) open = 0; else next }
		item != "" {
			n = split(item, words, /[ ]+/)
			line = ""
			for (i = 1; i < n; i++) {
				if (line == "" && words[i] ~ /^\.?Cm$/)
					line = words[i + 1]
				if (words[i] ~ /^\.?Fl$/ && words[i + 1] ~ /^-[a-z]/)
					line = line " -" words[i + 1]
			}
			if (line != "")
				print line
			item = ""
		}' "$page" | sorted
}
help >"$dir/help"
manual >"$dir/manual"
check "both know the same" diff -u "$dir/help" "$dir/manual"
check "and that is something" test "$(wc -l <"$dir/help")" -ge 15
is "-h and --help" "$(lvsctl -h)" "$(lvsctl --help)"
is "no line is longer than 80 columns" "$(lvsctl --help | awk 'length > 80')" ""
is "in front of the command, too" "$(lvsctl --help | grep -Eo '^  --?[a-zA-Z]+' | sort -f | xargs)" \
	"$(sed -n '/^The options are/,/^\.Sh/s/^\.It Fl \(-*[a-zA-Z]*\).*/  -\1/p' "$page" | sort -f | xargs)"

# Each command says how it is written when it is written wrong.
while read -r verb options; do
	lvsctl "$verb" too many words for any command >"$dir/out" 2>"$dir/err"
	is "$verb: wrong words, status" $? 2
	is "$verb: how it is written" "$(head -n 1 "$dir/err")" \
		"usage: lvsctl [-hV] [-s SOCKET] [--json] $(lvsctl --help | sed -n "s/^  \($verb\( .*\)*\)$/\1/p" | head -n 1)"
done <"$dir/help"
fails "an unknown command" 2 lvsctl nonsense
is "says so" "$(echo "$tap_said" | head -n 1)" 'lvsctl: unknown command "nonsense"'
fails "none" 2 lvsctl
fails "an unknown option" 2 lvsctl --nonsense status
finish

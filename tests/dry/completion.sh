# completion.sh: what bash proposes behind lvsctl, as the completion of dist/ has it.
. "$SRCDIR/tests/dry/lib"

conf <<END
director web 10.9.9.1:80
 server rs1 127.0.0.1:$port
 server rs2 127.0.0.2:$port
director web6 [fd09::1]:80
 server rs1 [::1]:$port
director mail 10.9.9.2:25
 server mx 127.0.0.1:$port
END
check "it starts" start
socket=$dir/status.sock
# Drives the function as bash does: the words of the line, the last one being completed.
cat >"$dir/complete" <<'END'
. "$1"
shift
COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
_lvsctl
printf '%s\n' "${COMPREPLY[@]}" | sort | paste -sd' '
END
complete() { (cd "$dir" && bash "$dir/complete" "$SRCDIR/dist/bash-completion/lvsctl" lvsctl "$@"); }
SRCDIR=$(cd "$SRCDIR" && pwd)

check "it is bash" bash -n "$SRCDIR/dist/bash-completion/lvsctl"
is "commands" "$(complete dr)" "drain"
is "all of them are those of the help" "$(complete '')" \
	"$(lvsctl --help | sed -n 's/^  \([a-z][a-z]*\).*/\1/p' | sort | paste -sd' ')"
is "options in front" "$(complete --)" "--help --json --version"
is "options of a command" "$(complete drain --)" "--deadline --now --wait"
is "of another" "$(complete stop -)" "--clear"
is "of the table" "$(complete table --f)" "--flows --foreign"
is "servers" "$(complete -s "$socket" drain web/)" "web/rs1 web/rs2"
is "in every director" "$(complete -s "$socket" drain '*/')" "*/mx */rs1 */rs2"
is "all servers" "$(complete -s "$socket" ready '')" \
	"*/mx */rs1 */rs2 mail/mx web/rs1 web/rs2 web6/rs1"
is "a server, and then no other" "$(complete -s "$socket" drain web/rs1 '')" ""
is "a weight" "$(complete -s "$socket" weight web/rs1 '')" "auto"
is "one of a few words" "$(complete sync b)" "backup both"
is "directors and servers" "$(complete -s "$socket" status w)" "web web/rs1 web/rs2 web6 web6/rs1"
is "directors" "$(complete -s "$socket" doctor '')" "mail web web6"
is "behind options" "$(complete -s "$socket" drain --wait --deadline 5m mail/)" "mail/mx"
is "a value is not guessed" "$(complete -s "$socket" drain --deadline '')" ""
is "files" "$(complete import lv)" "lvs.conf"
is "no daemon, no names" "$(complete -s "$dir/none.sock" drain '')" ""
stop
finish

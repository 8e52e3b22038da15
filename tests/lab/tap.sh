# tap.sh: what a test script says. Sourced, by sh or bash, on the host or in
# the guest. Every result is a line "ok - text" or "not ok - text", what
# belongs to it follows behind "# ". The last line is "1..N", which finish
# prints: a script that ends without it has failed, whatever it said before.

tap_n=0 tap_failed=0 tap_file=${TMPDIR:-/tmp}/tap.$$

ok()
{
	tap_n=$((tap_n + 1))
	echo "ok - $1"
}

# not_ok TEXT [DETAILS]
not_ok()
{
	tap_n=$((tap_n + 1)) tap_failed=$((tap_failed + 1))
	echo "not ok - $1"
	[ -z "$2" ] || echo "$2" | sed 's/^/# /'
}

skip()
{
	tap_n=$((tap_n + 1))
	echo "ok - $1 # SKIP $2"
}

# A figure for the reader: note "detected_ms=1040 limit_ms=1100".
note()
{
	echo "# note: $*"
}

# check TEXT COMMAND...: COMMAND must succeed; what it says is shown when it
# does not, and is in $tap_said.
check()
{
	tap_text=$1
	shift
	fails "$tap_text" 0 "$@"
}

# fails TEXT STATUS COMMAND...: COMMAND must end with STATUS. It runs in this
# shell, so that it may be a function that waits or sets something.
fails()
{
	tap_text=$1 tap_want=$2
	shift 2
	"$@" >"$tap_file" 2>&1
	tap_got=$?
	tap_said=$(cat "$tap_file")
	rm -f "$tap_file"
	if [ "$tap_got" = "$tap_want" ]; then
		ok "$tap_text"
	else
		not_ok "$tap_text" "status $tap_got, not $tap_want, of: $*
$tap_said"
	fi
}

# is TEXT GOT WANT
is()
{
	if [ "$2" = "$3" ]; then
		ok "$1"
	else
		not_ok "$1" "got:  $2
want: $3"
	fi
}

# at_most TEXT GOT LIMIT: of whole numbers.
at_most()
{
	if [ "$2" -le "$3" ]; then
		ok "$1"
	else
		not_ok "$1" "got $2, at most $3"
	fi
}

# like TEXT GOT PATTERN: an extended regular expression in one of the lines.
like()
{
	if printf '%s\n' "$2" | grep -Eq -- "$3"; then
		ok "$1"
	else
		not_ok "$1" "nothing like: $3
$2"
	fi
}

finish()
{
	echo "1..$tap_n"
	tap_n=done
	exit $((tap_failed > 0))
}

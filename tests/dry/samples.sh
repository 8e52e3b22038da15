# samples.sh: the samples that Debian's keepalived comes with: each is imported, what is
# printed loads, every virtual server is there, and what was lost is what stands in
# tests/import/samples. (ldirectord's is tests/import/ldirectord-debian.txt.)
. "$SRCDIR/tests/dry/lib"

samples=/usr/share/doc/keepalived/samples
# The list is of this version; documentation may have been left out of a small system.
if [ ! -e $samples/keepalived.conf.sample ] || ! dpkg-query -W -f '${Version}' keepalived | grep -q '^1:2\.2\.7-'; then
	skip "the samples of keepalived 2.2.7" "they are not here"
	finish
	exit
fi

# summary FILE: "STATUS DIRECTORS SERVERS; what is not imported and how often"
summary()
{
	lvsctl import "$1" >"$dir/imported" 2>"$dir/said"
	status=$?
	lost=$(sed -n 's/.*not imported: //p' "$dir/imported" | sed 's/:.*//; s/ .*//' |
		sort | uniq -c | awk '{ printf "%s %s %s", (n++ ? "," : ""), $2, $1 }')
	echo "$status $(grep -c '^director ' "$dir/imported") $(grep -c '^ *server ' "$dir/imported");$lost"
}
for file in "$samples"/keepalived.conf.*; do
	name=${file#"$samples"/keepalived.conf.}
	echo "$name $(summary "$file")" >>"$dir/summary"
	check "$name: it loads" lvsd -c -f "$dir/imported"
	like "$name: what was lost has a reason" "$(grep 'not imported' "$dir/imported" | grep -v ': not imported: .*: ..*')" '^$'
done
check "what each comes to" diff -u "$SRCDIR/tests/import/samples" "$dir/summary"
finish

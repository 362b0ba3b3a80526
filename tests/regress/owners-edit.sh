#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the countersign authors
#
# countersign owners add and revoke: one line changes, or nothing does.
# shellcheck disable=SC1003,SC2016,SC2317 # words as they are; run by name
# shellcheck source=tap.sh
. "$SRCDIR/tests/regress/tap.sh"
need openssl jq

alice=mailto:alice@corp.example
bob=mailto:bob@corp.example
id=wimse://corp.example/agent/alice
for key in a b c d agent; do
	new_key $key.key
done
spki() { # KEY
	openssl pkey -in "$1" -pubout -outform DER | openssl base64 -A
}
print() { # KEY: its fingerprint, by openssl
	echo "SHA256:$(openssl pkey -in "$1" -pubout -outform DER |
	    openssl dgst -sha256 -binary | openssl base64 -A | tr -d =)"
}
add() {
	countersign owners add "$@"
}
revoke() {
	countersign owners revoke "$@"
}
# unchanged NAME: the file is as it was kept, and nothing lies beside it
unchanged() {
	same "$1" owners kept
	is "and nothing is left behind" "$(find . -name '.cs-*')" ""
}

# The first line makes the file.
ok "add" add --key file:a.key --owner $alice --agents $id owners
is "the line" "$(cat owners)" "$alice agents=\"$id\" spki $(spki a.key)"
is "anybody may read it" "$(stat -c %a owners)" 644
says "a new file is said to be one" out "added to a new file"
says "the fingerprint" out "key hash: $(print a.key)"
says "what it allows" out "agents: $id"
says "what it lacks" out "warning: owners:1: no such key proves a touch"

# All that a line may have; what is there stays, byte for byte.
printf '\n# Bob, \303\244\r\n  ' >>owners
printf '\t%s  - \tspki %s  his  key' $bob "$(spki b.key)" >>owners
chmod 640 owners
cp -p owners kept
inode=$(stat -c %i owners)
ok "all options" add --key file:c.key --owner $bob --agents $id \
    --agents "wimse://corp.example/ci spiffe://corp.example/b" --grants \
    --no-touch-required --hardware --hardware-required --shared-key \
    --attested 'yubikey-piv:4711,touch=always,pin=always' --verify-required \
    --max-lifetime 1h --max-issuances 12 --max-window 2d --group 'two persons' \
    --valid-after 2026-01-01T00:00:00Z --valid-before 20290101Z \
    --comment "bob's ä, # \"two\"" --json owners
is "its warnings" "$(command jq -r '.warnings[].warning' out)" shared-key
ok "--json" jq -e '.ok and .created == false and .path == "owners" and
    .anchor.line == 5 and .anchor.file == "owners" and .anchor.grants and
    .anchor["max-lifetime"] == 3600 and .anchor.owner == "'$bob'" and
    .anchor.key_hash == "'"$(print c.key)"'"' out
head -c "$(stat -c %s kept)" owners >begin
same "what was there stays" begin kept
tail -n +5 owners >line
is "the new line" "$(cat line)" "$bob agents=\"$id wimse://corp.example/ci \
spiffe://corp.example/b\",\
attested=\"yubikey-piv:4711,touch=always,pin=always\",grants,\
group=\"two persons\",hardware,hardware-required,max-issuances=12,\
max-lifetime=1h,max-window=2d,no-touch-required,shared-key,\
valid-after=2026-01-01T00:00:00Z,valid-before=2029-01-01T00:00:00Z,\
verify-required spki $(spki c.key) bob's ä, # \"two\""
is "mode and owner stay" "$(stat -c %a:%u:%g owners)" \
    "$(stat -c %a:%u:%g kept)"
[ "$inode" != "$(stat -c %i owners)" ]
report $? "it is another file: nobody saw it half written"
ok "the file is good" countersign owners check owners
says "all three" out "keys: 3"

# The line does what it says.
ok "a key for work" add --key file:d.key --owner $alice --agents $id \
    --no-touch-required --comment work owners
silent "nothing to warn of" out warning
countersign request --id $id/mail --key agent.key -o agent.csr
countersign sign --key file:d.key --owner $alice --yes agent.csr -o approval \
    2>/dev/null
cat agent.csr approval >bundle
v() {
	countersign verify --owners owners --authority https://corp.example \
	    bundle
}
ok "it approves" v

# Revoked: that line alone, and in it that word alone.
cp -p owners kept
sed '6s/no-touch-required/&,revoked=2026-11-01T00:00:00Z/' owners >want
ok "revoke" revoke --key-hash "$(print d.key)" --at 2026-11-01T00:00:00Z owners
same "one word in one line" owners want
says "says which" out "revoked: owners:6: $alice $(print d.key) from \
2026-11-01T00:00:00Z on"
is "mode and owner stay, too" "$(stat -c %a:%u:%g owners)" \
    "$(stat -c %a:%u:%g kept)"
exits 1 "it approves no more" v
says "since it is revoked" out 'refused: revoked'
cp -p owners kept
ok "once more" revoke --key-hash "$(print d.key)" owners
says "is said" out "already revoked: owners:6: $alice $(print d.key) from \
2026-11-01T00:00:00Z on"
unchanged "and changes nothing"
ok "later" revoke --key-hash "$(print d.key)" --at 20270101Z --json owners
ok "is not later" jq -e '.changed == false and
    .revoked == "2026-11-01T00:00:00Z"' out
unchanged "neither does that"
ok "earlier" revoke --key-hash "$(print d.key)" --at 20260601Z --json owners
ok "is earlier" jq -e '.changed and .revoked == "2026-06-01T00:00:00Z" and
    .line == 6 and .file == "owners" and .owner == "'$alice'" and
    .key_hash == "'"$(print d.key)"'"' out
sed 's/2026-11-01T/2026-06-01T/' kept >want
same "in its place" owners want
sed '4s/-/revoked=2026-11-21T00:00:00Z/' owners >want
ok "by its line" revoke --line 4 --at 20261121Z owners
same "which had no options" owners want
ok "from now on" revoke --line owners:5 owners
date=$(date -u +%Y-)
says "is from now on" owners "verify-required,revoked=$date"

# Which one?
cp -p owners kept
exits 5 "by owner, of two keys" revoke --owner $alice owners
says "says how many" err "owners: 2 keys fit, and nothing was changed"
says "and lists them" err "    --key-hash $(print a.key)  (owners:1, $alice, \
valid)"
says "with their state" err "(owners:6, $alice, revoked)"
exits 5 "--json" revoke --owner $alice --json owners
is "has the candidates" "$(command jq -r '.candidates[] |
    "\(.line) \(.status)"' out | tr '\n' ,)" "1 valid,6 revoked,"
exits 5 "nobody's" revoke --owner mailto:carol@corp.example owners
exits 5 "a line without a key" revoke --line 3 owners
exits 5 "a key that is not there" revoke --key-hash "$(print agent.key)" owners
exits 5 "all that is given fits" revoke --owner $bob --line 1 owners
exits 2 "none is said" revoke owners
exits 2 "no hash" revoke --key-hash SHA256:abc owners
exits 2 "no line" revoke --line owners: owners
unchanged "nothing of it changed a byte"
ok "both fit" revoke --owner $alice --line 1 owners
says "the right one" out "revoked: owners:1: $alice $(print a.key)"

# What would not be a good file is not written.
cp -p owners kept
for key in e f; do
	new_key $key.key
done
new="--key file:e.key --agents $id"
# shellcheck disable=SC2086 # words
{
	exits 3 "a key twice" add --key file:a.key --agents $id --owner $bob \
	    owners
	says "file and line" err "key: expected each key once, found the key \
of owners:1"
	exits 2 "no owner" add $new owners
	exits 2 "a bad owner" add $new --owner mailto:Alice@corp.example owners
	says "the option" err "--owner:"
	exits 2 "no agents" add --key file:e.key --owner $alice owners
	says "says so" err "--agents is missing"
	exits 2 "a bad agent" add --key file:e.key --owner $alice \
	    --agents "$id,$id" owners
	says "names the option" err 'option "agents"'
	exits 2 "no key" add --owner $alice --agents $id owners
	exits 2 "two keys" add $new --public-key a.key --owner $alice owners
	exits 2 "a line that none could meet" add $new --owner $alice \
	    --verify-required owners
	exits 2 "an option of authorities" add $new --owner $alice --crl x \
	    owners
	exits 2 "more than the format has" add $new --owner $alice \
	    --max-issuances 1000001 owners
	exits 5 "no such key" add --key file:none --owner $alice --agents $id \
	    owners
	unchanged "still the same"

	# Nothing that is given becomes a line, an option or a control.
	for text in "x
$alice - spki $(spki f.key)" "$(printf 'x\r')" "$(printf 'x\033[2J')" \
	    "$(printf 'x\342\200\256y')" ' x' 'x '; do
		exits 2 "a hostile comment" add $new --owner $alice \
		    --comment "$text" owners
	done
	for text in 'x",no-touch-required,group="y' "x
y" 'x\' "$(printf 'x\033[2J')"; do
		exits 2 "a hostile group" add $new --owner $alice \
		    --group "$text" owners
		silent "no control is shown" err "$(printf '\033')"
		exits 2 "such agents" add --key file:e.key --owner $alice \
		    --agents "$text" owners
		exits 2 "such an owner" add $new --owner "$text" owners
	done
	unchanged "none of it was written"

	# A bad file is neither kept nor mended.
	printf '%s agnets="x" spki %s\n' $alice "$(spki f.key)" >>owners
	cp -p owners kept
	exits 3 "a bad line" add $new --owner $alice owners
	says "is named" err "owners:7: expected OWNER OPTIONS KEYTYPE KEY, \
found an unknown option \"agnets\", did you mean agents?"
	exits 3 "and not revoked around" revoke --line 1 owners
	unchanged "as bad as before"
	head -6 kept >owners

	# Trust and links.
	cp -p owners kept
	chmod 666 owners
	exits 9 "others may write to it" add $new --owner $alice owners
	exits 9 "revoke" revoke --line 1 owners
	chmod 640 owners
	mkdir -m 777 open
	exits 9 "or to its folder" add $new --owner $alice open/owners
	is "no file is made there" "$(ls -A open)" ""
	ln owners second
	exits 9 "a file of two names" add $new --owner $alice owners
	says "says so" err "2 names (hard links)"
	rm second
	unchanged "as it was"
	[ "$(id -u)" -eq 0 ] || { # root writes everywhere
		chmod 555 .
		"$COUNTERSIGN" owners add $new --owner $alice owners \
		    >"$top/out" 2>"$top/err"
		is "a folder that is not ours to write" $? 9
		chmod 755 .
		says "says so" "$top/err" "write owners: Permission denied"
		unchanged "as it was, too"
	}
	mkdir -m 755 real
	cp owners real/owners
	ln -s real/owners link
	ok "through a link" add $new --owner $alice link
	ok "it stays a link" test -L link
	same "the new line is behind it" link real/owners
	is "one more" "$(wc -l <real/owners)" 7
	ln -s none dangling
	exits 9 "a link to nothing" add $new --owner $alice dangling
	ok "makes nothing" test ! -e none
	exits 9 "a device" add $new --owner $alice /dev/null
	exits 9 "no folder" add $new --owner $alice none/owners

	# Disk full, as far as a limit can say it.
	{
		(
			ulimit -f 0
			exec "$COUNTERSIGN" owners add $new --owner $alice owners
		)
		echo "status $?"
	} 2>&1 | cat >err
	says "what does not fit" err "status 9"
	says "says why" err "write owners: File too large"
	unchanged "leaves the file alone"

	# A last line without its end; line ends as they are.
	printf '%s - spki %s' $alice "$(spki a.key)" >short
	ok "a last line without an end" add $new --owner $alice short
	is "gets one" "$(wc -l <short)" 2
	printf '# DOS\r\n%s - spki %s\r\n' $alice "$(spki a.key)" >dos
	ok "CRLF" add $new --owner $alice dos
	ok "revoked among CRLF" revoke --line 2 --at 20260101Z dos
	is "stays CRLF" "$(grep -c "$(printf '\r')\$" dos)" 3
	: >nothing
	ok "an empty file" add $new --owner $alice nothing
	is "has a line" "$(wc -l <nothing)" 1
}

# A name that a terminal must not see.
odd=$(printf 'own\033[2Jers\nx')
ok "a hostile name" add --key file:e.key --owner $alice --agents $id "$odd"
silent "is escaped" out "$(printf '\033')"
says "but shown" out '\u{1B}[2J'
ok "and revoked in" revoke --line 1 "$odd"
silent "escaped as well" out "$(printf '\033')"

# Many at once: the lock lets none be lost.
for i in 1 2 3 4 5 6; do
	new_key many$i.key
done
pids=
for i in 1 2 3 4 5 6; do
	"$COUNTERSIGN" owners add --key file:many$i.key --owner $alice \
	    --agents $id many >/dev/null 2>&1 &
	pids="$pids $!"
done
failures=0
for pid in $pids; do
	wait "$pid" || failures=$((failures + 1))
done
is "six at once" "$failures" 0
ok "all are good" countersign owners check many
says "and none is lost" out "keys: 6"

# A folder.
mkdir -m 755 owners.d
add --key file:a.key --owner $alice --agents $id --file a.owners owners.d \
    >/dev/null
exits 2 "which file?" add --key file:b.key --owner $bob --agents $id owners.d
says "these" err "--file NAME says which of its files, a.owners"
ok "another file of it" add --key file:b.key --owner $bob --agents $id \
    --file b.owners owners.d
exits 3 "a key that another file has" add --key file:a.key --owner $bob \
    --agents $id --file b.owners owners.d
says "says where" err "owners.d/b.owners:2: key: expected each key once, \
found the key of owners.d/a.owners:1"
for odd in ../x.owners .x.owners x.txt owners x/y.owners; do
	exits 2 "no name for it: $odd" add --key file:c.key --owner $bob \
	    --agents $id --file "$odd" owners.d
done
exits 2 "--file without a folder" add --key file:c.key --owner $bob \
    --agents $id --file b.owners owners
ok "revoked wherever it is" revoke --owner $bob owners.d
says "there" out "revoked: owners.d/b.owners:1: $bob"
ok "by the file's name" revoke --line a.owners:1 owners.d
countersign owners compile owners.d >/dev/null
ok "with an index" add --key file:c.key --owner $bob --agents $id \
    --file b.owners owners.d
says "a hint" out "note: owners.d/owners.idx is older now"

# Other kinds of keys.
openssl pkey -in f.key -pubout -out f.pem
openssl req -new -key e.key -subj /CN=e -out e.csr
openssl x509 -req -in e.csr -key e.key -out e.crt 2>/dev/null
ok "a public key" add --public-key f.pem --owner $alice --agents $id other
says "its line" other "spki $(spki f.key)"
ok "a certificate" add --public-key e.crt --owner $alice --agents $id other
says "its key" other "spki $(spki e.key)"
openssl pkey -in d.key -pubout -outform DER -out d.der
ok "a public key in DER" add --public-key d.der --owner $alice --agents $id \
    other
says "likewise" other "spki $(spki d.key)"
exits 3 "a private key is none" add --public-key c.key --owner $alice \
    --agents $id other

# An authority.
new_ca_config 30
openssl req -new -x509 -config ca.cnf -extensions ca -key a.key -days 30 \
    -out ca.crt
openssl ca -gencrl -config ca.cnf -name authority -cert ca.crt \
    -keyfile a.key -out ca.crl 2>/dev/null
ca="--ca ca.crt --owner-san email:*@corp.example --agents $id
    --no-touch-required"
# shellcheck disable=SC2086 # words
{
	ok "an authority" add $ca --crl ca.crl --comment cards cas
	is "its line" "$(cat cas)" "* agents=\"$id\",crl=\"ca.crl\",\
no-touch-required,owner-san=\"email:*@corp.example\" x509-ca \
$(openssl x509 -in ca.crt -outform DER | openssl base64 -A) cards"
	silent "nothing to warn of" out warning
	openssl x509 -in ca.crt -outform DER -out ca.der
	ok "in DER, without lists" add --ca ca.der --owner-san \
	    uri:https://corp.example/people --no-revocation --agents $id \
	    --eku 1.3.6.1.5.5.7.3.4 --json cas2
	is "is warned of" "$(command jq -r '.warnings[].warning' out |
	    tr '\n' ,)" "touch-missing,other-eku,no-revocation,"
	exits 2 "lists or none?" add $ca cas3
	exits 2 "both" add $ca --crl ca.crl --no-revocation cas3
	exits 2 "with an owner" add $ca --crl ca.crl --owner $alice cas3
	exits 2 "which owners?" add --ca ca.crt --no-revocation --agents $id \
	    cas3
	exits 9 "a list that is not there" add $ca --crl none.crl cas3
	exits 3 "no CA" add --ca e.crt --owner-san 'email:*@corp.example' \
	    --agents $id --no-revocation --no-touch-required cas4
	exits 3 "no certificate" add --ca f.pem --owner-san \
	    'email:*@corp.example' --agents $id --no-revocation cas3
	exits 3 "its own key, twice" add --key file:a.key --owner $alice \
	    --agents $id cas
	is "none of these made a file" "$(ls cas3 2>/dev/null)" ""
	ok "revoked like a key" revoke --line 1 cas
}

done_testing

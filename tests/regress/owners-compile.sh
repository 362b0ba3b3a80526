#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the countersign authors
#
# countersign owners compile: the index says what the text says, or nothing.
# Its bytes, and every way to damage them, are tests/unit/verify_index.c's.
# shellcheck disable=SC2086,SC2317 # words; run by name
# shellcheck source=tap.sh
. "$SRCDIR/tests/regress/tap.sh"
need openssl jq

id=wimse://corp.example/agent/alice/mail
alice=mailto:alice@corp.example
agents='agents="wimse://corp.example/agent/alice",no-touch-required'
for key in agent alice bob card ca; do
	new_key $key.key
done
new_ca_config 30
cat >>ca.cnf <<'END'
[leaf]
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid:always
keyUsage = critical, digitalSignature
extendedKeyUsage = 1.3.6.1.4.1.32473.53.6.1
subjectAltName = email:carol@corp.example
END
openssl req -new -x509 -config ca.cnf -extensions ca -key ca.key -days 365 \
    -out ca.crt
openssl req -new -config ca.cnf -key card.key -subj /CN=carol -out card.csr
openssl x509 -req -in card.csr -CA ca.crt -CAkey ca.key -set_serial 7 \
    -days 30 -extfile ca.cnf -extensions leaf -out card.crt 2>/dev/null
gencrl() {
	openssl ca -gencrl -config ca.cnf -name authority -cert ca.crt \
	    -keyfile ca.key -out ca.crl 2>/dev/null
}
gencrl

# Each owner's approval of one request.
countersign request --id $id --key agent.key -o agent.csr
for who in alice bob; do
	countersign sign --key file:$who.key --owner mailto:$who@corp.example \
	    --yes agent.csr -o $who.approval 2>/dev/null
	cat agent.csr $who.approval >$who
done
countersign sign --key file:card.key --owner mailto:carol@corp.example --yes \
    agent.csr --tbs-out tbs -o plain 2>/dev/null
openssl cms -sign -binary -nodetach -outform PEM -cades -in tbs \
    -econtent_type 1.3.6.1.4.1.32473.53.1.1 -signer card.crt \
    -inkey card.key -out card.approval
cat agent.csr card.approval >carol
v() { # OWNERS MESSAGE
	countersign verify --owners "$1" --authority https://corp.example "$2"
}
# verdicts OWNERS: what each of the three is told
verdicts() {
	for who in alice bob carol; do
		v "$1" $who 2>&1
		echo "$who $?"
	done
}

{
	echo '# who may approve'
	echo "* $agents,owner-san=\"email:*@corp.example\",crl=\"ca.crl\"" \
	    "x509-ca $(openssl x509 -in ca.crt -outform DER |
	    openssl base64 -A) cards"
	anchor $alice "$agents" alice.key
	anchor mailto:bob@corp.example "$agents,revoked=20260101Z" bob.key
} >owners
verdicts owners >by-text
countersign owners list owners >listed-text
is "three verdicts by the text" "$(grep -cE '^(alice 0|bob 1|carol 0)$' \
    by-text)" 3

ok "compile" countersign owners compile owners
is "says what and how many" "$(cat out)" "compiled: owners.idx (keys: 3)"
ok "--json" countersign owners compile --json owners
ok "the same" jq -e '.ok and .path == "owners" and .keys == 3 and
    .index == "owners.idx"' out
is "as readable as the text" "$(stat -c %a owners.idx)" 644
verdicts owners >by-index
same "the same verdicts" by-text by-index
countersign owners list owners >listed-index
same "the same list" listed-text listed-index
ok "nothing else lies there" test -z "$(find . -name '*cs-*')"

# A stale one says nothing. (That a current one is used shows in what a damaged
# one does, below.)
sed 's/revoked=20260101Z/revoked=20990101Z/' owners >kind
cp owners strict
cat kind >owners
countersign owners compile owners >/dev/null
ok "bob is not revoked yet" v owners bob
cat strict >owners
exits 1 "until the text says so" v owners bob
says "from then on" out 'refused: revoked'
countersign owners compile owners >/dev/null

# Revocation lists are read when the anchors are, index or not.
printf 'R\t%s\t%s\t07\tunknown\t/CN=carol\n' 360101000000Z \
    "$(date -u -d '1 hour ago' +%y%m%d%H%M%SZ)" >index.txt
gencrl
exits 1 "a new list counts at once" v owners carol
says "path" out 'refused: path-invalid'
rm ca.crl
exits 9 "without its list none is trusted" v owners alice

# An index of these files that is damaged is no other answer.
gencrl
size=$(stat -c %s owners.idx)
cp owners.idx good.idx
damage() { # OFFSET
	printf '\377' | dd of=owners.idx bs=1 seek="$1" conv=notrunc 2>/dev/null
}
# What a host is told, by the verifier plugin
printf '%s\n' 'domain "corp.example" {' \
    '	path "/agent" { groups = {"*"} presence = no }' '}' >policy
hosted() { # MESSAGE
	countersign verify --policy policy --owners owners \
	    --authority https://corp.example "$1"
}
ok "the plugin: approved by the index" hosted alice
exits 1 "and refused by it" hosted bob
says "for what it says" out 'refused: revoked'
damage 60
exits 9 "damaged, it is what the plugin reads" hosted alice
says "which it says" err 'owners.idx: remove or compile'
for verb in "verify --owners owners --authority https://corp.example alice" \
    "owners list owners" "owners check owners"; do
	exits 9 "damaged: ${verb%% -*}" countersign $verb
	says "says which, and what to do" err 'owners.idx: remove or compile'
done
ok "compiled again" countersign owners compile owners
ok "it is good" v owners alice
head -c $((size / 2)) owners.idx >short
cat short >owners.idx
exits 9 "cut short" v owners alice
exits 9 "nor does the plugin take it" hosted alice
rm owners.idx
ok "without it the text counts" v owners alice
head -c 10 good.idx >owners.idx
ok "what is no index is passed over" v owners alice
cp good.idx owners.idx
chmod 666 owners.idx
ok "one that others may write is passed over" v owners alice
rm owners.idx

# A folder.
mkdir -m 755 owners.d
cp ca.crl owners.d
head -2 owners >owners.d/a.owners
tail -2 owners >owners.d/b.owners
ok "of a folder" countersign owners compile owners.d
is "lies in it" "$(cat out)" "compiled: owners.d/owners.idx (keys: 3)"
exits 1 "and says the same" v owners.d bob
ok "--json of the list" countersign owners list --json owners.d
is "names the files" "$(command jq -r '.list[].file' out | tr '\n' ,)" \
    "owners.d/a.owners,owners.d/b.owners,owners.d/b.owners,"
rm owners.d/b.owners
exits 1 "a file less" v owners.d alice
says "is noticed" out unknown-owner-key

# What cannot be compiled.
exits 9 "no file" countersign owners compile none
{
	cat owners
	tail -1 owners
} >twice
exits 3 "a key twice" countersign owners compile twice
says "file and line" err 'twice:5: key'
ok "leaves no index" test ! -e twice.idx
chmod 666 twice
exits 9 "others may write to the text" countersign owners compile twice
exits 2 "which?" countersign owners compile
(umask 077 && countersign owners compile owners) >/dev/null
is "the umask counts" "$(stat -c %a owners.idx)" 600
chmod 640 owners
countersign owners compile owners >/dev/null
is "and the text's mode" "$(stat -c %a owners.idx)" 640

done_testing

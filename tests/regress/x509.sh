#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the countersign authors
#
# Owners by certificate: a CA and its lists by openssl, an approval that stock
# openssl signs with the certificate inside. What is checked of paths and
# leaves has its vectors in tests/vectors/verdict.
# shellcheck disable=SC2317 # run by name
# shellcheck source=tap.sh
. "$SRCDIR/tests/regress/tap.sh"
need openssl jq

id=wimse://corp.example/agent/alice/mail
alice=mailto:alice@corp.example
for k in agent root alice; do
	new_key $k.key
done

# An authority of openssl ca.
new_ca_config 30
cat >>ca.cnf <<'END'
[leaf]
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid:always
keyUsage = critical, digitalSignature
extendedKeyUsage = 1.3.6.1.4.1.32473.53.6.1
subjectAltName = email:Alice@Corp.Example
END
openssl req -new -x509 -config ca.cnf -extensions ca -key root.key \
    -subj "/CN=root CA" -days 365 -out root.crt
openssl req -new -config ca.cnf -key alice.key -subj /CN=alice -out leaf.csr
openssl x509 -req -in leaf.csr -CA root.crt -CAkey root.key -set_serial 7 \
    -days 30 -extfile ca.cnf -extensions leaf -out leaf.crt 2>/dev/null
gencrl() {
	openssl ca -gencrl -config ca.cnf -name authority -cert root.crt \
	    -keyfile root.key -out "$1" 2>/dev/null
}
gencrl root.crl

ca_line() { # OPTIONS
	echo "* agents=\"wimse://corp.example/agent\",no-touch-required,$1" \
	    "x509-ca $(openssl x509 -in root.crt -outform DER |
	    openssl base64 -A) cards"
}
mail='owner-san="email:*@corp.example"'
ca_line "$mail,crl=\"root.crl\"" >owners
v() {
	countersign verify --authority https://corp.example "$@"
}

countersign request --id $id --key agent.key -o agent.csr
countersign sign --key file:alice.key --owner $alice --yes agent.csr \
    --tbs-out tbs -o plain.approval 2>/dev/null
openssl cms -sign -binary -nodetach -outform PEM -cades -in tbs \
    -econtent_type 1.3.6.1.4.1.32473.53.1.1 -signer leaf.crt \
    -inkey alice.key -out leaf.approval
cat agent.csr leaf.approval >bundle

ok "a certificate's owner approves" v --owners owners bundle
sed 's/until .*/until TIME/' out >line
is "by the name in it" "$(cat line)" \
    "approved: $id by $alice (hardware unproven, no presence) until TIME"
ok "--json" v --owners owners --json bundle
ok "and it is ours" jq -e '.approvals[0].other_eku == false and
    .approvals[0].anchor_line == 1' out
countersign attach --key agent.key agent.csr leaf.approval -o composite.csr
ok "in a composite request" v --owners owners composite.csr
cat agent.csr plain.approval >plain
exits 1 "without the certificate" v --owners owners plain
says "its key is unknown" out 'refused: unknown-owner-key'

ca_line "$mail,no-revocation" >owners.none
ok "no list is wanted" v --owners owners.none bundle
ca_line "owner-san=\"email:*@other.example\",no-revocation" >owners.other
exits 1 "another domain" v --owners owners.other bundle
says "its CA may not name her" out 'refused: wrong-owner'
ca_line "$mail,no-revocation,eku=1.3.6.1.5.5.7.3.4" >owners.eku
exits 1 "another purpose" v --owners owners.eku bundle
says "is the path's fault" out 'refused: path-invalid'

# Line and list are one statement of trust.
ca_line "$mail" >owners.bad
exits 3 "neither crl= nor no-revocation" v --owners owners.bad bundle
says "says where" err 'owners.bad:1: option "crl"'
ca_line "$mail,crl=\"none.crl\"" >owners.bad
exits 9 "a list that is not there" v --owners owners.bad bundle
says "says which" err 'owners.bad:1: '
says "by its name" err 'none.crl'
chmod 666 root.crl
exits 9 "a list that others may write" v --owners owners bundle
chmod 644 root.crl
openssl crl -in root.crl -outform DER -out der.crl
ca_line "$mail,crl=\"$PWD/der.crl\"" >owners.der
ok "a list in DER, by its whole name" v --owners owners.der bundle

printf 'R\t%s\t%s\t07\tunknown\t/CN=alice\n' 360101000000Z \
    "$(date -u -d '1 hour ago' +%y%m%d%H%M%SZ)" >index.txt
gencrl root.crl
exits 1 "once she is on the list" v --owners owners bundle
says "it is over" out 'refused: path-invalid: '
says "and says so" out 'certificate revoked'
{
	anchor $alice 'agents="wimse://corp.example/agent",revoked=20200101Z' \
	    alice.key
	ca_line "$mail,no-revocation"
} >owners.both
exits 1 "a line of her key comes first" v --owners owners.both bundle
says "and its word wins" out 'refused: revoked'

ok "show" countersign show --json owners.none
ok "shows what the line says" jq -e '.objects[0] |
    ."owner-san" == "email:*@corp.example" and ."no-revocation"' out

done_testing

#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the countersign authors
#
# countersign sign --certificate: owners whose keys a CA certifies, in files and
# in a token, under an intermediate; and what stock openssl makes of both sides.
# shellcheck disable=SC2016,SC2317 # words for jq; run by name
# shellcheck source=tap.sh
. "$SRCDIR/tests/regress/tap.sh"
# shellcheck source=softhsm.sh
. "$SRCDIR/tests/regress/softhsm.sh"
need jq expect

id=wimse://corp.example/agent/alice/mail
alice=mailto:alice@corp.example
arc=$(countersign --version --json | sed -n 's/.*"oid_arc": "\(.*\)".*/\1/p')
for k in agent agent2 root mid alice other; do
	new_key $k.key
done
openssl genpkey -algorithm ED25519 -out ed.key
openssl genpkey -algorithm RSA -out rsa.key 2>"$top/log"
softhsm_token t
softhsm_key t 01 card EC:prime256v1
softhsm_key t 02 bare EC:prime256v1
echo 1234 >pin
chmod 600 pin
token() { # ID
	echo "pkcs11:token=t;id=%$1$at&pin-source=file:$PWD/pin"
}

cat >ca.cnf <<END
[req]
distinguished_name = dn
prompt = no
[dn]
CN = CA
[root]
subjectKeyIdentifier = hash
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign, cRLSign
[mid]
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid:always
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign, cRLSign
[leaf]
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid:always
keyUsage = critical, digitalSignature
extendedKeyUsage = $arc.6.1
subjectAltName = \$ENV::SAN
[agent]
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid:always
keyUsage = critical, keyAgreement
extendedKeyUsage = $arc.6.1
subjectAltName = email:alice@corp.example
[byroot]
database = root.index
crlnumber = root.number
default_md = sha256
default_crl_days = 30
[bymid]
database = mid.index
crlnumber = mid.number
default_md = sha256
default_crl_days = 30
END
SAN=email:Alice@Corp.Example
export SAN
openssl req -new -x509 -config ca.cnf -extensions root -key root.key \
    -subj "/CN=root CA" -days 365 -out root.crt

# certify PUBLIC ISSUER SERIAL PROFILE OUT [OPTION...]: with ISSUER.crt and .key
certify() {
	public=$1
	by=$2
	serial=$3
	profile=$4
	to=$5
	shift 5
	[ $# -ne 0 ] || set -- -days 30
	openssl req -new -config ca.cnf -key other.key -subj "/CN=$to" \
	    -out any.csr
	openssl x509 -req -in any.csr -force_pubkey "$public" -CA "$by.crt" \
	    -CAkey "$by.key" -set_serial "$serial" -extfile ca.cnf \
	    -extensions "$profile" -out "$to" "$@" 2>"$top/log"
}
for k in mid alice other ed rsa; do
	openssl pkey -in $k.key -pubout -out $k.pub
done
certify mid.pub root 3 mid mid.crt
for k in alice other ed rsa; do
	certify $k.pub mid 7 leaf $k.crt
done
cat alice.crt mid.crt >chain.crt

line() { # OPTIONS
	echo "* agents=\"wimse://corp.example/agent\",no-touch-required,$1" \
	    "x509-ca $(openssl x509 -in root.crt -outform DER |
	    openssl base64 -A) cards"
}
line 'owner-san="email:*@corp.example",no-revocation' >owners
countersign request --id $id --key agent.key -o agent.csr
countersign request --id $id --key agent2.key -o agent2.csr
v() {
	countersign verify --owners owners --authority https://corp.example "$@"
}
# sign KEY ARGS...: without anybody to ask
sign() {
	key=$1
	shift
	countersign sign --key "$key" --yes -f -o approval "$@"
}
approved() { # NAME
	cat agent.csr approval >bundle
	ok "$1: verify" v bundle
	says "$1: it is Alice" out "approved: $id by $alice "
}
refused() { # NAME REASON TEXT
	cat agent.csr approval >bundle
	exits 1 "$1: verify" v bundle
	says "$1: $2" out "refused: $2"
	says "$1: and why" out "$3"
}
by_openssl() { # NAME [OPTION]
	countersign show --cms approval -f -o a.cms
	ok "$1: openssl verifies message and path" openssl cms -verify \
	    -binary -inform PEM -in a.cms -CAfile root.crt -purpose any \
	    -out content ${2:+"$2"}
}

# A key in a file.
ok "sign" sign alice.key --certificate chain.crt agent.csr --tbs-out tbs
says "the certificate says who she is" err "WITH        $alice"
print=$(openssl x509 -in alice.crt -outform DER | openssl sha256 -binary |
    openssl base64 -A | tr -d =)
says "the page has the certificate" err "certificate SHA256:$print"
says "and the other" err "and 1 more that may lead to its CA"
approved "a file"
by_openssl "a file" -cades
same "and finds what was signed" content tbs
mv approval alice.approval
ok "show" countersign show --json alice.approval
ok "shows both certificates, and whom she signed as" jq -e --arg p \
    "SHA256:$print" '.objects[0] | (.certificates | length) == 2 and
    .signing_certificate.certificate_hash == $p and
    .signing_certificate.serial == "07" and
    ([.certificates[].certificate_hash] | index($p)) != null' out
countersign attach --key agent.key agent.csr alice.approval -o composite.csr
ok "in a composite request" v composite.csr
ok "which shows them, too" countersign show composite.csr
says "by their names" out "subject: CN=alice.crt"
ok "the same from two files, in another order" sign alice.key \
    --certificate mid.crt --certificate alice.crt agent.csr --json
ok "--json has the count" jq -e --arg p "SHA256:$print" \
    '.certificates == 2 and .certificate == $p' out
approved "two files"
ok "the same file twice" sign alice.key --certificate chain.crt \
    --certificate chain.crt agent.csr
approved "twice"
for k in rsa ed; do
	ok "$k: sign" sign $k.key --certificate $k.crt --certificate mid.crt \
	    agent.csr
	approved $k
done
ok "pss: sign" sign rsa.key --certificate rsa.crt --certificate mid.crt \
    --pss agent.csr
approved pss
by_openssl pss -cades
ok "without, as it was" sign alice.key --owner $alice agent.csr --json
ok "there are none" jq -e 'has("certificates") | not' out
refused "none" unknown-owner-key "or its certificate"

# Whom it names.
ok "--owner is the same" sign alice.key --certificate chain.crt \
    --owner $alice agent.csr
exits 1 "--owner is another" sign alice.key --certificate chain.crt \
    --owner mailto:bob@corp.example agent.csr
says "which it does not name" err \
    "it names $alice, not mailto:bob@corp.example"
mkdir -p "$HOME/.config/countersign"
echo 'owner = "mailto:bob@corp.example"' >"$HOME/.config/countersign/config"
exits 1 "the configuration has another" sign alice.key \
    --certificate chain.crt agent.csr
says "which it does not name, either" err "not mailto:bob@corp.example"
rm "$HOME/.config/countersign/config"
SAN=email:alice@corp.example,URI:https://corp.example/people/alice
certify alice.pub mid 8 leaf both.crt
exits 2 "two names" sign alice.key --certificate both.crt agent.csr
says "are a question" err "--owner is missing: the certificate names $alice"
ok "which --owner answers" sign alice.key --certificate both.crt \
    --owner https://corp.example/people/alice agent.csr
SAN=DNS:corp.example
certify alice.pub mid 8 leaf none.crt
exits 1 "no name" sign alice.key --certificate none.crt agent.csr
says "says what was expected" err "expected one rfc822Name or one URI"
countersign request --id $id --key agent.key --owner mailto:bob@corp.example \
    -o bob.csr
exits 1 "a request that asks for Bob" sign alice.key --certificate chain.crt \
    bob.csr
says "is not Alice's" err 'the request asks mailto:bob@corp.example'

# What no verifier takes is not signed, and nobody is asked.
exits 1 "the certificate of another key" sign alice.key \
    --certificate other.crt --certificate mid.crt agent.csr
says "says of which key" err "expected the certificate of the key that signs"
silent "and shows no page" err "REQUEST"
exits 1 "two of one key that differ" sign alice.key --certificate chain.crt \
    --certificate both.crt agent.csr
says "say so" err "found two that differ"
SAN=$alice
certify alice.pub mid 9 agent usage.crt
exits 1 "for another usage" sign alice.key --certificate usage.crt agent.csr
says "says which was expected" err "expected the key usage digitalSignature"
exits 1 "a CA's" sign root.key --certificate root.crt agent.csr
says "is no owner's" err "expected CA=false"
SAN=email:alice@corp.example
certify alice.pub mid 10 leaf old.crt -not_before 20200101000000Z \
    -not_after 20210101000000Z 2>/dev/null ||
	certify alice.pub mid 10 leaf old.crt -days -1
exits 1 "one that is over" sign alice.key --certificate old.crt agent.csr
says "says so" err "has expired"
exits 3 "a key in its place" sign alice.key --certificate alice.key agent.csr
says "is no certificate" err \
    'alice.key: expected PEM of "CERTIFICATE" alone, found "PRIVATE KEY"'
exits 3 "no PEM" sign alice.key --certificate pin agent.csr
says "is none, either" err \
    'pin: expected PEM of "CERTIFICATE", found none'
exits 9 "no file" sign alice.key --certificate nowhere agent.csr
exits 2 "a file's key has none beside it" sign alice.key \
    --certificate token agent.csr
says "says whose" err "file alice.key has no certificate beside it"
SAN=$(i=0; while [ $i -lt 650 ]; do
	printf 'DNS:%03d.a-very-long-name.corp.example,' $i
	i=$((i + 1))
done)DNS:end
certify other.pub mid 14 leaf big.crt
certify other.pub mid 15 leaf bigger.crt
exits 1 "too many to carry" sign alice.key --certificate chain.crt \
    --certificate big.crt agent.csr
says "says how many octets" err "an approval of at most 24576 octets cannot"
silent "before anybody is asked" err "REQUEST"
exits 3 "far too many" sign alice.key --certificate chain.crt \
    --certificate big.crt --certificate bigger.crt agent.csr
says "say so, too" err "certificates of more than 24576 octets"
SAN=email:alice@corp.example
export SAN

# What a verifier alone can know.
ok "without the intermediate" sign alice.key --certificate alice.crt agent.csr
refused "no intermediate" path-invalid "unable to get local issuer"
openssl req -new -x509 -config ca.cnf -extensions root -key other.key \
    -subj "/CN=rogue" -days 365 -out rogue.crt
cp other.key rogue.key
mkdir trusted
cp rogue.crt "trusted/$(openssl x509 -in rogue.crt -noout -hash).0"
certify alice.pub rogue 11 leaf stranger.crt
ok "another CA's" sign alice.key --certificate stranger.crt agent.csr
refused "another CA" path-invalid "owners:1"
for way in SSL_CERT_FILE=$PWD/rogue.crt SSL_CERT_DIR=$PWD/trusted; do
	exits 1 "${way%%=*} has no say" env "$way" setsid -w "$COUNTERSIGN" \
	    verify --owners owners --authority https://corp.example bundle
done
sign_stock() { # CERTIFICATE [OPTION...]
	cert=$1
	shift
	openssl cms -sign -binary -nodetach -outform PEM -in tbs \
	    -econtent_type "$arc.1.1" -signer "$cert" -inkey alice.key \
	    -certfile mid.crt "$@" -out approval
}
sign_stock alice.crt -cades
approved "stock openssl with signingCertificateV2"
sign_stock alice.crt
approved "and without"
sign_stock alice.crt -cades -md sha384
approved "by another hash"
sign_stock old.crt -cades
refused "stock openssl, expired" path-invalid "certificate has expired"
sign_stock alice.crt -cades -nocerts
refused "stock openssl without any" unknown-owner-key "or its certificate"

# Revocation, of both CAs.
: >root.index
: >mid.index
echo 01 >root.number
echo 01 >mid.number
lists() {
	for ca in root mid; do
		quietly openssl ca -gencrl -config ca.cnf -name by$ca \
		    -cert $ca.crt -keyfile $ca.key -out $ca.crl
	done
	cat root.crl mid.crl >both.crl
}
lists
cp alice.approval approval
line 'owner-san="email:*@corp.example",crl="both.crl"' >owners
approved "lists of both CAs"
line 'owner-san="email:*@corp.example",crl="root.crl"' >owners
refused "a list of the root alone" path-invalid "unable to get certificate CRL"
line 'owner-san="email:*@corp.example",crl="both.crl"' >owners
revoke() { # CA SERIAL
	printf 'R\t%s\t%s\t%s\tunknown\t/CN=x\n' 360101000000Z \
	    "$(date -u -d '1 hour ago' +%y%m%d%H%M%SZ)" "$2" >"$1.index"
	lists
}
revoke mid 07
refused "her certificate is on a list" path-invalid "certificate revoked"
: >mid.index
revoke root 03
refused "the intermediate is on one" path-invalid \
    "certificate 1 above the owner's: certificate revoked"
line 'owner-san="email:*@corp.example",no-revocation' >owners

# A key in a token, and its certificate there.
public_of() { # ID LABEL
	quietly pkcs11-tool --module "$softhsm" --token-label t --id "$1" \
	    --read-object --type pubkey -o card.der
	openssl pkey -pubin -inform DER -in card.der -out card.pub
}
public_of 01
certify card.pub mid 12 leaf card.crt
ok "a token's key with files" sign "$(token 01)" --certificate card.crt \
    --certificate mid.crt agent.csr
approved "a token and files"
by_openssl "a token" -cades
exits 5 "a token without a certificate" sign "$(token 02)" \
    --certificate token agent.csr
says "says so" err 'token "t" has no certificate of the key'
openssl x509 -in card.crt -outform DER -out card.crt.der
quietly pkcs11-tool --module "$softhsm" --login --pin 1234 --token-label t \
    --write-object card.crt.der --type cert --id 01 --label card
ok "the token's own certificate" sign "$(token 01)" --certificate token \
    --certificate mid.crt agent.csr
says "names its owner" err "WITH        $alice"
approved "its own certificate"
certify card.pub mid 13 leaf card2.crt
openssl x509 -in card2.crt -outform DER -out card2.crt.der
quietly pkcs11-tool --module "$softhsm" --login --pin 1234 --token-label t \
    --write-object card2.crt.der --type cert --id 01 --label renewed
exits 1 "two that differ" sign "$(token 01)" --certificate token agent.csr
says "are one too many" err "found two that differ"
ok "a file says which" sign "$(token 01)" --certificate card2.crt \
    --certificate mid.crt agent.csr
approved "the renewed one"

# Everything else that is signed.
with="--certificate chain.crt"
# shellcheck disable=SC2086 # options
{
	ok "a batch" sign alice.key $with agent.csr agent2.csr
	approved "a batch"
	ok "--each" countersign sign --key alice.key --yes --each $with \
	    agent.csr agent2.csr
	cat agent2.csr agent2.csr.approval >bundle
	ok "the other one" v bundle
	ok "a denial" sign alice.key $with --deny agent.csr
	cat agent.csr approval >bundle
	exits 1 "is a verdict" v bundle
	says "of its own" out "denied: "
	line 'owner-san="email:*@corp.example",no-revocation,grants' >owners
	ok "a grant" countersign sign --key alice.key --yes $with \
	    --bind grant=wimse://corp.example/agent --holder other.pub \
	    -o a.grant
	ok "its use" sign other.key --under a.grant agent.csr
	approved "a grant"
	exits 2 "which takes none" sign other.key --under a.grant $with \
	    agent.csr
	says "and says so" err "--under and --certificate exclude each other"
	exits 7 "nobody to ask" countersign sign --key alice.key $with \
	    agent.csr
	says "the command has it" err "--certificate chain.crt"
}
on_terminal <<END >terminal
run sign --key alice.key $with -f -o approval agent.csr
asks {certificate SHA256:.*Approve request .* Type yes to sign: \$}
send "yes\\r"
ended 0
END
report $? "she is asked, with the certificate on the page"
approved "asked"

done_testing

#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the countersign authors
#
# countersign verify --credential: a relying party's yes and its reasons for no.
# Each octet changed, and each time, is in tests/unit/rely.c.
# shellcheck disable=SC2016,SC2317 # words for jq; run by name
# shellcheck source=tap.sh
. "$SRCDIR/tests/regress/tap.sh"
need openssl jq

id=wimse://corp.example/agent/alice/mail
alice=mailto:alice@corp.example
new_key agent.key
new_key alice.key
new_key bob.key
anchor $alice 'agents="wimse://corp.example/agent",no-touch-required' \
    alice.key >owners
chmod 600 owners
countersign request --id $id --key agent.key -o agent.req
countersign sign --key file:alice.key --owner $alice --yes agent.req \
    -o alice.approval 2>/dev/null
countersign attach --key agent.key agent.req alice.approval -o agent.csr

issue() { # DIR CA-KEY [digest]
	mkdir -m 755 "$1"
	"$BUILDDIR/tests/host/bin/issue" "$1" "$2" agent.csr owners \
	    https://corp.example ${3:+"$3"}
}
ok "an issuer" issue a p256
ok "another of the same name" issue b p384
ok "one that gives digests" issue c rsa3072 digest

v() { # CREDENTIAL OPTIONS: with the bundle of $from
	file=$1
	shift
	countersign verify --credential "$file" --bundle "$from/bundle.json" \
	    "$@"
}

# valid NAME WORD ARGUMENTS
valid() {
	name=$1
	word=$2
	shift 2
	ok "$name" v "$@"
	is "$name: in one line" "$(sed 's/until .*/until TIME/' out)" \
	    "valid: $id of $alice ($word, hardware unproven, no presence) until TIME"
	empty "$name: and nothing else" err
}

refused() { # REASON NAME ARGUMENTS
	reason=$1
	name=$2
	shift 2
	exits 1 "$name" v "$@"
	is "$name: refused, $reason" \
	    "$(wc -l <out) $(cut -d : -f 1,2 out)" "1 refused: $reason"
	exits 1 "$name: --json" v "$@" --json
	ok "$name: says so too" jq -e --arg r "$reason" '(.ok | not) and
	    .status == 1 and .state == "refused" and .reason == $r and
	    (has("agent") | not)' out
}

for kind in leaf.pem wit.jwt; do
	from=a
	short=x509
	[ $kind = leaf.pem ] || short=wit
	valid "$kind" "issuer's word" a/$kind
	valid "$kind, pinned" "owner's signature" a/$kind --owners owners
	ok "$kind: --json" v a/$kind --owners owners --json
	ok "$kind: has it all" jq -e --arg id $id --arg o $alice \
	    --arg k $short '.ok and .state == "valid" and .kind == $k and .agent == $id and .owner == $o and
	    .proof == "owner" and .trust_domain == "corp.example" and
	    (.serial | length) == 32 and (.agent_key | length) == 50 and
	    .owners[0].owner == $o and .owners[0].approval == "full" and
	    (.owners | length) == 1 and (.assurance.present | not)' out
	valid "$kind: who is expected" "issuer's word" a/$kind --agent $id \
	    --owner $alice --trust-domain corp.example \
	    --authority https://corp.example
	refused agent-not-allowed "$kind: another agent" a/$kind \
	    --agent wimse://corp.example/agent/alice
	refused wrong-owner "$kind: another owner" a/$kind \
	    --owner mailto:bob@corp.example
	refused wrong-authority "$kind: another authority" a/$kind \
	    --authority https://other.example
	refused expired "$kind: later" a/$kind --at 2099-01-01T00:00:00Z
	refused not-yet-valid "$kind: before" a/$kind --at 20200101Z
	from=b
	refused path-invalid "$kind: another issuer" a/$kind
	from=c
	valid "$kind: a digest" "issuer's word" c/$kind
	refused unknown-owner-key "$kind: a digest proves nothing" c/$kind \
	    --owners owners
done
from=a

# Owners who are others now.
sed 's/^mailto:alice/mailto:mallory/' owners >renamed
anchor $alice 'agents="wimse://corp.example/agent",no-touch-required' \
    bob.key >replaced
sed 's|agents="[^"]*"|agents="wimse://corp.example/ci"|' owners >moved
sed 's|no-touch-required|&,revoked=20260101000000Z|' owners >revoked
: >nobody
chmod 600 renamed replaced moved revoked nobody
for kind in leaf.pem wit.jwt; do
	refused wrong-owner "$kind: the key is another's" a/$kind \
	    --owners renamed
	refused unknown-owner-key "$kind: the owner has another key" a/$kind \
	    --owners replaced
	refused agent-not-allowed "$kind: of other agents" a/$kind \
	    --owners moved
	refused revoked "$kind: a key that is revoked" a/$kind \
	    --owners revoked
	refused unknown-owner-key "$kind: nobody is pinned" a/$kind \
	    --owners nobody
done

# Lists.
valid "not on the list" "issuer's word" a/leaf.pem --crl a/crl.pem
valid "in DER, too" "issuer's word" a/leaf.pem --crl a/crl.der
refused revoked "on the list" a/ended.pem --crl a/crl.pem
exits 3 "the list of another" v a/leaf.pem --crl b/crl.pem
says "says so" err "of no CA in the bundle"
sed '3s/^..../AAAA/' a/crl.pem >broken.pem
exits 3 "a broken list" v a/leaf.pem --crl broken.pem
says "which it is" err "broken.pem: "
: >no.pem
exits 3 "an empty one" v a/leaf.pem --crl no.pem
says "is named, too" err "no.pem: "
exits 2 "a token has none" v a/wit.jwt --crl a/crl.pem

# What our servers do not sign, by the CA's own key all the same.
bindings=$(openssl asn1parse -inform DER -in a/bindings.der >/dev/null &&
    od -An -tx1 -v a/bindings.der | tr -d ' \n')
oid=$(openssl x509 -in a/leaf.pem -noout -text |
    sed -nE 's/^ *(1\.3\.6\.1\.4\.1\.[0-9.]+\.3\.1): *$/\1/p')
is "the extension's number" "$oid" "${oid:-none}"

# forged NAME SAN: signed by the CA
forged() {
	cat >ext.cnf <<-END
	keyUsage = critical, digitalSignature
	basicConstraints = critical, CA:FALSE
	extendedKeyUsage = clientAuth, serverAuth
	subjectKeyIdentifier = hash
	authorityKeyIdentifier = keyid
	subjectAltName = critical, $2
	$oid = DER:$bindings
	END
	openssl req -new -key agent.key -subj / -out forged.csr 2>/dev/null &&
	    openssl x509 -req -in forged.csr -CA a/ca.pem -CAkey a/ca.key \
	    -set_serial 0x11223344556677889900112233445566 -days 1 \
	    -extfile ext.cnf -out "$1" 2>/dev/null
}
ok "a certificate with two names" forged two.pem \
    "URI:$id, URI:wimse://corp.example/agent/other"
ok "which its CA has signed" openssl verify -CAfile a/ca.pem two.pem
refused malformed "two names" two.pem
ok "one with a host's name" forged dns.pem "URI:$id, DNS:www.corp.example"
refused malformed "a host's name" dns.pem

# One that is not there, or is something else.
refused malformed "a request" agent.csr
: >nothing
refused malformed "nothing" nothing
head -c 600000 /dev/zero >big
refused too-large "too large" big
ok "a chain: the agent's comes first" sh -c 'cat a/leaf.pem a/ca.pem >chain'
valid "a chain" "issuer's word" chain
refused malformed "the CA's first" a/ca.pem
ok "from standard input" sh -c '"$COUNTERSIGN" verify --credential - \
    --bundle a/bundle.json <a/wit.jwt'
exits 9 "no such file" v missing

# What is trusted.
from=.
cp a/ca.pem bundle.json
valid "a CA's certificate for a bundle" "issuer's word" a/leaf.pem
refused path-invalid "which signs no tokens" a/wit.jwt
jq '.keys |= map(select(.use == "wit-svid"))' a/bundle.json >bundle.json
exits 2 "a bundle without a CA names no trust domain" v a/wit.jwt
says "which it takes" err "--trust-domain is missing"
valid "and then is good" "issuer's word" a/wit.jwt --trust-domain corp.example
refused wrong-trust-domain "for another" a/wit.jwt --trust-domain evil.example
from=a
exits 3 "another than the CA's" v a/leaf.pem --trust-domain evil.example
# A CA beside ours that names another one, in whatever way
for i in spiffe://evil.example wimse://evil.example Wimse://evil.example \
    spiffe://corp.example,URI:wimse://evil.example spiffe://; do
	openssl req -x509 -new -key a/ca.key -subj /CN=other -days 1 \
	    -addext keyUsage=critical,keyCertSign,cRLSign \
	    -addext "subjectAltName=URI:$i" -out other.pem
	cat a/ca.pem other.pem >two.json
	exits 3 "beside a CA of $i" countersign verify \
	    --credential a/leaf.pem --bundle two.json
	says "there is no one domain" err "trust domain"
done
for i in wimse://corp.example spiffe://corp.example,URI:wimse://corp.example \
    https://evil.example; do
	openssl req -x509 -new -key a/ca.key -subj /CN=other -days 1 \
	    -addext keyUsage=critical,keyCertSign,cRLSign \
	    -addext "subjectAltName=URI:$i" -out other.pem
	cat a/ca.pem other.pem >two.json
	ok "beside one of $i there is" countersign verify \
	    --credential a/leaf.pem --bundle two.json
done
chmod 666 a/bundle.json
exits 9 "a bundle that anybody may write" v a/leaf.pem
chmod 644 a/bundle.json
printf '{"keys":[]}' >empty.json
exits 3 "an empty bundle" countersign verify --credential a/leaf.pem \
    --bundle empty.json

exits 2 "no bundle" countersign verify --credential a/leaf.pem
exits 2 "a bundle alone" countersign verify --bundle a/bundle.json \
    --owners owners --authority https://corp.example agent.csr
exits 2 "two files" v a/leaf.pem agent.csr
exits 2 "neither" countersign verify --owners owners \
    --authority https://corp.example
for option in --composite "--quorum 2" --claim "--last-counter 1" \
    "--lifetime 1h" "--kind wit" "--policy p" "--store sqlite:s"; do
	# shellcheck disable=SC2086 # words
	exits 2 "$option is of another question" v a/leaf.pem $option
done
exits 2 "an agent that is none" v a/leaf.pem --agent mail
exits 2 "an owner that is none" v a/leaf.pem --owner "Alice Example"
done_testing

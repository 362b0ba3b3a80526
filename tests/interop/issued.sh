#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the countersign authors
#
# What an identity server issues, read by others: certificates, lists, tokens
# and bundles, of CAs with each kind of key.
# shellcheck disable=SC2317 # run by name
# shellcheck source=../regress/tap.sh
. "$SRCDIR/tests/regress/tap.sh"
# shellcheck source=interop.sh
. "$SRCDIR/tests/interop/interop.sh"
need jq openssl go certtool pki
need_npm @peculiar/x509 jose
need_python cryptography

agent=wimse://corp.example/agent/alice/mail
alice=mailto:alice@corp.example
authority=https://corp.example
oid=$(sed -n 's/^#define CS_OID_ARC "\(.*\)"/\1/p' "$BUILDDIR/config.h").3.1
new_key alice.key
ok "an owner" countersign enroll --key file:alice.key --owner $alice \
    --agents wimse://corp.example/agent --no-touch-required -o owners

# composite NAME: NAME.csr with the owner's approval, of NAME.key
composite() {
	ok "a request, $1" countersign request --id $agent --key "$1.key" \
	    -o "$1.req"
	ok "approved" countersign sign --key file:alice.key --owner $alice \
	    --yes "$1.req" -o "$1.approval"
	ok "and composed" countersign attach --key "$1.key" "$1.req" \
	    "$1.approval" -o "$1.csr"
}
issue() {
	mkdir -p "$1"
	"$BUILDDIR/tests/host/bin/issue" "$@"
}
export GOFLAGS=-mod=mod GOPROXY=off GO111MODULE=off GOCACHE="$top/go"
ok "Go's reader" go build -o issued "$interop/issued.go"

# verify DIR CERTIFICATE: with its list, strictly
verify() {
	openssl verify -x509_strict -check_ss_sig -crl_check \
	    -CAfile "$1/ca.pem" -CRLfile "$1/crl.pem" "$1/$2"
}
# value DIR: of id-pe-ownerBindings, as openssl finds it
value() {
	openssl x509 -in "$1/leaf.pem" -outform DER -out leaf.der
	at=$(openssl asn1parse -inform DER -in leaf.der | awk -F: -v oid="$oid" '
	    found && /OCTET STRING/ { print $1; exit }
	    /OBJECT/ && $NF == oid { found = 1 }')
	openssl asn1parse -inform DER -in leaf.der -strparse "$((at))" -noout \
	    -out value.der && cmp value.der "$1/bindings.der"
}
reads() { # DIR
	ok "openssl takes it" verify "$1" leaf.pem
	exits 2 "and not one that has ended" verify "$1" ended.pem
	ok "for that reason" grep -q "certificate revoked" err
	ok "openssl takes the list" openssl crl -inform DER -in "$1/crl.der" \
	    -CAfile "$1/ca.pem" -noout
	ok "which verifies" grep -q "verify OK" err
	ok "the bindings are the same" value "$1"
	ok "openssl reads what EST gives" openssl pkcs7 -inform DER \
	    -in "$1/certs.p7" -print_certs -noout
	ok "GnuTLS takes it" certtool --verify --load-ca-certificate \
	    "$1/ca.pem" --infile "$1/leaf.pem"
	ok "and the list" certtool --verify-crl --load-ca-certificate \
	    "$1/ca.pem" --infile "$1/crl.pem"
	ok "strongSwan takes it" pki --verify --in "$1/leaf.pem" \
	    --cacert "$1/ca.pem" --crl "$1/crl.pem"
	exits 1 "and not one that has ended" pki --verify --in \
	    "$1/ended.pem" --cacert "$1/ca.pem" --crl "$1/crl.pem"
	ok "for that reason" grep -q "certificate was revoked" err
	ok "and reads the list" pki --print --type crl --in "$1/crl.der"
	ok "Go takes it" ./issued "$1" "$oid"
	ok "python3-cryptography does" "$python" "$interop/issued.py" "$1" \
	    "$oid"
	ok "@peculiar/x509 and jose do" node "$interop/issued.js" "$1" "$oid"
}
# What one CA signed, with another's certificate
strange() { # DIR OTHER
	cp -r "$1" strange
	cp "$2/ca.pem" strange/ca.pem
	exits 2 "openssl refuses another CA's" verify strange leaf.pem
	exits 1 "Go does" ./issued strange "$oid"
	exits 1 "python3-cryptography does" "$python" "$interop/issued.py" \
	    strange "$oid"
	exits 1 "@peculiar/x509 does" node "$interop/issued.js" strange "$oid"
	rm -r strange
	cp -r "$1" strange
	printf x >>strange/bindings.der
	exits 1 "other bindings are seen by Go" ./issued strange "$oid"
	exits 1 "by python3-cryptography" "$python" "$interop/issued.py" \
	    strange "$oid"
	exits 1 "by @peculiar/x509" node "$interop/issued.js" strange "$oid"
	rm -r strange
	cp -r "$1" strange
	cp "$2/wit.jwt" strange/wit.jwt
	exits 1 "jose refuses another's token" node "$interop/issued.js" \
	    strange "$oid"
	exits 1 "and so does python3-cryptography" "$python" \
	    "$interop/issued.py" strange "$oid"
}

new_key agent.key
composite agent
ok "a CA of P-256" issue p256 p256 agent.csr owners $authority
reads p256
ok "a CA of P-384" issue p384 p384 agent.csr owners $authority
reads p384
ok "a CA of RSA" issue rsa rsa3072 agent.csr owners $authority digest
reads rsa
strange p256 p384
exits 1 "without an approval nothing" issue none p256 agent.req owners \
    $authority
done_testing

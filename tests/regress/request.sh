#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the countersign authors
#
# countersign request: keys, requests, and what it does not overwrite.
# shellcheck disable=SC2016,SC2317 # words for sh -c and jq; run by name
# shellcheck source=tap.sh
. "$SRCDIR/tests/regress/tap.sh"
need openssl jq

id=wimse://corp.example/agent/alice/mail

for kind in p256 p384 rsa3072; do
	ok "a new $kind key and its request" \
	    countersign request --id $id --new-key $kind --key $kind.key \
	    -o $kind.csr
	empty "$kind: nothing on standard output" out
	is "$kind: the key is its user's alone" \
	    "$(stat -c %a $kind.key)" 600
	is "$kind: the request is nobody's secret" \
	    "$(stat -c %a $kind.csr)" 644
	ok "$kind: openssl verifies the request" \
	    openssl req -in $kind.csr -noout -verify
	ok "$kind: openssl reads the key" openssl pkey -in $kind.key -noout
done
openssl req -in p256.csr -noout -text >text
says "the identifier is the one name" text "URI:$id"

ok "a request on standard output" \
    countersign request --id $id --key p256.key
says "as PEM" out "-----BEGIN CERTIFICATE REQUEST-----"
empty "and nothing on standard error" err
ok "file: names a key too" \
    countersign request --id $id --key file:p256.key -o -
openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out old.key \
    2>/dev/null
ok "a key that openssl made" countersign request --id $id --key old.key
openssl pkey -in p256.key -aes128 -passout pass:secret -out locked.key
echo secret >pin
ok "an encrypted key, its passphrase from a descriptor" \
    sh -c 'exec 3<pin; exec "$COUNTERSIGN" request --pin-fd 3 \
	--id '$id' --key locked.key'
echo wrong >pin
exits 4 "the wrong passphrase" \
    sh -c 'exec 3<pin; exec "$COUNTERSIGN" request --pin-fd 3 \
	--id '$id' --key locked.key'
exits 7 "a passphrase that nobody can be asked for" \
    countersign request --id $id --key locked.key
exits 2 "no passphrase on the command line" \
    countersign request --id $id --key locked.key --pin secret

cp p256.key before
exits 9 "a key is not overwritten" \
    countersign request --id $id --new-key p256 --key p256.key -o n.csr
same "and stays as it was" p256.key before
[ ! -e n.csr ]
report $? "and no request is made"
exits 9 "nor is a request" \
    countersign request --id $id --new-key p256 --key n.key -o p256.csr
[ ! -e n.key ]
report $? "and no key is made"
ok "-f replaces" countersign request --id $id --new-key p256 --key p256.key \
    -f -o p256.csr
! cmp -s p256.key before
report $? "both"

ok "purpose and owner" countersign request --id $id --key p256.key \
    --purpose 'Briefe sortieren, täglich' --owner mailto:alice@corp.example \
    -o words.csr
ok "are shown" countersign show words.csr
says "the purpose" out "purpose: Briefe sortieren, täglich"
says "whom it asks" out "asks: mailto:alice@corp.example"

ok "--json" countersign request --json --id $id --key p256.key -o j.csr
ok "names the file" jq -e '.ok and .file == "j.csr" and .key_type == "P-256"' out
ok "--json without a file" countersign request --json --id $id --key p256.key
jq -r .request out >j2.csr
ok "holds the request" openssl req -in j2.csr -noout -verify

exits 2 "no identifier" countersign request --key p256.key
says "is said" err "countersign request: --id is missing"
exits 2 "no key" countersign request --id $id
exits 2 "an identifier in capitals" \
    countersign request --id WIMSE://corp.example/a --key p256.key
exits 2 "an identifier with a port" \
    countersign request --id wimse://corp.example:1/a --key p256.key
exits 2 "an owner that is an agent" countersign request --id $id \
    --key p256.key --owner wimse://corp.example/a
exits 2 "a purpose of 1025 bytes" countersign request --id $id \
    --key p256.key --purpose "$(printf %01025d 0)"
exits 2 "a purpose that is not UTF-8" countersign request --id $id \
    --key p256.key --purpose "$(printf 'a\377')"
exits 2 "a kind of key that is not" countersign request --id $id \
    --new-key p521 --key n.key
exits 2 "a new key in a token" countersign request --id $id \
    --new-key p256 --key pkcs11:token=x
exits 5 "a key that is not there" countersign request --id $id --key none.key
openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-521 -out p521.key \
    2>/dev/null
exits 3 "a key of a kind that is not used" \
    countersign request --id $id --key p521.key
exits 9 "a folder that is not there" countersign request --id $id \
    --key p256.key -o none/r.csr

done_testing

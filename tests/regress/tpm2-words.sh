#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the countersign authors
#
# Keys in TPMs, as far as the command line goes: what goes together, what is
# written and what is not.  No TPM is here.
# shellcheck disable=SC2016,SC2154,SC2317 # for jq; of tap.sh; run by name
# shellcheck source=tap.sh
. "$SRCDIR/tests/regress/tap.sh"
need openssl jq

alice=mailto:alice@corp.example
COUNTERSIGN_TCTI=swtpm:path=$top/nowhere
export COUNTERSIGN_TCTI

# keys --new
new() {
	countersign keys --new "$@"
}
while read -r about words; do
	# shellcheck disable=SC2086 # words
	exits 2 "keys --new: $about" new $words
done <<'END'
file file:k
path k
pkcs11 pkcs11:token=a
fido2 fido2:k
no-scheme T:k
login tpm2:k --login
all tpm2:k --all
module tpm2:k --module /m
operand tpm2:k tpm2:
short-parent tpm2:k --parent 81000001
named-parent tpm2:k --parent owner
long-parent tpm2:k --parent 0x0081000001
no-parent tpm2:k --parent 0x00000000
algorithm tpm2:k --alg p521
pin-twice tpm2:k --no-pin --pin-fd 0
last-try tpm2:k --allow-last-try
owner tpm2:k --owner alice
END
for words in "--alg p256" "--parent 0x81000001" "--owner $alice" --no-pin -f; do
	# shellcheck disable=SC2086 # words
	exits 2 "$words without --new" countersign keys $words
	says "says so" err "goes with --new"
done
ok "nothing is written" [ ! -e k ]
exits 2 "an owner that is none" new tpm2:k --owner alice
says "says which word" err "--owner: "

# enroll --evidence and --respond
enroll() {
	countersign enroll "$@"
}
new_key a.key
openssl req -x509 -new -key a.key -subj /CN=ek -days 2 -out ek.pem
openssl x509 -in ek.pem -outform DER -out ek.der
while read -r about words; do
	# shellcheck disable=SC2086 # words
	exits 2 "enroll: $about" enroll $words
done <<END
not-a-tpm --key file:a.key --evidence -
pkcs11 --key pkcs11:token=a --respond c
both --key tpm2:k --evidence o --respond c
owner --key tpm2:k --evidence o --owner $alice
agents --key tpm2:k --respond c --agents wimse://corp.example/a
comment --key tpm2:k --respond c --comment x
waiver --key tpm2:k --evidence o --no-touch-required
roots --key tpm2:k --evidence o --attestation-roots d
piv --key tpm2:k --evidence o --piv-attestation f
two-outputs --key tpm2:k --evidence o -o p
certificate --key tpm2:k --ek-cert ek.pem
security-key --fido2 --rp-id a.example --evidence o
no-key --evidence o
over-the-key --key tpm2:a.key --evidence a.key -f
over-the-challenge --key tpm2:k --respond ek.pem -o ek.pem -f
over-the-certificate --key tpm2:k --evidence ek.pem --ek-cert ek.pem -f
END
ok "nothing is written" [ ! -e o ]
: >there
exits 9 "an offer over a file" enroll --key tpm2:k --evidence there
says "is not written" err "-f replaces it"
exits 3 "no certificate" enroll --key tpm2:k --evidence o --ek-cert a.key
says "says what is expected" err 'a.key: expected PEM of "CERTIFICATE"'
exits 9 "no such certificate" enroll --key tpm2:k --evidence o --ek-cert none
exits 3 "no challenge" enroll --key tpm2:k --respond ek.pem
says "says which label" err '"TPM CHALLENGE"'
printf -- '-----BEGIN TPM CHALLENGE-----\nMAA=\n-----END TPM CHALLENGE-----\n' \
    >short
exits 3 "an empty challenge" enroll --key tpm2:k --respond short
says "says which file" err "short: "
challenge() { # NOT-AFTER
	cat >asn1.cnf <<-END
	asn1 = SEQUENCE:c
	[c]
	version = INTEGER:0
	offer = FORMAT:HEX,OCTETSTRING:$(printf '%064d' 0)
	nonce = FORMAT:HEX,OCTETSTRING:$(printf '%064d' 0)
	after = GENERALIZEDTIME:$1
	blob = FORMAT:HEX,OCTETSTRING:0020
	secret = FORMAT:HEX,OCTETSTRING:0020
	END
	openssl asn1parse -genconf asn1.cnf -noout -out asn1.der
	echo "-----BEGIN TPM CHALLENGE-----"
	openssl base64 -in asn1.der
	echo "-----END TPM CHALLENGE-----"
}
challenge 20250101000000Z >past
exits 1 "a challenge that is over" enroll --key tpm2:k --respond past
says "says until when it was good" err "until 2025-01-01T00:00:00Z"
exits 1 "the same for a program" enroll --key tpm2:k --respond past --json
ok "as an object" jq -e '.error.class == "refused"' out

# show
corpus=$SRCDIR/tests/fuzz/corpus
pem() { # LABEL FILE
	echo "-----BEGIN $1-----"
	openssl base64 -in "$2"
	echo "-----END $1-----"
}
pem "TPM KEY OFFER" "$corpus/tpmevidence/offer-real" >offer
pem "TPM EVIDENCE" "$corpus/tpmevidence/evidence-real" >evidence
pem "TPM CHALLENGE" "$corpus/tpmevidence/challenge" >challenge
pem "TPM CHALLENGE SECRET" "$corpus/tpmevidence/secret" >secret
ok "show an offer" countersign show offer
says "it is not checked" out "offer of a key in a TPM, not checked"
says "the attestation key" out "noDA, restricted, sign"
ok "--json" countersign show offer --json
hash=$(openssl dgst -sha256 -r "$corpus/tpmevidence/offer-real")
ok "what it tells" jq -e --arg hash "${hash%% *}" '.objects[0] |
    .object == "tpm offer" and .offer_hash == $hash and
    .key.key_type == "P-384" and
    (.endorsement_key.attributes | contains(["restricted", "decrypt"])) and
    (.certificates | length == 1)' out
ok "show evidence" countersign show evidence --json
ok "what it tells" jq -e '.objects[0] | .object == "tpm evidence" and
    .signature == "ECDSA SHA-256" and (.name | startswith("000b"))' out
ok "show a challenge" countersign show challenge --json
ok "what it tells" jq -e '.objects[0] | .object == "tpm challenge" and
    (.not_after | endswith("Z")) and (.nonce | length == 64)' out
ok "show a secret" countersign show secret
says "whose it is" out "who reads it can answer without that TPM"
ok "--json" countersign show secret --json
ok "and no more" jq -e '.objects[0] | keys == ["object"] and
    .object == "tpm challenge secret"' out
pem "TPM KEY OFFER" "$corpus/tpmevidence/evidence-real" >wrong
exits 3 "evidence that is called an offer" countersign show wrong
ok "show a key file" countersign show "$corpus/tsskey/openssl.pem"
says "where it is loaded" out "parent: 0x40000001"
ok "--json" countersign show "$corpus/tsskey/openssl.pem" --json
ok "as an object" jq -e '.objects[0] | .object == "tpm key file" and
    .parent == "0x40000001" and (.key_hash | startswith("SHA256:"))' out
exits 2 "no CMS in it" countersign show --cms --cms-cert offer
exits 3 "no approval" countersign show --cms offer
exits 3 "no key of an owner" countersign show --cms-cert offer

done_testing

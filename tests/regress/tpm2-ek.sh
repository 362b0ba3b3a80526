#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the countersign authors
#
# Endorsement keys as manufacturers have them: certified by an authority of
# openssl's, kept in the TPM or not. And what the steps of an enrolment make, as
# others read it.
# shellcheck disable=SC2154,SC2317 # set by tpm.sh; run by name
# shellcheck source=tap.sh
. "$SRCDIR/tests/regress/tap.sh"
# shellcheck source=tpm.sh
. "$SRCDIR/tests/regress/tpm.sh"
# shellcheck source=tpm-enrol.sh
. "$SRCDIR/tests/regress/tpm-enrol.sh"
need tpm2_createek tpm2_nvdefine tpm2_makecredential tpm2_loadexternal \
    tpm2_verifysignature

cat >ca.cnf <<'END'
[ca]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign, cRLSign
[ek]
basicConstraints = critical, CA:FALSE
extendedKeyUsage = 2.23.133.8.1
subjectAltName = critical, dirName:tpm
[tpm]
tpm.2.23.133.2.1 = id:494E5443
tpm.2.23.133.2.2 = test
tpm.2.23.133.2.3 = id:00010002
END
maker=INTC
ek_roots=roots
mkdir roots

ca() { # NAME OPTIONS...
	name=$1
	shift
	new_key "$name.key"
	openssl pkey -in "$name.key" -pubout -out "$name.pub"
	quietly openssl x509 -new -force_pubkey "$name.pub" -subj "/CN=$name" \
	    -days 30 -extfile ca.cnf -extensions ca -out "$name.pem" "$@"
}
certify() { # EK: by the issuer
	quietly openssl x509 -new -force_pubkey "$1.pem" -subj / -days 30 \
	    -extfile ca.cnf -extensions ek -CA issuer.pem -CAkey issuer.key \
	    -out "$1.crt"
	quietly openssl x509 -in "$1.crt" -outform DER -out "$1.der"
}
endorsement() { # NAME: of a template
	quietly forge primary "$1.template" bytes
	tpm2_send -o answer <bytes
	quietly forge created answer "$1.pub"
	tpm_flush
	tpm2_print -t TPM2B_PUBLIC -f pem "$1.pub" >"$1.pem"
	certify "$1"
}
zeros() {
	head -c "$1" /dev/zero
}
keep() { # INDEX FILE [OCTETS]: in NV, and more than there is of it
	cp "$2" kept.nv
	zeros "${3:-0}" >>kept.nv
	quietly tpm2_nvdefine "$1" -C o -s "$(wc -c <kept.nv)" \
	    -a 'ownerread|ownerwrite|authread|no_da'
	quietly tpm2_nvwrite "$1" -C o -i kept.nv
}

new_key root.key
ca root -signkey root.key
ca issuer -CA root.pem -CAkey root.key
cp root.pem roots/

tpm_start blank
quietly countersign keys --new tpm2:key --pin-fd 3 3<pin
exits 5 "a TPM without certificates" offer key
says "is said to be none with one" err "holds no certificate"
exits 5 "an authority alone" offer key --ek-cert issuer.pem
says "is none of a key" err "holds no certificate"

quietly tpm2_createek -G ecc -c ek.ctx -u p256.pem -f pem
quietly tpm2_readpublic -c ek.ctx -o p256.pub
tpm_flush
certify p256
cat p256.crt issuer.pem >chain.pem
enrols "P-256, from a file" key P-256 --ek-cert chain.pem
keep 0x1c0000a p256.der 700
enrols "P-256 from NV" key P-256 --ek-cert issuer.pem
openssl x509 -in issuer.pem -outform DER -out issuer.der
keep 0x1c00100 issuer.der
enrols "with what leads up from it" key P-256

quietly tpm2_changeauth -c endorsement secret
exits 5 "an endorsement hierarchy with an auth value" offer key
says "is told" err "endorsement hierarchy has an auth value"
quietly tpm2_changeauth -c endorsement -p secret

quietly tpm2_nvundefine -C o 0x1c0000a
quietly tpm2_nvdefine 0x1c0000a -C o -s "$(wc -c <p256.der)" -p secret \
    -a 'authread|ownerwrite'
quietly tpm2_nvwrite 0x1c0000a -C o -i p256.der
exits 5 "a certificate with an auth value" offer key
says "is told" err "NV index 0x01c0000a: it has an auth value"
quietly tpm2_dictionarylockout -c
quietly tpm2_nvundefine -C o 0x1c0000a
quietly tpm2_nvdefine 0x1c0000a -C o -s "$(wc -c <p256.der)" -p secret \
    -a 'authread|ownerread|ownerwrite'
quietly tpm2_nvwrite 0x1c0000a -C o -i p256.der
exits 0 "one that the owner may read, too" offer key
exits 0 "is read so" tpm2_getcap properties-variable
says "and no wrong auth value is counted" out "TPM2_PT_LOCKOUT_COUNTER: 0x0"

# What keys are made from may stand in the TPM, too
head -c 20 /dev/urandom >nonce
keep 0x1c0000b nonce
exits 5 "a nonce makes another key" offer key
says "which is told" err "no key of any of them"
quietly tpm2_nvundefine -C o 0x1c0000a
{
	tail -c +3 p256.pub | head -c -68
	printf '\0\040'
	cat nonce
	zeros 12
	printf '\0\040'
	zeros 32
} >nonce.template
endorsement nonce
keep 0x1c0000a nonce.der
enrols "P-256 with a nonce" key P-256
quietly tpm2_nvundefine -C o 0x1c0000b
{
	tail -c +3 p256.pub | head -c -68
	zeros 4
} >template.template
endorsement template
keep 0x1c0000c template.template
enrols "P-256 by a template of its own" key P-256 --ek-cert template.crt
keep 0x1c0000b nonce
enrols "and with a nonce, too" key P-256
quietly tpm2_nvundefine -C o 0x1c0000b
quietly tpm2_nvundefine -C o 0x1c0000c

# B.6 of the profile: octets of RSA, or ECC, SHA-256, attributes, policy
high() { # TYPE PARAMETERS
	printf '\0%b\0\013\0\003\0\362\0\040' "$1"
	printf '\312\075\012\231\242\271\071\006\367\243\064\044\024\357'
	printf '\317\263\243\205\324\114\321\375\105\220\211\321\233\120'
	printf '\161\300\267\240\0\006\0\200\0\103\0\020%b' "$2"
}
high '\01' '\010\0\0\0\0\0\0\0' >h1.template
high '\043' '\0\03\0\020\0\0\0\0' >h2.template
endorsement h1
endorsement h2
enrols "template H-1" key RSA-2048 --ek-cert h1.crt
enrols "template H-2" key P-256 --ek-cert h2.crt
quietly tpm2_createek -G rsa -c ek.ctx -u l1.pem -f pem
tpm_flush
certify l1
enrols "template L-1" key RSA-2048 --ek-cert l1.crt

# A challenge of tpm2-tools
quietly tpm2_nvundefine -C o 0x1c0000a
keep 0x1c0000a p256.der
quietly offer key
mkdir parts
quietly forge parts offer parts
quietly tpm2_loadexternal -u parts/ak.pub -c ak.ctx -n ak.name
quietly tpm2_readpublic -c ak.ctx -f pem -o ak.pem
head -c 32 /dev/urandom >secret
quietly tpm2_makecredential -e parts/ek.pub -s secret \
    -n "$(od -An -tx1 ak.name | tr -d ' \n')" -o credential
tpm_flush
quietly forge challenge offer credential secret challenge kept
exits 0 "a challenge by tpm2_makecredential" respond key
quietly forge parts evidence parts
ok "its signature, by openssl" openssl dgst -sha256 -verify ak.pem \
    -signature parts/signature.der parts/attest
quietly tpm2_loadexternal -u parts/ak.pub -c ak.ctx
exits 0 "by a TPM" tpm2_verifysignature -c ak.ctx -g sha256 \
    -m parts/attest -s parts/signature
# tpm2-tools 5.4 prints all of it but what a certification ends with.
tpm2_print -t TPMS_ATTEST parts/attest >out 2>/dev/null
says "what it signs is of the TPM's making" out "magic: ff544347"
says "a certification" out "8017"
says "for this challenge and its secret" out \
    "extraData: $(forge extra challenge secret)"
quietly tpm2_loadexternal -u parts/key.pub -c key.ctx -n key.name
tail -c 70 parts/attest | head -c 34 >name
same "and of the key" name key.name
tpm_flush
exits 0 "the line is the same" add
says "with the same proof" owners 'attested="tpm2:INTC"'
done_testing

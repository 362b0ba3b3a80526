#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the countersign authors
#
# Attested enrolment, from an offer to a line that says attested="tpm2:...",
# with TPMs whose endorsement keys an authority has certified; and what is
# refused of owners that are not honest. What they do is done by tpm2-tools,
# by openssl and by tests/tpm/evidence.py.
# shellcheck disable=SC2154,SC2317 # set by tpm.sh; run by name
# shellcheck source=tap.sh
. "$SRCDIR/tests/regress/tap.sh"
# shellcheck source=tpm.sh
. "$SRCDIR/tests/regress/tpm.sh"
# shellcheck source=tpm-enrol.sh
. "$SRCDIR/tests/regress/tpm-enrol.sh"
need tpm2_certify tpm2_activatecredential tpm2_send

tpm_ca maker
tpm_make a
tpm_make b
cp "$ek_issuer" issuer.pem
openssl x509 -inform DER -in "$tpms/a.st/ek-rsa2048.crt" -out rsa.pem
cat issuer.pem rsa.pem >rsa-chain.pem

tpm_start a
quietly countersign keys --new tpm2:key --pin-fd 3 3<pin
quietly countersign keys --new tpm2:big --alg rsa2048 --pin-fd 3 3<pin
quietly countersign keys --new tpm2:other --no-pin
tpm_parent 0x81000001
quietly countersign keys --new tpm2:below --alg p384 --parent 0x81000001 \
    --pin-fd 3 3<pin

enrols "P-384 from NV" key P-384 --ek-cert issuer.pem
enrols "RSA-2048, chosen" key RSA-2048 --ek-cert rsa-chain.pem
enrols "an RSA key" big P-384 --ek-cert issuer.pem
enrols "a key below a parent" below P-384 --ek-cert issuer.pem

# What an owner is told
exits 0 "an offer without the way up" offer key
exits 1 "leads to no root" challenge
says "which is said" err "no path to one of the roots"
ok "and no secret is kept" test ! -e kept
openssl x509 -inform DER -in "$tpms/b.st/ek-rsa2048.crt" -out b.pem
exits 5 "a certificate of another TPM" offer key --ek-cert b.pem
says "is told" err "no endorsement key of this TPM"
exits 0 "an offer" offer key --ek-cert issuer.pem
exits 0 "its challenge" challenge
pin=wrong
echo wrong >wrong
rm evidence
exits 4 "a wrong PIN" respond key --ek-cert issuer.pem
pin=
ok "gives no evidence" test ! -e evidence
pin=nothing
exits 1 "a challenge for another key" respond big --ek-cert issuer.pem
says "is known as such, before the PIN is asked" err "not for what"
exits 1 "one for other certificates" respond key --ek-cert rsa-chain.pem
tpm_stop a
tpm_start b
exits 1 "one for another TPM" respond key --ek-cert issuer.pem
tpm_clean "nothing is left in it"
tpm_stop b
tpm_start a
forgive
pin=
exits 0 "the one it is for answers" respond key --ek-cert issuer.pem
cp kept kept.first
cp evidence evidence.first
exits 0 "and has a line" add
exits 9 "an answer for the second time" add
is "has none" "$(cat owners 2>/dev/null)" ""

# What an operator is told
quietly offer key --ek-cert issuer.pem
quietly challenge
exits 1 "evidence for an earlier challenge" add
says "is told" err "challenge"
ok "the secret is still there" test -e kept
forge late challenge kept
exits 1 "a challenge that is late" respond key --ek-cert issuer.pem
says "is not answered" err "could be answered until"

# What an honest owner does, by tpm2-tools and tests/tpm/evidence.py: what the
# others are refused for is then what they do else.
signing='fixedtpm|fixedparent|sensitivedataorigin|userwithauth|sign'

keep() { # FILE HANDLE: a loaded key, and its public area
	quietly tpm2_evictcontrol -C o -c "$1.ctx" "$2"
	quietly tpm2_readpublic -c "$2" -o "$1.pub" -n "$1.name"
	quietly tpm2_readpublic -c "$2" -f pem -o "$1.pem"
	tpm_flush
}

primary() { # FILE HANDLE ATTRIBUTES
	quietly tpm2_createprimary -C e -G ecc256:ecdsa-sha256:null \
	    -c "$1.ctx" -a "$3"
	keep "$1" "$2"
}

child() { # FILE HANDLE ATTRIBUTES
	quietly tpm2_create -C 0x81000001 -G ecc -p 1234 -a "$3" \
	    -u "$1.u" -r "$1.r" -c "$1.ctx"
	keep "$1" "$2"
}

primary ak 0x81000010 "$signing|restricted|noda"
primary loose 0x81000011 "$signing"
child mine 0x81000020 "$signing"
child second 0x81000021 "$signing"
quietly tpm2_readpublic -c 0x81010016 -o p384.pub
quietly tpm2_readpublic -c 0x81010001 -o rsa.pub
openssl x509 -in issuer.pem -outform DER -out issuer.der

offers() { # KEY AK
	quietly forge offer offer "$1.pub" "$2.pub" p384.pub \
	    "$tpms/a.st/ek-secp384r1.crt" issuer.der
}

activate() { # AK: finds out the secret
	quietly forge credential challenge credential
	tpm2_activatecredential -c "$1" -C 0x81010016 -i credential -o secret
}

certifies() { # KEY AK: evidence, by handles
	quietly forge certify "$1" "$2" "$(forge extra challenge secret)" \
	    1234 bytes
	tpm2_send -o answer <bytes 2>"$top/log"
	quietly forge attested answer attest signature
	quietly forge evidence evidence offer challenge attest signature
}

offers mine ak
exits 0 "by hand: an offer" challenge
exits 0 "its challenge is answered" activate 0x81000010
certifies 0x81000020 0x81000010
exits 0 "and the evidence taken" add
says "as what it is" owners 'attested="tpm2:00001014"'
quietly forge offer offer mine.pub ak.pub rsa.pub \
    "$tpms/a.st/ek-rsa2048.crt" issuer.der
exits 0 "by hand, with RSA: an offer" challenge
quietly forge credential challenge credential
quietly tpm2_startauthsession --policy-session -S policy
quietly tpm2_policysecret -S policy -c e
exits 0 "its challenge is answered" tpm2_activatecredential -c 0x81000010 \
    -C 0x81010001 -P session:policy -i credential -o secret
tpm_flush
certifies 0x81000020 0x81000010
exits 0 "and the evidence taken" add

# refuses NAME TEXT: the evidence, for this reason
refuses() {
	exits 1 "$1" add
	says "is refused for that" err "$2"
	ok "and no line is written" test ! -e owners
}

# Another key than the offered one
offers mine ak
quietly challenge
exits 0 "a challenge for one key" activate 0x81000010
certifies 0x81000021 0x81000010
refuses "evidence of another key" "Name"
certifies 0x81000020 0x81000010
offers second ak
quietly forge evidence evidence offer challenge attest signature
refuses "an offer that was exchanged" "offer"

offers mine ak
quietly challenge
forge late challenge kept
exits 0 "a challenge that is answered late" activate 0x81000010
certifies 0x81000020 0x81000010
refuses "its evidence" "expired"

# An attestation key that signs whatever it is told
offers mine loose
exits 1 "an attestation key that is not restricted" challenge
says "is refused for that" err "restricted"
quietly forge mended loose-lies.pub loose.pub +16
offers mine loose-lies
exits 0 "one that is said to be" challenge
exits 1 "cannot be told the secret" activate 0x81000011
head -c 32 /dev/zero >secret
certifies 0x81000020 0x81000011
refuses "so its evidence" "extraData"

# A key that was made elsewhere
new_key soft.key
quietly tpm2_import -C 0x81000001 -G ecc -i soft.key -p 1234 \
    -u soft.u -r soft.r
quietly tpm2_load -C 0x81000001 -u soft.u -r soft.r -c soft.ctx
keep soft 0x81000022
exits 5 "an imported key makes no offer" countersign enroll \
    --key tpm2:handle=0x81000022 --evidence - --ek-cert issuer.pem
says "which its owner is told" err "was not made in this TPM"
offers soft ak
exits 1 "one by hand" challenge
says "is refused for that" err "fixedTPM"
quietly forge mended soft-lies.pub soft.pub +1 +4 +5
offers soft-lies ak
exits 0 "one that is said to be the TPM's own" challenge
exits 0 "gets a challenge" activate 0x81000010
certifies 0x81000022 0x81000010
refuses "but what the TPM says of it" "Name"

# Another TPM than the certified one
tpm_stop a
tpm_start b
tpm_parent 0x81000001
primary far 0x81000010 "$signing|restricted|noda"
child elsewhere 0x81000020 "$signing"
offers elsewhere far
exits 0 "keys of one TPM, certified by the key of another" challenge
exits 1 "are not told the secret there" activate 0x81000010
head -c 32 /dev/zero >secret
certifies 0x81000020 0x81000010
refuses "so their evidence" "extraData"
tpm_stop b
tpm_start a
forgive
exits 1 "and in the certified one" activate 0x81000010

# Octets
offers mine ak
quietly challenge
quietly activate 0x81000010
certifies 0x81000020 0x81000010
cp attest attest.good
cp signature signature.good
cp attest attest.bad
printf X | dd of=attest.bad conv=notrunc 2>dd.log
quietly forge evidence evidence offer challenge attest.bad signature
refuses "an attestation that was altered" "signature"
quietly forge certify 0x81000021 0x81000010 \
    "$(forge extra challenge secret)" 1234 bytes
quietly tpm2_send -o answer <bytes
quietly forge attested answer attest.second signature.second
quietly forge evidence evidence offer challenge attest signature.second
refuses "the signature of something else" "signature"
done_testing

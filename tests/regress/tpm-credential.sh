#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the countersign authors
#
# Credentials that we make are opened by a TPM, with each kind of endorsement
# key; and what a key of software needs to have one opened.
# shellcheck disable=SC2154,SC2317 # set by tpm.sh; run by name
# shellcheck source=tap.sh
. "$SRCDIR/tests/regress/tap.sh"
# shellcheck source=tpm.sh
. "$SRCDIR/tests/regress/tpm.sh"
need tpm2_activatecredential tpm2_createek tpm2_createprimary tpm2_loadexternal
credential=$BUILDDIR/tests/tpm/bin/credential

tpm_ca maker
tpm_make one
tpm_start one
printf '%s' 'thirty-two octets of a credentia' >secret
ak='fixedtpm|fixedparent|sensitivedataorigin|userwithauth|restricted|sign'
quietly tpm2_createprimary -C e -G ecc256:ecdsa-sha256:null -a "$ak" -c ak.ctx
quietly tpm2_readpublic -c ak.ctx -o ak.pub
tpm_flush
quietly tpm2_createprimary -C e -G ecc384:ecdsa-sha384:null -g sha384 \
    -a "$ak" -c ak384.ctx
quietly tpm2_readpublic -c ak384.ctx -o ak384.pub
tpm_flush

# as_owner COMMAND... with an EK's policy: who may use the hierarchy
as_owner() {
	quietly tpm2_startauthsession --policy-session -S ek.session
	quietly tpm2_policysecret -S ek.session -c e
	"$@" -P session:ek.session
}
with_auth() {
	"$@"
}

# opens WHAT HOW EK AK: the TPM gives back what is in the credential
opens() {
	tpm_flush
	quietly tpm2_readpublic -c "$3" -o ek.pub
	exits 0 "a credential for $1" "$credential" make ek.pub "$4.pub" \
	    secret cred
	exits 0 "which the TPM opens" "$2" tpm2_activatecredential \
	    -c "$4.ctx" -C "$3" -i cred -o opened
	same "with the secret" secret opened
	tpm_flush
	exits 1 "for no other key" "$2" tpm2_activatecredential \
	    -c "$5.ctx" -C "$3" -i cred -o opened
}
opens "an EK of RSA-2048" as_owner 0x81010001 ak ak384
opens "it and an AK of P-384" as_owner 0x81010001 ak384 ak
opens "an EK of P-384" with_auth 0x81010016 ak ak384
tpm_flush
quietly tpm2_createek -G ecc -c 0x81010002
opens "an EK of P-256" as_owner 0x81010002 ak ak384

# Many, for each number may begin with zeros
tpm_flush
all=0
for _ in 1 2 3 4 5 6 7 8; do
	quietly "$credential" make ek.pub ak.pub secret cred
	as_owner quietly tpm2_activatecredential -c ak.ctx -C 0x81010002 \
	    -i cred -o opened
	cmp -s secret opened && all=$((all + 1))
	tpm_flush
done
exits 0 "each of eight in turn" test "$all" = 8

# A public area alone, the private half in software: the TPM lets nobody use
# it, neither by an authorization value, which is not there, nor by a policy.
# That swtpm keeps to the second is no promise of every maker's: countersign
# takes no attestation key with a policy.
policy() {
	quietly tpm2_startauthsession "$@" -S ak.session
	quietly tpm2_policycommandcode -S ak.session \
	    -L policy TPM2_CC_ActivateCredential
}
policy
tpm_flush
quietly tpm2_readpublic -c 0x81010016 -o ek.pub
quietly "$credential" area soft.pub
exits 0 "a key of software, and nothing of it but its area" \
    tpm2_loadexternal -C e -u soft.pub -c soft.ctx
quietly "$credential" make ek.pub soft.pub secret cred
exits 1 "opens nothing" tpm2_activatecredential \
    -c soft.ctx -C 0x81010016 -i cred -o opened
says "for it cannot be authorized" err "not available"
tpm_flush
quietly "$credential" area soft.pub "$(od -An -v -tx1 policy | tr -d ' \n')"
exits 0 "one with a policy" tpm2_loadexternal -C e -u soft.pub -c soft.ctx
quietly "$credential" make ek.pub soft.pub secret cred
policy --policy-session
exits 1 "neither" tpm2_activatecredential -c soft.ctx \
    -p session:ak.session -C 0x81010016 -i cred -o opened
says "in this TPM" err "not available"
done_testing

#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the countersign authors
#
# A key in a token, what a YubiKey would say of it, and what the server makes of
# that: from countersign enroll to the verdict.
# shellcheck disable=SC2154,SC2317 # of softhsm.sh; run by name
# shellcheck source=tap.sh
. "$SRCDIR/tests/regress/tap.sh"
# shellcheck source=softhsm.sh
. "$SRCDIR/tests/regress/softhsm.sh"
# shellcheck source=piv.sh
. "$SRCDIR/tests/regress/piv.sh"
need openssl jq

alice=mailto:alice@corp.example
id=wimse://corp.example/agent/alice
softhsm_token alice
softhsm_key alice 02 approvals EC:prime256v1
key="pkcs11:token=alice;object=approvals$at"
printf 1234 >pin
with_pin() { # VERB OPTION...
	countersign "$@" --pin-fd 3 3<pin
}
quietly pkcs11-tool --module "$softhsm" --token-label alice --id 02 \
    --read-object --type pubkey -o alice.der
openssl pkey -pubin -inform DER -in alice.der -out alice.pub
new_yubikey
statement always alice.pub 03:02
statement cached alice.pub 02:03

enroll() { # STATEMENT
	with_pin enroll --key "$key" --owner "$alice" --agents "$id" \
	    --piv-attestation "$1" --attestation-roots piv/roots -o "line-$1" \
	    --json
}
ok "a key with a touch and a PIN each time" enroll always
ok "proves both" jq -e '.presence == "policy" and .warnings == [] and
    .attestation.attested == "yubikey-piv:4873068,touch=always,pin=always"' out
ok "a key with a touch that is kept" enroll cached
ok "proves neither" jq -e '.presence == "not-proven" and
    (.warnings | map(.warning) == ["touch-missing"])' out

# The owner approves once, and each server judges by its own line.
ok "request" countersign request --id $id/mail --new-key p256 \
    --key agent.key -o agent.csr
ok "sign" with_pin sign --yes --key "$key" --owner $alice -o alice.approval \
    agent.csr
ok "attach" countersign attach --key agent.key -o composite.csr agent.csr \
    alice.approval
judge() { # LINE [OPTION...]
	line=$1
	shift
	countersign verify --owners "$line" \
	    --authority https://corp.example --json "$@" composite.csr
}
ok "approved where the touch is proven" judge line-always
ok "which the verdict says" jq -e '.state == "approved" and
    .assurance == {"hardware": true, "asserted": false, "present": true,
    "verified": true, "by_policy": true}' out
exits 1 "refused where it is not" judge line-cached
ok "for want of a touch" jq -e '.error.reason == "touch-missing" or
    .reason == "touch-missing"' out
sed 's/ agents=/ hardware-required,verify-required,agents=/' line-always >strict
ok "hardware and verification are proven, too" judge strict

done_testing

#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the countersign authors
#
# A TPM proves a device and a PIN, never presence: what is said of a key in one
# where it is made, listed, enrolled and used.
# shellcheck disable=SC2317 # run by name
# shellcheck source=tap.sh
. "$SRCDIR/tests/regress/tap.sh"
need jq
# shellcheck source=tpm.sh
. "$SRCDIR/tests/regress/tpm.sh"
tpm_start blank
COUNTERSIGN_TCTI=$TCTI
export COUNTERSIGN_TCTI

alice=mailto:alice@corp.example
id=wimse://corp.example/agent/alice
never="never proven: a TPM proves a device, and takes a PIN from anybody"
echo 1234 >pin
pin() {
	countersign "$@" --pin-fd 3 3<pin
}

ok "a new key" pin keys --new tpm2:k.pem --owner "$alice"
says "proves no presence" out "presence: $never; approvals are refused"
ok "one without a PIN" countersign keys --new tpm2:open.pem --no-pin \
    --owner "$alice" --json
ok "likewise" jq -e '.presence == "not-proven" and
    (.warnings | map(.warning) | contains(["touch-missing", "no-pin"]))' out
ok "the list" countersign keys tpm2:k.pem
says "says so" out "presence: cannot be proven: a TPM takes a PIN from anybody"
ok "for programs" countersign keys tpm2:k.pem --json
ok "in the word of all keys" jq -e '.keys[0].presence == "no" and
    .keys[0].verification == "no"' out
ok "enrolment" countersign enroll --key tpm2:k.pem --owner "$alice" \
    --agents "$id"
says "says so" out "presence: $never; approvals are refused unless"
ok "with the operator's waiver" countersign enroll --key tpm2:k.pem \
    --owner "$alice" --agents "$id" --no-touch-required -o line
says "it still does" out "presence: $never; not asked for"
exits 2 "no PIN is promised to the server" countersign enroll \
    --key tpm2:k.pem --owner "$alice" --agents "$id" --verify-required

countersign request --id "$id/mail" --new-key p256 --key agent.key \
    -o agent.csr
ok "the page that is signed" pin sign --key tpm2:k.pem --owner "$alice" \
    --yes agent.csr -o a.approval
tr -s ' \n' '  ' <err >page
says "says so" page \
    "it proves this device and its PIN, never that somebody is there"
ok "without a PIN" countersign sign --key tpm2:open.pem --owner "$alice" \
    --yes agent.csr -o b.approval
tr -s ' \n' '  ' <err >page
says "not even one" page \
    "it proves this device, without a PIN, never that somebody is there"
countersign attach --key agent.key agent.csr a.approval -o composite.csr
ok "the verdict" countersign verify --owners line \
    --authority https://corp.example composite.csr
says "of a key that nothing attests" out "(hardware unproven, no presence)"
tpm_clean "the TPM is empty"
done_testing

#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the countersign authors
#
# A TPM proves a device, never presence: what is said of a key whose line has
# attested="tpm2:...", in verdicts, lists and warnings.
# shellcheck source=tap.sh
. "$SRCDIR/tests/regress/tap.sh"
need openssl jq

alice=mailto:alice@corp.example
id=wimse://corp.example/agent/alice
new_key owner.key
new_key other.key
countersign request --id $id/mail --new-key p256 --key agent.key -o agent.csr
countersign sign --key file:owner.key --owner $alice --yes agent.csr \
    -o alice.approval 2>/dev/null
countersign attach --key agent.key agent.csr alice.approval -o composite.csr
judge() { # OPTIONS of the line, ARGUMENTS...
	anchor $alice "agents=\"$id\",$1" owner.key >owners
	shift
	countersign verify --owners owners --authority https://corp.example \
	    "$@" composite.csr
}

ok "waived, it is approved" judge 'attested="tpm2:INTC",no-touch-required'
says "by hardware that is named, and nobody's presence" out \
    "(hardware tpm2:INTC, no presence)"
exits 1 "not waived, it is refused" judge 'attested="tpm2:INTC"'
says "as touch-missing" out "refused: touch-missing: "
says "which no TPM ever proves" out "a key in a TPM, which never proves one"
exits 1 "another key" judge 'hardware'
silent "is no TPM's" out "TPM"
ok "hardware that is demanded" judge \
    'attested="tpm2:INTC",hardware-required,no-touch-required'
ok "for programs" judge 'attested="tpm2:00001014",no-touch-required' --json
ok "hardware and no presence" jq -e '.assurance.hardware and
    (.assurance.present | not) and (.assurance.verified | not) and
    .approvals[0].attested == "tpm2:00001014"' out
ok "of a key that nothing attests" judge 'no-touch-required' --json
ok "there is nothing" jq -e '.approvals[0] | has("attested") and
    .attested == null' out

ok "the line, checked" countersign owners check owners --json
ok "has no warning" jq -e '.warnings == []' out
judge 'attested="tpm2:INTC"' >/dev/null
ok "without no-touch-required" countersign owners check owners
says "it is warned of" out "a TPM never proves a touch: without"
says "for it can approve nothing" out "all approvals of the key are refused"
exits 3 "a PIN that a TPM cannot prove" judge \
    'attested="tpm2:INTC",verify-required,no-touch-required'
says "is no line" err "found that of a TPM"
judge 'attested="tpm2:INTC",no-touch-required' >/dev/null
ok "the list" countersign owners list owners
says "says what is proven, and what not" out \
    "attested: tpm2:INTC, hardware; a TPM never proves presence"
ok "the list for programs" countersign owners list owners --json
ok "has the value alone" jq -e '.list[0].attested == "tpm2:INTC"' out

anchor $alice "agents=\"$id\",attested=\"tpm2:INTC\",no-touch-required" \
    owner.key >owners
anchor mailto:bob@corp.example "agents=\"$id\",no-touch-required" other.key \
    >>owners
countersign sign --key file:other.key --owner mailto:bob@corp.example --yes \
    agent.csr -o bob.approval 2>/dev/null
countersign attach --key agent.key agent.csr alice.approval bob.approval \
    -o both.csr
ok "beside another owner" countersign verify --owners owners \
    --authority https://corp.example both.csr
says "what holds for both" out "(hardware unproven, no presence)"
done_testing

#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the countersign authors
"""Writes `rules`: messages of this folder, a rule of a policy, and what
tests/reference says of the one under the other."""
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE + "/../../reference")
import cases  # noqa: E402
import der as d  # noqa: E402
import verdict as v  # noqa: E402

NAMES = {
    "owners": """approved approved-rsa approved-piv approved-piv-once
        approved-proven approved-said approved-two approved-key approved-batch
        approved-batch-keys approved-composite approved-bundle approved-pair
        approved-pair-present approved-pair-other-owner approved-two-pairs
        approved-quorum approved-quorum-three approved-quorum-group
        approved-quorum-pair approved-mixed-group approved-two-piv
        approved-proven-plain approved-limits approved-day approved-year
        denied denied-bundle denied-intended denied-member-any denied-behind
        denied-mixed expired wrong-authority wrong-nonce agent-not-allowed
        revoked touch-missing lifetime-exceeded window-too-long
        grant-invalid-no-grants signature-invalid binding-mismatch""",
    "owners-ca": "approved-ca approved-ca-intermediate approved-ca-pair",
    "owners-sk": """approved-fido2 approved-fido2-verified approved-fido2-batch
        approved-fido2-hardware approved-fido2-untouched approved-fido2-pair
        approved-fido2-quorum approved-ssh-p256 approved-ssh-sk
        approved-ssh-sk-verified approved-ssh-sk-hardware approved-ssh-pair
        denied-fido2 denied-ssh""",
}
RULES = """groups=* groups=ops groups=ops+opsx domain=corp.example
    groups=*,quorum=2 groups=*,quorum=3 groups=ops,quorum=2 groups=*,present
    groups=*,verified groups=*,hardware groups=*,present,verified,hardware
    groups=*,no-grants groups=*,no-batches groups=*,lifetime=899
    groups=*,lifetime=900 groups=*,window=1199 groups=*,window=1200
    groups=*,evidence groups=*,evidence=given groups=*,evidence=affirmed
    groups=*,path=/ groups=*,path=/agen groups=*,path=/agent/alice
    groups=*,path=/agent/alice/x groups=*,domain=other.example""".split()


def judge(message, anchors, words):
    rule, evidence = v.read_rule(words)
    try:
        return v.verify(message, anchors, cases.NOW, cases.WHERE,
                        policy=[rule], evidence=evidence)["state"]
    except d.Refused as refused:
        return refused.args[0]


def main():
    with open(HERE + "/rules", "w") as out:
        out.write("# Owners, message, rule and verdict of a line come "
                  "from make_rules.py.\n")
        for owners, names in NAMES.items():
            with open(f"{HERE}/{owners}") as file:
                anchors = v.read_owners(file.read(), HERE)
            for name in names.split():
                with open(f"{HERE}/{name}.pem", "rb") as file:
                    message = file.read()
                for words in RULES:
                    found = judge(message, anchors, words)
                    out.write(f"{owners} {name} {words} {found}\n")


main()

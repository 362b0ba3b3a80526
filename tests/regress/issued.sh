#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the countersign authors
#
# What an identity server signs, and a second reading of section 7 of
# countersign-formats(5): both take the same, of every octet changed.
# shellcheck disable=SC2317 # run by name
# shellcheck source=tap.sh
. "$SRCDIR/tests/regress/tap.sh"

for python in python3 /usr/bin/python3; do
	"$python" -c 'import asn1crypto, cryptography' 2>/dev/null && break
	python=
done
[ -n "$python" ] || {
	echo "1..0 # SKIP no Python with asn1crypto and cryptography"
	exit 0
}
export PYTHONDONTWRITEBYTECODE=1
alice=mailto:alice@corp.example
new_key alice.key
new_key agent.key
countersign enroll --key file:alice.key --owner $alice \
    --agents wimse://corp.example/agent --no-touch-required -o owners >out
ok "a request" countersign request --id wimse://corp.example/agent/a \
    --key agent.key -o agent.req
ok "its approval" countersign sign --key file:alice.key --owner $alice \
    --yes agent.req -o alice.approval
ok "both in one" countersign attach --key agent.key agent.req \
    alice.approval -o agent.csr

# issue DIR CA-KEY [digest]
issue() {
	mkdir -p "$1"
	"$BUILDDIR/tests/host/bin/issue" "$1" "$2" agent.csr owners \
	    https://corp.example ${3:+"$3"}
}
ok "issued" issue full p256
ok "issued with a digest" issue digest p384 digest
for which in full digest; do
	ok "both readers agree, $which" "$python" \
	    "$SRCDIR/tests/reference/issued.py" \
	    "$BUILDDIR/tests/host/bin/judge" "$SRCDIR" $which
	grep '^not' out
done
done_testing

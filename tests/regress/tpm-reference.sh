#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the countersign authors
#
# What countersign says of a TPM's offers and evidence, and what a second
# reading of countersign-formats(5) says: tests/reference/tpms.py.
# shellcheck source=tap.sh
. "$SRCDIR/tests/regress/tap.sh"

# Debian's packages are for Debian's Python, which need not come first.
for python in python3 /usr/bin/python3; do
	"$python" -c 'import asn1crypto, cryptography' 2>/dev/null && break
	python=
done
[ -n "$python" ] || {
	echo "Bail out! no Python with asn1crypto and cryptography"
	exit 1
}
PYTHONDONTWRITEBYTECODE=1 "$python" -W ignore \
    "$SRCDIR/tests/reference/tpms.py" "$BUILDDIR/tests/tpm/bin/judge" "$SRCDIR"

#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the countersign authors
#
# Keys in TPMs, as far as the command line goes: what goes together, what is
# written and what is not.  No TPM is here.
# shellcheck disable=SC2154,SC2317 # of tap.sh; run by name
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

done_testing

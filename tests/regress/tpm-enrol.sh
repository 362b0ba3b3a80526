# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the countersign authors
#
# Sourced after tpm.sh: attested enrolment, step by step.
# shellcheck shell=sh
# shellcheck disable=SC2154,SC2317 # set by tpm.sh; run by name

for python in python3 /usr/bin/python3; do
	"$python" -c 'import asn1crypto, cryptography' 2>/dev/null && break
	python=
done
[ -n "$python" ] || {
	echo "1..0 # SKIP no asn1crypto or cryptography for python3"
	exit 0
}

forge() {
	PYTHONDONTWRITEBYTECODE=1 "$python" "$SRCDIR/tests/tpm/evidence.py" "$@"
}

owner=mailto:alice@corp.example
printf 1234 >pin
: >nothing

# A TPM that lost its power counts that as a wrong PIN.
forgive() {
	quietly tpm2_dictionarylockout -c
}

offer() { # KEY OPTIONS...
	key=$1
	shift
	countersign enroll --key "tpm2:$key" --evidence offer -f "$@"
}
challenge() { # OPTIONS...
	rm -f kept
	countersign owners challenge offer --ek-roots "$ek_roots" \
	    --keep kept -f -o challenge "$@"
}
respond() { # KEY OPTIONS...
	key=$1
	shift
	countersign enroll --key "tpm2:$key" --respond challenge -f \
	    -o evidence --pin-fd 3 "$@" 3<"${pin:-pin}"
}
add() { # OPTIONS...
	rm -f owners
	countersign owners add owners --evidence evidence --challenge kept \
	    --ek-roots "$ek_roots" --owner $owner --agents 'wimse://corp.example/agent/bot' \
	    --no-touch-required "$@"
}

has_key() { # FILE: as tpm2-openssl reads it
	openssl pkey -provider tpm2 -provider default \
	    -propquery '?provider=tpm2' -passin pass:1234 -in "$1" \
	    -pubout -outform DER | openssl base64 -A >spki
	grep -qF -f spki owners
}

# enrols NAME KEY EK OPTIONS...: from the first step to the last
enrols() {
	step=$1
	file=$2
	kind=$3
	shift 3
	exits 0 "$step: an offer" offer "$file" "$@"
	exits 0 "$step: a challenge" challenge
	says "of the key that is meant" out "$kind"
	exits 0 "$step: evidence" respond "$file" "$@"
	exits 0 "$step: a line" add
	says "says what is proven" owners "attested=\"tpm2:${maker:-00001014}\""
	ok "and the key is the file's" has_key "$file"
	ok "the secret is used up" test ! -e kept
	tpm_clean "$step: nothing is left in the TPM"
}


#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the countersign authors
#
# No PIN of a TPM's key is left in the memory of a process that ends, nor what a
# library has freed.
# shellcheck disable=SC2154,SC2317 # set by tpm.sh; run by name
# shellcheck source=tap.sh
. "$SRCDIR/tests/regress/tap.sh"
# shellcheck source=tpm.sh
. "$SRCDIR/tests/regress/tpm.sh"
left=$BUILDDIR/tests/tpm/bin/.libs/left.so
if grep -q __asan_init "$COUNTERSIGN"; then
	echo "1..0 # SKIP built with AddressSanitizer, which wants to be first"
	exit 0
fi

new_request
backwards() { # TEXT
	echo "$1" | awk '{
		for (i = length($0); i > 0; i--)
			printf "%s", substr($0, i, 1)
	}'
}
pin=correct-horse-battery
echo "$pin" >pin
echo "$pin"-not >wrong

# seeks TEXT COMMAND...: with ./err saying whether TEXT is left at the end
seeks() {
	LEFT=$(backwards "$1")
	export LEFT
	shift
	LD_PRELOAD=$left "$@" 2>seen
	seeks_rc=$?
	grep '^left: ' seen >&2
	return "$seeks_rc"
}

# nothing NAME: it was looked for and not found
nothing() {
	is "$1" "$(sort -u err)" "left: looked"
}

tpm_start one
COUNTERSIGN_TCTI=$TCTI
export COUNTERSIGN_TCTI
makes() {
	countersign keys --new tpm2:key -f --pin-fd 3 3<pin
}
signs() {
	countersign sign --key "tpm2:$1" --owner "$alice" --yes -f agent.csr \
	    -o approval --pin-fd 3 3<"$2"
}
exits 0 "makes a key" seeks "$pin" makes
nothing "without its PIN left"
exits 0 "signs" seeks "$pin" signs key pin
nothing "without its PIN left"
exits 0 "signs again" seeks "$alice" signs key pin
ok "what is not wiped is found" grep -q "left: in" err
exits 4 "a wrong PIN" seeks "$pin-not" signs key wrong
nothing "is not left either"
tools_handle 0x81000005 ecc256 "$pin"
exits 0 "signs with a persistent key" seeks "$pin" \
    signs handle=0x81000005 pin
nothing "without its PIN left"
tpm_clean "nothing is left in the TPM"
done_testing

#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the countersign authors
#
# A TPM as a PKCS#11 token, by tpm2-pkcs11: its keys are pkcs11: URIs.
# shellcheck disable=SC2154,SC2317 # set by tpm.sh; run by name
# shellcheck source=tap.sh
. "$SRCDIR/tests/regress/tap.sh"
# shellcheck source=tpm.sh
. "$SRCDIR/tests/regress/tpm.sh"
need pkcs11-tool p11tool jq
[ -e "$BUILDDIR/.libs/signer-pkcs11.so" ] || {
	echo "1..0 # SKIP built without pkcs11"
	exit 0
}

for module in /usr/lib/*/pkcs11/libtpm2_pkcs11.so \
    /usr/lib64/pkcs11/libtpm2_pkcs11.so /usr/lib/pkcs11/libtpm2_pkcs11.so; do
	[ ! -e "$module" ] || break
done
[ -e "$module" ] || {
	echo "1..0 # SKIP libtpm2_pkcs11.so is not installed"
	exit 0
}

tpm_start one
new_request
TPM2_PKCS11_STORE=$top/store
# It loses memory: tests/lsan.supp, which needs its name in the stack.
ASAN_OPTIONS=$ASAN_OPTIONS:fast_unwind_on_malloc=0
TPM2_PKCS11_BACKEND=esysdb
export TPM2_PKCS11_STORE TPM2_PKCS11_BACKEND ASAN_OPTIONS
mkdir "$TPM2_PKCS11_STORE"
tool() {
	quietly pkcs11-tool --module "$module" "$@"
}
tool --init-token --slot-index 0 --label owner --so-pin 5678
tool --init-pin --token-label owner --so-pin 5678 --pin 12345678
tpm_flush
make() { # ID LABEL TYPE
	tool --login --pin 12345678 --token-label owner --keypairgen --id "$1" \
	    --label "$2" --key-type "$3"
	quietly p11tool --provider "$module" --outfile "$2.pub" --export \
	    "pkcs11:token=owner;id=%$1;type=public"
}
make 01 p256 EC:prime256v1
make 02 p384 EC:secp384r1
make 03 rsa rsa:2048

approves() { # ID ARGUMENT...
	key="pkcs11:token=owner;id=%$1?module-path=$module"
	shift
	rm -f approval
	countersign sign --key "$key" --owner "$alice" --yes agent.csr \
	    -o approval --pin-fd 3 "$@" 3<pin
}

trusts p256.pub p384.pub rsa.pub
for key in 01 02 03; do
	exits 0 "key $key signs" approves $key
	approved "it is approved"
done
exits 0 "RSASSA-PSS" approves 03 --pss
approved "it is approved"
exits 0 "its keys" countersign keys --module "$module" --json --login \
    --pin-fd 3 3<pin
ok "are listed" jq -e '[.keys[].label] | sort == ["p256", "p384", "rsa"]' out
echo 9999 >pin
exits 4 "a wrong PIN" approves 01
says "is told as such" err "wrong PIN"
ok "no approval" test ! -e approval
tpm_clean "nothing stays in the TPM"
done_testing

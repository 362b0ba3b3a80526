#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the countersign authors
#
# Keys in a TPM, as files and as persistent handles, made by tpm2-openssl and by
# tpm2-tools: what they sign is approved, and verified by openssl.
# shellcheck disable=SC2154,SC2317 # set by tpm.sh; run by name
# shellcheck source=tap.sh
. "$SRCDIR/tests/regress/tap.sh"
# shellcheck source=tpm.sh
. "$SRCDIR/tests/regress/tpm.sh"
need jq tpm2_createprimary tpm2_create tpm2_encodeobject tpm2_evictcontrol

new_request
tpm_start one
tpm_parent 0x81000001
between --secret pin

# signs NAME KEY PUBLIC [ARGUMENT...]: an approval, a verdict, and nothing left
signs() {
	said=$1
	key=$2
	public=$3
	shift 3
	: >"$seen"
	exits 0 "$said signs" "$how" "$key" "$@"
	is "once" "$(seen 'Sign .* = 0x0$')" 1
	ok "at most one ReadPublic" test "$(seen ReadPublic)" -le 1
	is "its PIN is never in clear" "$(seen SECRET)" 0
	tpm_clean "nothing stays in the TPM"
	trusts "$public"
	approved "it is approved"
}

how=with_pin
for algorithm in P-256 P-384 RSA; do
	openssl_key "o-$algorithm" $algorithm user-auth:12345678
	signs "$algorithm of tpm2-openssl" "o-$algorithm" "o-$algorithm.pub"
done
openssl_key parent P-256 user-auth:12345678 parent:0x81000001
signs "one below a persistent parent" "parent" "parent.pub"
for algorithm in ecc ecc384 rsa2048; do
	tools_key "t-$algorithm" $algorithm 12345678
	signs "$algorithm of tpm2-tools" "t-$algorithm" "t-$algorithm.pub"
done
tools_key scheme ecc:ecdsa-sha256 12345678 0x81000001
signs "a key of one scheme" scheme scheme.pub
tools_key plain-rsa rsa2048:rsassa-sha256 12345678 0x81000001
signs "an RSA key of one scheme" plain-rsa plain-rsa.pub
handle=0x81000010
for algorithm in ecc ecc384 rsa2048; do
	tools_handle "$handle" $algorithm 12345678
	signs "$algorithm at a handle" "handle=$handle" "$handle.pub"
	handle=$(printf '0x%x' $((handle + 1)))
done
signs "RSASSA-PSS" t-rsa2048 t-rsa2048.pub --pss
signs "RSASSA-PSS at a handle" handle=0x81000012 0x81000012.pub --pss

# Who has the TPM has the key: nobody is asked for a PIN.
how=approves
openssl_key o-empty P-256
signs "no PIN, by tpm2-openssl" o-empty o-empty.pub
tools_key t-empty ecc
signs "no PIN, by tpm2-tools" t-empty t-empty.pub
tools_handle 0x81000020 ecc
signs "no PIN, at a handle" "handle=0x81000020;no-pin" 0x81000020.pub
exits 7 "a PIN that nobody can be asked for" approves handle=0x81000010
says "says so" err PIN
exits 7 "in a file" approves o-P-256
is "no session was begun" "$(: >"$seen"; approves o-P-256 2>err
seen 'StartAuthSession')" 0

# What is not a key to approve with
how=with_pin
# refuses NAME KEY STATUS TEXT
refuses() {
	: >"$seen"
	exits "$3" "$1" with_pin "$2"
	says "is told as such" err "$4"
	is "and signs nothing" "$(seen Sign)" 0
	tpm_clean "nothing stays in the TPM"
}
attributes='fixedtpm|fixedparent|sensitivedataorigin|userwithauth'
tools_key restricted ecc:ecdsa-sha256:null 12345678 "" "$attributes|restricted|sign"
refuses "a restricted key" restricted 5 restricted
tools_handle 0x81000021 ecc:ecdsa-sha256:null 12345678 "$attributes|restricted|sign"
refuses "a restricted key at a handle" handle=0x81000021 5 restricted
refuses "a storage key" handle=0x81000001 5 sign
tools_key policy ecc 12345678 "" 'fixedtpm|fixedparent|sensitivedataorigin|sign'
refuses "a key that wants a policy" policy 5 policy
tools_key sha384 ecc384:ecdsa-sha256 12345678
refuses "P-384 with another hash" sha384 5 "another scheme"
refuses "no key at this handle" handle=0x81000099 5 0x81000099
refuses "no file" absent 9 absent
openssl pkey -in agent.key -out soft.pem
chmod 600 soft.pem
refuses "a key of this host" soft.pem 3 "TSS2 PRIVATE KEY"
for uri in handle= handle=0x40000001 handle=0x81000010x \
    "handle=0x81000010;pin" handle=81000010 ""; do
	exits 2 "tpm2:$uri" with_pin "$uri"
done
tpm_start two
between
refuses "another TPM's key" o-P-256 5 "TPM"
tpm_use one
between --secret pin

# What else is said of the key
trusts t-ecc.pub
exits 0 "an approval" with_pin t-ecc --json
says "of a TPM" err "a TPM's key: it proves this device and its PIN, never"
exits 0 "verified" verdict --json
ok "without touch and PIN" jq -e '.approvals[0] | (.touch or .verified) | not' \
    out
exits 0 "countersign show" countersign show approval
printf '12345678' >pin
exits 0 "a PIN without a newline" with_pin t-ecc
done_testing

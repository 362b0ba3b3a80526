#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the countersign authors
#
# PINs of keys in a TPM: tried once, counted by the TPM, which locks itself.
# shellcheck disable=SC2154,SC2317 # set by tpm.sh; run by name
# shellcheck source=tap.sh
. "$SRCDIR/tests/regress/tap.sh"
# shellcheck source=tpm.sh
. "$SRCDIR/tests/regress/tpm.sh"
need expect tpm2_createprimary tpm2_create tpm2_encodeobject \
    tpm2_evictcontrol tpm2_dictionarylockout

new_request
tpm_start one
# Five tries; one comes back in 100 s, and after a lockout's reset failed, 1000.
quietly tpm2_dictionarylockout --setup-parameters --max-tries=5 \
    --recovery-time=100 --lockout-recovery-time=1000
tpm_flush
tools_key key ecc 12345678
tools_handle 0x81000010 ecc 12345678
tools_key noda ecc 12345678 "" \
    'fixedtpm|fixedparent|sensitivedataorigin|userwithauth|sign|noda'
trusts key.pub 0x81000010.pub noda.pub
echo 9999 >wrong
chmod 600 wrong
between --secret pin

with_wrong() {
	approves "$@" --pin-fd 3 3<wrong
}

tries() { # N
	quietly tpm2_dictionarylockout --clear-lockout
	tpm_flush
	used=0
	while [ $used -lt $((5 - $1)) ]; do
		with_wrong key --allow-last-try 2>"$top/log"
		used=$((used + 1))
	done
	: >"$seen"
}

# refuses NAME TEXT COMMAND...: the TPM is asked so often
refuses() {
	said=$1
	text=$2
	times=$3
	shift 3
	: >"$seen"
	exits 4 "$said" "$@"
	cp err told
	says "is told as such" told "$text"
	is "tried so often" "$(seen Sign)" "$times"
	is "nothing in clear" "$(seen SECRET)" 0
	tpm_clean "nothing stays in the TPM"
	ok "no approval" test ! -e approval
}

exits 0 "the right PIN" with_pin key
approved "approves"
refuses "a wrong PIN" "wrong PIN, 4 tries left" 1 with_wrong key
refuses "another, at a handle" "wrong PIN, 3 tries left" 1 \
    with_wrong handle=0x81000010
refuses "a third" "wrong PIN, 2 tries left" 1 with_wrong key
refuses "a fourth" "wrong PIN, 1 try left" 1 with_wrong key
refuses "the last try" "--allow-last-try" 0 with_pin key
refuses "the last try at a handle" "--allow-last-try" 0 \
    with_pin handle=0x81000010
exits 0 "unless it is wanted" with_pin key --allow-last-try
approved "approves"
tries 1
refuses "a wrong last one" "locked" 1 with_wrong key --allow-last-try
says "with the time that it takes" told "100 seconds"
refuses "locked" "locked" 0 with_pin key
says "with the time that it takes" told "100 seconds"
refuses "locked at a handle" "locked" 0 with_pin handle=0x81000010
exits 0 "a key that does not count is not" with_pin noda
approved "approves"
refuses "a wrong PIN of it" "wrong PIN" 1 with_wrong noda
refuses "which costs nothing" "wrong PIN" 1 with_wrong noda
quietly tpm2_dictionarylockout --clear-lockout
tpm_flush
exits 0 "after a reset" with_pin key
approved "approves"

# What costs no try
: >empty
chmod 600 empty
exits 4 "an empty PIN" approves key --pin-fd 3 3<empty
head -c 33 /dev/zero | tr '\0' 1 >long
refuses "a longer one than there can be" "32" 0 approves key --pin-fd 3 3<long
exits 0 "none of it counts" tpm2_getcap properties-variable
says "in the TPM" out "TPM2_PT_LOCKOUT_COUNTER: 0x0"
tpm_flush

# Octets as they are
printf '\342\202\254 \\"1' >utf8
quietly tpm2_createprimary -C o -G ecc -c storage.ctx -a "$storage_attributes"
tpm_flush
tools_key utf8.pem ecc file:utf8
trusts utf8.pem.pub
exits 0 "a PIN that is not of digits" approves utf8.pem --pin-fd 3 3<utf8
approved "approves"

# On a terminal
trusts key.pub
on_terminal >told <<'END'
run sign --key tpm2:key --yes --owner mailto:alice@corp.example -f \
    agent.csr -o approval
asks {PIN for [^\r\n]*: $}
send "12345678\r"
ended 0
END
report $? "typed on a terminal"
unseen "it is not echoed" told 12345678
approved "approves"
: >"$seen"
on_terminal >told <<'END'
run sign --key tpm2:key --yes --owner mailto:alice@corp.example -f \
    agent.csr -o approval
asks {PIN for [^\r\n]*: $}
send "9999\r"
asks {wrong PIN, 4 tries left}
ended 4
END
report $? "a wrong one"
is "is tried once" "$(seen Sign)" 1
on_terminal >told <<'END'
run sign --key tpm2:key --yes --owner mailto:alice@corp.example -f \
    agent.csr -o approval
asks {PIN for [^\r\n]*4 tries left[^\r\n]*: $}
send "\003"
ended 130
END
report $? "Ctrl-C at the question, which tells the tries"
tpm_clean "nothing stays in the TPM"
done_testing

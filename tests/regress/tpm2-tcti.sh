#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the countersign authors
#
# Which TPM: --tcti, COUNTERSIGN_TCTI, TPM2TOOLS_TCTI, the kernel's; and what is
# said when there is none.
# shellcheck disable=SC2154,SC2317 # set by tpm.sh; run by name
# shellcheck source=tap.sh
. "$SRCDIR/tests/regress/tap.sh"
# shellcheck source=tpm.sh
. "$SRCDIR/tests/regress/tpm.sh"
need tpm2_createprimary tpm2_create tpm2_encodeobject tpm2_evictcontrol

new_request
tpm_start one
tools_handle 0x81000010 ecc
tpm_start two
tools_handle 0x81000011 ecc
one=swtpm:path=$tpms/one
two=swtpm:path=$tpms/two
unset TPM2TOOLS_TCTI

# chooses NAME N [WORD=VALUE...] -- [ARGUMENT...]: the TPM N has the key
chooses() {
	said=$1
	handle=0x8100001$2
	shift 2
	words=
	while [ "$1" != -- ]; do
		words="$words $1"
		shift
	done
	shift
	# shellcheck disable=SC2086 # words
	exits 0 "$said" env $words setsid -w "$COUNTERSIGN" sign \
	    --key "tpm2:handle=$handle;no-pin" --owner "$alice" --yes -f \
	    agent.csr -o approval "$@"
}
chooses "--tcti" 0 -- --tcti "$one"
chooses "COUNTERSIGN_TCTI" 1 COUNTERSIGN_TCTI="$two" --
chooses "TPM2TOOLS_TCTI" 0 TPM2TOOLS_TCTI="$one" --
chooses "--tcti before all" 0 COUNTERSIGN_TCTI="$two" \
    TPM2TOOLS_TCTI="$two" -- --tcti "$one"
chooses "ours before that of tpm2-tools" 1 COUNTERSIGN_TCTI="$two" \
    TPM2TOOLS_TCTI="$one" --
chooses "an empty one is none" 0 COUNTERSIGN_TCTI= TPM2TOOLS_TCTI="$one" --

# refuses STATUS TCTI TEXT
refuses() {
	exits "$1" "--tcti $2" countersign sign --owner "$alice" --yes \
	    --key "tpm2:handle=0x81000010;no-pin" -f agent.csr -o none \
	    --tcti "$2"
	says "says so" err "$3"
	is "in one line" "$(grep -c '^countersign' err)" "$(wc -l <err)"
	ok "no approval" test ! -e none
}
refuses 2 "" "TCTI"
for name in libtss2-tcti-swtpm.so.0 ./liar.so /tmp/liar.so cmd:sh none \
    "device /dev/null" SWTPM swtpm_ ../swtpm "$tpms/one" pcap; do
	refuses 2 "$name" "TCTI"
done
refuses 5 "swtpm:path=$tpms/absent" "$tpms/absent"
refuses 5 "device:/dev/absent" "/dev/absent"
refuses 5 "device:/dev/null" "TPM"
cp agent.csr precious
refuses 5 "device:$PWD/precious" "is no device"
same "nothing is written to it" agent.csr precious
refuses 5 "device:$PWD" "is no device"
refuses 5 "device:$tpms/one" "is no device"
[ -e /usr/lib/x86_64-linux-gnu/libtss2-tcti-tabrmd.so.0 ] ||
    refuses 5 tabrmd "tabrmd"
: >"$tpms/file"
refuses 5 "swtpm:path=$tpms/file" "$tpms/file"

# Where there is none
if [ ! -e /dev/tpmrm0 ]; then
	exits 5 "no TPM" countersign sign --owner "$alice" --yes \
	    --key "tpm2:handle=0x81000010;no-pin" agent.csr
	says "says so" err "there is no TPM here: /dev/tpmrm0"
	exits 5 "countersign keys" countersign keys
	silent "says nothing of it" err tpmrm0
fi
done_testing

#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the countersign authors
#
# The main job with an owner's key in a TPM: tpm2-openssl and tpm2-tools make
# keys, countersign signs with them and finds them.
# shellcheck disable=SC2086,SC2154,SC2317 # words; of tap.sh; run by name
# shellcheck source=tap.sh
. "$SRCDIR/tests/regress/tap.sh"
# shellcheck source=tpm.sh
. "$SRCDIR/tests/regress/tpm.sh"
need jq tpm2_create tpm2_encodeobject

id=wimse://corp.example/agent/alice/mail
alice=mailto:alice@corp.example
new_key agent.key
countersign request --id $id --key agent.key -o agent.csr
echo 1234 >pin
echo 9999 >wrong
chmod 600 pin wrong
tpm_start one
tpm_parent 0x81000001
COUNTERSIGN_TCTI=$TCTI
export COUNTERSIGN_TCTI

provider="-provider tpm2 -provider default"

# by KEY [OPTION]...: it signs, with the PIN of ./pin
by() {
	key=$1
	shift
	countersign sign --key "$key" --pin-fd 3 --owner $alice --yes -f "$@" \
	    agent.csr -o approval 3<pin
}

# line_of PUBLIC: a line of ./owners of that key
line_of() {
	echo "$alice agents=\"wimse://corp.example/agent/alice\",no-touch-required" \
	    "spki $(openssl pkey -pubin -in "$1" -outform DER |
	    openssl base64 -A)" >owners
	chmod 600 owners
}

# approves NAME KEY PUBLIC [OPTION]...
approves() {
	name=$1
	key=$2
	line_of "$3"
	shift 3
	ok "$name: signs" by "$key" "$@"
	cat agent.csr approval >message
	countersign attach --key agent.key -f agent.csr approval -o composite
	ok "$name: is approved" countersign verify --owners owners \
	    --authority https://corp.example composite
	says "$name: without presence" out "no presence"
	tpm_clean "$name: the TPM is empty"
}

# Files of tpm2-openssl: below the storage key of the owner hierarchy, and
# below a persistent one.
made() { # FILE ALGORITHM OPTION...
	file=$1
	alg=$2
	shift 2
	quietly openssl genpkey $provider -algorithm $alg "$@" -out $file.pem
	quietly openssl pkey $provider -in $file.pem -passin pass:1234 -pubout -out $file.pub
	tpm_flush
}
made p256 EC -pkeyopt group:P-256
made p384 EC -pkeyopt group:P-384
made rsa RSA -pkeyopt bits:2048
made child EC -pkeyopt group:P-256 -pkeyopt parent:0x81000001
made pin EC -pkeyopt group:P-256 -pkeyopt user-auth:1234
for i in p256 p384 rsa child pin; do
	approves "tpm2-openssl $i" tpm2:$i.pem $i.pub
done
approves "RSASSA-PSS" tpm2:rsa.pem rsa.pub --pss
countersign request --id $id/second --key agent.key -o second.csr
ok "two approvals take one PIN" countersign sign --key tpm2:pin.pem \
    --pin-fd 3 --owner $alice --yes --each agent.csr second.csr 3<pin
ok "both are there" [ -s agent.csr.approval -a -s second.csr.approval ]
exits 2 "no RSASSA-PSS by P-256" by tpm2:p256.pem --pss
exits 2 "no word for the PIN" by tpm2:pin.pem --verify-required
says "says so" err "no signed word for the PIN"

# Files of tpm2-tools, and persistent keys.
quietly tpm2_create -C 0x81000001 -G ecc256:ecdsa-sha256 -p 1234 \
    -u tools.tpm -r tools.priv -a "fixedtpm|fixedparent|sensitivedataorigin|userwithauth|sign"
tpm_flush
quietly tpm2_encodeobject -C 0x81000001 -u tools.tpm -r tools.priv -o tools.pem
tpm_flush
# What this option says of a PIN depends on the version.
quietly tpm2_encodeobject -C 0x81000001 -u tools.tpm -r tools.priv -p -o odd.pem
tpm_flush
quietly tpm2_load -C 0x81000001 -u tools.tpm -r tools.priv -c tools.ctx
quietly tpm2_readpublic -c tools.ctx -f pem -o tools.pub
quietly tpm2_evictcontrol -C o -c tools.ctx 0x81000005
tpm_flush
quietly tpm2_createprimary -C o -G rsa2048 -c free.ctx \
    -a "fixedtpm|fixedparent|sensitivedataorigin|userwithauth|sign|noda"
quietly tpm2_readpublic -c free.ctx -f pem -o free.pub
quietly tpm2_evictcontrol -C o -c free.ctx 0x81000006
tpm_flush
approves "tpm2-tools file" tpm2:tools.pem tools.pub
approves "a handle" tpm2:handle=0x81000005 tools.pub
approves "a handle without a PIN" "tpm2:handle=0x81000006;no-pin" free.pub
approves "RSASSA-PSS by a handle" "tpm2:handle=0x81000006;no-pin" free.pub \
    --pss

# The survey
exits 0 "keys finds what persists" countersign keys --json
ok "both, hashed, with a PIN and without presence, and no storage key" jq -e '([.keys[].uri] | sort) ==
    ["tpm2:handle=0x81000005", "tpm2:handle=0x81000006"] and
    ([.keys[] | .key_hash] | all) and .keys[0].login == "pin" and
    .keys[0].presence == "no"' out
tpm_clean "keys leaves nothing"
tpm_stop one
exits 0 "a file needs no TPM to be seen" countersign keys tpm2:tools.pem
says "it is a P-256 key" out P-256
exits 5 "no TPM: an error" countersign keys tpm2:
says "that says where" err "no TPM answers at swtpm:path="
unset COUNTERSIGN_TCTI TPM2TOOLS_TCTI
[ -e /dev/tpmrm0 ] || {
	exits 5 "no TPM and none named" countersign keys
	silent "is no word about it" err "no TPM"
	exits 5 "but where it is asked for" countersign keys tpm2:
	says "it is said" err "there is no TPM here: /dev/tpmrm0"
}
tpm_start one

# What goes wrong, in words
unset COUNTERSIGN_TCTI
TPM2TOOLS_TCTI=cmd:false
export TPM2TOOLS_TCTI
exits 2 "a TCTI that runs commands" by tpm2:p256.pem
says "says which there are" err "device, swtpm, mssim or tabrmd"
cp pin file
exits 5 "a file is no device" by tpm2:p256.pem --tcti device:file
says "says so" err "file is no device"
ok "and nothing is written to it" cmp pin file
ok "--tcti comes first" by tpm2:p256.pem --tcti "$TCTI"
COUNTERSIGN_TCTI=$TCTI
export COUNTERSIGN_TCTI
ok "and the variable of ours before theirs" by tpm2:p256.pem
TPM2TOOLS_TCTI=$TCTI
cp pin right
cp wrong pin
openssl asn1parse -in odd.pem | grep -q "BOOLEAN *:0" || {
	exits 4 "a file that has no PIN, of a key that has" by tpm2:odd.pem
	says "says so" err "says that it has no PIN"
	quietly tpm2_dictionarylockout -c
}
exits 4 "a wrong PIN" by tpm2:tools.pem
says "is told" err "wrong PIN, 2 tries left"
exits 4 "another" by tpm2:handle=0x81000005
says "is told" err "wrong PIN, 1 try left"
cp right pin
exits 4 "the last one is kept" by tpm2:tools.pem
says "says how to use it" err "allow-last-try"
cp wrong pin
exits 4 "it is used where it is meant" by tpm2:tools.pem --allow-last-try
says "and locks" err "locked out"
cp right pin
exits 4 "locked" by tpm2:tools.pem
says "until when" err "1000 seconds"
ok "keys, then" countersign keys tpm2:
says "says it, too" err "1000 seconds"
says "of the key that counts" out "  pin: locked"
ok "other keys are not" by "tpm2:handle=0x81000006;no-pin"
tpm_clean "nothing is left"

exits 2 "no persistent handle" by tpm2:handle=0x80000000
exits 5 "nothing there" by "tpm2:handle=0x81000007"
says "says so" err "nothing at that handle"
exits 5 "a storage key" by "tpm2:handle=0x81000001"
says "does not sign" err "is not a key to sign with"
tpm_start two
COUNTERSIGN_TCTI=$TCTI
exits 5 "a key of another TPM" by tpm2:p256.pem
says "says so" err "it is not this TPM's key"
exits 5 "whose parent is not there" by tpm2:child.pem
says "says so" err "0x81000001"
tpm_clean "nothing is left"

done_testing

#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the countersign authors
#
# Keys that countersign makes in a TPM, as tpm2-openssl and tpm2-tools see them.
# shellcheck disable=SC2154,SC2317 # set by tpm.sh; run by name
# shellcheck source=tap.sh
. "$SRCDIR/tests/regress/tap.sh"
# shellcheck source=tpm.sh
. "$SRCDIR/tests/regress/tpm.sh"
need tpm2_evictcontrol tpm2_print tpm2_changeauth

owner=mailto:alice@corp.example
printf 1234 >pin
echo content >content

new() { # FILE OPTIONS...
	file=$1
	shift
	countersign keys --new "tpm2:$file" --owner "$owner" \
	    --pin-fd 3 "$@" 3<"${pin:-pin}"
}

tpm2() { # of openssl, in the TPM
	verb=$1
	shift
	openssl "$verb" -provider tpm2 -provider default \
	    -propquery '?provider=tpm2' "$@"
}

signs() { # FILE PIN
	tpm2 pkeyutl -inkey "$1" -passin "pass:$2" -sign -rawin \
	    -digest sha256 -in content -out sig
}

verifies() { # KEY
	openssl dgst -sha256 -verify "$1" -signature sig content
}

tpm_start one
tpm_parent 0x81000001
tpm_parent 0x81000002 rsa

# made FILE OPTIONS...: is what it should be
made() {
	file=$1
	shift
	exits 0 "$file" new "$file" "$@"
	says "$file: its URI" out "tpm2:$file"
	says "its line" out "$owner"
	grep -o 'spki [A-Za-z0-9+/=]*' out | cut -c 6- >spki
	is "$file: nobody else reads it" "$(stat -c %a "$file")" 600
	exits 0 "tpm2-openssl reads it" tpm2 pkey -in "$file" \
	    -passin pass:1234 -pubout -out pub
	is "the line has its key" "$(cat spki)" \
	    "$(openssl pkey -pubin -in pub -outform DER | openssl base64 -A)"
	exits 0 "signs with it" signs "$file" 1234
	exits 0 "rightly" verifies pub
	tpm_clean "$file: nothing is left in the TPM"
}

made ec
made ec384 --alg p384
made rsa --alg rsa2048
made ec.ec --parent 0x81000001
made rsa.ec --parent 0x81000001 --alg rsa2048
made ec384.rsa --parent 0x81000002 --alg p384
made rsa.rsa --parent 0x81000002 --alg rsa2048

# area FILE: what its public area says, by tpm2-tools
area() {
	openssl asn1parse -in "$1" -noout -out key.der
	at=$(openssl asn1parse -in "$1" | sed -n 's/^ *\([0-9]*\):.*hl=\([0-9]\).*OCTET STRING.*/\1 \2/p' | head -1)
	tail -c +$((${at% *} + ${at#* } + 1)) key.der >area.pub
	tpm2_print -t TPM2B_PUBLIC area.pub
}

exits 0 "its attributes, by tpm2-tools" area ec
says "are those of a key of this TPM alone, whose wrong PINs count" out \
    "value: fixedtpm|fixedparent|sensitivedataorigin|userwithauth|sign"
exits 1 "a wrong PIN, by tpm2-openssl" signs ec 4321
exits 0 "is counted" tpm2_getcap properties-variable
says "is counted" out "TPM2_PT_LOCKOUT_COUNTER: 0x1"
quietly tpm2_dictionarylockout -c

# No PIN
pin=none
echo >none
exits 0 "an empty PIN" new free
says "is a warning" out "the key has no PIN"
exits 0 "the key is used without" signs free ''
pin=
exits 0 "--no-pin" countersign keys --new tpm2:bare --no-pin
says "is a warning, too" out "the key has no PIN"
exits 0 "the key is used without" signs bare ''
exits 0 "its attributes" area bare
says "count no wrong PINs, and no other key's" out "userwithauth|noda|sign"
tpm_clean "nothing is left in the TPM"

# What is refused, and leaves nothing
cp ec ec.before
exits 9 "a file that exists" new ec
says "is told" err exists
same "and left alone" ec ec.before
exits 0 "-f" new ec -f
report "$(cmp -s ec ec.before; echo $((1 - $?)))" "replaces it"
exits 0 "by a key that works" signs ec 1234
exits 9 "no such folder" new none/key
pin=long
echo 123456789012345678901234567890123 >long
exits 4 "a PIN of 33 octets" new long.key
says "is told" err "at most 32"
pin=most
echo 12345678901234567890123456789012 >most
exits 0 "one of 32" new most.key
exits 0 "is used whole" signs most.key 12345678901234567890123456789012
pin=nobody
: >nobody
exits 4 "no answer" new nobody.key
pin=
exits 2 "a handle" countersign keys --new tpm2:handle=0x81000005 --no-pin
exits 2 "no file" countersign keys --new tpm2:- --no-pin
exits 5 "a parent that is not there" new lost --parent 0x81000009
says "is told" err "nothing at that handle"
exits 2 "a parent below the owner's handles" new lost --parent 0x80000001

quietly tpm2_create -C 0x81000001 -G ecc -u u -r r -c sign.ctx
quietly tpm2_evictcontrol -C o -c sign.ctx 0x81000003
tpm_flush
exits 2 "a parent that signs" new lost --parent 0x81000003
says "is told" err "no storage key"
quietly tpm2_create -C 0x81000001 -G aes128cfb -u u -r r -c aes.ctx \
    -a 'fixedtpm|fixedparent|sensitivedataorigin|userwithauth|restricted|decrypt'
quietly tpm2_evictcontrol -C o -c aes.ctx 0x81000004
tpm_flush
exits 2 "a symmetric parent" new lost --parent 0x81000004
says "is told" err "symmetric"
quietly tpm2_createprimary -C o -p secret -c locked.ctx
quietly tpm2_evictcontrol -C o -c locked.ctx 0x81000006
tpm_flush
exits 5 "a parent with an auth value" new lost --parent 0x81000006
says "is told" err "has an auth value"
quietly tpm2_changeauth -c owner secret
exits 5 "an owner hierarchy with an auth value" new lost
says "is told" err "owner hierarchy has an auth value"
exits 0 "which a persistent parent does without" new kept --parent 0x81000001
quietly tpm2_changeauth -c owner -p secret
ok "none of them has left a file" test ! -e lost
tpm_clean "nothing is left in the TPM"
done_testing

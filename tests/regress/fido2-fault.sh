#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the countersign authors
#
# Security keys that answer what nobody asked for: the command makes no approval
# of it.
# shellcheck disable=SC2154,SC2317 # set by plug_in; run by name
# shellcheck source=tap.sh
. "$SRCDIR/tests/regress/tap.sh"
# shellcheck source=fido.sh
. "$SRCDIR/tests/regress/fido.sh"
need openssl fido2-cred jq

new_key agent.key
countersign request --id "$id" --key agent.key -o agent.csr
echo 1234 >pin
chmod 600 pin
plug_in one
owner_key "$keys/es256" one es256
owner_key "$keys/eddsa" one eddsa
trusts "$keys/es256" "$keys/eddsa"

# fault WHAT TEXT [STATUS SECONDS]: no approval by either key
fault() {
	plug_in one --fault "$1"
	for key in es256 eddsa; do
		rm -f approval
		exits "${3:-5}" "$1, $key" by $key --timeout "${4:-60}"
		says "says what is wrong" err "$2"
		ok "no approval" test ! -e approval
	done
}
fault badsig "signature does not verify"
fault otherkey "signature does not verify"
fault badrp "RP ID hash is not that of approve.corp.example"
fault bs "not eligible for backup"
fault at "credential data in an assertion"
fault noup "nobody touched it"
fault garbage "with garbage"
fault truncate "with garbage"
fault status=0x7f FIDO_ERR_ERR_OTHER
fault status=0x2e "does not hold this key"
fault drop "nobody touched it in time" 6 2
fault probe:status=0x7f FIDO_ERR_ERR_OTHER
fault probe:garbage "garbage"

# What a verifier judges
plug_in one --fault badid
exits 0 "another id" by es256
approved "is not signed, and not read" "hardware unproven, touch"
plug_in one --fault probe:badsig
exits 0 "what is not signed to be read" by es256
approved "is not read" "hardware unproven, touch"
plug_in one --fault zerocounter
exits 0 "a key that counts nothing" by eddsa
approved "is approved" "hardware unproven, touch"
aaguid=636f756e-7465-7273-6967-6e2074657374
trusts "$keys/es256"
sed "s/agents=/hardware-required,attested=\"fido2:$aaguid\",&/" owners \
    >attested
mv attested owners
chmod 600 owners
plug_in one
exits 0 "attested hardware" by es256
approved "is approved" "hardware, touch"
plug_in one --fault be
exits 0 "one that may be copied" by es256
refused "is none" not-hardware

# Counters
trusts "$keys/es256"
plug_in one
exits 0 "an approval" by es256
exits 0 "tells the counter" verdict --json
counter=$(jq .approvals[0].counter out)
ok "of the key" test "$counter" = "$(sed -n 's/^counter //p' \
    "$top/one.state")"
exits 0 "which had grown" verdict --last-counter $((counter - 1))
is "nothing to say" "$(wc -l <out)" 1
plug_in one --fault stuckcounter
exits 0 "one that is stuck" by es256
exits 0 "is told of" verdict --last-counter "$counter"
is "in a second line" "$(wc -l <out)" 2
sed -i 's/agents=/counter-strict,&/' owners
refused "and refused where the anchor is strict" counter-regressed \
    --last-counter "$counter"
refused "also who remembers none" store-unavailable
plug_in one
exits 0 "where it grows" by es256
exits 0 "it is approved" verdict --last-counter "$counter"

# One that says it holds every key, in front of the one that does.
cp "$top/one.state" "$top/true.state"
plug_in true
plug_in one --fault probe:badsig
trusts "$keys/es256"
forget one
exits 0 "one that pretends" by es256
approved "the key signs" "hardware unproven, touch"
is "it is the one that blinks" "$(counted true "touch wanted")" 1
is "and not the other" "$(counted one "touch wanted")" 0
unplug true
only one

# Who the user is
rm "$top/one.state"
plug_in one --pin 1234
owner_key "$keys/verified" one es256 -v
plug_in one --fault nouv
exits 5 "a PIN that it does not vouch for" by verified --pin-fd 3 3<pin
says "says so" err "does not say that it verified"
done_testing

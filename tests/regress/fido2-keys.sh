#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the countersign authors
#
# What is told of security keys before and around signing: the list of keys,
# which of them can verify who signs, and that nothing skips a touch.
# shellcheck disable=SC2154,SC2317 # set by plug_in; run by name
# shellcheck source=tap.sh
. "$SRCDIR/tests/regress/tap.sh"
# shellcheck source=fido.sh
. "$SRCDIR/tests/regress/fido.sh"
need openssl jq fido2-cred

new_key agent.key
countersign request --id "$id" --key agent.key -o agent.csr
printf '1234\n' >pin
printf '9999\n' >wrong
chmod 600 pin wrong

listed() {
	in_bed "$COUNTERSIGN" keys fido2: "$@"
}

# with FILE COMMAND...: the PIN on descriptor 3
with() {
	file=$1
	shift
	"$@" --pin-fd 3 3<"$file"
}

# Nobody has a key file yet.
plug_in one
exits 5 "no key file" listed
says "what is plugged in" err "($one) is plugged in, and there is no key file"

owner_key "$keys/one" one es256
plug_in two --pin 1234
owner_key "$keys/two" two eddsa -v
trusts "$keys/one" "$keys/two"
forget one
forget two
exits 0 "two key files" listed
says "the one on its device" out "where: \"Soft Key 0\" ($one)"
says "the other on its own" out "where: \"Soft Key 1\" ($two)"
exits 0 "as JSON" listed --json
ok "what they prove" jq -e '[.keys[].uri] == ["fido2:one", "fido2:two"] and
    [.keys[].login] == ["none", "pin"] and
    [.keys[].rp_id] == ["approve.corp.example", "approve.corp.example"] and
    [.keys[].verification] == ["when-asked", "yes"]' out
is "without a touch of one" "$(counted one 'touch wanted')" 0
is "nor of the other" "$(counted two 'touch wanted')" 0
only two
exits 0 "one is in a drawer" listed
says "which is told" out "where: a security key that is not plugged in"

# The PIN, as far as the device tells.
exits 4 "a wrong PIN" with wrong by two
exits 0 "and then the list" listed
says "tells of it" out "pin: a wrong one was entered since the last right one"

echo nonsense >"$keys/bad"
exits 0 "a broken key file" listed
says "is told" err "keys/bad:1: "
says "and hides no other" out "uri: fido2:one"
rm "$keys/bad"

# The only key there is needs no --key.
only one
rm "$keys/two"
exits 0 "the only key" approves
approved "is approved" "hardware unproven, touch"

# Verification where nothing but the person demands it
plug_in one --pin 1234
exits 0 "without a PIN" by one
approved "a touch alone" "hardware unproven, touch"
exits 0 "with one" with pin by one --verify-required
approved "a touch and a PIN" "hardware unproven, touch and PIN"
new_key plain.key
exits 2 "a key in a file verifies nobody" countersign sign --yes \
    --owner "$alice" --verify-required --key plain.key agent.csr
says "why" err "cannot prove who uses it"
exits 2 "nor does one in a token" countersign sign --yes --owner "$alice" \
    --verify-required --key pkcs11:token=alice agent.csr
exits 2 "no key of RSA" by one --pss

# Nothing skips a touch; with --json it is said once.
rm -f approval
plug_in one --touch never
exits 6 "--yes skips no touch" by one --timeout 1
ok "no approval" test ! -e approval
plug_in one --touch 1500
exits 0 "--json" by one --json
is "says once that it waits" "$(grep -c 'waiting for touch' err)" 1
ok "and is JSON" jq -e '.ok and .key_uri == "fido2:one"' out

# libfido2 would print what goes over the wire.
FIDO_DEBUG=1
export FIDO_DEBUG
plug_in one --pin 1234
exits 0 "FIDO_DEBUG" with pin by one --verify-required
silent "is not heard" err "fido_"
unset FIDO_DEBUG

# A grant is for plain keys.
awk '{ print $4 }' "$keys/one" | openssl base64 -d -A |
    openssl pkey -pubin -inform DER -out holder.pub
countersign sign --yes --owner "$alice" --key plain.key \
    --bind grant=wimse://corp.example/agent --holder holder.pub -o grant \
    2>log || sed 's/^/# /' log
exits 2 "the use of a grant" by one --under grant
says "is not for a security key" err "wants a plain key"

done_testing

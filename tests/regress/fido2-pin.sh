#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the countersign authors
#
# PINs of security keys, and fingerprints: asked for when they are needed, once,
# and never tried again by the program.
# shellcheck disable=SC2317 # run by name
# shellcheck source=tap.sh
. "$SRCDIR/tests/regress/tap.sh"
# shellcheck source=fido.sh
. "$SRCDIR/tests/regress/fido.sh"
need openssl expect fido2-cred

new_key agent.key
countersign request --id "$id" --key agent.key -o agent.csr
echo 1234 >pin
echo 9999 >wrong
chmod 600 pin wrong

# with FILE COMMAND...: the PIN on descriptor 3
with() {
	file=$1
	shift
	"$@" --pin-fd 3 3<"$file"
}

for protocols in 1 2 21; do
	rm -f "$top/one.state"
	plug_in one --pin 1234 --protocols $protocols
	owner_key "$keys/plain" one es256 -v
	sed -i 's/verify-required,//' "$keys/plain"
	owner_key "$keys/pin" one eddsa -v
	trusts "$keys/plain" "$keys/pin"
	exits 0 "a key that does not ask for it" by plain
	approved "approves without the PIN" "hardware unproven, touch"
	exits 0 "unless it is told to" with pin by plain --verify-required
	approved "approves with it" "hardware unproven, touch and PIN"
	exits 0 "a key that does" with pin by pin
	approved "approves with it" "hardware unproven, touch and PIN"
done
is "four PINs, two of them for new keys" \
    "$(counted one 'PIN right')" 4

exits 7 "nobody to ask" by pin
says "says so" err PIN
is "the key was not asked to blink" "$(counted one 'touch wanted')" 5

# Wrong ones
wrong() { # NAME TEXT
	forget one
	exits 4 "$1" with wrong by pin
	says "says so" err "$2"
	is "tried once" "$(counted one 'PIN wrong')" 1
	is "no touch" "$(counted one 'touch wanted')" 0
}
wrong "a wrong PIN" "wrong PIN, 7 tries left"
wrong "another" "wrong PIN, 6 tries left"
wrong "the third" "unplug it and plug it in again"
forget one
exits 4 "no more of them" with pin by pin
says "but once more" err "unplug it and plug it in again"
plug_in one
exits 0 "plugged in again" with pin by pin

tries() { # N
	unplug one
	sed "s/^tries .*/tries $1/" "$top/one.state" >state
	cp state "$top/one.state"
	plug_in one
}
tries 1
exits 4 "the last try" with pin by pin
says "is not taken" err "use --allow-last-try"
is "nor tried" "$(counted one 'clientPIN 9')" 0
exits 0 "unless it is wanted" with pin by pin --allow-last-try
tries 1
exits 4 "a wrong last one" with wrong by pin --allow-last-try
says "blocks it" err "is blocked"
plug_in one
exits 4 "for good" with pin by pin
says "and says so" err "only a reset"
is "without trying" "$(counted one 'clientPIN 9')" 0

# What costs no try
rm "$top/one.state"
plug_in one --pin 1234
owner_key "$keys/pin" one es256 -v
trusts "$keys/pin"
forget one
printf '123\n' >short
exits 4 "too short a PIN" with short by pin
says "is not tried" err "it was not tried"
is "on the key neither" "$(counted one 'clientPIN 9')" 0

# No PIN on the key, or none in the request
rm "$top/one.state"
cp "$keys/pin" "$keys/none"
plug_in one --seed bare
owner_key "$keys/plain" one es256
sed "s/rp-id/verify-required,rp-id/" "$keys/plain" >"$keys/none"
exits 4 "a key without a PIN" with pin by none
says "is told how to get one" err "set it with fido2-token -S"
trusts "$keys/none"
exits 0 "without it in the key file" by plain
refused "the anchor wants it" verification-missing

# On a terminal
rm "$top/one.state"
plug_in one --pin 1234
owner_key "$keys/pin" one es256 -v
trusts "$keys/pin"
cat >"$top/in-bed" <<END
#!/bin/sh
exec "$bed/plug" $ports -- "$COUNTERSIGN" "\$@"
END
chmod 700 "$top/in-bed"
COUNTERSIGN=$top/in-bed on_terminal >seen <<'END'
run sign --key fido2:pin --yes --owner mailto:alice@corp.example -f \
    agent.csr -o approval
asks {PIN for "Soft Key 0" \(/dev/hidraw0\)[^\r\n]*: $}
send "1234\r"
ended 0
END
report $? "typed on a terminal"
unseen "it is not echoed" seen 1234
approved "is approved" "hardware unproven, touch and PIN"
forget one
COUNTERSIGN=$top/in-bed on_terminal >seen <<'END'
run sign --key fido2:pin --yes --owner mailto:alice@corp.example -f \
    agent.csr -o approval
asks {PIN for "Soft Key 0" \(/dev/hidraw0\)[^\r\n]*: $}
send "9999\r"
asks {wrong PIN, 7 tries left}
ended 4
END
report $? "a wrong one"
is "is tried once" "$(counted one 'clientPIN 9')" 1
COUNTERSIGN=$top/in-bed on_terminal >seen <<'END'
run sign --key fido2:pin --yes --owner mailto:alice@corp.example -f \
    agent.csr -o approval
asks {PIN for "Soft Key 0" \(/dev/hidraw0\)[^\r\n]*7 tries left[^\r\n]*: $}
send "\003"
ended 130
END
report $? "Ctrl-C at the question, which tells the tries"

# A finger instead of a PIN
plug_in one --pin 1234 --uv ok
exits 0 "a fingerprint" by pin
approved "is approved" "hardware unproven, touch and PIN"
plug_in one --pin 1234 --uv fail
exits 0 "a wrong finger, then the PIN" with pin by pin
approved "is approved" "hardware unproven, touch and PIN"
rm "$top/one.state"
plug_in one --uv ok
owner_key "$keys/finger" one es256 -v
plug_in one --uv fail
exits 4 "a wrong finger and no PIN" by finger
says "says so" err "did not recognise"

# Keys that tell nobody that they have a credential before they know who asks
rm "$top/one.state"
plug_in one --pin 1234 --cred-protect
owner_key "$keys/shy" one es256 -v -c 3
trusts "$keys/shy"
exits 0 "credProtect" with pin by shy
approved "is approved" "hardware unproven, touch and PIN"

# CTAP 2.0
plug_in old --ctap20 --pin 1234
owner_key "$keys/old" old es256
sed -i "s/rp-id/verify-required,rp-id/" "$keys/old"
trusts "$keys/old"
exits 0 "a key of before CTAP 2.1" with pin by old
approved "is approved" "hardware unproven, touch and PIN"
done_testing

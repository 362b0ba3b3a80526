#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the countersign authors
#
# The main job with security keys, as owners have it: enrol, sign, verify.
# shellcheck disable=SC2086,SC2154,SC2317 # $model is a list; set by plug_in;
# run by name
# shellcheck source=tap.sh
. "$SRCDIR/tests/regress/tap.sh"
# shellcheck source=fido.sh
. "$SRCDIR/tests/regress/fido.sh"
need openssl jq expect

new_key agent.key
countersign request --id "$id" --key agent.key -o agent.csr
echo 1234 >pin
chmod 600 pin

enroll() {
	in_bed "$COUNTERSIGN" enroll --fido2 --owner "$alice" --rp-id "$rp" \
	    --agents wimse://corp.example/agent/alice -f "$@"
}

# lines FILE...: ./owners
lines() {
	cat "$@" >owners
	chmod 600 owners
}

new_model acme
roots=$model_at/roots
plug_in one $model --cred-protect
ok "a key is enrolled" enroll --attestation-roots "$roots" --name one -o one.line
says "its key file has the credential" "$keys/one" credential-id=
silent "and no word of what it may do" "$keys/one" agents=
is "is the owner's alone" "$(stat -c %a "$keys/one")" 600
says "the server's line" one.line \
    'attested="fido2:636f756e-7465-7273-6967-6e2074657374"'
is "one touch" "$(counted one "touch wanted")" 1
lines one.line
ok "owners check takes the line" countersign owners check owners
ok "it signs" by one
is "one touch more" "$(counted one "touch wanted")" 2
approved "it is approved" "hardware, touch"
ok "in the composite, too" countersign attach --key agent.key agent.csr \
    approval -f -o composite
ok "it is approved" countersign verify --owners owners \
    --authority https://corp.example composite --json
ok "with its bits" jq -e '.ok and .assurance.present and
    .assurance.hardware and (.assurance.verified | not) and
    .approvals[0].type == "webauthn"' out
ok "show tells of it" countersign show approval
says "by its carrier" out webauthn
sed 's/agents=/verify-required,&/' one.line >owners
refused "no PIN where the anchor wants one" verification-missing
sed 's/agents=/rp-id="login.corp.example",&/; s/,rp-id="approve[^"]*"//' \
    one.line >owners
refused "another RP ID" signature-invalid
sed 's/agents=/origins="https:\/\/login.corp.example",&/' one.line >owners
refused "another origin" signature-invalid
lines one.line
cp agent.csr other.csr
countersign request --id "$id/other" --key agent.key -f -o agent.csr
refused "another request" binding-mismatch
cp other.csr agent.csr

# Kinds of keys
kind() { # NAME BITS ARGUMENT...
	kind=$1
	bits=$2
	shift 2
	ok "$kind: enrolled" enroll --name kind -o line "$@"
	lines line
	ok "$kind: signs" by kind
	approved "$kind" "$bits"
}
kind "ES256" "hardware unproven, touch" --alg es256
kind "EdDSA" "hardware unproven, touch" --alg eddsa
kind "resident" "hardware unproven, touch" --resident
kind "EdDSA, attested" "hardware, touch" --alg eddsa \
    --attestation-roots "$roots"
plug_in one --no-attestation
kind "format none" "hardware unproven, touch" --attestation-roots "$roots"
silent "proves nothing" line attested
plug_in one
kind "by itself" "hardware unproven, touch" --attestation-roots "$roots"
silent "proves nothing either" line attested

# With a PIN
plug_in one $model --pin 1234
ok "with a PIN, enrolled" enroll --verify-required --name known -o line \
    --attestation-roots "$roots" --pin-fd 3 3<pin
says "the line wants it" line verify-required
says "and the key file" "$keys/known" verify-required
lines line
ok "it signs" by known --pin-fd 3 3<pin
approved "with a PIN" "hardware, touch and PIN"
exits 4 "a wrong PIN enrols nothing" enroll --verify-required --name wrong \
    -o wrong.line --pin-fd 3 3<line
ok "no key file" test ! -e "$keys/wrong"
ok "no line" test ! -e wrong.line

# U2F
rm "$top/one.state"
plug_in one $model --u2f
ok "a U2F key is enrolled" enroll --attestation-roots "$roots" --name u2f \
    -o line
says "by its attestation's key" line 'attested="u2f:'
lines line
ok "it signs" by u2f
approved "and is approved" "hardware, touch"
exits 5 "it makes no EdDSA" enroll --name no -o no.line --alg eddsa

# What proves nothing
untrusted() { # NAME TEXT
	exits 1 "$1" enroll --name no -o no.line \
	    --attestation-roots "$roots"
	says "says so" err "$2"
	ok "no key file" test ! -e "$keys/no"
	ok "no line" test ! -e no.line
}
rm "$top/one.state"
good=$model
plug_in one $good --fault badsig
untrusted "an attestation that does not verify" sig
plug_in one $good --fault badrp
untrusted "for another RP" RP
plug_in one ${good#--aaguid=* } --aaguid 00112233445566778899aabbccddeeff
untrusted "a certificate of another model" AAGUID
new_model other
plug_in one $model
ok "a maker whom nobody trusts" enroll --name strange -o line \
    --attestation-roots "$roots"
silent "proves nothing" line attested

# Several, and none
plug_in two
exits 5 "two keys" enroll --name no -o no.line
says "are named" err "name one with --device"
ok "one of them" enroll --name two -o line --device "$two"
is "the other was not asked" "$(counted one "touch wanted")" 1
exits 5 "no such device" enroll --name no -o no.line --device /dev/hidraw5
only
exits 5 "none" enroll --name no -o no.line
says "says so" err "no security key is plugged in"

# Touches
only two
plug_in two --touch never
exits 6 "nobody touches it" enroll --name no -o no.line --timeout 2
is "it is cancelled" "$(counted two cancelled)" 1
ok "no key file" test ! -e "$keys/no"
done_testing

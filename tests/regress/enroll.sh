#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the countersign authors
#
# countersign enroll --fido2: a new key on a security key, what is proven of
# it, its file here and its line there.
# shellcheck disable=SC2086,SC2154,SC2317 # lists; set by plug_in; run by name
# shellcheck source=tap.sh
. "$SRCDIR/tests/regress/tap.sh"
# shellcheck source=fido.sh
. "$SRCDIR/tests/regress/fido.sh"
need openssl jq

alice=mailto:alice@corp.example
rp=approve.corp.example
id=wimse://corp.example/agent/alice
keys=$HOME/.config/countersign/keys
model_id=636f756e-7465-7273-6967-6e2074657374

enroll() {
	in_bed "$COUNTERSIGN" enroll --fido2 --owner $alice --rp-id $rp "$@"
}
# option LINE NAME: the value of an option
option() {
	sed -n 's/.*[ ,]'"$2"'="\([^"]*\)".*/\1/p' "$1"
}
# untouched NAME: the device was not asked for a key
untouched() {
	is "$1" "$(counted one makeCredential)" 0
	forget one
}
# nothing_left NAME
nothing_left() {
	is "$1" "$(find "$keys" . -name 'none' -o -name '.cs-*' 2>/dev/null)" ""
}

new_model acme
plug_in one $model

# What a person types first: the line, and what is to be said of it.
exits 0 "enroll" enroll --attestation-roots "$top/acme/roots"
cp out line
says "the new key" line "# new key: fido2:$rp on \"Soft Key"
says "its file" line "# key file: $keys/$rp"
says "what is proven of it" line "# attested: fido2:$model_id"
says "who is there when it signs" line "# presence: each signature"
says "what the line lacks" line "# warning: no agents"
is "one line, and comments" "$(grep -cv '^#' line)" 1
empty "nothing to complain of" err
is "one touch" "$(counted one 'touched')" 1
mkdir -m 755 owners.d
cp line owners.d/alice
exits 0 "a server takes all of it" countersign owners check owners.d/alice
is "the proof in the line" "$(option line attested)" fido2:$model_id
is "the RP ID" "$(option line rp-id)" $rp
is "agents to fill in" "$(grep -c ' agents="",' line)" 1
is "nobody else reads the key file" "$(stat -c %a "$keys/$rp")" 600
is "or lists its folder" "$(stat -c %a "$keys")" 700
is "one line in it" "$(wc -l <"$keys/$rp")" 1
is "of the same key" "$(awk '{ print $4 }' "$keys/$rp")" \
    "$(grep -v '^#' line | awk '{ print $4 }')"
is "of the same credential" "$(option "$keys/$rp" credential-id)" \
    "$(option line credential-id)"
silent "the server's words are not in it" "$keys/$rp" attested

# Once more is another key, and never in the place of the first.
cp "$keys/$rp" kept
forget one
exits 9 "the name is taken" enroll
says "which is said" err "exists, -f replaces it"
same "the first key's file stays" "$keys/$rp" kept
untouched "nobody touched for nothing"
exits 0 "another name, and a file for the line" enroll --name backup \
    --agents $id --comment "in the safe" -o line2
says "where the line went" out "line for the server: line2"
is "the line alone is in it" "$(wc -l <line2)" 1
is "with its agents" "$(option line2 agents)" $id
says "and its comment" line2 " in the safe"
silent "no warning" out warning
says "why nothing is proven" out "not attested: no roots were given"
is "so that the line does not say so" "$(option line2 attested)" ""
exits 0 "--force" enroll --force
! cmp -s "$keys/$rp" kept
report $? "replaces the key file"
exits 0 "a path is a name, too" enroll --name ./here
is "as private as the others" "$(stat -c %a here)" 600

# The other kinds of keys.
exits 0 "Ed25519, and --json" enroll --alg eddsa --name ed --json \
    --attestation-roots "$top/acme/roots"
exits 0 "what it tells" jq -e '.ok and .verb == "enroll" and
    .owner == "'$alice'" and .key == "fido2:ed" and .presence == "signed" and
    .key_file == "'"$keys"'/ed" and .key_type == "Ed25519" and
    .attestation.format == "packed" and .attestation.unattested_because ==
    null and .attestation.attested == "fido2:'$model_id'" and
    (.warnings | map(.warning) == ["no-agents"]) and
    (.line | startswith("'$alice' agents=\"\",")) and
    (.device | contains("/dev/hidraw0")) and (.file == null) and
    (.key_hash | startswith("SHA256:"))' out
forget one
exits 0 "a key that stays on the device" enroll --name rk --resident
is "it was asked to" "$(counted one 'rk=1')" 1
plug_in pinned --pin 1234 $model
only pinned
printf 1234 >pin
with_pin() {
	in_bed "$COUNTERSIGN" enroll --fido2 --owner $alice --rp-id $rp \
	    --pin-fd 3 "$@" 3<pin
}
exits 0 "with a PIN" with_pin --verify-required --name uv -o line3
is "which approvals will need" "$(grep -c '[ ,]verify-required[ ,]' line3)" 1
is "and the signer asks for" \
    "$(grep -c '[ ,]verify-required[ ,]' "$keys/uv")" 1

# What is not proven, and why.
new_model other
only one
exits 0 "another manufacturer's root" enroll --name o1 \
    --attestation-roots "$top/other/roots"
says "is said to be" out "# not attested: no path to one of the roots"
is "and not in the line" "$(grep -c attested= out)" 0
new_model named 00112233445566778899aabbccddeeff
plug_in one --attestation="$top/named/leaf.key,$top/named/leaf.pem"
exits 1 "a certificate for another model" enroll --name none
says "is a lie" err "names another model"
nothing_left "and leaves nothing"
subject="/C=SE/O=Countersign Tests/OU=Sales/CN=x" new_model sales
plug_in one $model
exits 0 "another subject" enroll --name o2 \
    --attestation-roots "$top/sales/roots"
says "is not proven" out "not attested: its certificate's subject"
plug_in one
exits 0 "a key that attests itself" enroll --name self \
    --attestation-roots "$top/acme/roots"
says "self attestation" out "not attested: only the key itself attests it"
plug_in one --no-attestation
exits 0 "no attestation" enroll --name nothing \
    --attestation-roots "$top/acme/roots"
says "none" out "not attested: it comes without attestation"
new_model acme2
plug_in one --u2f $model
exits 0 "a key of U2F" enroll --name u2f \
    --attestation-roots "$top/acme2/roots" -o line4
root=$(openssl x509 -in "$top/acme2/roots/root.pem" -noout -pubkey |
    openssl pkey -pubin -outform DER | openssl dgst -sha256 -r | cut -d' ' -f1)
is "is proven by its root's key" "$(option line4 attested)" "u2f:$root"
new_model acme3
plug_in one $model --fault be
exits 0 "a key that may be copied" enroll --name be \
    --attestation-roots "$top/acme3/roots"
says "is not proven" out "not attested: the key may leave its device"

# What is refused, with nothing left here.
for fault in badsig badrp; do
	plug_in one $model --fault $fault
	exits 1 "a device that lies ($fault)" enroll --name none -o none \
	    --attestation-roots "$top/acme3/roots"
	nothing_left "leaves nothing ($fault)"
done
plug_in one $model --fault badsig
exits 1 "a lie about a key that stays" enroll --name none --resident
says "it is told where it stays" err "the device holds a key that nobody uses"
exits 1 "and to programs" enroll --name none --resident --json
exits 0 "by name" jq -e '(.ok | not) and .status == 1 and
    .key_left_on_device' out

# Words and places that are wrong, before anybody touches anything.
plug_in one $model
exits 2 "no RP ID" in_bed "$COUNTERSIGN" enroll --fido2 --owner $alice
exits 2 "an RP ID that is a URL" enroll --rp-id https://corp.example
exits 2 "an RP ID" in_bed "$COUNTERSIGN" enroll --fido2 --owner $alice \
    --rp-id https://corp.example
says "in words" err "--rp-id"
exits 2 "no owner" in_bed "$COUNTERSIGN" enroll --fido2 --rp-id $rp
exits 2 "an owner that is none" in_bed "$COUNTERSIGN" enroll --fido2 \
    --rp-id $rp --owner Alice
exits 2 "agents that are none" enroll --name none --agents corp.example
exits 2 "a name with a dot in front" enroll --name .none
exits 2 "a name with its scheme" enroll --name fido2:none
exits 2 "a comment of two lines" enroll --name none --comment "a
b"
exits 2 "both kinds" enroll --key file:a.key
exits 2 "a waiver of what is proven" enroll --name none --no-touch-required
exits 2 "a PIV attestation" enroll --name none --piv-attestation a.pem \
    --attestation-roots "$top/acme3/roots"
exits 9 "no roots there" enroll --name none --attestation-roots "$top/nowhere"
mkdir -m 777 open
chmod 777 open
exits 9 "roots that others could change" enroll --name none \
    --attestation-roots open
exits 9 "a key file that others could change" enroll --name open/none
: >taken
exits 9 "a line over another file" enroll --name none -o taken
exits 2 "line and key in one file" enroll --name ./none -o ./none
untouched "no touch for any of them"
nothing_left "and nothing left"
exits 5 "no such device" enroll --name none --device /dev/hidraw17
rm -f "$top/one.sock"
only
exits 5 "no device at all" enroll --name none
says "which is said" err "security key"

# The owner of the configuration.
only pinned
echo "owner = \"$alice\"" >"$HOME/.config/countersign/config"
exits 0 "the owner of the configuration" in_bed "$COUNTERSIGN" enroll --fido2 \
    --rp-id $rp --name cfg --pin-fd 3 3<pin
is "is the line's" "$(grep -v '^#' out | cut -d' ' -f1)" $alice

done_testing

#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the countersign authors
#
# countersign enroll --key: the line of a key that is there, and what a YubiKey
# says of one in its PIV slots.
# shellcheck disable=SC2154,SC2317 # of tap.sh; run by name
# shellcheck source=tap.sh
. "$SRCDIR/tests/regress/tap.sh"
# shellcheck source=piv.sh
. "$SRCDIR/tests/regress/piv.sh"
need openssl jq

alice=mailto:alice@corp.example
id=wimse://corp.example/agent/alice
enroll() {
	countersign enroll --owner "$alice" "$@"
}
for key in a b; do
	new_key $key.key
	openssl pkey -in $key.key -pubout -out $key.pub
done
spki=$(openssl pkey -in a.key -pubout -outform DER | openssl base64 -A)
new_yubikey

# A plain key: the line, and what it lacks.
ok "enroll" enroll --key file:a.key
is "the line" "$(grep -v '^#' out)" "$alice agents=\"\" spki $spki"
says "it proves no presence" out "# presence: not proven"
says "and what the line needs" out "the operator decides for no-touch-required"
says "the key is for approvals alone" out "# note: a key that approves"
says "no agents" out "# warning: no agents"
empty "nothing else" err
cp out owners
ok "a server takes all of it" countersign owners check owners
is "no key file is written" "$(find "$HOME" -type f)" ""
ok "with the operator's word" enroll --key file:a.key --agents $id \
    --no-touch-required --comment "build farm" -o line
is "the line alone" "$(cat line)" \
    "$alice agents=\"$id\",no-touch-required spki $spki build farm"
is "anybody may read it" "$(stat -c %a line)" 644
says "what was waived" out "presence: not proven, and not asked for"
silent "no warning" out warning
ok "--json" enroll --key file:a.key --json
ok "what it tells" jq -e '.ok and .owner == "'$alice'" and
    .key == "file:a.key" and .key_file == null and
    .presence == "not-proven" and .attestation == {"format": null,
    "attested": null, "unattested_because": null} and
    (.warnings | map(.warning) == ["no-agents", "touch-missing"]) and
    .line == "'"$alice agents=\\\"\\\" spki $spki"'"' out

# What a YubiKey says.
statement always a.pub 02:02
ok "a touch for each signature" enroll --key file:a.key --agents $id \
    --piv-attestation always --attestation-roots piv/roots
is "stands in the line" "$(grep -v '^#' out)" "$alice agents=\"$id\",\
attested=\"yubikey-piv:4873068,touch=always,pin=once\" spki $spki"
says "as a policy" out "# presence: touch by policy"
silent "nothing is lacking" out warning
cp out owners
ok "a server takes it" countersign owners check owners
ok "in JSON" enroll --key file:a.key --agents $id --json \
    --piv-attestation always --attestation-roots piv/roots
ok "too" jq -e '.presence == "policy" and .warnings == [] and
    .attestation.attested == "yubikey-piv:4873068,touch=always,pin=once"' out
statement both a.pub 03:02
ok "and a PIN" enroll --key file:a.key --verify-required \
    --piv-attestation both --attestation-roots piv/roots
says "so that the line may ask for it" out ",verify-required"
statement cached a.pub 03:03
ok "a touch that serves for a while" enroll --key file:a.key \
    --piv-attestation cached --attestation-roots piv/roots
says "is said to be one" out 'touch=cached'
says "and proves nothing" out "# presence: not proven: a touch policy"
statement once a.pub 02:02
exits 2 "verification that a PIN once does not prove" enroll \
    --key file:a.key --verify-required \
    --piv-attestation once --attestation-roots piv/roots

# Statements that are none of this key, or lead nowhere.
statement other b.pub 02:02
exits 1 "the statement of another key" enroll --key file:a.key -o none \
    --piv-attestation other --attestation-roots piv/roots
says "is none" err "about another key"
sed -n '1,/END/p' always >alone
exits 1 "a statement alone" enroll --key file:a.key -o none \
    --piv-attestation alone --attestation-roots piv/roots
says "leads nowhere" err "no path to one of the roots"
mkdir -m 755 strangers
cp piv/f9.pem strangers/one.pem
rm piv/roots/root.pem
cp piv/middle.pem piv/roots/
ok "the intermediate as a root" enroll --key file:a.key \
    --piv-attestation always --attestation-roots piv/roots
ok "one YubiKey as a root" enroll --key file:a.key \
    --piv-attestation always --attestation-roots strangers
exits 3 "no certificates" enroll --key file:a.key -o none \
    --piv-attestation a.pub --attestation-roots piv/roots
exits 3 "no file of certificates" enroll --key file:a.key -o none \
    --piv-attestation line --attestation-roots piv/roots
exits 9 "no file" enroll --key file:a.key -o none \
    --piv-attestation nowhere --attestation-roots piv/roots
is "no line is left" "$(find . -name none)" ""

# A key in an agent becomes a line of OpenSSH's type.
if command -v ssh-agent >/dev/null && [ -n "$(command -v ssh-add)" ]; then
	pid=$(ssh-agent -s -a "$top/agent" |
	    sed -n 's/^SSH_AGENT_PID=\([0-9]*\).*/\1/p')
	trap 'kill "$pid"; rm -rf "$top"' EXIT
	SSH_AUTH_SOCK=$top/agent
	export SSH_AUTH_SOCK
	ssh-keygen -q -t ed25519 -N '' -C mine -f id
	ssh-add -q id 2>/dev/null
	ok "a key in an agent" enroll --key ssh-agent:mine --agents $id
	is "stands as in its .pub file" "$(grep -v '^#' out)" \
	    "$alice agents=\"$id\" $(cut -d' ' -f1,2 id.pub)"
	says "and proves no presence" out "# presence: not proven, as of any"
	silent "it is no key of section 5" out "note"
	exits 2 "nor one of a PIV slot" enroll --key ssh-agent:mine \
	    --piv-attestation always --attestation-roots piv/roots
fi

# Words that do not go together.
exits 2 "no key" enroll
exits 2 "no roots" enroll --key file:a.key --piv-attestation always
exits 2 "nothing to attest" enroll --key file:a.key \
    --attestation-roots piv/roots
for words in "--rp-id corp.example" "--device x" "--alg eddsa" "--name x" \
    --resident; do
	# shellcheck disable=SC2086 # two words
	exits 2 "$words" enroll --key file:a.key $words
	says "goes with --fido2" err "goes with --fido2"
done
exits 2 "an RP ID" enroll --key file:a.key --verify-required
exits 5 "no such key" enroll --key file:nowhere.key
exits 2 "the key's file for the line" enroll --key file:a.key -o a.key --force

done_testing

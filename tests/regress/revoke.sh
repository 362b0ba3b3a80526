#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the countersign authors
#
# countersign revoke and status: what is named ends, and stays written down.
# shellcheck disable=SC2016,SC2317 # words for sh -c and jq; run by name
# shellcheck source=tap.sh
. "$SRCDIR/tests/regress/tap.sh"
# shellcheck source=issuer.sh
. "$SRCDIR/tests/regress/issuer.sh"
need openssl jq
need_sqlite

base=wimse://corp.example/agent
alice=mailto:alice@corp.example
bob=mailto:bob@corp.example
authority=https://corp.example
for key in alice bob holder a b c d e; do
	new_key $key.key
done
openssl pkey -in holder.key -pubout -out holder.pub
{
	anchor $alice "agents=\"$base\",grants,no-touch-required" alice.key
	anchor $bob "agents=\"$base\",no-touch-required" bob.key
} >owners
cat >policy <<'END'
domain "corp.example" {
    path "/agent" {
        groups = {"*"}
        grants = yes
        max-window = "90d"
    }
}
END
chmod 600 owners policy
countersign store init --store sqlite:db --authority $authority >/dev/null

for agent in a b c d e; do
	countersign request --id $base/$agent --key $agent.key -o $agent.csr
done
sign() { # OWNER OPTIONS
	who=$1
	shift
	countersign sign --key "file:$who.key" --yes \
	    --owner "mailto:$who@corp.example" "$@" 2>/dev/null
}
for agent in a b c; do
	sign alice $agent.csr -o $agent.approval
done
sign bob d.csr -o d.approval
sign bob c.csr -o c-bob.approval
sign alice --bind grant=$base --holder holder.pub -o grant
countersign sign --yes --under grant --key file:holder.key e.csr \
    -o e.approval 2>/dev/null
for agent in a b d e; do
	countersign attach --key $agent.key $agent.csr $agent.approval \
	    -o $agent.composite
done
countersign attach --key c.key c.csr c-bob.approval c.approval -o c.composite

claim() {
	countersign verify --owners owners --authority $authority \
	    --policy policy --store sqlite:db --claim "$@"
}
revoke() {
	countersign revoke --store sqlite:db "$@"
}
status() {
	countersign status --store sqlite:db "$@"
}
states() { # the agents' letters and states, of what is asked for
	status --json "$@" | jq -r '[.credentials[] |
	    "\(.agent[-1:])=\(.state)"] | join(" ")'
}
hash_of() { # APPROVAL
	countersign show "$1" | sed -n 's/^ *TBS hash: //p' | head -n 1
}
for agent in a b c d e; do
	claim --json $agent.composite >$agent.claim
done
is "five live" "$(states)" "a=live b=live c=live d=live e=live"

# By approval.

hash=$(hash_of a.approval)
ok "an approval by its hash" revoke --approval "$hash" --reason 'by mistake'
says "what" out "revoked: approval $hash"
says "why" out "reason: by mistake"
says "who" out "by: uid $(id -u) ($(id -un))"
says "how many" out "credentials ended: 1"
says "which" out "ended: 1, $base/a"
is "one ended" "$(states)" "b=live c=live d=live e=live"
is "and is shown to who asks for it" "$(states --approval "$hash")" "a=ended"
is "unless only the living are asked for" "$(states --live --approval "$hash")" \
    ""
exits 1 "twice" revoke --approval "$hash" --reason again
says "is told" err "by mistake"
exits 1 "claimed again" claim a.composite
says "is refused" out "refused: revoked: "
approval_id=$(jq -r '.approvals[0].approval_id' b.claim)
ok "by its id" revoke --approval "$approval_id" --reason 'by its id'
says "one" out "credentials ended: 1"
is "asked for by its id" "$(states --approval "$approval_id")" "b=ended"
status --approval "$approval_id" >shown
says "with its revocation" shown "revoked: approval $approval_id since "
silent "and no other" shown "revoked: approval $hash"

# By owner: also where he is not the first.

ok "a key" revoke --json --reason 'stolen' --key \
    "$(jq -r '.approvals[0].owner_key' d.claim)"
ok "reaches what it signed" jq -e '.ended == 2 and .what == "key" and
    (.name | startswith("SHA256:")) and
    ([.credentials[].agent[-1:]] == ["c", "d"])' out
is "and no more" "$(states)" "e=live"
exits 1 "a quorum with it" claim c.composite
says "is refused" out ": key "
hex=$(openssl pkey -in bob.key -pubout -outform DER | openssl dgst -sha256 -r |
    cut -d ' ' -f 1)
exits 1 "the same in hex" revoke --key "$hex" --reason again
says "is the same" err "already"

# By grant, owner, agent.

ok "a grant" revoke --grant "$(hash_of grant)" --reason 'the holder left'
says "ends what was approved under it" out "ended: "
is "none lives" "$(states)" ""
exits 1 "the use" claim e.composite
says "is refused" out ": grant "
ok "an owner" revoke --owner $alice --reason 'left the company'
says "with nothing that lives" out "credentials ended: 0"
silent "has been seen" out "note: "
ok "an owner that was never seen" revoke --owner mailto:alcie@corp.example \
    --reason 'left the company'
says "may be mistyped" out "note: no credential"
ok "an agent" revoke --agent $base/a --reason 'quiet'

# What is there.

ok "status" status
says "says whose" out "authority: $authority"
says "and how many" out "claims: 5, live: 0"
says "revocations" out "revocations: 7"
says "why" out ": left the company"
is "a line each" "$(grep -c '^revoked: ' out)" 7
ok "of one owner" status --json --owner $alice
ok "his alone" jq -e --arg o $alice '[.revoked[].name] == [$o] and
    ([.credentials[].agent[-1:]] == ["a", "b", "c", "e"]) and
    all(.credentials[]; .state == "ended" and (.reason | length) > 0)' out

# Lifted: a tombstone.

ok "lift" revoke --lift --owner $alice --reason 'it was another Alice'
says "says so" out "lifted: owner $alice"
exits 1 "twice" revoke --lift --owner $alice --reason 'it was another Alice'
ok "it stays" status --json --owner $alice
cp out lifted
ok "with both reasons" jq -e '.revoked[0] | (.in_force | not) and
    .reason == "left the company" and
    .lifted_reason == "it was another Alice" and (.lifted | fromdate) >=
    (.time | fromdate) and (.lifted_actor | startswith("uid "))' lifted
ok "ended is ended" jq -e 'all(.credentials[]; .state == "ended")' lifted
ok "in words" status --owner $alice
says "lifted" out "lifted: owner $alice at "
says "and from when" out "it was revoked from "
ok "again" revoke --owner $alice --reason 'after all'
ok "both are there" sh -c '"$COUNTERSIGN" status --store sqlite:db --json \
    --owner mailto:alice@corp.example | jq -e "[.revoked[].in_force] ==
    [false, true]"'

# Text from outside.

ok "a reason that is text" revoke --owner mailto:eve@corp.example \
    --reason 'Überlauf \ 100%s'
ok "is shown" status --owner mailto:eve@corp.example
says "escaped" out 'Überlauf \\ 100%s'
exits 2 "a reason with an escape sequence" revoke --agent $base/b \
    --reason "$(printf 'a\033[2Jb')"
exits 2 "of two lines" revoke --agent $base/b --reason 'a
b'
exits 2 "an empty one" revoke --agent $base/b --reason ''
exits 2 "one of 1025 octets" revoke --agent $base/b \
    --reason "$(head -c 1025 /dev/zero | tr '\0' x)"
exits 2 "none" revoke --agent $base/b

# Words that do not fit.

exits 2 "nothing named" revoke --reason x
exits 2 "two named" revoke --reason x --agent $base/a --owner $alice
exits 2 "no store" countersign revoke --agent $base/a --reason x
for bad in "--owner alice" "--owner mailto:Alice@corp.example" \
    "--agent https://corp.example" "--agent $base/" "--key SHA256:abc" \
    "--key ${hex}00" "--key ${hex%?}" "--grant ${hex%??}" \
    "--grant $approval_id" "--approval xyz"; do
	# shellcheck disable=SC2086 # two words
	exits 2 "$bad" revoke --reason x $bad
	# shellcheck disable=SC2086 # two words
	exits 2 "$bad, asked for" status $bad
done
exits 9 "a store that is not there" countersign revoke --store sqlite:none \
    --agent $base/a --reason x
exits 9 "nor to be asked" countersign status --json --store sqlite:none
ok "is unavailable" jq -e '.error.reason == "store-unavailable" and
    .status == 9' out
[ ! -e none ]
report $? "and is not made"

done_testing

#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the countersign authors
#
# countersign sign: denials, keys that renew, challenges.
# shellcheck disable=SC2016,SC2317 # words for sh -c and jq; run by name
# shellcheck source=tap.sh
. "$SRCDIR/tests/regress/tap.sh"
need openssl expect jq

id=wimse://corp.example/agent/alice/mail
alice=mailto:alice@corp.example
new_key owner.key
new_key agent.key
countersign request --id $id --key agent.key -o agent.csr --purpose 'please'
owner="--key file:owner.key --owner $alice"
# shellcheck disable=SC2086 # options
sign() {
	countersign sign $owner "$@"
}
shown() { # FILE FILTER: what show says of it
	countersign show --json "$1" | jq -e "$2"
}

ok "a denial" sign --yes --deny agent.csr -o no.approval --tbs-out no.der \
    --purpose 'not today'
says "says so first" err "DENIAL      of the request "
says "and what it does" err "WHAT        NOTHING: "
says "and until when" err "the denial counts"
silent "no credential ends" err "last credential"
ok "is a deny of one request, with limits of 1" shown no.approval '.objects[0] |
    .decision == "deny" and .max_lifetime == 1 and .max_issuances == 1 and
    (.subjects | length) == 1 and .purpose == "not today"'
ok "as the decision in the bytes" sh -c 'openssl asn1parse -inform DER \
    -in no.der | grep -q "ENUMERATED *:00"'
ok "lasts a day, the five minutes included" shown no.approval '.objects[0] |
    (.not_after | fromdate) - (.not_before | fromdate) == 86400'
ok "or as long as it is told" sign --yes --deny --for 30d agent.csr \
    -o long.approval
ok "30 days and five minutes" shown long.approval '.objects[0] |
    (.not_after | fromdate) - (.not_before | fromdate) == 30 * 86400 + 300'
ok "show calls it what it is" countersign show no.approval
says "a denial" out "decision: deny"
exits 1 "nobody attaches it" countersign attach --key agent.key agent.csr \
    no.approval
says "and why" err "is a denial: the agent has no use for it"
for other in --bind=key --renewable=1h --uses=2 --max-lifetime=1h --each; do
	exits 2 "not with $other" sign --yes --deny "$other" agent.csr
done
exits 2 "not of two" sign --yes --deny agent.csr agent.csr
answer() { # word; the status that follows
	rm -f asked.approval
	on_terminal <<END >terminal
run sign $owner --deny -o asked.approval agent.csr
asks {DENY request .* Type deny to sign: \$}
send "$1\\r"
ended $2
END
}
answer yes 1
report $? "yes does not sign a denial"
[ ! -e asked.approval ]
report $? "nothing is written"
answer deny 0
report $? "the word is deny"
exits 7 "nobody to ask" sign --deny agent.csr
says "the command denies, too" err "--deny $XDG_RUNTIME_DIR"

# Keys
ok "a key that renews" sign --yes --renewable 8h agent.csr -o key.approval \
    --json
says "the page says what that is" err "credentials for this key as this agent"
ok "binds the key" jq -e '.binds == "key" and .max_issuances == 13 and
    (.arithmetic | startswith("1 at once and 12 renewals, one each 40m"))' out
ok "alone" shown key.approval '.objects[0].subjects ==
    [.objects[0].subjects[0] | {kind, agent, agent_key}]'
countersign request --id $id --key agent.key -o later.csr --purpose 'again'
ok "any request of this key" countersign attach --key agent.key later.csr \
    key.approval -o later-composite.csr
anchor $alice 'agents="wimse://corp.example/agent",no-touch-required' \
    owner.key >owners
chmod 600 owners
ok "the verifier agrees" countersign verify --owners owners \
    --authority https://corp.example later-composite.csr
ok "a key that renews for a day" sign --yes --renewable 24h agent.csr \
    -o day.approval
ok "and a request, until tomorrow" sign --yes --for 24h agent.csr \
    -o tomorrow.approval
for a in day tomorrow; do
	countersign attach --key agent.key agent.csr $a.approval -o $a.csr
	ok "$a: no longer than a verifier takes" countersign verify \
	    --owners owners --authority https://corp.example $a.csr
	ok "$a: the five minutes are part of it" shown $a.approval '.objects[0] |
	    (.not_after | fromdate) - (.not_before | fromdate) == 86400'
done
ok "more than a day is more" sign --yes --for 1441m agent.csr -o longer.approval
ok "and the five minutes" shown longer.approval '.objects[0] |
    (.not_after | fromdate) - (.not_before | fromdate) == 86760'
countersign attach --key agent.key agent.csr longer.approval -o longer.csr
exits 1 "which a verifier refuses" countersign verify --owners owners \
    --authority https://corp.example longer.csr
says "by its reason" out "window-too-long"
count() { # window, life, count
	sign --yes --renewable "$1" --max-lifetime "$2" agent.csr --json \
	    >count.json 2>/dev/null
	is "$1 of $2 are $3" "$(jq .max_issuances count.json)" "$3"
}
count 1h 1h 3
count 40m 1h 2
count 41m 1h 3
count 1s 1h 2
count 24h 15m 145
count 7s 1s 12
exits 2 "more than a million" sign --yes --renewable 365d --max-lifetime 1s \
    agent.csr
says "is not renewed so often" err "--max-lifetime"
ok "--uses overrides" sign --yes --renewable 8h --uses 3 agent.csr --json
ok "and both are said" jq -e '.max_issuances == 3 and
    (.arithmetic | endswith("make 13; this allows 3"))' out
ok "--bind key without renewals" sign --yes --bind key agent.csr --json
ok "is one use" jq -e '.binds == "key" and .max_issuances == 1' out
ok "--bind request is what is done anyway" sign --yes --bind request \
    agent.csr --json
ok "one request" jq -e '.binds == "request"' out
exits 2 "--renewable and --for" sign --yes --renewable 8h --for 1h agent.csr
exits 2 "--renewable and --bind request" sign --yes --renewable 8h \
    --bind request agent.csr
exits 2 "--bind something" sign --yes --bind agent agent.csr

# Challenges
nonce=00112233445566778899AABBccddeeff
ok "a challenge" sign --yes --nonce $nonce agent.csr -o n.approval
says "is shown" err "for its challenge 00112233445566778899aabbccddeeff"
ok "and signed" shown n.approval \
    '.objects[0].nonce == "00112233445566778899aabbccddeeff"'
long=$(printf '%0128d' 7)
ok "of 64 bytes" sign --yes --nonce "$long" agent.csr
for bad in "$nonce$long" 0011 "${nonce}0" 0x$nonce "${nonce%ff}zz" ''; do
	exits 2 "not '$bad'" sign --yes --nonce "$bad" agent.csr
done
exits 2 "not of a batch" sign --yes --nonce $nonce agent.csr later.csr

done_testing

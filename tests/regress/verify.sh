#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the countersign authors
#
# countersign verify: one line and a status that can be relied on. What is
# checked has its vectors in tests/vectors/verdict.
# shellcheck disable=SC2016,SC2317 # words for sh -c and jq; run by name
# shellcheck source=tap.sh
. "$SRCDIR/tests/regress/tap.sh"
need openssl jq

id=wimse://corp.example/agent/alice/mail
alice=mailto:alice@corp.example
new_key agent.key
new_key alice.key
options='agents="wimse://corp.example/agent/alice",no-touch-required'
{
	echo '# who may approve what'
	anchor $alice "$options" alice.key
} >owners
chmod 600 owners
countersign request --id $id --key agent.key -o agent.csr
countersign sign --key file:alice.key --owner $alice --yes agent.csr \
    -o alice.approval 2>/dev/null
countersign attach --key agent.key agent.csr alice.approval -o composite.csr

v() {
	countersign verify --owners owners --authority https://corp.example \
	    "$@"
}

ok "approved" v composite.csr
sed 's/until .*/until TIME/' out >line
is "in one line" "$(cat line)" \
    "approved: $id by $alice (hardware unproven, no presence) until TIME"
empty "and nothing else" err
ok "--json" v --json composite.csr
ok "has it all" jq -e --arg id $id --arg o $alice '.ok and .status == 0 and
    .state == "approved" and .agent == $id and .owner == $o and
    .max_lifetime == 3600 and .max_issuances == 1 and
    (.assurance.present | not) and (.approvals | length) == 1 and
    .approvals[0].anchor_line == 2 and .approvals[0].type == "cms" and
    (.approvals[0].approval_id | length) == 32' out
cat agent.csr alice.approval >bundle
ok "a bundle of request and approval" v bundle
ok "from standard input" sh -c 'cat bundle | "$COUNTERSIGN" verify \
    --owners owners --authority https://corp.example -'
mkdir -m 755 owners.d
cp owners owners.d/corp.owners
ok "owners in a folder" countersign verify --owners owners.d \
    --authority https://corp.example composite.csr
ok "in its trust domain" v --trust-domain corp.example composite.csr

refused() { # REASON NAME ARGUMENTS
	reason=$1
	name=$2
	shift 2
	exits 1 "$name" v "$@"
	is "one line: refused, $reason" \
	    "$(wc -l <out) $(cut -d : -f 1,2 out)" "1 refused: $reason"
	empty "and nothing else" err
	exits 1 "--json" v --json "$@"
	ok "says $reason too" jq -e --arg r "$reason" '(.ok | not) and
	    .status == 1 and .state == "refused" and .reason == $r and
	    .error.reason == $r and .error.exit == 1' out
}
refused no-approval "no approval" agent.csr
refused wrong-trust-domain "another trust domain" \
    --trust-domain other.example composite.csr
refused expired "long after" --at 2099-01-01T00:00:00Z composite.csr
refused not-yet-valid "long before" --at 20010101Z composite.csr
printf 'text\n' >text
refused malformed "a text" text
: >nothing
refused malformed "an empty file" nothing
head -c 1100000 /dev/zero >big
refused too-large "more than a megabyte" big
exits 1 "another authority" countersign verify --owners owners \
    --authority https://other.example composite.csr
says "expected and found" out "wrong-authority"
new_key other.key
anchor $alice "$options" other.key >others
chmod 600 others
exits 1 "nobody's key" countersign verify --owners others \
    --authority https://corp.example composite.csr
says "unknown-owner-key" out "refused: unknown-owner-key: "
anchor $alice 'agents="wimse://corp.example/agent/alice"' alice.key >owners-touch
chmod 600 owners-touch
exits 1 "a key that cannot prove presence" countersign verify --owners owners-touch \
    --authority https://corp.example composite.csr
says "touch-missing, and whose line" out "owners-touch:1"

vectors=$SRCDIR/tests/vectors/verdict
cat "$vectors/owners" >vowners
chmod 600 vowners
w() {
	countersign verify --owners vowners --at 2026-11-21T12:00:00Z \
	    --authority https://corp.example "$@"
}
if w "$vectors/approved.pem" >/dev/null; then # built for their arc
	exits 1 "a denial" w "$vectors/denied.pem"
	says "who, and until when" out "denied: ${id%/mail} by $alice until 2026"
	w --json "$vectors/denied.pem" >out
	ok "--json" jq -e --arg o $alice '.state == "denied" and
	    .owner == $o and .status == 1 and (has("reason") | not)' out
	exits 1 "one owner of two" w --quorum 2 "$vectors/approved.pem"
	says "how many" out "refused: quorum-missing: expected 2 owners"
	ok "two of two" w --quorum 2 "$vectors/approved-quorum.pem"
	exits 1 "of another group" w --quorum 2 --quorum-group ops \
	    "$vectors/approved-quorum.pem"
	says "which group" out 'group="ops"'
	ok "a group" w --quorum 2 --quorum-group ops \
	    "$vectors/approved-quorum-group.pem"
	exits 1 "a bundle" w --composite "$vectors/approved-bundle.pem"
	says "for an issuer" out "refused: not-composite: "
	ok "a composite request" w --composite "$vectors/approved.pem"
	ok "a grant and its use" w "$vectors/approved-pair.pem"
	says "says so" out "by $alice under a grant (hardware unproven, no presence)"
	w --json "$vectors/approved-pair.pem" >out
	ok "roles" jq -e '[.approvals[].role] == ["grant", "use"]' out
	cat "$vectors/owners-sk" >vowners
	ok "a security key" w "$vectors/approved-fido2.pem"
	says "touched" out "(hardware unproven, touch)"
	w --json --last-counter 4 "$vectors/approved-fido2-verified.pem" >out
	ok "presence, verification, counter" jq -e '.approvals[0] |
	    .assurance.present and .assurance.verified and .counter == 5 and
	    .counter_regressed == false' out
	ok "a PIN" w "$vectors/approved-ssh-sk-verify.pem"
	says "of OpenSSH's security key" out "(hardware unproven, touch and PIN)"
	ok "without a touch" w "$vectors/approved-fido2-only-verified.pem"
	says "a PIN alone" out "(hardware unproven, PIN without touch)"
	ok "a plain key of OpenSSH" w "$vectors/approved-ssh-ed.pem"
	says "proves none" out "(hardware unproven, no presence)"
	ok "a counter that stays" w --last-counter 5 "$vectors/approved-fido2.pem"
	says "is told" out "warning: expected a counter above 5, found 5"
	exits 1 "nobody remembers" w "$vectors/approved-fido2-strict.pem"
	says "what is strict" out "refused: store-unavailable: "
	ok "a counter that grows" w --last-counter 4 \
	    "$vectors/approved-fido2-strict.pem"
	exits 1 "one that does not" w --last-counter 5 \
	    "$vectors/approved-fido2-strict.pem"
	says "is refused" out "refused: counter-regressed: "
	exits 2 "counters of two keys" w --quorum 2 --last-counter 4 \
	    "$vectors/approved-fido2-quorum.pem"
fi
exits 2 "no counter" v --last-counter -1 composite.csr
exits 2 "no counter of four octets" v --last-counter 4294967296 composite.csr
exits 2 "a group of nobody" v --quorum-group ops composite.csr

exits 2 "no owners" countersign verify --authority https://a composite.csr
exits 2 "no authority" countersign verify --owners owners composite.csr
exits 2 "an authority that is none" countersign verify --owners owners \
    --authority corp.example composite.csr
exits 2 "a local time" v --at 2026-01-01T00:00:00 composite.csr
exits 9 "no such file" v none.csr
exits 9 "no owners file" countersign verify --owners none \
    --authority https://corp.example composite.csr
sed 's/no-touch/no-tuch/' owners >typo
chmod 600 typo
exits 3 "an option that is none" countersign verify --owners typo \
    --authority https://corp.example composite.csr
says "where, and what it should be" err "typo:2"
says "did you mean" err "no-touch-required"
chmod 666 owners
exits 9 "owners that others write" v composite.csr
chmod 600 owners

done_testing

#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the countersign authors
#
# countersign verify --policy, --store, --claim: the answer is the verifier
# plugin's, what it says is what verify says, and an approval counts once.
# shellcheck disable=SC2016,SC2317 # words for sh -c and jq; run by name
# shellcheck source=tap.sh
. "$SRCDIR/tests/regress/tap.sh"
# shellcheck source=issuer.sh
. "$SRCDIR/tests/regress/issuer.sh"
need openssl jq
need_sqlite

id=wimse://corp.example/agent/alice/mail
alice=mailto:alice@corp.example
bob=mailto:bob@corp.example
ci=mailto:ci@corp.example
authority=https://corp.example
for key in agent alice bob ci holder job; do
	new_key $key.key
done
openssl pkey -in holder.key -pubout -out holder.pub
{
	anchor $alice 'agents="wimse://corp.example/agent/alice wimse://corp.example/two",group="staff",no-touch-required' \
	    alice.key
	anchor $bob 'agents="wimse://corp.example/two wimse://corp.example/agent/alice",group="ops",no-touch-required,max-issuances=9' \
	    bob.key
	anchor $ci 'agents="wimse://corp.example/ci",grants,group="staff",no-touch-required' \
	    ci.key
} >owners
cat >policy <<'END'
domain "corp.example" {
    path "/agent" { groups = {"staff"} }
    path "/two" {
        groups = {"*"}
        quorum = 2
    }
    path "/ci" {
        groups = {"staff"}
        grants = yes
        max-window = "90d"
    }
    path "/ci/none" { groups = {"staff"} }
}
END
chmod 600 owners policy
countersign store init --store sqlite:db --authority $authority >/dev/null

sign() { # OWNER OPTIONS
	who=$1
	shift
	countersign sign --key "file:$who.key" --owner "mailto:$who@corp.example" \
	    --yes "$@" 2>/dev/null
}
attach() { # KEY CSR OUT APPROVAL...
	key=$1
	csr=$2
	composite=$3
	shift 3
	countersign attach --key "$key" "$csr" "$@" -o "$composite"
}
plain() {
	countersign verify --owners owners --authority $authority "$@"
}
policed() {
	plain --policy policy "$@"
}
stored() {
	policed --store sqlite:db "$@"
}
claim() {
	stored --claim "$@"
}
refused() { # REASON NAME COMMAND...
	reason=$1
	name=$2
	shift 2
	exits 1 "$name" "$@"
	is "one line: refused, $reason" \
	    "$(wc -l <out) $(cut -d : -f 1,2 out)" "1 refused: $reason"
}

# The same answer, whoever gives it.

countersign request --id $id --key agent.key -o agent.csr
sign alice agent.csr -o alice.approval
attach agent.key agent.csr composite.csr alice.approval
cat agent.csr alice.approval >bundle
at=$(date -u +%Y-%m-%dT%H:%M:%SZ)
for file in composite.csr bundle agent.csr owners; do
	for how in "" --json; do
		# shellcheck disable=SC2086 # one option or none
		plain --at "$at" $how $file >by-itself 2>err.itself
		was=$?
		# shellcheck disable=SC2086 # one option or none
		exits $was "the plugin on $file $how" policed --at "$at" $how $file
		same "says the same" out by-itself
		same "and no more" err err.itself
	done
done
ok "with a store" stored --at "$at" --json composite.csr
plain --at "$at" --json composite.csr >by-itself
same "says the same" out by-itself
exits 1 "as an issuer: a bundle" policed --composite bundle
says "is none" out "refused: not-composite: "
exits 1 "and without a policy" plain --composite bundle
says "is none either" out "refused: not-composite: "
refused wrong-authority "of another authority" countersign verify \
    --owners owners --authority https://other.example --policy policy \
    composite.csr
refused expired "later" policed --at 2099-01-01T00:00:00Z composite.csr

# One claim, however often it is asked for.

ok "claimed" claim composite.csr
sed 's/until .*/until TIME/' out >line
is "approved first" "$(head -n 1 line)" \
    "approved: $id by $alice (hardware unproven, no presence) until TIME"
says "new" out "  state: new"
says "number 1" out "  number: 1"
sed -n 's/^  serial: //p' out >serial
grep -E '^  (not before|not after): ' out >lives
ok "a serial number of 16 octets" grep -qE '^[0-9a-f]{32}$' serial
ok "again" claim --json composite.csr
ok "is the same claim" jq -e --arg s "$(cat serial)" '.state == "approved" and
    .claim.state == "again" and .claim.number == 1 and .claim.serial == $s and
    .claim.kind == "x509" and (.claim.not_after | fromdate) -
    (.claim.not_before | fromdate) == 3600' out
ok "again in words" claim composite.csr
grep -E '^  (not before|not after): ' out >lives.again
same "with its times" lives lives.again
ok "a look counts nothing" stored composite.csr
silent "and claims nothing" out "claimed"
ok "a WIT is another" claim --kind wit --lifetime 10m --json composite.csr
ok "a new one, and short" jq -e --arg s "$(cat serial)" '.claim.state ==
    "new" and .claim.kind == "wit" and .claim.serial != $s and
    (.claim.not_after | fromdate) - (.claim.not_before | fromdate) == 600' out
countersign status --store sqlite:db --json >facts
is "two claims in all" "$(jq .claims facts)" 2
refused lifetime-exceeded "a longer life than was approved" \
    stored --claim --lifetime 2h composite.csr

# What is used up.

sign alice --bind key --uses 1 agent.csr -o once.approval
attach agent.key agent.csr once.csr once.approval
countersign request --id $id --key agent.key --purpose second -o second.csr
attach agent.key second.csr once-more.csr once.approval
ok "an approval of a key" claim once.csr
ok "its retry" claim once.csr
says "is the same" out "state: again"
refused exhausted "another request by it" claim once-more.csr
refused exhausted "and a look at it" stored once-more.csr
ok "the first still" claim once.csr
says "is claimed" out "state: again"
ok "without a store nobody knows" policed once-more.csr
exits 1 "--json" claim --json once-more.csr
ok "has the reason" jq -e '(.ok | not) and .status == 1 and
    .state == "refused" and .reason == "exhausted" and
    .error.reason == "exhausted" and (has("claim") | not) and
    (has("approvals") | not)' out

# Several owners.

countersign request --id wimse://corp.example/two --key agent.key -o two.csr
sign alice two.csr -o two-alice.approval
sign bob two.csr -o two-bob.approval
attach agent.key two.csr two-one.csr two-alice.approval
attach agent.key two.csr two-both.csr two-alice.approval two-bob.approval
refused quorum-missing "one of two" claim two-one.csr
ok "two of two" claim two-both.csr
says "both" out "by $alice and $bob"

# Grants.

job=wimse://corp.example/ci/job
countersign request --id $job --key job.key -o job.csr
sign ci --bind grant=wimse://corp.example/ci --holder holder.pub --uses 1 \
    --for 1d -o grant
countersign sign --yes --under grant --key file:holder.key job.csr \
    -o use 2>/dev/null
attach job.key job.csr job-composite.csr use
ok "under a grant" claim job-composite.csr
says "whose" out "by $ci under a grant"
countersign request --id $job --key job.key --purpose second -o job2.csr
countersign sign --yes --under grant --key file:holder.key job2.csr \
    -o use2 2>/dev/null
attach job.key job2.csr job2-composite.csr use2
refused exhausted "the grant is used up" claim job2-composite.csr
countersign request --id wimse://corp.example/ci/none/job --key job.key \
    -o none.csr
countersign sign --yes --under grant --key file:holder.key none.csr \
    -o use-none 2>/dev/null
attach job.key none.csr none-composite.csr use-none
refused policy-refused "no grants here" claim none-composite.csr

# The policy.

countersign request --id $id/bob --key agent.key -o bob.csr
sign bob bob.csr -o bob.approval
attach agent.key bob.csr bob-composite.csr bob.approval
exits 1 "an owner of another group" claim bob-composite.csr
says "is none" out "refused: "
ok "whom the owners file lets" plain bob-composite.csr
sed 's/corp.example/other.example/' policy >policy-other
chmod 600 policy-other
refused wrong-trust-domain "a policy of elsewhere" plain \
    --policy policy-other composite.csr
sed '/"\/agent"/d' policy >policy-short
chmod 600 policy-short
refused policy-refused "no rule for this agent" plain --policy policy-short \
    composite.csr
sed 's/groups/gruops/' policy >policy-typo
chmod 600 policy-typo
exits 3 "a policy with a mistake" plain --policy policy-typo composite.csr
says "where" err "policy-typo:2"
exits 9 "no policy" plain --policy none composite.csr
chmod 666 policy
exits 9 "a policy that others write" policed composite.csr
chmod 600 policy

# A denial stays.

countersign request --id $id/denied --key agent.key -o denied.csr
sign alice denied.csr -o denied.approval
attach agent.key denied.csr denied-composite.csr denied.approval
sign alice --deny denied.csr -o deny.approval
cat denied.csr deny.approval >deny-bundle
exits 1 "a look at a denial" stored deny-bundle
says "denies" out "denied: $id/denied by $alice until "
ok "which nobody keeps" stored denied-composite.csr
exits 1 "a denial" claim deny-bundle
says "is denied" out "denied: $id/denied by $alice until "
exits 1 "the approval" claim denied-composite.csr
is "is denied" "$(cut -d : -f 1 out)" denied
exits 1 "and to who looks" stored --json denied-composite.csr
ok "as well" jq -e '.state == "denied" and (has("reason") | not)' out
ok "without a store it is not" policed denied-composite.csr
countersign status --store sqlite:db >facts
says "the store shows it" facts "denied: $id/denied by $alice until "

# Revoked, and lifted.

ok "revoke" countersign revoke --store sqlite:db --agent $id \
    --reason 'sent mail to strangers'
refused revoked "the agent" claim composite.csr
says "and why" out "sent mail to strangers"
refused revoked "who looks" stored composite.csr
ok "without a store it is not" policed composite.csr
ok "lift" countersign revoke --lift --store sqlite:db --agent $id \
    --reason 'it was another'
refused exhausted "what was ended stays ended" claim composite.csr

# Words that do not fit.

exits 2 "--store alone" plain --store sqlite:db composite.csr
says "goes with" err "--store goes with --policy"
exits 2 "--claim alone" policed --claim composite.csr
says "goes with" err "--claim goes with --store"
exits 2 "--kind alone" stored --kind wit composite.csr
exits 2 "--lifetime alone" stored --lifetime 1h composite.csr
exits 2 "a claim in the past" claim --at "$at" composite.csr
says "counts now" err "--at does not go with --claim"
for option in "--quorum 2" "--trust-domain corp.example" "--last-counter 1"; do
	# shellcheck disable=SC2086 # two words
	exits 2 "$option" policed $option composite.csr
	says "is the policy's" err "${option% *} does not go with --policy"
done
exits 2 "a kind that is none" claim --kind pgp composite.csr

# Stores that cannot be asked.

exits 9 "no store" policed --store sqlite:none composite.csr
says "is told" err "no store is there"
exits 9 "no store, --json" policed --json --store sqlite:none composite.csr
ok "approves nothing" jq -e '(.ok | not) and (has("state") | not) and
    .error.class == "io"' out
countersign store init --store sqlite:other --authority https://other.example \
    >/dev/null
exits 1 "another authority's store" policed --store sqlite:other composite.csr
says "is told" err "https://other.example"
empty "and approves nothing" out
exits 2 "a password on the command line" policed \
    --store postgresql://u:secret@localhost/db composite.csr
silent "is not said again" err secret

done_testing

#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the countersign authors
#
# countersign status: what a store remembers, as lines and as an object.
# shellcheck disable=SC2016,SC2317 # words for sh -c and jq; run by name
# shellcheck source=tap.sh
. "$SRCDIR/tests/regress/tap.sh"
# shellcheck source=issuer.sh
. "$SRCDIR/tests/regress/issuer.sh"
need openssl jq
need_sqlite
issuer
id=$base/alice
countersign store init --store sqlite:db --authority $authority >/dev/null
status() {
	countersign status --store sqlite:db "$@"
}

ok "nothing yet" status
says "whose" out "authority: $authority"
says "no claims" out "claims: 0, live: 0"
says "no record" out \
    "audit head: 0:0000000000000000000000000000000000000000000000000000000000000000"
ok "nothing, --json" status --json
ok "is three empty lists" jq -e '.credentials == [] and .revoked == [] and
    .denied == [] and .verb == "status" and .audit_head.sequence == 0' out

countersign request --id $id --key agent.key -o agent.csr
countersign sign --key file:alice.key --owner $alice --yes agent.csr \
    -o approval 2>/dev/null
countersign attach --key agent.key agent.csr approval -o composite.csr
countersign sign --key file:alice.key --owner $alice --yes --deny \
    -o denial agent.csr 2>/dev/null
cat agent.csr denial >denied
claim() {
	claim_in sqlite:db "$@"
}
claim --json composite.csr >claimed
claim --kind wit --lifetime 61s composite.csr >/dev/null # a second is left
claim denied >/dev/null

until status --json >all && jq -e '.live == 1' all >/dev/null; do
	:
done
ok "one lives" jq -e --slurpfile c claimed '.claims == 2 and .live == 1 and
    (.credentials | length) == 1 and (.credentials[0] |
    .serial == $c[0].claim.serial and .number == $c[0].claim.number and
    .agent == $c[0].agent and .agent_key == $c[0].agent_key and
    .request_digest == $c[0].request_digest and .owner == $c[0].owner and
    .not_after == $c[0].claim.not_after and .kind == "x509" and
    .state == "live" and (.recorded | not) and (has("ended") | not))' all
ok "the other expired" status --agent $id
says "is shown where it is asked for" out "expired: 2, wit of $id by $alice until "
says "beside" out "live: 1, x509 of $id by $alice until "
says "never recorded" out ", never recorded"
ok "not with --live" status --agent $id --live
silent "it" out "expired: "
ok "the denial" jq -e --arg o $alice --arg i $id --slurpfile c claimed \
    '.denials == 1 and (.denied[0] | .owner == $o and .agent == $i and
    .request_digest == $c[0].request_digest and
    (.owner_key | startswith("SHA256:")) and (.tbs_sha256 | length) == 64 and
    .not_after > .time)' all
ok "in words" status
says "by whom and until when" out "denied: $id by $alice until 20"
for named in --owner=$alice "--agent=$id" \
    "--key=$(jq -r '.denied[0].owner_key' all)" \
    "--approval=$(jq -r '.denied[0].tbs_sha256' all)"; do
	ok "${named%%=*}" status --json "$named"
	ok "is about the denial" jq -e '.denied | length == 1' out
done
ok "another owner" status --json --owner mailto:bob@corp.example
ok "has none" jq -e '.credentials == [] and .denied == [] and
    .claims == 2' out
ok "as a grant it is none" status --json \
    --grant "$(jq -r '.denied[0].tbs_sha256' all)"
ok "of the denial" jq -e '.denied == []' out

# A store with what nobody wrote: it is shown, and cannot steer a terminal.

if command -v sqlite3 >/dev/null; then
	countersign revoke --store sqlite:db --agent $id --reason x >/dev/null
	cp db hostile
	sqlite3 hostile "UPDATE revocation SET reason =
	    'a' || char(27) || '[2J' || char(10) || 'live: 9, x509 of y'"
	ok "a reason by another hand" countersign status --store sqlite:hostile
	says "is escaped" out 'a\u{1B}[2J\u{A}live: 9'
	is "and begins no line" "$(grep -c '^live: 9' out)" 0
	grep -q "$(printf '\033')" out
	is "nor reaches the terminal" $? 1
fi

done_testing

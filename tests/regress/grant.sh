#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the countersign authors
#
# countersign sign: grants, and what their holders sign under them.
# shellcheck disable=SC2016,SC2317 # words for sh -c and jq; run by name
# shellcheck source=tap.sh
. "$SRCDIR/tests/regress/tap.sh"
need openssl expect jq

prefix=wimse://corp.example/ci
alice=mailto:alice@corp.example
for key in owner holder agent other; do
	new_key $key.key
done
openssl pkey -in holder.key -pubout -out holder.pub
openssl req -new -x509 -key holder.key -subj /CN=ci -out holder.crt -days 1
countersign request --id $prefix/job --key agent.key -o job.csr
countersign request --id $prefix/other --key other.key -o other.csr
countersign request --id $prefix --key agent.key -o itself.csr
countersign request --id ${prefix}x/job --key agent.key -o outside.csr
owner="--key file:owner.key --owner $alice"
# shellcheck disable=SC2086 # options
sign() {
	countersign sign $owner "$@"
}
give() {
	sign --bind grant="$prefix" --holder holder.pub "$@"
}
under() {
	countersign sign --yes --under grant --key holder.key "$@"
}
refused() { # REASON NAME COMMAND...: exits 1 for this reason
	reason=$1
	name=$2
	shift 2
	exits 1 "$name" "$@"
	cp out said
	ok "$reason" jq -e --arg r "$reason" '.error.reason == $r' out
}

ok "a grant" give --yes -o grant --tbs-out grant.der
tr -s ' \n' ' ' <err >page
says "to whom" page "GRANT $prefix TO P-256 key SHA256:$(openssl pkey \
    -in holder.key -pubout -outform DER | openssl dgst -sha256 -binary |
    openssl base64 -A | tr -d =) file holder.pub"
says "says what the holder can do" page "whoever has this key can approve, in \
the name of $alice and without asking again, any request of an agent below \
$prefix, at https://corp.example, from "
says "how often and how long" page "together 100 credentials of each kind \
(X.509, WIT) for at most 1h each, the last of which ends at "
ok "show" countersign show grant
says "shows the holder's key" out "holder's key hash: SHA256:"
says "and for whom" out "agents below: $prefix"
ok "30 days, 100 credentials" sh -c '"$COUNTERSIGN" show --json grant |
    jq -e ".objects[0] | (.not_after | fromdate) - (.not_before | fromdate) ==
    30 * 86400 + 300 and .max_issuances == 100 and
    .subjects[0].kind == \"grant\""'
ok "the subject is tagged [2]" sh -c 'openssl asn1parse -inform DER \
    -in grant.der | grep -q "cont \[ 2 \]"'
ok "90 days are 90 days" give --yes --for 90d -o ninety
ok "the five minutes included" sh -c '"$COUNTERSIGN" show --json ninety |
    jq -e ".objects[0] | (.not_after | fromdate) - (.not_before | fromdate) ==
    90 * 86400"'
ok "to a certificate" sign --yes --bind grant=$prefix --holder holder.crt \
    --for 1d --uses 5 --max-lifetime 10m --json -o small
ok "as fields" jq -e --arg p $prefix '.binds == "grant" and
    .agents_below == $p and .max_issuances == 5 and
    (.sentence | startswith("whoever has this key"))' out
ok "is to the same key" sh -c '
    a=$("$COUNTERSIGN" show --json grant | jq .objects[0].subjects) &&
    b=$("$COUNTERSIGN" show --json small | jq .objects[0].subjects) &&
    [ "$a" = "$b" ]'

answer() { # word; the status that follows
	rm -f asked
	on_terminal <<END >terminal
run sign $owner --bind grant=$prefix --holder holder.pub -o asked
asks {Type grant to sign: \$}
send "$1\\r"
ended $2
END
}
answer yes 1
report $? "yes gives no grant"
[ ! -e asked ]
report $? "nothing is written"
answer grant 0
report $? "the word is grant"
exits 7 "nobody to ask" give
says "it says for what" err "approval needed, a grant"
says "and the command" err "for the owner: countersign sign --key \
file:owner.key --owner $alice --bind grant=$prefix --holder holder.pub"

exits 2 "a request beside" give --yes job.csr
exits 2 "no holder" sign --yes --bind grant=$prefix
exits 2 "a holder without a grant" sign --yes --holder holder.pub job.csr
exits 2 "a trust domain as prefix" sign --yes --holder holder.pub \
    --bind grant=wimse://corp.example
exits 2 "half a segment" sign --yes --holder holder.pub --bind grant=$prefix/
for o in --each --nonce=00112233445566778899aabbccddeeff --renewable=1h \
    --deny --batch=.; do
	exits 2 "not with $o" give --yes "$o"
done
openssl pkey -in owner.key -pubout -out owner.pub
refused key-reuse "to the owner's own key" sign --yes --json \
    --bind grant=$prefix --holder owner.pub
exits 3 "a private key as holder" sign --yes --bind grant=$prefix \
    --holder holder.key
cat holder.pub owner.pub >pubs
exits 3 "two holders" sign --yes --bind grant=$prefix --holder pubs
exits 3 "a text" sign --yes --bind grant=$prefix --holder page
openssl genpkey -algorithm ED448 2>/dev/null | openssl pkey -pubout -out 448.pub
exits 3 "a key of another kind" sign --yes --bind grant=$prefix \
    --holder 448.pub

# The holder
ok "an approval under it" under job.csr -o use --json
is "comes with the grant" "$(grep -c 'BEGIN OWNER APPROVAL' use)" 2
ok "for the owner who gave it" jq -e --arg o $alice '.owner == $o and
    .authority == "https://corp.example"' out
ok "shown" countersign show --json use
ok "grant first, then its use" jq -e '.objects[0].tbs_sha256 as $g |
    .objects[0].subjects[0].kind == "grant" and
    .objects[1].under_grant == $g' out
ok "under the small one" countersign sign --yes --under small \
    --key holder.key job.csr --json
says "the page says so" err "UNDER       a grant by the key"
ok "its life gives way" jq -e '.max_lifetime == 600' out
for beyond in --for=2d --max-lifetime=11m --uses=6; do
	refused grant-invalid "beyond it: $beyond" countersign sign --yes \
	    --json --under small --key holder.key $beyond job.csr
done
says "says by how much" said "--uses: 6, the grant has 5 left"
ok "up to it" countersign sign --yes --under small --key holder.key \
    --uses 5 --max-lifetime 10m job.csr
refused grant-invalid "another's key" countersign sign --yes --json \
    --under grant --key other.key job.csr
refused grant-invalid "the owner's own key" countersign sign --yes --json \
    --under grant --key owner.key job.csr
refused grant-invalid "an agent beside" under --json outside.csr
refused grant-invalid "the prefix itself" under --json itself.csr
countersign request --id $prefix/h --key holder.key -o h.csr
refused key-reuse "the holder as agent" under --json h.csr
countersign request --id $prefix/o --key owner.key -o o.csr
refused key-reuse "the owner as agent" under --json o.csr
exits 2 "another owner" under --owner mailto:bob@corp.example job.csr
exits 2 "another authority" under --authority https://ca.example job.csr
for o in --renewable=1h --bind=key --deny; do
	exits 2 "not with $o" under "$o" job.csr
done
exits 2 "not a batch" under job.csr other.csr
sign --yes job.csr -o plain 2>/dev/null
refused grant-invalid "under what is no grant" countersign sign --yes --json \
    --under plain --key holder.key job.csr
refused grant-invalid "under two" countersign sign --yes --json \
    --under use --key holder.key job.csr
ok "one each" under --each job.csr other.csr
is "both with the grant" "$(cat job.csr.approval other.csr.approval |
    grep -c 'BEGIN OWNER')" 4
exits 7 "nobody to ask" countersign sign --under grant --key holder.key job.csr
says "names the grant" err "--under grant $XDG_RUNTIME_DIR"

# What the agent does with them
attach() {
	countersign attach --key agent.key --json job.csr "$@"
}
ok "attached" attach use -o composite.csr
ok "are two" jq -e '.approvals == 2' out
awk '/BEGIN/ { n++ } n == 2' use >just-use
ok "in any order" attach just-use grant
refused grant-invalid "the grant alone" attach grant
says "says so" said "is a grant without its use"
refused grant-invalid "the use alone" attach just-use
says "says so" said "is the use of a grant that is not here"
under job.csr -o use2 2>/dev/null
awk '/BEGIN/ { n++ } n == 2' use2 >just-use2
refused grant-invalid "two uses" attach use just-use2
refused grant-invalid "the use of another grant" attach just-use small
exits 1 "another's use" attach other.csr.approval
ok "beside an approval of the owner's" attach use plain
anchor $alice 'agents="wimse://corp.example/ci",no-touch-required,grants' \
    owner.key >owners
chmod 600 owners
ok "the verifier takes both" countersign verify --owners owners \
    --authority https://corp.example composite.csr

done_testing

#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the countersign authors
#
# countersign sign for several requests: one approval for all, one for each.
# shellcheck disable=SC2016,SC2317 # words for sh -c and jq; run by name
# shellcheck source=tap.sh
. "$SRCDIR/tests/regress/tap.sh"
# shellcheck source=softhsm.sh
. "$SRCDIR/tests/regress/softhsm.sh"
need openssl expect jq

base=wimse://corp.example/agent
alice=mailto:alice@corp.example
new_key owner.key
mkdir in
for i in 1 2 3; do
	new_key "agent$i.key"
	countersign request --id $base/a$i --key agent$i.key -o in/r$i.csr \
	    --purpose "task $i"
done
cp in/r3.csr in/r3.txt
cp agent1.key in/.hidden.csr
ln -s ../agent1.key in/link.csr
mkdir in/folder.req
owner="--key file:owner.key --owner $alice"
# shellcheck disable=SC2086 # options
sign() {
	countersign sign $owner "$@"
}

ok "a folder" sign --yes --batch in -o all.approval --tbs-out all.der
mv err page
says "says how many" page "BATCH       3 requests, 1 approval"
says "that it is for each" page "a credential for each of these requests"
is "in the order of names, numbered" \
    "$(sed -n 's/^\([0-9]\) .*/\1/p' page | tr '\n' ' ')" "1 2 3 "
says "with the agent" page "            $base/a2"
says "its words behind a bar" page "| purpose: task 2"
says "and the file" page "| file: in/r2.csr"
ok "the approval" countersign show --json all.approval
cp out all.json
ok "has one subject a request" jq -e '.objects[0].subjects | length == 3' \
    all.json
ok "in one SEQUENCE OF tagged [0]" sh -c 'openssl asn1parse -inform DER \
    -in all.der | grep -c "cont \[ 0 \]" | grep -qx 3'
ok "files by name" sign --yes in/r3.csr in/r1.csr --json
ok "are numbered as they stand" jq -e '[.requests[] | [.number, .request]] ==
    [[1, "in/r3.csr"], [2, "in/r1.csr"]] and
    .requests[0].agent_says.purpose == "task 3"' out
mkdir one
cp in/r1.csr one
ok "a folder with one request" sign --yes --batch one --json
ok "is a batch still" jq -e '.requests | length == 1' out

# The approval of a batch is each request's
for i in 1 2 3; do
	ok "attach to r$i" countersign attach --key agent$i.key in/r$i.csr \
	    all.approval -o composite$i.csr
done
anchor $alice 'agents="wimse://corp.example/agent",no-touch-required' \
    owner.key >owners
chmod 600 owners
ok "the verifier takes it" countersign verify --owners owners \
    --authority https://corp.example composite2.csr

# Answers
rm all.approval
script() { # answers; the status that follows
	on_terminal <<END >terminal
run sign $owner --batch in -f -o all.approval
$1
ended $2
END
}
question='asks {Type yes to sign, or the numbers to leave out: $}'
script "$question
send {2 }
send \"\\r\"
$question
send \"yes\\r\"" 0
report $? "a number leaves one out, and the list is shown again"
is "without it" "$(tr -d '\r' <terminal | grep -c '^2  ')" 1
says "as a batch of two" terminal "BATCH       2 requests, 1 approval"
countersign show --json all.approval >all.json
ok "what was shown is what is signed" jq -e \
    '[.objects[0].subjects[].agent] == ["wimse://corp.example/agent/a1",
    "wimse://corp.example/agent/a3"]' all.json
script "$question
send \"1, 3\\r\"
$question
send \"yes\\r\"" 0
report $? "several numbers"
ok "leave one request" sh -c 'countersign() { "$COUNTERSIGN" "$@"; }
    countersign show --json all.approval | jq -e \
    ".objects[0].subjects | length == 1"'
rm all.approval
for word in '1 2 3' '7' '0' '99999999999999999999' 'no' '' '1 x' '-1' ','; do
	script "$question
send -- {$word}
send \"\\r\"" 1
	report $? "'$word' declines"
	[ ! -e all.approval ]
	report $? "and nothing is signed"
done
script "$question
send \"2\\r\"
$question
send \"2\\r\"" 1
report $? "a number that is left out already declines"

# Refused
exits 1 "the same request twice" sign --yes in/r1.csr in/r1.csr --json
ok "with both names" jq -e '.error.reason == "duplicate" and
    .error.text == "in/r1.csr and in/r1.csr are the same request"' out
countersign request --id $base/a1 --key agent1.key -o again.csr
ok "two requests of one agent" sign --yes in/r1.csr again.csr
exits 1 "but one key, when keys are bound" sign --yes --bind key in/r1.csr \
    again.csr --json
ok "is a duplicate" jq -e '.error.reason == "duplicate"' out
countersign request --id $base/b --key agent1.key -o bob.csr \
    --owner mailto:bob@corp.example
exits 1 "one that asks another owner" sign --yes in/r1.csr bob.csr --json
ok "refuses all, by name" jq -e '.error.reason == "wrong-owner" and
    (.error.text | startswith("bob.csr: "))' out
countersign request --id $base/self --key owner.key -o self.csr
exits 1 "one of the owner's own key" sign --yes in/r1.csr self.csr --json
ok "is named" jq -e '.error.reason == "key-reuse" and
    (.error.text | startswith("self.csr: "))' out
printf 'x\n' >in/bad.csr
exits 3 "a file that is none" sign --yes --batch in
says "is named" err "in/bad.csr"
rm in/bad.csr
mkdir empty
exits 9 "an empty folder" sign --yes --batch empty
exits 9 "no folder" sign --yes --batch none
exits 2 "a folder and a file" sign --yes --batch in in/r1.csr
exits 2 "neither" sign --yes
countersign request --id wimse://other.example/a --key agent1.key -o o.csr
exits 2 "two trust domains" sign --yes in/r1.csr o.csr
says "want an authority" err "--authority or --each is missing"
ok "which may be given" sign --yes in/r1.csr o.csr \
    --authority https://ca.example
mkdir many
for i in $(seq 65); do
	cp in/r1.csr "many/$i.csr"
done
exits 1 "65 requests" sign --yes --batch many --json
ok "are too many" jq -e '.error.reason == "too-large"' out
name="a$(printf '\033[2J')b.csr"
cp in/r1.csr "$name"
ok "controls in a file's name" sign --yes "$name" in/r2.csr
silent "do not reach the terminal" err "$(printf '\033')"

# Nobody to ask
exits 7 "without a terminal" sign --batch in
says "each is saved" err "request saved: $XDG_RUNTIME_DIR/countersign/"
is "all three" "$(grep -c '^ *request saved: ' err)" 3
says "and the command names them" err "for the owner: countersign sign \
--key file:owner.key --owner $alice $XDG_RUNTIME_DIR/countersign/"
sed -n 's/^for the owner: countersign/setsid -w "$COUNTERSIGN"/p' err >pasted
echo "$(cat pasted) --yes --json" >pasted
ok "as it stands" sh pasted
ok "it signs these" jq -e '.requests | length == 3' out
ok "the folder of what waits is a batch" sign --yes \
    --batch "$XDG_RUNTIME_DIR/countersign"

# --each
softhsm_token alice
softhsm_key alice 01 approvals EC:prime256v1
token="pkcs11:token=alice;object=approvals$at"
echo 1234 >pin
ok "one approval each, one login" sh -c 'exec setsid -w "$COUNTERSIGN" sign \
    --yes --each --key "$1" --owner "$2" --batch in --pin-fd 3 --json 3<pin' \
    sh "$token" $alice
cp out each.json
ok "beside the requests" jq -e '[.approvals[].file] ==
    ["in/r1.csr.approval", "in/r2.csr.approval", "in/r3.csr.approval"]' \
    each.json
ok "each an approval of its own" jq -e \
    '[.requests[].approval_id] | unique | length == 3' each.json
ok "of one request" sh -c '"$COUNTERSIGN" show --json in/r2.csr.approval |
    jq -e "[.objects[0].subjects[].agent] ==
    [\"wimse://corp.example/agent/a2\"]"'
exits 9 "nothing is overwritten" sign --yes --each --batch in
says "by name" err "in/r1.csr.approval exists"
ok "but with -f" sign --yes --each -f --batch in
mkdir outbox
ok "--out is a folder" sign --yes --each --out outbox in/r1.csr in/r2.csr
[ -s outbox/r1.csr.approval ] && [ -s outbox/r2.csr.approval ]
report $? "that gets them"
exits 2 "a file is none" sign --yes --each --out owner.key in/r1.csr
mkdir two
cp again.csr two/r1.csr
exits 2 "two requests whose approvals have one name" sign --yes --each \
    --out outbox -f in/r1.csr two/r1.csr
says "are named" err "would both be outbox/r1.csr.approval"
ok "two trust domains, each its authority" sign --yes --each in/r1.csr -f \
    o.csr --json
ok "of its own" jq -e '[.requests[].authority] ==
    ["https://corp.example", "https://other.example"]' out
exits 2 "standard input has no name" sign --yes --each - <in/r1.csr
exits 2 "--tbs-out is of one" sign --yes --each --tbs-out t in/r1.csr
rm -f in/*.approval
mkdir in/r2.csr.approval
exits 9 "one that cannot be written" sign --yes --each -f --batch in
[ ! -e in/r1.csr.approval ]
report $? "leaves no other"

done_testing

#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the countersign authors
#
# countersign attach: what fits together and what does not.
# shellcheck disable=SC2016,SC2317 # words for sh -c and jq; run by name
# shellcheck source=tap.sh
. "$SRCDIR/tests/regress/tap.sh"
need openssl jq

id=wimse://corp.example/agent/alice/mail
new_key agent.key
new_key alice.key
new_key bob.key P-384
countersign request --id $id --key agent.key -o agent.csr
approve() { # NAME REQUEST
	countersign sign --key "file:$1.key" --yes \
	    --owner "mailto:$1@corp.example" "$2" -o "$3" 2>/dev/null
}
approve alice agent.csr alice.approval
approve bob agent.csr bob.approval

ok "one approval" countersign attach --key agent.key agent.csr \
    alice.approval -o one.csr
empty "nothing on standard output" out
ok "openssl verifies the composite" openssl req -in one.csr -noout -verify
ok "the request's digest stays" sh -c '
	a=$("$COUNTERSIGN" show agent.csr | grep "^  request digest") &&
	b=$("$COUNTERSIGN" show one.csr | grep "^  request digest") &&
	[ "$a" = "$b" ]'
ok "two approvals" countersign attach --key agent.key agent.csr \
    alice.approval bob.approval -o two.csr
cat alice.approval bob.approval >both
ok "two in one file" countersign attach --key agent.key agent.csr both --json
ok "are two" jq -e '.ok and .approvals == 2' out
ok "one more" countersign attach --key agent.key one.csr bob.approval --json
jq -r .request out >more.csr
ok "keeps the first" jq -e '.approvals == 2' out
ok "in its place" sh -c '"$COUNTERSIGN" show more.csr --json |
    jq -e ".objects[0].approvals[0].owner == \"mailto:alice@corp.example\""'
countersign show --cms alice.approval >alice.cms
ok "an approval as CMS" countersign attach --key agent.key agent.csr alice.cms
ok "an approval from standard input" sh -c '"$COUNTERSIGN" attach \
    --key agent.key agent.csr - <alice.approval'

refused() { # REASON NAME ARGUMENTS
	reason=$1
	name=$2
	shift 2
	exits 2 "the composite over the key" countersign attach --key agent.key \
    -f -o agent.key agent.csr alice.approval
ok "the key is still one" openssl pkey -in agent.key -noout
exits 1 "$name" countersign attach --key agent.key --json "$@"
	ok "$reason" jq -e --arg r "$reason" '.error.reason == $r' out
}
refused duplicate "the same approval twice" agent.csr alice.approval \
    alice.approval
refused duplicate "the one that is there" one.csr alice.approval
countersign request --id $id/other --key agent.key -o other.csr
approve alice other.csr other.approval
refused binding-mismatch "an approval of another agent" agent.csr \
    other.approval
countersign request --id $id --key agent.key --purpose changed -o changed.csr
refused binding-mismatch "a request that changed since" changed.csr \
    alice.approval
exits 1 "the wrong key" countersign attach --key alice.key agent.csr \
    alice.approval
says "is said" err "--key is not the key of this request"
exits 3 "no approval in the file" countersign attach --key agent.key \
    agent.csr agent.csr
printf 'text\n' >text
exits 3 "a text" countersign attach --key agent.key agent.csr text
exits 2 "no approval" countersign attach --key agent.key agent.csr
exits 2 "no key" countersign attach agent.csr alice.approval
exits 9 "no file" countersign attach --key agent.key agent.csr none
exits 9 "nothing is overwritten" countersign attach --key agent.key \
    agent.csr alice.approval -o one.csr
ok "but with -f" countersign attach --key agent.key agent.csr \
    alice.approval -fo one.csr
for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17; do
	approve alice agent.csr "n$i"
done
ok "sixteen approvals" countersign attach --key agent.key agent.csr n1 n2 n3 \
    n4 n5 n6 n7 n8 n9 n10 n11 n12 n13 n14 n15 n16
exits 3 "not seventeen" countersign attach --key agent.key agent.csr n1 n2 n3 \
    n4 n5 n6 n7 n8 n9 n10 n11 n12 n13 n14 n15 n16 n17

done_testing

#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the countersign authors
#
# The audit log of claims that the command made: when the owner has another key,
# when the store was restored, and when somebody put an old file in its place.
# shellcheck source=tap.sh
. "$SRCDIR/tests/regress/tap.sh"
# shellcheck source=issuer.sh
. "$SRCDIR/tests/regress/issuer.sh"
need openssl jq sqlite3
need_sqlite
issuer

audit() { # VERB OPTIONS
	countersign audit "$@" --store sqlite:db
}
head_of() { # STORE
	countersign audit verify --store "$1" | sed -n 's/^head: //p'
}

countersign store init --store sqlite:db --authority $authority >/dev/null
approved first
ok "claimed" claim_in sqlite:db first.csr
ok "the log holds" audit verify
says "with its approval" out "approvals checked again: 1"
first=$(head_of sqlite:db)

# The key is rotated: no line has it any more.
audit show 1 --json >show.json
cp alice.key old.key
new_key alice.key
anchor $alice "agents=\"$base\",no-touch-required" alice.key >owners
exits 1 "with another key in the owners file" claim_in sqlite:db first.csr
says "the old one approves nothing" out "refused: unknown-owner-key: "
ok "and what it approved" audit verify
says "holds" out "approvals checked again: 1"
ok "as the record" audit show 1
says "says" out "approvals, checked again: good"
is "by the key that stands there" \
    "$(jq -r '.approvals[0].key.key_hash' show.json)" \
    "SHA256:$(openssl pkey -in old.key -pubout -outform DER |
    openssl dgst -sha256 -binary | openssl base64 -A | tr -d =)"
approved second
ok "claimed by the new one" claim_in sqlite:db second.csr
ok "both" audit verify --head "$first"
says "hold" out "approvals checked again: 2"

# Restored: the claim that came behind the copy is not there any more.
ok "copied" countersign store backup --store sqlite:db -o copy
approved third
ok "one more" claim_in sqlite:db third.csr
noted=$(head_of sqlite:db)
rm -f db db-wal db-shm
mv copy db
ok "restored" countersign store restore --store sqlite:db
ok "the log holds" audit verify --head "$first"
says "with both" out "approvals checked again: 2"
says "and the floor" out "records: 3"
is "which is its last record" \
    "$(audit list --last 1 --json | jq -r '.records[0].event')" floor
exits 1 "a head that was noted after the copy" audit verify --head "$noted"
says "is not in it" err "record 3: expected the hash that was noted"
exits 1 "what was approved before" claim_in sqlite:db third.csr
says "does not count again" out "refused: replayed: "

# An old file, written into the one that is there while nobody uses it, has the
# place of that one: what was used counts again, and only a head that was noted
# elsewhere tells.
countersign store init --store sqlite:one --authority $authority >/dev/null
cp one old
ok "claimed" claim_in sqlite:one --json second.csr
noted=$(head_of sqlite:one)
cp old one
ok "and again, in the old file" claim_in sqlite:one --json second.csr
ok "as if it were new" jq -e '.claim.state == "new" and
    .claim.number == 1' out
ok "by itself the log holds" countersign audit verify --store sqlite:one
exits 1 "not by the head" countersign audit verify --store sqlite:one \
    --head "$noted"
ok "restore" countersign store restore --store sqlite:one
exits 1 "ends it" claim_in sqlite:one second.csr
says "for everything of before" out "refused: replayed: "

done_testing

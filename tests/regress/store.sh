#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the countersign authors
#
# countersign store: made once, copied while it is in use, restored with a
# floor, and never a yes when something is wrong with it.
# shellcheck disable=SC2016,SC2317 # words for sh -c and jq; run by name
# shellcheck source=tap.sh
. "$SRCDIR/tests/regress/tap.sh"
# shellcheck source=issuer.sh
. "$SRCDIR/tests/regress/issuer.sh"
need openssl jq sqlite3
need_sqlite
issuer
store() { # VERB OPTIONS
	countersign store "$@"
}

# Made once.

ok "init" store init --store sqlite:db --authority $authority
says "made" out "made: sqlite:db"
says "for whom" out "authority: $authority"
says "of which schema" out "schema: "
silent "no floor" out "floor: "
is "for its maker alone" "$(stat -c %a db)" 600
cp db before
exits 1 "once" store init --store sqlite:db --authority $authority
says "is there" err "is there already"
exits 1 "nor for another" store init --store sqlite:db \
    --authority https://other.example
same "what is there stays" before db
ok "a plain path" store init --store ./plain --authority $authority
exits 2 "without an authority" store init --store sqlite:new
exits 2 "an authority that is none" store init --store sqlite:new \
    --authority corp.example
exits 2 "without a store" store init --authority $authority
exits 2 "a store of another kind" store init --store mysql:new \
    --authority $authority
exits 2 "no verb" store
exits 9 "where no directory is" store init --store sqlite:none/new \
    --authority $authority
[ ! -e new ]
report $? "none of them made one"

# Looked at.

ok "check" store check --store sqlite:db --authority $authority
says "good" out "good: sqlite:db"
ok "check --json" store check --json --store sqlite:db
ok "has it all" jq -e --arg a $authority '.ok and .authority == $a and
    .engine == "sqlite" and .schema >= 1 and .floor == null and
    (.backup | not) and .claims == 0 and .live == 0 and
    (.audit_head.hash | length) == 64' out
exits 1 "another's" store check --store sqlite:db \
    --authority https://other.example
says "whose" err $authority
exits 9 "none" store check --json --store sqlite:none
ok "is unavailable" jq -e '.error.reason == "store-unavailable"' out
echo 'a text' >text
chmod 600 text
exits 9 "a text" store check --store sqlite:text
cp db newer
sqlite3 newer "UPDATE meta SET value_int = 99 WHERE name = 'schema'"
exits 1 "of a later release" store check --store sqlite:newer
says "says so" err "later release"
approved first
exits 1 "nobody claims in it" claim_in sqlite:newer first.csr
empty "nor is approved" out

# Copied while it is written to.

ok "a claim" claim_in sqlite:db first.csr
(
	n=0
	while [ ! -e stop ]; do
		n=$((n + 1))
		countersign revoke --store sqlite:db --reason "number $n" \
		    --agent $base/writer/$n || break
		echo $n >written
	done
) >writer.out 2>writer.err &
writer=$!
until [ -s written ]; do
	kill -0 $writer || break
done
ok "backup, beside a writer" store backup --store sqlite:db -o copy
says "where to" out "copied to: copy"
: >stop
wait $writer
empty "who noticed nothing" writer.err
is "for its maker alone" "$(stat -c %a copy)" 600
is "SQLite finds no fault" "$(sqlite3 copy 'PRAGMA integrity_check')" ok
ok "what is in it" store check --json --store sqlite:copy
ok "is a copy of what was" jq -e --argjson n "$(cat written)" '.backup and
    .claims == 1 and .revocations >= 1 and .revocations <= $n and
    .audit_head.sequence == .revocations + 1' out
exits 1 "no server issues by it" claim_in sqlite:copy first.csr
says "and why" err "backup"
empty "nothing is approved" out
exits 1 "no revocation goes there" countersign revoke --store sqlite:copy \
    --agent $base/x --reason x
cp copy copied
exits 9 "over no file" store backup --store sqlite:db -o copy
same "that is there" copied copy
exits 2 "without a file" store backup --store sqlite:db
exits 9 "of none" store backup --store sqlite:none -o other

# Restored.

approved second
ok "used after the copy" claim_in sqlite:db second.csr
rm -f db db-wal db-shm
exits 9 "the file is gone" claim_in sqlite:db second.csr
empty "nothing is approved" out
says "no store" err "no store is there"
[ ! -e db ]
report $? "and none is made"
mv copy db
ok "restore" store restore --store sqlite:db --authority $authority
says "says so" out "restored: sqlite:db"
says "a floor" out "floor: 20"
silent "no copy any more" out "backup: "
exits 1 "what was used" claim_in sqlite:db second.csr
says "does not count again" out "refused: replayed: "
approved third
exits 1 "nor what was signed before" claim_in sqlite:db third.csr
says "which nobody can tell" out "refused: replayed: "
sqlite3 db "UPDATE meta SET value_int = value_int - 600 WHERE name = 'floor'"
ok "five minutes later it does" claim_in sqlite:db third.csr
ok "what was revoked is" countersign status --store sqlite:db --json
ok "in the copy too" jq -e '.revocations >= 1 and .floor != null' out
ok "restore of what is no copy" store restore --store sqlite:db
exits 1 "sets the floor" claim_in sqlite:db third.csr
says "anew" out "refused: replayed: "
exits 1 "another's" store restore --store sqlite:db \
    --authority https://other.example
exits 9 "none" store restore --store sqlite:none

# Copied by other means: its first writer notices.

store init --store sqlite:one --authority $authority >/dev/null
ok "a claim" claim_in sqlite:one first.csr
cp one two
exits 1 "in a copy by cp" claim_in sqlite:two third.csr
says "everything is below the floor" out "refused: replayed: "
ok "which is told" countersign status --store sqlite:two
says "as one" out "floor: 20"

# Locked, full, damaged, shut.

mkfifo commands
sqlite3 -batch one <commands >locked 2>&1 &
locker=$!
exec 3>commands
printf 'BEGIN EXCLUSIVE;\nSELECT 17;\n' >&3
until grep -q 17 locked; do
	kill -0 $locker || break
done
claim_in sqlite:one second.csr >late.out 2>late.err &
late=$!
countersign revoke --store sqlite:one --agent $base/x --reason x --json \
    >revoke.out 2>revoke.err &
revoking=$!
ok "who reads does not wait" countersign status --store sqlite:one
wait $late
is "who would write gives up" $? 9
says "store-unavailable" late.out "refused: store-unavailable: "
wait $revoking
is "so does a revocation" $? 9
ok "which says so" jq -e '.error.reason == "store-unavailable" and
    .error.class == "io"' revoke.out
echo 'ROLLBACK;' >&3
exec 3>&-
wait $locker
ok "afterwards it works" claim_in sqlite:one second.csr

exits 9 "no room" sh -c "ulimit -f 16; exec \"\$COUNTERSIGN\" verify \
    --owners owners --authority $authority --policy policy \
    --store sqlite:one --claim third.csr"
silent "nothing is approved" out approved
ok "with room it works" claim_in sqlite:one third.csr
is "SQLite finds no fault" "$(sqlite3 one 'PRAGMA integrity_check')" ok
exits 9 "no room for a copy" sh -c "ulimit -f 4; exec \"\$COUNTERSIGN\" store \
    backup --store sqlite:one -o small"
[ ! -e small ]
report $? "leaves none"

sqlite3 one 'PRAGMA wal_checkpoint(TRUNCATE)' >/dev/null
head -c 4096 one >broken
dd if=/dev/urandom of=broken bs=4096 seek=1 count=20 2>/dev/null
chmod 600 broken
exits 9 "a damaged one" claim_in sqlite:broken third.csr
silent "approves nothing" out approved

done_testing

#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the countersign authors
#
# The audit log of a store in PostgreSQL: the same log, and the same that nobody
# can hide there.
# shellcheck source=tap.sh
. "$SRCDIR/tests/regress/tap.sh"
# shellcheck source=pg.sh
. "$SRCDIR/tests/regress/pg.sh"
need jq
need_pg
pg_new
vectors=$SRCDIR/tests/vectors/audit

# shellcheck disable=SC2317 # by ok
fill() { # URI
	"$BUILDDIR/tests/host/bin/auditfill" "$BUILDDIR/.libs" "$1" \
	    "$vectors/01-claimed.der" "$vectors/04-claimed-pair.der" \
	    "$vectors/05-claimed-quorum.der" "$vectors/08-denied.der" \
	    "$vectors/09-revoked-owner.der" "$vectors/15-lifted.der"
}

pg_database log
ok "a store in which something happened" fill "$store"
ok "checked" countersign audit verify --store "$store"
head=$(sed -n 's/^head: //p' out)
ok "the same in SQLite" fill sqlite:log.db
is "is the same log" "$head" "$(countersign audit verify --store log.db |
    sed -n 's/^head: //p')"
ok "listed" countersign audit list --store "$store"
is "every record" "$(wc -l <out)" "${head%%:*}"
ok "shown" countersign audit show --store "$store" 1
ok "exported" countersign audit export --store "$store" -o log.jsonl
ok "checked without a store" countersign audit verify --file log.jsonl \
    --head "$head"

# tampered NAME TEXT SQL: in one transaction, without the references that
# PostgreSQL would hold to
tampered() {
	pg_sql "CREATE DATABASE bad TEMPLATE log OWNER authority"
	pg_sql "SET session_replication_role = replica;
	    SET search_path = countersign; $3" bad >sql.out
	exits 1 "$1" countersign audit verify \
	    --store "postgresql:host=$pg dbname=bad user=authority"
	says "$1: where" err "$2"
	pg_sql 'DROP DATABASE bad'
}
tampered "a record is gone" "expected record 3, found record 4" \
    'DELETE FROM audit WHERE sequence = 3'
tampered "the end is gone" "expected record" \
    'DELETE FROM audit WHERE sequence > 6'
tampered "another credential" "record 2: the store does not have" \
    "UPDATE claim SET credential = '\\x00' WHERE number = 1"
tampered "a claim without its record" "the store does not have" \
    'UPDATE claim SET number = 99 WHERE number = 1'
tampered "a denial is gone" "the store does not have" 'DELETE FROM denial'
tampered "a revocation without its record" "the log does not have record" \
    "INSERT INTO revocation (number, what, name, time, reason, actor, live)
    VALUES (50, 1, '\\x00', 0, '', '', 0)"
done_testing

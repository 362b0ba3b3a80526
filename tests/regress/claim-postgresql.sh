#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the countersign authors
#
# The command on a store in PostgreSQL: made, claimed in, revoked, brought back
# from a dump with a floor, and no yes without its server.
# shellcheck disable=SC2016,SC2119,SC2317 # words for jq; no arguments; by name
# shellcheck source=tap.sh
. "$SRCDIR/tests/regress/tap.sh"
# shellcheck source=pg.sh
. "$SRCDIR/tests/regress/pg.sh"
# shellcheck source=issuer.sh
. "$SRCDIR/tests/regress/issuer.sh"
need openssl jq
need_pg
pg_new
issuer
id=$base/a
claim() {
	claim_in "$store" "$@"
}

pg_database corp
ok "init" countersign store init --store "$store" --authority $authority
says "made" out "engine: postgresql"
exits 1 "once" countersign store init --store "$store" --authority $authority
ok "check" countersign store check --store "$store" --authority $authority
exits 1 "of another authority" countersign store check --store "$store" \
    --authority https://other.example
exits 2 "backup" countersign store backup --store "$store" -o copy
says "is pg_dump's" err pg_dump

approved first
ok "claimed" claim --json first.csr
cp out first.claim
ok "again" claim --json first.csr
ok "is the same" jq -e --slurpfile f first.claim '.claim.state == "again" and
    .claim.serial == $f[0].claim.serial and .claim.number == 1' out
approved key --bind key --uses 1
ok "of a key" claim key.csr
countersign request --id $base/a --purpose again --key agent.key -o key2.base
countersign attach --key agent.key key2.base key.approval -o key2.csr
exits 1 "used up" claim key2.csr
says "exhausted" out "refused: exhausted: "

"$pg_bin/pg_dump" -h "$pg" -U authority -Fc corp >dump
ok "revoke" countersign revoke --store "$store" --agent $base/a --reason 'x%y'
says "two" out "credentials ended: 2"
exits 1 "what it names" claim first.csr
says "is refused" out "refused: revoked: "
ok "status" countersign status --json --store "$store" --agent $base/a
ok "has it" jq -e '.live == 0 and all(.credentials[]; .state == "ended") and
    .revoked[0].reason == "x%y" and .audit_head.sequence == 3' out

there=$store
pg_database restored
"$pg_bin/pg_restore" -h "$pg" -U authority -d restored dump
ok "a dump, brought back" countersign store restore --store "$store"
says "has a floor" out "floor: 20"
exits 1 "below which nothing counts" claim first.csr
says "again" out "refused: replayed: "
pg_database noticed
"$pg_bin/pg_restore" -h "$pg" -U authority -d noticed dump
approved later
exits 1 "its first writer notices by itself" claim later.csr
says "replayed" out "refused: replayed: "
ok "and says so" countersign status --store "$store"
says "as a floor" out "floor: 20"

store=$there
pg_stop
exits 9 "without its server" claim later.csr
silent "nothing is approved" out approved
exits 9 "nor revoked" countersign revoke --json --store "$store" \
    --agent $base/b --reason x
ok "it is unavailable" jq -e '.error.reason == "store-unavailable"' out
pg_start
ok "afterwards it works" countersign status --store "$store"

done_testing

#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the countersign authors
#
# A store in PostgreSQL is dumped while a host writes, and brought back: what was
# used before cannot be used again, whatever the dump knows of it.
# shellcheck source=../regress/tap.sh
. "$SRCDIR/tests/regress/tap.sh"
# shellcheck source=../regress/pg.sh
. "$SRCDIR/tests/regress/pg.sh"
need_pg
# shellcheck source=host.sh
. "$SRCDIR/tests/host/host.sh"
pg_new
engine=postgresql
make_store live
live=$store
make_requests "$top/requests" 150
make_requests "$top/later" 2 600

host_exec "$top/live.log" -t 2 "$top/requests" 0 150 &
other=$!
waits_for "$top/live.log.said" handled 20
ok "a dump while a host writes" "$pg_bin/pg_dump" -h "$pg" -U authority \
    --schema=countersign -Fc -f dump live
wait "$other"
is "which the host does not notice" $? 0
holds live 150 "$top/live.log"

pg_database back
ok "it is brought back into another database" "$pg_bin/pg_restore" \
    -h "$pg" -U authority -d back --exit-on-error dump
ok "of one moment" "$hosts/left" "$modules" "$store"
grep -c '^issued' out >"$top/issued"
[ "$(cat "$top/issued")" -lt 300 ]
report $? "in between: $(cat "$top/issued") credentials"

# Both what the dump knows and what it does not
exits 1 "what was approved before is not answered" host "$top/back.log" \
    "$top/requests" 0 150
is "not once" "$(answered "$top/back.log" | wc -l)" 0
is "as it is replayed" "$(grep -c '^refused: 35 ' "$top/back.log.said")" 600
ok "what is approved later is answered" host "$top/back.log" -l -900 \
    "$top/later" 0 2
"$hosts/left" "$modules" "$store" >out
is "the log says so" "$(grep -c '^floor' out)" 1

store=$live
ok "the store itself goes on" host "$top/live.log" "$top/requests" 0 150
silent "without a floor" "$top/live.log.said" 'refused: 35'
"$hosts/left" "$modules" "$store" >out
silent "in its log, too" out floor
done_testing

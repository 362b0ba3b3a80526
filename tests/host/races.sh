#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the countersign authors
#
# Two hosts of several threads race for approvals of one credential each: one of
# two requests gets it, and both hosts the same one. $RACES says how often; make
# soak has more of it.
# shellcheck source=../regress/tap.sh
. "$SRCDIR/tests/regress/tap.sh"
# shellcheck source=../regress/pg.sh
. "$SRCDIR/tests/regress/pg.sh"
# shellcheck source=host.sh
. "$SRCDIR/tests/host/host.sh"
races=${RACES:-500}
make_requests "$top/requests" "$races"

raced() {
	make_store races
	host_exec "$top/$engine.one.log" -t 4 "$top/requests" 0 "$races" &
	other=$!
	host "$top/$engine.two.log" -t 4 -r "$top/requests" 0 "$races"
	is "$engine: a host answers all it is asked" $? 0
	wait "$other"
	is "$engine: and the other" $? 0
	for half in one two; do
		is "$engine: one request of two each, of either kind" \
		    "$(tail -n 1 "$top/$engine.$half.log.said")" \
		    "answered $((2 * races)) refused $((2 * races)) failed 0"
	done
	holds "$engine" "$races" "$top/$engine".*.log
}

engine=sqlite
[ ! -e "$modules/store-sqlite.so" ] || raced
engine=postgresql
if [ -e "$modules/store-postgresql.so" ]; then
	need_pg
	pg_new
	raced
fi
done_testing

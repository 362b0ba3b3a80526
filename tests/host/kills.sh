#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the countersign authors
#
# Hosts and servers that are killed at random points: nothing is issued twice,
# and nothing that was answered is lost. $KILLS says how often; make soak has
# more of it.
# shellcheck source=../regress/tap.sh
. "$SRCDIR/tests/regress/tap.sh"
# shellcheck source=../regress/pg.sh
. "$SRCDIR/tests/regress/pg.sh"
# shellcheck source=host.sh
. "$SRCDIR/tests/host/host.sh"
kills=${KILLS:-50}
make_requests "$top/requests" $((kills + 2))

# A host dies within the way of two approvals, about as many points as there
# are; one that comes through is none. What it had begun the next one is asked
# again.
killed_hosts() {
	i=0
	run=0
	while [ "$i" -lt "$kills" ] && [ "$run" -lt $((4 * kills)) ]; do
		run=$((run + 1))
		host "$top/$engine.$run.log" -d 40 -t 2 "$top/requests" "$i" \
		    $((i + 2))
		status=$?
		case $status in
		137) i=$((i + 1)) ;;
		0) ;;
		*)
			report 1 "$engine: a host ended with $status"
			sed 's/^/# /' "$top/$engine.$run.log.said" | tail
			;;
		esac
	done 2>"$top/shell"
	is "$engine: $kills hosts were killed" "$i" "$kills"
	host "$top/$engine.last.log" -t 2 "$top/requests" 0 $((kills + 2))
	report $? "$engine: one that lives answers what they were asked"
	tail -n 1 "$top/$engine.last.log.said" | sed 's/^/# /'
	holds "$engine" $((kills + 2)) "$top/$engine".*.log
}

# The server dies below a host that goes on asking.
killed_server() {
	i=0
	host_exec "$top/server.log" -k -o -t 2 "$top/requests" 0 $((kills + 2)) &
	other=$!
	said=$top/server.log.said
	waits_for "$said" open
	while [ "$i" -lt $((kills / 10)) ]; do
		waits_for "$said" handled 5 0
		pg_stop KILL
		waits_for "$said" 'refused: 37 ' 20 0
		answered "$top/server.log" >"$top/before"
		waits_for "$said" 'refused: 37 ' 20 0
		answered "$top/server.log" >"$top/after"
		same "no answer without a store" "$top/before" "$top/after"
		pg_start -c fsync=on
		i=$((i + 1))
	done
	waits_for "$said" handled $((2 * kills + 10)) 0
	kill "$other"
	wait "$other"
	is "a host outlives its server" $? 0
	tail -n 1 "$said" | sed 's/^/# /'
	holds "server" $((kills + 2)) "$top/server.log"
}

engine=sqlite
if [ -e "$modules/store-sqlite.so" ]; then
	make_store kills
	killed_hosts
fi
engine=postgresql
if [ -e "$modules/store-postgresql.so" ]; then
	need_pg
	pg_new
	make_store kills
	killed_hosts
	make_store server
	killed_server
fi
done_testing

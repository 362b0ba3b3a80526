# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the countersign authors
#
# Sourced after tap.sh: a PostgreSQL of the script's own, behind a Unix socket
# in a folder of its own, which keeps what it is told (fsync is on). It does not
# run as root: then it runs as the user that Debian's package made.
# shellcheck shell=sh
# shellcheck disable=SC2154 # $top is tap.sh's

# pg_there: is it installed at all? Sets $pg_bin.
pg_there() {
	for pg_bin in "$(pg_config --bindir 2>/dev/null)" \
	    /usr/lib/postgresql/*/bin; do
		[ ! -x "$pg_bin/initdb" ] || break
	done
	[ -x "$pg_bin/initdb" ] && [ -x "$pg_bin/postgres" ] &&
	    command -v psql >/dev/null || return 1
	[ "$(id -u)" -ne 0 ] || id postgres >/dev/null 2>&1
}

# need_pg: skips the whole script where a store in PostgreSQL cannot be had
need_pg() {
	pg_there || {
		echo "1..0 # SKIP PostgreSQL's server is not installed"
		exit 0
	}
	[ -e "$BUILDDIR/.libs/store-postgresql.so" ] || {
		echo "1..0 # SKIP built without postgresql"
		exit 0
	}
}

# pg_as COMMAND...: as who may run it; replaces this shell
pg_as() {
	cd / || exit 1
	[ "$(id -u)" -ne 0 ] || exec setpriv --reuid=postgres \
	    --regid=postgres --init-groups "$@"
	exec "$@"
}

# pg_new: a blank one, running. A socket's name has 107 bytes at most.
pg_new() {
	for pg_name in $(env | sed -n 's/^\(PG[A-Z]*\)=.*/\1/p'); do
		unset "$pg_name"
	done
	pg=$(mktemp -d /tmp/pg.XXXXXX) || exit 1
	pg_data=$pg/data
	trap 'pg_end; rm -rf "$top" "$pg"' EXIT
	[ "$(id -u)" -ne 0 ] || chown postgres: "$pg"
	(pg_as "$pg_bin/initdb" -D "$pg_data" -U postgres -A trust \
	    -E UTF8 --locale=C.UTF-8 --no-sync --no-instructions) \
	    >"$top/pg.log" 2>&1 || {
		sed 's/^/# /' "$top/pg.log"
		echo "Bail out! initdb"
		exit 1
	}
	pg_start
	pg_sql 'CREATE ROLE authority LOGIN'
}

# pg_start [OPTION...]: of `postgres`, on $pg_data. Returns when it answers.
pg_start() {
	while :; do
		(pg_as "$pg_bin/postgres" -D "$pg_data" \
		    -c listen_addresses= -c "unix_socket_directories=$pg" \
		    -c shared_buffers=16MB -c max_connections=60 "$@") \
		    >>"$top/pg.log" 2>&1 &
		pg_pid=$!
		! pg_wait || return 0
		# Who was killed leaves children that still hold its memory.
		tail -n 3 "$top/pg.log" | grep -qF 'is still in use' || break
	done
	sed 's/^/# /' "$top/pg.log"
	echo "Bail out! no PostgreSQL"
	exit 1
}

pg_wait() {
	until "$pg_bin/pg_isready" -q -h "$pg"; do
		kill -0 "$pg_pid" 2>/dev/null || return 1
	done
}

# pg_stop [SIGNAL]: INT ends it properly, KILL does not
pg_stop() {
	kill "-${1:-INT}" "$pg_pid"
	wait "$pg_pid" 2>/dev/null
	pg_pid=
}

# shellcheck disable=SC2317 # by trap
pg_end() {
	[ -z "${pg_pid-}" ] || pg_stop
}

# pg_sql SQL [DATABASE [ROLE]]: prints bare rows
pg_sql() {
	psql -X -q -At -v ON_ERROR_STOP=1 -h "$pg" -U "${3:-postgres}" \
	    -d "${2:-postgres}" -c "$1"
}

# pg_database NAME: an empty one that belongs to the role authority; $store is
# the name of the store in it
pg_database() {
	pg_sql "CREATE DATABASE $1 OWNER authority"
	store="postgresql:host=$pg dbname=$1 user=authority"
}

#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the countersign authors
#
# The engine of "postgresql:" stores below all that a store is: what it does by
# itself, and what becomes of it when the server dies, hangs, waits for a
# replica, or was brought back from a dump. tests/host/steps.c goes step by step.
# shellcheck source=tap.sh
. "$SRCDIR/tests/regress/tap.sh"
# shellcheck source=pg.sh
. "$SRCDIR/tests/regress/pg.sh"
need_pg
pg_new

steps() { # STEP...
	"$BUILDDIR/tests/host/bin/steps" "$BUILDDIR/.libs" "$store" "$@"
}

# meanwhile STEP...: the same behind; it stops at the step `wait` until go, and
# its words are in $top/said
meanwhile() {
	rm -f "$top/go"
	mkfifo "$top/go"
	: >"$top/said"
	steps "$@" <"$top/go" >"$top/said" 2>&1 &
	other=$!
	exec 3>"$top/go"
}

# said LINE: waits until it has come to this line, up to a minute
said() {
	timeout 60 tail -n +1 -s 0.01 -f "$top/said" | grep -qxm1 "$1"
}

go() { # STATUS NAME
	echo >&3
	exec 3>&-
	wait "$other"
	is "$2" $? "$1"
	cp "$top/said" out
}

for engine in sqlite postgresql; do
	[ -e "$BUILDDIR/.libs/store-$engine.so" ] || continue
	pg_database "every_$engine"
	[ $engine = postgresql ] || store=sqlite:$top/every.db
	ok "$engine does what an engine has to" \
	    "$BUILDDIR/tests/host/bin/engine" "$BUILDDIR/.libs" "$store"
done

# One is made, by one of two
pg_database made
meanwhile create begin schema wait commit
said wait
steps create begin schema commit >out2 &
second=$!
until [ "$(pg_sql "SELECT count(*) FROM pg_stat_activity
    WHERE datname = 'made' AND wait_event_type = 'Lock'")" -eq 1 ]; do
	kill -0 "$second" || break
done
go 0 "a store is made"
wait "$second"
is "and not by another at the same moment" $? 1
says "which is told so" out2 "there is a schema countersign"
exits 1 "nor later" steps create
exits 0 "it is there" steps write begin add=1 commit
exits 2 "pg_dump copies it" steps write backup
says "which is said" out pg_dump

# What it stands on
pg_sql "ALTER ROLE authority SET search_path = public"
pg_sql "ALTER ROLE authority SET synchronous_commit = off"
pg_sql "ALTER ROLE authority SET client_min_messages = error"
pg_sql "CREATE TABLE public.s (id BIGINT); GRANT ALL ON public.s TO public;
    CREATE TABLE public.turn (id BIGINT); GRANT ALL ON public.turn TO public;
    CREATE FUNCTION public.current_setting(text) RETURNS text
    LANGUAGE sql AS 'SELECT ''taken''::text'" made
ok "nobody's tables and functions are taken" steps write begin add=2 rows \
    show=search_path show=synchronous_commit show=client_min_messages \
    show=client_encoding show=application_name commit
is "but ours" "$(paste -s -d ' ' out)" "write begin add=2 rows 2 \
show=search_path countersign, pg_temp show=synchronous_commit on \
show=client_min_messages warning show=client_encoding UTF8 \
show=application_name countersign commit"
is "theirs hold nothing" "$(pg_sql 'SELECT count(*) FROM public.s' made)" 0
pg_sql "ALTER ROLE authority SET synchronous_commit = remote_apply"
ok "what is stricter stays" steps read begin-read show=synchronous_commit
says "so" out remote_apply
pg_sql "ALTER ROLE authority RESET ALL"
pg_sql "GRANT CREATE ON SCHEMA countersign TO public" made
exits 9 "not where everybody makes tables" steps write
says "which is said" out "everybody may make tables"
pg_sql "REVOKE CREATE ON SCHEMA countersign FROM public" made

there=$store
for name in "$there password=s3cret" "postgresql://a:s3cret@localhost/made"; do
	store=$name
	exits 2 "no password in a name" steps write
	silent "nor in what is said of it" out s3cret
done
store="postgresql:host=$pg sslpasword=s3cret"
exits 2 "no word that libpq does not know" steps write
silent "whatever stands behind it" out s3cret
store="postgresql://authority@/made?host=$pg"
ok "a URI is as good" steps write
store="postgresql:host=$pg dbname=nowhere user=authority"
exits 9 "no such database" steps write
says "as the server says" out 'database "nowhere" does not exist'
store=$there

# A writer that hangs, and one that is gone
meanwhile write ms=1500 begin add=10 wait commit
said wait
kill -STOP "$other"
ok "a writer that hangs holds up nobody for longer than it may" \
    steps ms=10000 write begin add=11 rows commit
kill -CONT "$other"
go 9 "and has written nothing itself"
meanwhile write begin add=12 wait commit
said wait
kill -KILL "$other"
exec 3>&-
wait "$other" 2>"$top/log"
ok "one that was killed neither" steps write begin add=13 rows commit
says "they left nothing" out 4
meanwhile write begin add=14 wait commit
said wait
exits 9 "two do not write at once" steps write ms=300 begin
go 0 "the one that was first does"

# A server that hangs
meanwhile write begin add=20 wait ms=1000 commit
said wait
backend=$(pg_sql "SELECT pid FROM pg_stat_activity WHERE
    state = 'idle in transaction' AND datname = 'made'")
kill -STOP "$backend"
go 9 "a server that hangs has not said yes"
says "but nothing" out "gave no answer in time"
kill -CONT "$backend"
kill -STOP "$pg_pid"
exits 9 "nor is it waited for when it takes nobody" steps ms=500 write
store="$there connect_timeout=1"
exits 9 "nor for longer than the name says" steps write
kill -CONT "$pg_pid"
store=$there

# A server that dies
meanwhile write begin add=30 wait commit
said wait
pg_stop KILL
exits 9 "no store while the server is down" steps write
go 9 "no yes by a server that died"
pg_start
ok "it is back" steps write begin add=31 rows commit
meanwhile write begin add=32 commit wait begin add=33 commit
said wait
pg_stop KILL
go 9 "a connection that is lost stays lost"
pg_start
rows_left=$(pg_sql 'SELECT id FROM countersign.s ORDER BY id' made |
    paste -s -d ' ' -)
case $rows_left in
"1 2 11 13 14 31 32" | "1 2 11 13 14 20 31 32") found=0 ;;
*) found=1 ;;
esac
report $found "what was answered is there: $rows_left"

# A replica that is not waited for
pg_sql "ALTER SYSTEM SET synchronous_standby_names = 'nobody'"
pg_sql "SELECT pg_reload_conf()" >"$top/log"
meanwhile write begin add=40 wait commit
said wait
echo >&3
exec 3>&-
until backend=$(pg_sql "SELECT pid FROM pg_stat_activity WHERE
    wait_event = 'SyncRep' AND application_name = 'countersign'") &&
    [ -n "$backend" ]; do
	kill -0 "$other" || break
done
pg_sql "SELECT pg_cancel_backend($backend)" >"$top/log"
wait "$other"
is "a commit that did not wait for its replica is no yes" $? 9
says "as the server warns" "$top/said" "synchronous replication"
pg_sql "ALTER SYSTEM RESET synchronous_standby_names"
pg_sql "SELECT pg_reload_conf()" >"$top/log"

# Where it is
place() {
	steps read place | sed -n 's/^postgresql //p'
}
first=$(place)
is "a place stays" "$(place)" "$first"
"$pg_bin/pg_dump" -h "$pg" -U authority --schema=countersign -Fc made >dump
pg_database back
"$pg_bin/pg_restore" -h "$pg" -U authority -d back dump
second=$(place)
ok "a dump in another database is a store" steps write begin add=50 rows commit
[ "$first" != "$second" ]
report $? "in another place"
store=$there
pg_sql "DROP SCHEMA countersign CASCADE" made authority 2>"$top/log"
"$pg_bin/pg_restore" -h "$pg" -U authority -d made dump
[ "$(place)" != "$first" ]
report $? "in the same database, too"
third=$(place)
pg_sql "TRUNCATE countersign.turn, countersign.s" made authority
"$pg_bin/pg_restore" -h "$pg" -U authority -d made --data-only dump
[ "$(place)" != "$third" ]
report $? "and when its rows alone came back"
third=$(place)
pg_sql "VACUUM (FULL, FREEZE)" made
pg_stop
pg_start
is "but not by what the server does for itself" "$(place)" "$third"

# A standby, whose primary is lost
(pg_as "$pg_bin/pg_basebackup" -h "$pg" -U postgres -D "$pg/standby" -R \
    -X stream -c fast --no-sync) 2>"$top/log"
pg_stop
pg_data=$pg/standby
pg_start
is "a standby is the same place" "$(place)" "$third"
exits 9 "where nothing can be written" steps write
says "as it says" out "is a standby"
pg_sql 'SELECT pg_promote()' >"$top/log"
[ "$(place)" != "$third" ]
report $? "until it is none: what it had not heard of is lost"
ok "and it is written to" steps write begin add=60 commit
pg_stop
pg_start -c fsync=off

# A server that forgets
exits 9 "a server without fsync stores nothing" steps write
says "which is said" out "fsync = off"
ok "but it may be read" steps read begin-read rows

done_testing

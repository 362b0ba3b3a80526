#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the countersign authors
#
# What each set of system calls lets a process do, and what ends it; both
# engines of stores are used within. Valgrind's own calls would end it, so this
# is no unit test.
# shellcheck source=tap.sh
. "$SRCDIR/tests/regress/tap.sh"
# shellcheck source=pg.sh
. "$SRCDIR/tests/regress/pg.sh"

program=$BUILDDIR/tests/net/bin/sandbox
[ -x "$program" ] || {
	echo "1..0 # SKIP built without the server"
	exit 0
}
need_pg
pg_new
pg_database boxed
cd "$BUILDDIR" || exit 1
"$program" "$store" "$pg"

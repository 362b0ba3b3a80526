#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the countersign authors
#
# The unit tests of claims, revocations and memory once more, in PostgreSQL: one
# statement serves every engine.
# shellcheck source=tap.sh
. "$SRCDIR/tests/regress/tap.sh"
# shellcheck source=pg.sh
. "$SRCDIR/tests/regress/pg.sh"
need_pg
pg_new

for test in claim claimuse claimlife claimrace revoke memory pending issued; do
	pg_database "store_$test"
	ok "$test in PostgreSQL" env "COUNTERSIGN_TEST_STORE=$store" \
	    "$BUILDDIR/tests/unit/bin/store_$test"
	says "was run: $(tail -n 1 out)" out '1..'
done
done_testing

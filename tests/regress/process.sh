#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the countersign authors
#
# Processes that start themselves again: under valgrind that would be valgrind,
# so this is no unit test.

[ -x "$BUILDDIR/tests/net/bin/process" ] || {
	echo "1..0 # SKIP built without the server"
	exit 0
}
exec "$BUILDDIR/tests/net/bin/process"

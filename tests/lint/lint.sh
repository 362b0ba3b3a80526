# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the countersign authors
#
# Sourced by the lints: TAP for findings. SRCDIR is the source tree, BUILDDIR
# the built one; a lint started by hand takes the tree that it stands in.
# shellcheck shell=sh

SRCDIR=${SRCDIR:-$(CDPATH='' cd -- "$(dirname -- "$0")/../.." && pwd)}
BUILDDIR=${BUILDDIR:-$SRCDIR}
LINTDIR=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
cd "$SRCDIR" || exit 99
tap_run=0
tap_failed=0

# clean NAME FINDINGS: passes when there are none, else shows them.
clean() {
	tap_run=$((tap_run + 1))
	if [ -z "$2" ]; then
		echo "ok $tap_run - $1"
		return
	fi
	tap_failed=$((tap_failed + 1))
	echo "not ok $tap_run - $1"
	printf '%s\n' "$2" | sed 's/^/# /'
}

skip() {
	tap_run=$((tap_run + 1))
	echo "ok $tap_run # SKIP $1"
}

done_testing() {
	echo "1..$tap_run"
	[ "$tap_failed" -eq 0 ]
}

# Sources without comments, string and character literals: "FILE:LINE:text".
code() {
	awk -f "$LINTDIR/code.awk" "$@"
}

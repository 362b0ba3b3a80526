#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the countersign authors
#
# A test that no fragment of the Makefile names never runs, and nobody misses
# it. So every script below tests/ is a test, or sourced or run by one, and every
# source of tests/unit is part of a program; one with a main() is a test.
# tests/bench has its own way to be run.

. "$(dirname "$0")/lint.sh"

# "VARIABLE WORD" for each word that a fragment gives a variable
words() {
	find src tests man -name Makefile.inc -exec cat {} + 2>/dev/null | awk '
	/^#/ { next }
	/\\$/ { line = line substr($0, 1, length($0) - 1) " "; next }
	{
		line = line $0
		n = split(line, w, /[ \t]+/)
		if (w[1] ~ /^[A-Za-z0-9_]+$/ && w[2] ~ /^\+?=$/)
			for (i = 3; i <= n; i++)
				print w[1], w[i]
		line = ""
	}'
}
words=$(words)
tests=$(echo "$words" | awk '$1 ~ /TESTS$/ { print $2 }')
parts=$(echo "$words" | awk '{ print $2 }')

# among NAME LIST: one of its lines
among() {
	printf '%s\n' "$2" | grep -qxF -e "$1"
}

stray_scripts() {
	for f in $(find tests -name '*.sh' ! -path 'tests/bench/*' | sort); do
		among "$f" "$tests" ||
		    grep -rqE --include='*.sh' \
		    "^[^#]*(\.|sh) .*/$(basename "$f")\"?( |\$)" tests ||
		    echo "$f is no test, and no script has use for it"
	done
}

stray_sources() {
	for f in $(find tests/unit -name '*.c' | sort); do
		among "$f" "$parts" || echo "$f is part of no program"
		! grep -q '^main(' "$f" ||
		    among "tests/unit/bin/$(basename "$f" .c)" "$tests" ||
		    echo "$f is no test, and has a main()"
	done
}

clean "every script is a test, or one has use for it" "$(stray_scripts)"
clean "every source of a unit test is part of one" "$(stray_sources)"
done_testing

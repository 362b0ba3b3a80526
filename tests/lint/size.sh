#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the countersign authors
#
# Lengths: a function at most 80 lines, main() 40, a file 700. A function that
# is not written in the project's shape cannot be measured, so that fails too.

. "$(dirname "$0")/lint.sh"

sources=$(find src tests -name '*.[ch]' | sort)

# "LINES FILE:LINE NAME", a function from its name to its closing brace
functions() {
	# shellcheck disable=SC2086 # a list of names without blanks
	awk '
	FNR == 1 { name = ""; inside = 0 }
	/^[A-Za-z_][A-Za-z0-9_]*\(/ { name = $1; sub(/\(.*/, "", name)
		start = FNR }
	/^\{/ && name != "" { inside = 1 }
	/^\}/ && inside {
		print FNR - start + 1, FILENAME ":" start, name
		name = ""; inside = 0
	}' $sources
}

long_functions() {
	functions | awk '
	$3 == "main" && $1 > 40 { print $2, "main() has", $1, "lines, limit 40" }
	$1 > 80 { print $2, $3 "() has", $1, "lines, limit 80" }'
}

long_files() {
	for f in $sources; do
		n=$(wc -l <"$f")
		[ "$n" -le 700 ] || echo "$f has $n lines, limit 700"
	done
}

odd_functions() {
	# shellcheck disable=SC2086
	grep -nE '^[a-z].*\)[[:space:]]*\{[[:space:]]*$' $sources /dev/null
}

clean "no function above its limit" "$(long_functions)"
clean "no file above its limit" "$(long_files)"
clean "every function has its name at the start of a line" "$(odd_functions)"
functions | grep ' src/' | sort -n | awk '{ n[NR - 1] = $1 } END {
	if (NR > 0)
		printf "# %d functions: median %d, p90 %d, max %d lines\n", NR,
		    n[int(NR / 2)], n[int(NR * 0.9)], n[NR - 1] }'
done_testing

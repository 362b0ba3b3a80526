# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the countersign authors
#
# compare.awk WANT GOT: is this the output that the page shows? "..." stands
# for any text in a line, and alone on a line for any lines.

function same(want, got,  n, part, i, at) {
	n = split(want, part, /\.\.\./)
	if (n == 1)
		return want == got
	if (substr(got, 1, length(part[1])) != part[1])
		return 0
	got = substr(got, length(part[1]) + 1)
	for (i = 2; i < n; i++) {
		if ((at = index(got, part[i])) == 0)
			return 0
		got = substr(got, at + length(part[i]))
	}
	at = length(got) - length(part[n])
	return at >= 0 && substr(got, at + 1) == part[n]
}

# The lines from want[i] on against those from got[j] on; remembers how far a
# comparison came.
function fits(i, j) {
	while (i <= w && want[i] != "...") {
		if (j > furthest) {
			furthest = j
			expected = want[i]
		}
		if (j > g || !same(want[i], got[j]))
			return 0
		i++; j++
	}
	if (i > w) {
		if (j <= g && j > furthest) {
			furthest = j
			expected = "the end"
		}
		return j > g
	}
	for (; j <= g + 1; j++)
		if (fits(i + 1, j))
			return 1
	return 0
}

FILENAME == ARGV[1] { want[++w] = $0; next }
{ got[++g] = $0 }
END {
	if (fits(1, 1))
		exit 0
	print "expected: " expected
	print "found:    " (furthest > g ? "the end" : got[furthest])
	exit 1
}

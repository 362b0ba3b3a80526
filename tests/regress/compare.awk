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

FILENAME == ARGV[1] { want[++w] = $0; next }
{ got[++g] = $0 }
END {
	i = j = 1
	while (i <= w) {
		if (want[i] == "...") {
			i++
			while (j <= g && (i > w || !same(want[i], got[j])))
				j++
			continue
		}
		if (j > g || !same(want[i], got[j])) {
			print "expected: " want[i]
			print "found:    " (j > g ? "the end" : got[j])
			exit 1
		}
		i++; j++
	}
	if (j <= g) {
		print "expected: the end"
		print "found:    " got[j]
		exit 1
	}
}

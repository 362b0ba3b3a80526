# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the countersign authors
#
# Prints C sources as "FILE:LINE:text" with comments taken out and the insides
# of string and character literals emptied, for lints that look for words.

FNR == 1 { in_comment = 0 }

{
	out = ""
	s = $0
	while (s != "") {
		if (in_comment) {
			i = index(s, "*/")
			if (i == 0)
				break
			s = substr(s, i + 2)
			in_comment = 0
		} else if (match(s, /^[^"'\/]+/)) {
			out = out substr(s, 1, RLENGTH)
			s = substr(s, RLENGTH + 1)
		} else if (substr(s, 1, 2) == "/*") {
			in_comment = 1
			s = substr(s, 3)
		} else if (substr(s, 1, 2) == "//") {
			break
		} else if (match(s, /^"([^"\\]|\\.)*"/)) {
			out = out "\"\""
			s = substr(s, RLENGTH + 1)
		} else if (match(s, /^'([^'\\]|\\.)*'/)) {
			out = out "''"
			s = substr(s, RLENGTH + 1)
		} else {
			out = out substr(s, 1, 1)
			s = substr(s, 2)
		}
	}
	print FILENAME ":" FNR ":" out
}

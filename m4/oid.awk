# SPDX-License-Identifier: BSD-2-Clause
# The content octets of the dotted OID in `arc`, as octal escapes for C;
# nothing when it is not one.
function octet(v) { return sprintf("\\%03o", v) }
function sub_id(v,  s) {
	s = octet(v % 128)
	for (v = int(v / 128); v > 0; v = int(v / 128))
		s = octet(v % 128 + 128) s
	return s
}
BEGIN {
	n = split(arc, a, ".")
	if (n < 3 || n > 16 || a[1] > 2 || (a[1] < 2 && a[2] > 39))
		exit 1
	for (i = 1; i <= n; i++)
		if (a[i] !~ /^(0|[1-9][0-9]*)$/ || a[i] >= 2147483648)
			exit 1
	s = sub_id(a[1] * 40 + a[2])
	for (i = 3; i <= n; i++)
		s = s sub_id(a[i])
	print s
}

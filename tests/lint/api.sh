#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the countersign authors
#
# libcountersign: the header's prototypes, what the library exports, the
# version script and the pages of section 3 name the same functions; and a page
# shows each prototype as the header has it.

. "$(dirname "$0")/lint.sh"

header=src/include/countersign/countersign.h
library=$BUILDDIR/.libs/libcountersign.so
tmp=$(mktemp -d) || exit 99
trap 'rm -rf "$tmp"' EXIT

# "TYPE NAME(ARGUMENTS)" a line
header_prototypes() {
	awk '
	/^COUNTERSIGN_API/ { inside = 1; text = "" }
	inside { text = text " " $0 }
	inside && /;/ {
		inside = 0
		gsub(/COUNTERSIGN_(API|USE)|;/, "", text)
		gsub(/[ \t]+/, " ", text)
		sub(/^ /, "", text)
		gsub(/\( /, "(", text)
		print text
	}' "$header"
}

page_prototypes() {
	cat man/*.3 | awk '
	$1 == ".Ft" { type = $0; sub(/^\.Ft /, "", type); gsub(/"/, "", type) }
	$1 == ".Fo" { name = $2; arguments = "" }
	$1 == ".Fa" && name != "" {
		a = $0
		sub(/^\.Fa /, "", a)
		gsub(/"/, "", a)
		arguments = arguments (arguments == "" ? "" : ", ") a
	}
	$1 == ".Fc" {
		print type (type ~ /\*$/ ? "" : " ") name "(" arguments ")"
		name = ""
	}'
}

# differ NAME FILE NAME FILE
differ() {
	comm -23 "$2" "$4" | sed "s/^/$1 alone: /"
	comm -13 "$2" "$4" | sed "s/^/$3 alone: /"
}

[ -e "$header" ] || { skip "no library here"; done_testing; exit; }
header_prototypes | sort >"$tmp/header"
page_prototypes | sort >"$tmp/pages"
sed -E 's/.*[ *](countersign_[a-z0-9_]+)\(.*/\1/' "$tmp/header" | sort \
    >"$tmp/names"
sed -nE 's/^\.Nm (countersign_[a-z0-9_]+).*/\1/p' man/*.3 | sort \
    >"$tmp/listed"
sed -nE 's/^	(countersign_[a-z0-9_]+);/\1/p' src/lib/libcountersign.map |
    sort >"$tmp/map"
[ -s "$tmp/header" ] || clean "prototypes" "none found in $header"
clean "every prototype stands in a page of section 3 as it is" \
    "$(differ "the header" "$tmp/header" "the manual" "$tmp/pages")"
clean "every function is a name of its page" \
    "$(differ "the header" "$tmp/names" "the manual" "$tmp/listed")"
clean "the version script lists the header's functions" \
    "$(differ "the header" "$tmp/names" "the script" "$tmp/map")"
# A call, or the address: word by word, since one name may begin another.
cat tests/unit/library*.c contrib/verify-example.c |
    grep -oE 'countersign_[a-z0-9_]+' | sort -u >"$tmp/tested"
clean "a test calls every function" \
    "$(comm -23 "$tmp/names" "$tmp/tested")"
if [ -e "$library" ]; then
	nm -D --defined-only "$library" | awk '$2 != "A" { print $3 }' |
	    sed 's/@.*//' | sort >"$tmp/exports"
	clean "the library exports the header's functions" \
	    "$(differ "the header" "$tmp/names" "the library" "$tmp/exports")"
else
	skip "the library is not built"
fi
done_testing

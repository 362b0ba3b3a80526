#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the countersign authors
#
# libcountersign: the header's prototypes, what the library exports, the
# version script and the pages of section 3 name the same functions; and a page
# shows each prototype as the header has it. verifier.h: its page has every
# struct with its members, each number, and each call as it stands.

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

plugin=src/include/countersign/verifier.h
page=man/countersign-verifier.3

# "STRUCT MEMBER" a line; a call of the table is a member, too
header_members() {
	awk '
	/^typedef struct [a-z_]+ \{/ { inside = $3; next }
	/^\}/ { inside = "" }
	inside == "" { next }
	{ gsub(/\/\*[^*]*\*\//, ""); sub(/\/\*.*/, "") }
	depth == 0 && /^\t[a-z]/ && match($0, /\(\*[a-z_]+\)/) {
		print inside, substr($0, RSTART + 2, RLENGTH - 3)
		depth = !/;/
		next
	}
	depth { depth = !/;/; next }
	/^\t[a-z].*;/ {
		sub(/;.*/, "")
		n = split($0, part, /, /)
		for (i = 1; i <= n; i++) {
			sub(/.*[ *]/, "", part[i])
			print inside, part[i]
		}
	}' "$plugin" | sort
}

page_members() {
	awk '
	$1 == ".Ss" { inside = $2 }
	$1 == ".It" && $2 == "Va" {
		for (i = 3; i <= NF; i++)
			if ($i != ",")
				print inside, $i
	}' "$page" | sort
}

# The calls, "NAME(ARGUMENTS)", without blanks to speak of
header_calls() {
	sed -n '/^typedef struct countersign_verifier {/,/^}/p' "$plugin" |
	    sed 's|/\*.*\*/||' | tr '\n\t' '  ' | tr ';' '\n' |
	    sed -nE 's/.*(int|void) \(\*([a-z]+)\)\(([^)]*)\).*/\1 \2(\3)/p' |
	    tr -s ' ' | sort
}

page_calls() {
	sed -n '/^\.Bd -literal -compact/,/^\.Ed/p' "$page" |
	    sed '/^\./d' | tr '\n' ' ' | tr ';' '\n' | tr -s ' ' |
	    sed 's/^ //; /^$/d' | sort
}

# Every number that a host may meet; of an enum the names with a value
check_numbers() {
	sed -nE 's/^	(COUNTERSIGN_[A-Z0-9_]+) = .*/\1/p' "$plugin" |
	    grep -vE '_(OP|KIND|APPRAISAL)_NONE$' | while read -r n; do
		grep -q "^\.\(Dv\|It Dv\) $n\b" "$page" || echo "$n"
	done
}

header_members >"$tmp/members"
[ -s "$tmp/members" ] || clean "members" "none found in $plugin"
page_members >"$tmp/described"
clean "verifier.h: every member of a struct is in its page" \
    "$(differ "the header" "$tmp/members" "the manual" "$tmp/described")"
header_calls >"$tmp/calls"
[ -s "$tmp/calls" ] || clean "calls" "none found in $plugin"
page_calls >"$tmp/shown"
clean "verifier.h: every call is shown there as it is" \
    "$(differ "the header" "$tmp/calls" "the manual" "$tmp/shown")"
clean "verifier.h: every number is there" "$(check_numbers)"
done_testing

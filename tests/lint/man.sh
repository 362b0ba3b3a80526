#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the countersign authors
#
# The manual against the program: every verb has its page, every option of its
# table a line there, the same letter and a place in the synopsis, and nothing
# is documented that does not exist. Exit reasons likewise.

. "$(dirname "$0")/lint.sh"
COUNTERSIGN=${COUNTERSIGN:-$BUILDDIR/tests/bin/countersign}
SERVER=$BUILDDIR/tests/bin/countersign-server

# Verbs of two words, of one group, share the page of the first.
rows=$("$COUNTERSIGN" --help | sed -nE \
    '/^verbs:/,/^$/s/^  ([a-z]+( [a-z]+)?)  .*/\1/p')
verbs=$(echo "$rows" | cut -d ' ' -f 1 | uniq)

# "name letter" a line, letter "-" when there is none
table_options() {
	echo "$rows" | sed -nE "/^$1( |\$)/p" | while read -r words; do
		# shellcheck disable=SC2086 # one word or two
		"$COUNTERSIGN" $words --help
	done | sed -nE \
	    -e 's/^  -(.), --([a-z0-9-]+).*/\2 \1/p' \
	    -e 's/^      --([a-z0-9-]+).*/\1 -/p' | sort -u
}

page_options() {
	awk '
	$1 == ".It" && $2 == "Fl" {
		name = ""; letter = "-"
		for (i = 3; i <= NF && $i !~ /^[A-Z]/; i++) {
			if ($i ~ /^-[a-z0-9-]+$/)
				name = substr($i, 2)
			else if ($i ~ /^[a-z]$/)
				letter = $i
		}
		print name, letter
	}' "$1" | sort
}

synopsis() {
	sed -n '/^\.Sh SYNOPSIS/,/^\.Sh DESCRIPTION/p' "$1"
}

check_verb() {
	page=man/countersign-$1.1
	if [ ! -e "$page" ]; then
		echo "$page is missing"
		return
	fi
	grep -q "^\\.It Cm $1\\b" man/countersign.1 ||
	    echo "man/countersign.1 does not list $1"
	table_options "$1" >"$tmp/table"
	page_options "$page" >"$tmp/page"
	[ -s "$tmp/table" ] || echo "$1 has no options: is --help broken?"
	comm -23 "$tmp/table" "$tmp/page" | sed "s|^|$page lacks option |"
	comm -13 "$tmp/table" "$tmp/page" | sed "s|^|$page invents option |"
	while read -r name letter; do
		[ "$name" = help ] || synopsis "$page" |
		    grep -qE "Fl (-$name|$letter)( |\$)" ||
		    echo "$page: $name is not in the synopsis"
	done <"$tmp/table"
}

check_pages() {
	for page in man/countersign-*.1; do
		verb=${page#man/countersign-}
		echo "$verbs" | grep -qx "${verb%.1}" ||
		    echo "$page describes no verb"
	done
}

# Both tables of countersign-server, against its one page.
check_server() {
	page=man/countersign-server.8
	{
		"$SERVER" --help
		"$SERVER" init --help
	} | sed -nE \
	    -e 's/^  -(.), --([a-z0-9-]+).*/\2 \1/p' \
	    -e 's/^      --([a-z0-9-]+).*/\1 -/p' | sort -u >"$tmp/table"
	page_options "$page" >"$tmp/page"
	[ -s "$tmp/table" ] || echo "no options: is --help broken?"
	comm -23 "$tmp/table" "$tmp/page" | sed "s|^|$page lacks option |"
	comm -13 "$tmp/table" "$tmp/page" | sed "s|^|$page invents option |"
	while read -r name letter; do
		[ "$name" = help ] || synopsis "$page" |
		    grep -qE "Fl (-$name|$letter)( |\$)" ||
		    echo "$page: $name is not in the synopsis"
	done <"$tmp/table"
}

# Every word of the configuration has its line.
check_server_conf() {
	page=man/countersign-server.conf.5
	sed -nE '/^static const cs_conf_word/,/;$/p' src/server/conf.c |
	    grep -oE '(VALUE\(|\{)"[a-z0-9-]+"' | grep -oE '[a-z0-9-]+"$' |
	    tr -d '"' | sort -u >"$tmp/table"
	[ -s "$tmp/table" ] || echo "no words found in src/server/conf.c"
	while read -r name; do
		grep -qE "^\\.(It|Ss)( .*)? $name( |\$)" "$page" ||
		    echo "$page lacks $name"
	done <"$tmp/table"
}

check_reasons() {
	sed -nE 's/^	CS_R_([A-Z_]+)[,=].*/\1/p' src/fmt/reason.h |
	    tr 'A-Z_' 'a-z-' | sort >"$tmp/header"
	sed -nE '/^\.Ss Reasons/,/^\.S[hs] [^R]/s/^\.It Cm ([a-z-]+).*/\1/p' \
	    man/countersign-exit.7 | sort >"$tmp/manual"
	[ -s "$tmp/header" ] || echo "no reasons found"
	comm -23 "$tmp/header" "$tmp/manual" | sed 's/$/ is not explained/'
	comm -13 "$tmp/header" "$tmp/manual" | sed 's/$/ does not exist/'
}

tmp=$(mktemp -d) || exit 99
trap 'rm -rf "$tmp"' EXIT
[ -n "$verbs" ] || clean "verbs are listed" "countersign --help lists none"
for v in $verbs; do
	clean "the page of $v and its option table agree" "$(check_verb "$v")"
done
clean "every page of section 1 describes a verb" "$(check_pages)"
if [ -x "$SERVER" ]; then
	clean "the page of countersign-server and its option tables agree" \
	    "$(check_server)"
else
	skip "countersign-server is not built"
fi
clean "countersign-server.conf(5) has every word" "$(check_server_conf)"
clean "countersign-exit(7) has every reason" "$(check_reasons)"
done_testing

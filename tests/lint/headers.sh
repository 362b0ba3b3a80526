#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the countersign authors
#
# Every header compiles alone, as C11 and as C++.

. "$(dirname "$0")/lint.sh"

headers=$(find src -name '*.h' | sort)
warnings='-Wall -Wextra -Werror -fsyntax-only'
vendor=$(pkg-config --cflags libcrypto p11-kit-1 2>/dev/null)
# Without tpm2-tss, which --disable-tpm2 can do without, its headers rest.
if pkg-config --exists tss2-esys 2>/dev/null; then
	tss2=$(pkg-config --cflags tss2-esys)
	alone=$headers
else
	tss2=
	alone=$(echo "$headers" | grep -v '^src/signer/tpm2[^u]')
fi
# The package's version is the one thing that headers take from config.h.
version='-DPACKAGE_VERSION="0"'

# alone COMPILER LANGUAGE STANDARD
alone() {
	for h in $alone; do
		# shellcheck disable=SC2086
		$1 -x "$2" -std="$3" $warnings $vendor $tss2 -I"$SRCDIR/src" \
		    -I"$SRCDIR/src/include" \
		    -I"$BUILDDIR/src" "$version" "$h" 2>&1 ||
		    echo "$h does not compile alone"
	done
}

guards() {
	for h in $headers; do
		guard=CS_$(echo "${h#src/}" | tr 'a-z/.-' 'A-Z___')
		guard=${guard#CS_INCLUDE_} # what is installed has its own name
		if ! grep -q "^#ifndef $guard\$" "$h"; then
			echo "$h: expected the guard $guard"
		fi
	done
}

compiler() {
	command -v "$1" >/dev/null 2>&1
}

clean "every header has its own guard" "$(guards)"
if compiler "${CC:-cc}"; then
	clean "every header compiles alone as C11" \
	    "$(alone "${CC:-cc}" c c11)"
else
	skip "no C compiler"
fi
if compiler "${CXX:-c++}"; then
	clean "every header compiles alone as C++" \
	    "$(alone "${CXX:-c++}" c++ c++17)"
else
	skip "no C++ compiler (g++)"
fi
done_testing

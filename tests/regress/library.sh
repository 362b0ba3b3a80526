#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the countersign authors
#
# libcountersign as it is installed: the example of contrib/ is compiled from
# the installed tree alone, and gives the verdicts of the vectors.

. "$SRCDIR/tests/regress/tap.sh"

tree=$top/tree
vectors=$SRCDIR/tests/vectors/verdict
now=1795262400 # 2026-11-21T12:00:00Z, the vectors' time

ok "it installs" env MAKEFLAGS= make -s -C "$BUILDDIR" install DESTDIR="$tree"
pc=$(find "$tree" -name countersign.pc)
PKG_CONFIG_PATH=$(dirname "$pc")
PKG_CONFIG_SYSROOT_DIR=$tree
export PKG_CONFIG_PATH PKG_CONFIG_SYSROOT_DIR
unset PKG_CONFIG_LIBDIR
flags=$(pkg-config --cflags --libs countersign)
[ -n "$flags" ]
report $? "pkg-config knows it"
# A sanitizer that is in the library must be in the program, too.
cflags=$(sed -n 's/^CFLAGS = //p' "$BUILDDIR/Makefile")
LD_LIBRARY_PATH=$(dirname "$(find "$tree" -name libcountersign.so)")
export LD_LIBRARY_PATH

cp "$SRCDIR/contrib/verify-example.c" example.c
# shellcheck disable=SC2086 # words
ok "the example compiles" "${CC:-cc}" -std=c11 -Wall -Wextra -Werror \
    $cflags -o example example.c $flags
if command -v "${CXX:-c++}" >/dev/null; then
	printf '%s\n' '#include <countersign/countersign.h>' \
	    'int main() { return countersign_version()[0] == 0; }' >header.cc
	# shellcheck disable=SC2086
	ok "and so does C++" "${CXX:-c++}" -Wall -Wextra -Werror \
	    $cflags -o header header.cc $flags
	ok "which runs" ./header
fi

install -m 644 "$vectors/owners" owners
ok "an approval" ./example "$vectors/approved.pem" owners \
    corp.example $now
says "is one" out "approved by mailto:alice@corp.example"
exits 1 "an hour later" ./example "$vectors/approved.pem" owners \
    corp.example $((now + 3600))
says "it is none" out "not approved: expired: "
exits 1 "a forged one" ./example "$vectors/signature-invalid.pem" \
    owners corp.example $now
says "is none" out "not approved: signature-invalid: "
exits 1 "another trust domain" ./example "$vectors/approved.pem" \
    owners other.example $now
says "refuses" out "not approved: wrong-authority: "
chmod 666 owners
exits 1 "owners that anybody may write" ./example \
    "$vectors/approved.pem" owners corp.example $now
says "give no verdict" err "no verdict: "
find "$tree" -name 'countersign*.3' | sed 's|.*/||; s|\.3$||' | sort >pages
grep -o '\bcountersign_[a-z_]*(' "$SRCDIR/src/include/countersign/countersign.h" |
    tr -d "(" | grep -v _fn$ | sort -u >functions
is "every function has a page" "$(comm -23 functions pages)" ""

ok "it uninstalls" env MAKEFLAGS= make -s -C "$BUILDDIR" uninstall \
    DESTDIR="$tree"
[ -z "$(find "$tree" ! -type d)" ]
report $? "and leaves nothing"
done_testing

#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the countersign authors
#
# The verifier plugin as it is installed: the example host is compiled from the
# installed headers alone, loads it, and issues by the verdicts' vectors.

. "$SRCDIR/tests/regress/tap.sh"

tree=$top/tree
vectors=$SRCDIR/tests/vectors/verdict
now=1795262400 # 2026-11-21T12:00:00Z, the vectors' time
authority=https://corp.example

if [ ! -e "$BUILDDIR/.libs/store-sqlite.so" ]; then
	skip "no SQLite"
	done_testing
fi

ok "it installs" env MAKEFLAGS= make -s -C "$BUILDDIR" install DESTDIR="$tree"
PKG_CONFIG_PATH=$(dirname "$(find "$tree" -name countersign.pc)")
PKG_CONFIG_SYSROOT_DIR=$tree
export PKG_CONFIG_PATH PKG_CONFIG_SYSROOT_DIR
unset PKG_CONFIG_LIBDIR
plugin=$(find "$tree" -name verifier-owner.so)
dir=$(dirname "$plugin")
is "pkg-config knows where it is" \
    "$tree$(PKG_CONFIG_SYSROOT_DIR='' pkg-config --variable=plugindir \
    countersign)" "$dir"

# A sanitizer that is in the plugin must be in the program, too.
cflags=$(sed -n 's/^CFLAGS = //p' "$BUILDDIR/Makefile")
cp "$SRCDIR/contrib/example-host/example-host.c" .
# shellcheck disable=SC2046,SC2086 # words
ok "the example compiles" "${CC:-cc}" -std=c11 -Wall -Wextra -Werror $cflags \
    $(pkg-config --cflags countersign) -o example-host example-host.c
header=$(find "$tree" -name verifier.h)
inc=$(dirname "$(dirname "$header")")
ok "the header alone is C" "${CC:-cc}" -x c -std=c11 -Wall -Wextra \
    -pedantic-errors -Werror -I"$inc" -fsyntax-only "$header"
if command -v "${CXX:-c++}" >/dev/null; then
	ok "and C++" "${CXX:-c++}" -x c++ -std=c++11 -Wall -Wextra \
	    -pedantic-errors -Werror -I"$inc" -fsyntax-only "$header"
fi

install -m 600 "$vectors/owners" owners
cat >policy <<'END'
domain "corp.example" {
	path "/agent" { groups = {"*"} presence = no move-key = yes }
}
END
chmod 600 policy
ok "a store" "$COUNTERSIGN" store init --store sqlite:store \
    --authority $authority

# host MESSAGE SECONDS
# shellcheck disable=SC2317 # by ok and exits
host() {
	./example-host "$plugin" owners policy sqlite:store "$authority" \
	    "$vectors/$1.pem" "$2" "$dir"
}

ok "an approval" host approved $now
says "gets a credential" out \
    "credential: wimse://corp.example/agent/alice of mailto:alice@corp.example"
cp out first
ok "and again" host approved $((now + 10))
ok "gets the same one" cmp first out
exits 1 "an hour later" host approved $((now + 3600))
says "gets none" err "no credential: "
says "and hears why" err "expected 2026-11-21T12:15:00Z"
exits 1 "a forged one" host signature-invalid $now
says "gets none, either" err "no credential: "
exits 1 "a denial" host denied $now
says "is told" err "by mailto:alice@corp.example until"
exits 1 "the approval that it denies" host approved $((now + 20))
says "is none any more" err "no credential: "
ok "another agent's" host approved-agent-rsa $now

mv store elsewhere
exits 1 "a store that is lost" host approved-agent-rsa $now
says "is no empty one" err "no credential: "
[ ! -e store ]
report $? "and none is made"
mv elsewhere store
exits 1 "another authority" ./example-host "$plugin" owners policy \
    sqlite:store https://other.example "$vectors/approved.pem" $now "$dir"
says "has another store" err "no credential: "

cp "$plugin" other.so
chmod 664 other.so
plugin=$PWD/other.so
exits 1 "a plugin that others may write" host approved $now
says "is not loaded" err "no credential: no plugin"
chmod 644 other.so
ok "one that they may not is" host approved-agent-rsa $now
plugin=other.so
exits 1 "a relative path" host approved $now
says "is none" err "no credential: no plugin"
done_testing

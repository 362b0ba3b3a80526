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

readelf -d "$LD_LIBRARY_PATH/libcountersign.so" | grep -q NODELETE
report $? "what it makes once is not lost by dlclose(3)"

cp "$SRCDIR/contrib/verify-example.c" example.c
# shellcheck disable=SC2086 # words
ok "the example compiles" "${CC:-cc}" -std=c11 -Wall -Wextra -Werror \
    $cflags -o example example.c $flags
header=$(find "$tree" -name countersign.h)
ok "the header alone is C" "${CC:-cc}" -x c -std=c11 -Wall -Wextra \
    -pedantic-errors -Werror -fsyntax-only "$header"
if command -v "${CXX:-c++}" >/dev/null; then
	ok "and C++" "${CXX:-c++}" -x c++ -std=c++11 -Wall -Wextra \
	    -pedantic-errors -Werror -fsyntax-only "$header"
	printf '%s\n' '#include <countersign/countersign.h>' \
	    'int main() { return countersign_version()[0] == 0; }' >header.cc
	# shellcheck disable=SC2086
	ok "a program in C++ compiles" "${CXX:-c++}" -Wall -Wextra -Werror \
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
chmod 644 owners

# A relying party, of what a server would issue.
cp "$SRCDIR/contrib/rely-example.c" .
# shellcheck disable=SC2086 # words
ok "a relying party compiles" "${CC:-cc}" -std=c11 -Wall -Wextra -Werror \
    $cflags -o rely rely-example.c $flags
new_key alice.key
new_key agent.key
anchor mailto:alice@corp.example \
    'agents="wimse://corp.example/agent",no-touch-required' alice.key >pinned
countersign request --id wimse://corp.example/agent/a --key agent.key \
    -o agent.req
countersign sign --key file:alice.key --owner mailto:alice@corp.example \
    --yes agent.req -o alice.approval 2>/dev/null
countersign attach --key agent.key agent.req alice.approval -o agent.csr
mkdir full digest
issue=$BUILDDIR/tests/host/bin/issue
ok "a credential is issued" "$issue" full p256 agent.csr pinned \
    https://corp.example
ok "and one with a digest" "$issue" digest p256 agent.csr pinned \
    https://corp.example digest
ok "a credential" ./rely full/leaf.pem full/bundle.json corp.example
says "by its issuer" out "wimse://corp.example/agent/a of \
mailto:alice@corp.example, by the issuer's word"
ok "one of a pinned owner" ./rely full/leaf.pem full/bundle.json \
    corp.example pinned
says "by him" out "by the owner's signature"
exits 1 "a digest" ./rely digest/leaf.pem digest/bundle.json corp.example \
    pinned
says "is no proof" out "no: unknown-owner-key: "
exits 1 "another issuer's" ./rely full/leaf.pem digest/bundle.json \
    corp.example
says "has no path" out "no: path-invalid: "
exits 1 "another trust domain" ./rely full/leaf.pem full/bundle.json \
    other.example
says "has no bundle" err "no answer: "
exits 1 "a token for a certificate" ./rely full/wit.jwt full/bundle.json \
    corp.example
says "is none" out "no: malformed: "

# The host's OpenSSL is set up against us: in its own way it hashes nothing, or
# finds code that is not there, or takes everything for secure.
cat >host.c <<'EOF'
#include <stdio.h>
#include <openssl/evp.h>

static void __attribute__((constructor)) start(void)
{
	EVP_MD *md;

	(void)OPENSSL_init_crypto(OPENSSL_INIT_LOAD_CONFIG, NULL);
	md = EVP_MD_fetch(NULL, "SHA2-256", NULL);
	fprintf(stderr, "its host %s\n", md == NULL ? "is lost" : "can hash");
	EVP_MD_free(md);
}
EOF
# shellcheck disable=SC2046,SC2086
ok "a host with its own idea of OpenSSL" "${CC:-cc}" $cflags -o hosted \
    example.c host.c $flags $(pkg-config --libs libcrypto)

# conf NAME LINE...: what OPENSSL_CONF names
conf() {
	cnf=$PWD/$1.cnf
	shift
	printf '%s\n' "openssl_conf = main" "[main]" "$@" >"$cnf"
}

# hosts WHAT HOST: the verdicts are the right ones
hosts() {
	ok "$1: an approval" env OPENSSL_CONF="$cnf" OPENSSL_MODULES="$PWD" \
	    ./hosted "$vectors/approved.pem" owners corp.example $now
	says "$1: by its owner" out "approved by mailto:alice@corp.example"
	says "$1: its host" err "its host $2"
	exits 1 "$1: a forged one" env OPENSSL_CONF="$cnf" ./hosted \
	    "$vectors/signature-invalid.pem" owners corp.example $now
	says "$1: is none" out "not approved: signature-invalid: "
	ok "$1: every verdict, certificates and all" env \
	    OPENSSL_CONF="$cnf" VEC_EVERY=64 SAMPLE=64 \
	    "$BUILDDIR/tests/unit/bin/verdict"
	ok "$1: every credential" env OPENSSL_CONF="$cnf" VEC_EVERY=64 \
	    "$BUILDDIR/tests/unit/bin/credential_ca"
}

conf fips "alg_section = alg" "[alg]" "default_properties = fips=yes"
hosts "FIPS alone" "is lost"
conf odd "alg_section = alg" "[alg]" "default_properties = provider=odd"
hosts "an odd property" "is lost"
conf null "providers = list" "[list]" "null = on" "[on]" "activate = 1"
hosts "no algorithm" "is lost"
conf module "providers = list" "[list]" "default = there" "gone = gone" \
    "[there]" "module = $PWD/gone.so" "activate = 1" \
    "[gone]" "module = $PWD/gone.so" "activate = 1"
hosts "a provider that is not there" ""
conf engine "engines = list" "[list]" "gone = gone" "[gone]" \
    "dynamic_path = $PWD/gone.so" "default_algorithms = ALL" "init = 1"
hosts "an engine that is not there" "can hash"
conf level "ssl_conf = ssl" "[ssl]" "system_default = all" "[all]" \
    "CipherString = ALL:@SECLEVEL=0" "MinProtocol = None"
hosts "no security level" "can hash"

find "$tree" -name 'countersign*.3' | sed 's|.*/||; s|\.3$||' | sort >pages
grep -o '\bcountersign_[a-z_]*(' "$SRCDIR/src/include/countersign/countersign.h" |
    tr -d "(" | grep -v _fn$ | sort -u >functions
is "every function has a page" "$(comm -23 functions pages)" ""

ok "it uninstalls" env MAKEFLAGS= make -s -C "$BUILDDIR" uninstall \
    DESTDIR="$tree"
[ -z "$(find "$tree" ! -type d)" ]
report $? "and leaves nothing"
done_testing

#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the countersign authors
#
# countersign sign without --key: the only key of all tokens, or a choice.
# shellcheck disable=SC2016,SC2317 # words for sh -c and jq; run by name
# shellcheck source=tap.sh
. "$SRCDIR/tests/regress/tap.sh"
need openssl jq softhsm2-util pkcs11-tool
[ -e "$BUILDDIR/.libs/signer-pkcs11.so" ] || {
	echo "1..0 # SKIP built without pkcs11"
	exit 0
}

SOFTHSM2_CONF=$top/softhsm2.conf
export SOFTHSM2_CONF
mkdir "$top/tokens"
printf 'directories.tokendir = %s\nlog.level = ERROR\n' "$top/tokens" \
    >"$SOFTHSM2_CONF"
for lib in /usr/lib/softhsm/libsofthsm2.so \
    /usr/lib/*/softhsm/libsofthsm2.so; do
	[ ! -e "$lib" ] || module=$lib
done
owner_key() { # ID LABEL
	pkcs11-tool --module "$module" --token-label alice --login \
	    --pin 123456 --keypairgen --key-type EC:prime256v1 --id "$1" \
	    --label "$2" >/dev/null 2>&1
}
sign() {
	countersign sign --owner mailto:alice@corp.example --yes "$@"
}
with_pin() {
	setsid -w sh -c 'exec 3<pin; exec "$COUNTERSIGN" sign --pin-fd 3 \
	    --owner mailto:alice@corp.example --yes "$@"' sh "$@"
}
echo 123456 >pin
countersign request --id wimse://corp.example/agent/a --new-key p256 \
    --key agent.key -o agent.csr

exits 5 "no token" sign agent.csr
says "is said" err "no token shows one"
softhsm2-util --init-token --free --label alice --so-pin 87654321 \
    --pin 123456 >/dev/null
owner_key 01 approvals
ok "the only key" with_pin agent.csr
is "nothing but the approval on standard output" \
    "$(head -n 1 out)" "-----BEGIN OWNER APPROVAL-----"
says "by its name" err 'token "alice"'
ok "--json" with_pin --json agent.csr
ok "names it" jq -e '.ok and (has("candidates") | not) and
    (.key_uri | contains("id=%01"))' out
exits 7 "nobody to ask for the PIN" sign agent.csr
says "the page comes without one" err "WHO asks"
says "the request is saved" err "request saved: "

owner_key 02 "it's mine"
exits 5 "two keys" with_pin agent.csr
empty "nothing on standard output" out
says "one" err "    --key 'pkcs11:token=alice;"
is "and the other" "$(grep -c '^    --key ' err)" 2
exits 5 "--json" with_pin --json agent.csr
ok "has both" jq -e '.candidates | length == 2' out
sign --json agent.csr >both 2>/dev/null
for n in 0 1; do
	ok "number $n can be named" with_pin \
	    --key "$(jq -r ".candidates[$n]" both)" agent.csr
done

done_testing

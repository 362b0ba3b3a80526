#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the countersign authors
#
# countersign owners add, of a key in a token: its line is what openssl reads
# there, no PIN is asked for, and the key then approves.
# shellcheck disable=SC2086,SC2317 # no blanks in $id, $alice; run by name
# shellcheck source=tap.sh
. "$SRCDIR/tests/regress/tap.sh"
# shellcheck source=softhsm.sh
. "$SRCDIR/tests/regress/softhsm.sh"

id=wimse://corp.example/agent/alice
alice=mailto:alice@corp.example
softhsm_token owner
softhsm_key owner 01 p256 EC:prime256v1
softhsm_key owner 02 rsa rsa:2048
add() { # ID
	countersign owners add --key "pkcs11:token=owner;id=%$1$at" \
	    --owner $alice --agents $id --no-touch-required owners
}
spki() { # ID
	pkcs11-tool --module "$softhsm" --token-label owner --read-object \
	    --type pubkey --id "$1" -o pub.der 2>/dev/null
	openssl base64 -A -in pub.der
}

for key in 01 02; do
	ok "the key $key" add $key
	tail -n 1 owners >line
	is "its line" "$(cat line)" \
	    "$alice agents=\"$id\",no-touch-required spki $(spki $key)"
done
exits 7 "one that might be hidden wants its PIN" add 03
exits 5 "two keys" countersign owners add --key "pkcs11:token=owner$at" \
    --owner $alice --agents $id --no-touch-required owners
is "two lines, then" "$(wc -l <owners)" 2

new_key agent.key
countersign request --id $id/mail --key agent.key -o agent.csr
echo 1234 >pin
ok "it signs" countersign sign --key "pkcs11:token=owner;id=%01$at" \
    --pin-fd 3 --owner $alice --yes agent.csr -o approval 3<pin
cat agent.csr approval >bundle
ok "and approves" countersign verify --owners owners \
    --authority https://corp.example bundle
says "as hers" out "approved: $id/mail by $alice"

done_testing

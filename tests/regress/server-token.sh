#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the countersign authors
#
# A server whose CA's key is in a token, which goes away and comes back.
# shellcheck disable=SC2154,SC2317 # of softhsm.sh; run by name
# shellcheck source=tap.sh
. "$SRCDIR/tests/regress/tap.sh"
# shellcheck source=server.sh
. "$SRCDIR/tests/regress/server.sh"
# shellcheck source=softhsm.sh
. "$SRCDIR/tests/regress/softhsm.sh"

# A CA that init makes, its key then in a token alone
quietly server init --trust-domain corp.example a
softhsm_token ca
quietly softhsm2-util --import a/ca.key --token ca --label ca --id 01 \
    --pin 1234
rm a/ca.key
echo 1234 >pin
chmod 600 pin
uri="pkcs11:token=ca;id=%01$at"

ok "an instance" new_server t --ca-key "$uri" --ca-cert a/ca.pem \
    --pin-file "$PWD/pin"
same "of that CA" a/ca.pem t/ca.pem
ok "its module is told where" set_option t 'environment = {"SOFTHSM2_CONF"}'
exits 0 "it is good" server --config t/server.conf --check
ok "it serves" start_server t

# issued NAME: a certificate of that CA
issued() {
	approved "$1" && [ "$(enrol "$1")" = 200 ] && cp body "$1.pem" &&
	    openssl verify -CAfile a/ca.pem "$1.pem" >"$top/log" 2>&1
}
ok "the token signs a certificate" issued one
is "and a list" "$(web /v1/crl)" 200
openssl crl -inform DER -in body -CAfile a/ca.pem -noout >crl.out 2>&1
says "that verifies" crl.out "verify OK"
keyholder=$(pid_of keyholder)

# It goes: what it had is asked for and not there
mv "$top/tokens" "$top/away"
mkdir "$top/tokens"
approved two
is "without its token nothing is signed" "$(enrol two)" 503
says "for now" head 'Retry-After: '
ok "which the log explains" until_log 'the keyholder does not sign: '

# And comes back
rmdir "$top/tokens"
mv "$top/away" "$top/tokens"
# again NAME: as a client would, until it is told otherwise; 30 s at most
again() {
	tries=0
	until [ "$(enrol "$1")" = 200 ]; do
		tries=$((tries + 1))
		[ "$tries" -lt 60 ] || return 1
		timeout 0.5 tail -f /dev/null
	done
	return 0
}
ok "when it is back, the same claim is signed" again two
ok "by that CA" openssl verify -CAfile a/ca.pem body
is "and by the same process" "$(pid_of keyholder)" "$keyholder"
ok "others, too" issued three
ok "it ends" stop_server
done_testing

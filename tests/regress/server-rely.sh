#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the countersign authors
#
# What a running server issues and publishes, before a relying party.
# shellcheck disable=SC2317 # run by name
# shellcheck source=tap.sh
. "$SRCDIR/tests/regress/tap.sh"
# shellcheck source=server.sh
. "$SRCDIR/tests/regress/server.sh"

ok "an instance" new_server i
cp -R i/owners.d pinned.d
ok "serves" start_server i
ok "a request, approved" approved mail
is "a certificate" "$(enrol mail)" 200
mv body mail.pem
is "a token" "$(enrol mail -H 'Accept: application/wit+jwt')" 200
mv body mail.jwt
is "the bundle" "$(web /v1/bundle)" 200
mv body bundle.json
is "the list" "$(web /v1/crl)" 200
mv body crl.der

v() {
	countersign verify --bundle bundle.json --credential "$@"
}
for file in mail.pem mail.jwt; do
	ok "$file: the issuer's word" v $file
	says "$file: whose it is" out \
	    "valid: $base/mail of $alice (issuer's word, "
	ok "$file: pinned" v $file --owners pinned.d --agent $base/mail
	says "$file: he has signed it" out "(owner's signature, "
done
ok "not on the list" v mail.pem --crl crl.der --owners pinned.d
is "it ends" "$(operate /v1/revocations --json \
    "{\"what\":\"agent\",\"name\":\"$base/mail\",\"reason\":\"x\"}")" 200
tries=0
until web /v1/crl >status && ! cmp -s body crl.der; do
	tries=$((tries + 1))
	[ $tries -lt 500 ] || break
done
mv body crl.der
exits 1 "and is on the next list" v mail.pem --crl crl.der
says "for that" out "refused: revoked"
ok "another instance" new_server other
cp other/ca.pem bundle.json
exits 1 "another CA of the same trust domain" v mail.pem
says "has not issued it" out "refused: path-invalid"
ok "it stops" stop_server
done_testing

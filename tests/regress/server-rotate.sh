#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the countersign authors
#
# Another CA and another key for tokens, as countersign-server(8) has it: made
# known first, then used; at no step does a relying party refuse what lives.
# shellcheck disable=SC2317 # run by name
# shellcheck source=tap.sh
. "$SRCDIR/tests/regress/tap.sh"
# shellcheck source=server.sh
. "$SRCDIR/tests/regress/server.sh"

# fetch NAME: the bundle NAME.json, and the lists in NAME.crl
fetch() {
	web /v1/bundle >status && mv body "$1.json" || return
	: >"$1.crl"
	for key in $(jq -r '.keys[] | select(.use == "x509-svid").x5c[0]' \
	    "$1.json"); do
		echo "$key" | openssl base64 -d -A |
		    openssl x509 -inform DER -noout -ext subjectKeyIdentifier |
		    tail -n 1 | tr -d ' :\n' | tr A-F a-f >id
		[ "$(web "/v1/crl/$(cat id)")" = 200 ] || return
		openssl crl -inform DER -in body >>"$1.crl" || return
	done
}

# uses FILE: how many keys of that kind
uses() {
	jq "[.keys[] | select(.use == \"$2\")] | length" "$1.json"
}

v() { # BUNDLE CREDENTIAL [OPTIONS...]
	bundle=$1
	shift
	countersign verify --bundle "$bundle.json" --owners i/owners.d \
	    --credential "$@"
}

# with OLD NEW: which of the two CAs and keys are retired
with() {
	{
		sed '/^ca {/,$d' whole
		printf 'ca {\n\tcert = ca.pem\n\tkey = ca.key\n'
		printf '\tretired = %s\n}\n' "$1"
		printf 'ca {\n\tcert = new.pem\n\tkey = new.key\n'
		printf '\tretired = %s\n}\n' "$2"
		printf 'wit {\n\tkey = wit.key\n\tretired = %s\n}\n' "$1"
		printf 'wit {\n\tkey = newwit.key\n\tretired = %s\n}\n' "$2"
		sed '1,/^wit {/d' whole | sed '1,/^}/d'
	} >i/server.conf
	server --config i/server.conf --check >checked
}

ok "an instance" new_server i
cp i/server.conf whole
ok "and another CA of this trust domain" new_server other
cp other/ca.pem i/new.pem
cp other/ca.key i/new.key
cp other/wit.key i/newwit.key
ok "serves" start_server i
ok "requests" eval 'approved before && approved after && approved last'
is "before, a certificate" "$(enrol before)" 200
mv body before.pem
is "and a token" "$(enrol before -H 'Accept: application/wit+jwt')" 200
mv body before.jwt
ok "a bundle" fetch one
is "of one CA" "$(uses one x509-svid)" 1
is "and one key" "$(uses one wit-svid)" 1
ok "it stops" stop_server

ok "the next one is made known" with no yes
ok "serves again" start_server i
ok "a bundle" fetch both
is "of two CAs" "$(uses both x509-svid)" 2
is "and two keys" "$(uses both wit-svid)" 2
ok "with another number" test \
    "$(jq .spiffe_sequence one.json)" -lt "$(jq .spiffe_sequence both.json)"
is "it signs with the first" "$(enrol after)" 200
mv body after.pem
ok "for who has the old bundle" v one after.pem
ok "it stops" stop_server

ok "the next one signs" with yes no
ok "serves again" start_server i
is "a certificate" "$(enrol last)" 200
mv body last.pem
is "and a token" "$(enrol last -H 'Accept: application/wit+jwt')" 200
mv body last.jwt
ok "for who has the bundle of before" v both last.pem
ok "the token as well" v both last.jwt
exits 1 "but not with that of one CA" v one last.pem
exits 1 "nor the token" v one last.jwt
ok "openssl: by the new CA" openssl verify -CAfile i/new.pem last.pem
is "what was issued before is given again" "$(enrol before)" 200
ok "the same" cmp body before.pem
ok "a bundle" fetch now
for file in before.pem before.jwt after.pem last.pem last.jwt; do
	ok "$file lives" v now $file
done
ok "the bundle has not changed but in its number" test \
    "$(jq -S '.keys | sort_by(.x, .x5c)' both.json)" = \
    "$(jq -S '.keys | sort_by(.x, .x5c)' now.json)"
ok "on no list: before" v now before.pem --crl now.crl
ok "on no list: last" v now last.pem --crl now.crl

# Each CA's list has what it has issued.
for name in before last; do
	is "revoked: $name" "$(operate /v1/revocations --json "{\"what\":\
\"agent\",\"name\":\"$base/$name\",\"reason\":\"x\"}")" 200
done
tries=0
until fetch ended && ! v ended before.pem --crl ended.crl >out &&
    ! v ended last.pem --crl ended.crl >out; do
	tries=$((tries + 1))
	[ "$tries" -lt 300 ] || break
done
exits 1 "the old CA's list" v ended before.pem --crl ended.crl
says "has it" out "refused: revoked"
exits 1 "the new CA's list" v ended last.pem --crl ended.crl
says "has it, too" out "refused: revoked"
ok "the third lives" v ended after.pem --crl ended.crl
ok "it stops" stop_server
done_testing

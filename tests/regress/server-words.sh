#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the countersign authors
#
# countersign revoke, status and audit with --server: what is at the socket may
# say anything, and is taken for a server only where it speaks as one.
# shellcheck disable=SC2119,SC2120,SC2317 # words come by ok; run by name
# shellcheck source=tap.sh
. "$SRCDIR/tests/regress/tap.sh"
need python3 jq openssl
[ -e "$BUILDDIR/.libs/net-http.so" ] || {
	echo "1..0 # SKIP built without what asks a server"
	exit 0
}

hash=000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f
mkdir asked
mkfifo ready
python3 "$SRCDIR/tests/net/answers.py" asked unix socket >ready 2>server.log &
server=$!
# shellcheck disable=SC2154 # of tap.sh
trap 'kill $server 2>/dev/null; rm -rf "$top"' EXIT
read -r line <ready
is "somebody is there" "$line" ready
n=0 # requests so far

# say STATUS TYPE BODY: as the next answer but those that were said already
say() {
	next=$((next + 1))
	printf 'HTTP/1.1 %s X\r\nContent-Type: %s\r\nContent-Length: %s\r\n\r\n%s' \
	    "$1" "$2" "$(printf %s "$3" | wc -c)" "$3" >"asked/answer.$next"
}
json() {
	say 200 application/json "$1"
}
# begin: counts the requests of before
begin() {
	n=$(find asked -name 'request.*' | wc -l)
	next=$n
	rm -f asked/answer*
}
asked() {
	echo $(($(find asked -name 'request.*' | wc -l) - n))
}

store='"engine":"sqlite","authority":"https://corp.example","schema":3,
"claims":2,"live":1,"approvals":1,"revocations":1,"denials":1,"sequence":7,
"sha256":"'$hash'"'
claim='"number":1,"kind":"x509","agent":"wimse://corp.example/a",
"agent_key":"'$hash'","owner":"mailto:alice@corp.example","serial":"0102",
"request":"'$hash'","claimed":"2026-11-22T10:00:00Z",
"not_before":"2026-11-22T10:00:00Z","not_after":"2036-11-22T11:00:00Z",
"issued":true'
revocation='"what":"owner","name":"mailto:bob@corp.example",
"time":"2026-11-22T10:00:00Z","reason":"left","actor":"uid 0","ended":0'
denial='"agent":"wimse://corp.example/a","request":"'$hash'",
"owner":"mailto:alice@corp.example","owner_key":"'$hash'",
"tbs_sha256":"'$hash'","time":"2026-11-22T10:00:00Z",
"not_before":"2026-11-22T10:00:00Z","not_after":"2036-11-22T11:00:00Z"'

# told STORE CLAIM REVOCATION DENIAL: what status will hear
told() {
	begin
	json "{$1}"
	json "{\"credentials\":[{$2}]}"
	json "{\"revocations\":[{$3}]}"
	json "{\"denials\":[{$4}]}"
}
status() {
	countersign status --server socket "$@"
}
told "$store" "$claim" "$revocation" "$denial"
ok "what a server says" status
says "is its store" out "authority: https://corp.example"
says "a credential" out "live: 1, x509 of wimse://corp.example/a by"
says "a revocation" out "revoked: owner mailto:bob@corp.example since 2026"
says "a denial" out "denied: wimse://corp.example/a by mailto:alice"
is "is asked for in this order" "$(head -qn 1 "asked/request.$((n + 1))" \
    "asked/request.$((n + 2))" "asked/request.$((n + 3))" \
    "asked/request.$((n + 4))" | tr -d '\r')" \
"GET /v1/store HTTP/1.1
GET /v1/status?after=0&live=1 HTTP/1.1
GET /v1/revocations?skip=0 HTTP/1.1
GET /v1/denials?skip=0 HTTP/1.1"
told "$store" "$claim" "$revocation" "$denial"
ok "of whom" status --owner 'mailto:a+b@corp.example'
says "is asked as it is written" "asked/request.$((n + 2))" \
    '&owner=mailto%3Aa%2Bb%40corp.example HTTP'
told "$store" "$(echo "$claim" | sed 's|corp.example/a|\\u001b[2J\\u202e|')" \
    "$revocation" "$denial"
ok "words that are none" status
says "are escaped" out 'x509 of wimse://\u{1B}[2J\u{202E} by'

# with SED: what is told, with one thing changed
with() {
	all=$(printf '%s\n===\n%s\n===\n%s\n===\n%s\n' "$store" "$claim" \
	    "$revocation" "$denial" | sed "$1")
	part() {
		echo "$all" | awk -v n="$1" '/^===$/ { i++; next } i == n'
	}
	told "$(part 0)" "$(part 1)" "$(part 2)" "$(part 3)"
}
n_bad=0
while IFS= read -r change; do
	with "$change"
	status >out 2>err </dev/null
	got=$?
	if [ $got -ne 3 ] || [ -s out ] || ! grep -q "server's answer" err; then
		echo "# $change"
		sed 's/^/# /' out err
		n_bad=$((n_bad + 1))
	fi
done <<'END_OF_CHANGES'
s/"engine":"sqlite"/"engine":1/
s/"engine":"sqlite"/"engine":"sqlitesqlitesqlitesqlite"/
s/"schema":3/"schema":"3"/
s/"schema":3/"schema":-3/
s/"schema":3/"schema":3.5/
s/"live":1,/"live":null,/
s/"sequence":7/"floor":"never","sequence":7/
s/"sha256":"00/"sha256":"/
s/"sha256":"00/"sha256":"000/
s/"sha256":"00/"sha256":"0g/
s/"sha256":"0001/"sha256":"00A1/
s/"number":1/"number":0/
s/"number":1/"number":"1"/
s/"kind":"x509"/"kind":"ssh"/
s/"agent":"[^"]*",/"agent":[],/
s/"agent_key":"00/"agent_key":"/
s/"owner":"mailto:alice/"owner":7,"x":"/
s/"serial":"0102"/"serial":""/
s/"serial":"0102"/"serial":"010"/
s/"claimed":"2026-11/"claimed":"2026-13/
s/"not_after":"2036-11-22T11:00:00Z"/"not_after":1/
s/"issued":true/"issued":1/
s/"issued":true/"issued":true,"ended":"x"/
s/"issued":true/"issued":true,"ended":"2026-11-22T10:00:00Z"/
s/"what":"owner"/"what":"everything"/
s/"what":"owner"/"what":"key"/
s/"reason":"left"/"reason":null/
s/"ended":0/"ended":-1/
s/"ended":0/"ended":0,"lifted":"2026-11-22T10:00:00Z"/
s/"owner_key":"00/"owner_key":"zz/
s/"tbs_sha256":"[^"]*",//
END_OF_CHANGES
is "nothing that is not as it should be" "$n_bad" 0

# lists BODY: of credentials
lists() {
	begin
	json "{$store}"
	json "$1"
	json "$2"
}
for body in '{}' '{"credentials":{}}' '{"credentials":[1]}' \
    '{"credentials":[],"more":true}' \
    "{\"credentials\":[{$claim},{$claim}]}"; do
	lists "$body"
	exits 3 "no list of credentials" status
done
lists "{\"credentials\":[{$claim}],\"more\":true}" \
    "{\"credentials\":[{$claim}]}"
exits 3 "a list that begins anew" status
is "is asked for behind the last" "$(head -n 1 "asked/request.$((n + 3))")" \
    "$(printf 'GET /v1/status?after=1&live=1 HTTP/1.1\r')"

# Acts
revoke() {
	countersign revoke --server socket --owner mailto:bob@corp.example \
	    --reason left "$@"
}
begin
json '{"ended":0,"time":"2026-11-22T10:00:00Z","actor":"uid 7"}'
lists=$((next + 1))
json '{"credentials":[]}'
ok "a revocation" revoke
says "by whom the server says" out "by: uid 7"
is "is what was asked" "$(sed '1,/^\r$/d' "asked/request.$((lists - 1))")" \
    '{"what":"owner","name":"mailto:bob@corp.example","reason":"left"}'
for body in '{}' '[]' '{"ended":0}' \
    '{"ended":"0","time":"2026-11-22T10:00:00Z","actor":"uid 7"}'; do
	begin
	json "$body"
	exits 3 "no answer of a server: $body" revoke
	silent "nothing is said to be revoked" out revoked
done
refuse() { # STATUS REASON DETAIL
	say "$1" application/problem+json \
	    "{\"reason\":\"$2\",\"detail\":\"$3\"}"
}
begin
refuse 409 refused 'it is revoked already'
exits 1 "refused" revoke
says "as the server says" err "it is revoked already"
begin
refuse 403 not-allowed 'not you'
exits 1 "not allowed" revoke --lift
begin
refuse 503 store-unavailable 'locked'
exits 9 "unavailable" revoke
is "is not tried twice" "$(asked)" 1
begin
say 204 application/json ''
exits 3 "no content" revoke
begin
say 200 text/html '<html>'
exits 3 "another server" revoke

# The log
ends() { # HEAD: a store's whose log has it
	json "{$(echo "$store" | sed "s/\"sequence\":7/\"sequence\":$1/")}"
}
records() { # RECORDS
	json "{\"records\":[$1],\"next\":9}"
}
log() { # HEAD RECORDS
	begin
	ends "$1"
	records "$2"
	records ''
}
audit() {
	countersign audit "$@" --server socket
}
log 1 '{"sequence":1,"sha256":"x","record":"AAAA"}'
ok "a record that is none" audit list
says "is broken" out "1  broken: "
log 1 '{"sequence":1,"record":"A*AA"}'
exits 3 "no base64" audit list
log 2 '{"sequence":1,"record":"AAAA"},{"sequence":1,"record":"AAAA"}'
exits 3 "out of order" audit list
log 2 '{"sequence":2,"record":"AAAA"}'
exits 1 "with a gap" audit list
says "which is named" err "the server's log lacks record 1 of 2"
log 2 '{"sequence":1,"record":"AAAA"}'
exits 1 "cut off" audit list
says "which is said" err "the server's log lacks record 2 of 2"
begin
records '{"sequence":7,"record":"AAAA"}'
exits 3 "another than was asked for" audit show 5
claimed=$(openssl base64 -A -in "$SRCDIR/tests/vectors/audit/01-claimed.der")
issued=$(openssl base64 -A -in "$SRCDIR/tests/vectors/audit/02-issued.der")
begin
records "{\"sequence\":5,\"record\":\"$claimed\"}"
exits 3 "another than it is given for" audit show 5
says "says so" err "record 5: expected the record of this number, found record 1"
log 1 "{\"sequence\":1,\"record\":\"$issued\"}"
ok "in a list" audit list
says "it is broken" out "1  broken: "
log 1 "{\"sequence\":1,\"record\":\"$issued\"}"
exits 3 "nor is it exported" audit export
new_key operator.key
statements() { # RECORD, which the claim is to be
	log 2 "{\"sequence\":1,\"record\":\"$claimed\"},
	    {\"sequence\":2,\"record\":\"$issued\"}"
	next=$((next - 1))
	records "{\"sequence\":1,\"record\":\"$1\"}"
}
statements "$claimed"
ok "a statement of both" audit export --format dsse --key operator.key
statements "$(openssl base64 -A -in \
    "$SRCDIR/tests/vectors/audit/03-claimed-wit.der")"
exits 3 "none of what somebody else was issued" audit export --format dsse \
    --key operator.key
begin
ends 7
ends 7
records ''
exits 1 "a log without its head" audit verify
says "lacks it" err "lacks record 1 of 7"
begin
ends 7
ends 2
records "{\"sequence\":1,\"record\":\"$claimed\"},
    {\"sequence\":2,\"record\":\"$issued\"}"
exits 1 "one that ends before what was said first" audit verify
says "lacks it, too" err "lacks its head, record 7"
begin
ends 7
ends 7
records '{"sequence":1,"record":"AAAA"}'
audit verify >out 2>err
report $((! $?)) "a log of no records is none"
done_testing

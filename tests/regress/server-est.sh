#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the countersign authors
#
# EST of a running server, by clients that know nothing of us: curl and openssl,
# and strongSwan's pki. Enrolment, renewal by the agent's own certificate, a
# request that waits; every refusal.
# shellcheck disable=SC2119,SC2317 # run by name
# shellcheck source=tap.sh
. "$SRCDIR/tests/regress/tap.sh"
# shellcheck source=server.sh
. "$SRCDIR/tests/regress/server.sh"
est=/.well-known/est
p10='Content-Type: application/pkcs10'

field() { # NAME: of the last answer
	sed -n "s/^$1: \(.*\)\r\$/\1/Ip" head
}
# enroll NAME [OPTIONS OF CURL...]: NAME.der by $to, as base64; its status
to=$est/simpleenroll
enroll() {
	agent=$1
	shift
	openssl base64 -A -in "$agent.der" -out "$agent.b64"
	web $to -H "$p10" --data-binary "@$agent.b64" "$@"
}
# certs FILE: of the last answer
certs() {
	openssl base64 -d -A -in body | openssl pkcs7 -inform DER \
	    -print_certs | sed -n '/^-----BEGIN/,/^-----END/p' >"$1"
	[ -s "$1" ]
}
good() { # FILE NAME: a credential of it
	openssl verify -CAfile i/ca.pem "$1" &&
	    openssl x509 -in "$1" -noout -ext subjectAltName |
	    grep -qxF "    URI:$base/$2"
}
why() { # NAME STATUS WANTED REASON: of the last answer
	is "$1" "$2" "$3"
	is "is $4" "$(field Content-Type) $(sed 's/[:].*//' body)" \
	    "text/plain $4"
}
der() { # NAME: NAME.der of NAME.base
	openssl req -in "$1.base" -outform DER -out "$1.der"
}

# strongSwan, which asks for what others may leave out
strongswan() {
	STRONGSWAN_CONF=$PWD/strongswan.conf command pki "$@"
}
cat >strongswan.conf <<'END'
pki {
	load = random nonce x509 pubkey pkcs1 pkcs7 pkcs8 pem openssl curl
}
libtls {
	version_max = 1.3
}
END
has_strongswan() {
	command -v pki >/dev/null && pki --help 2>&1 | grep -q -e --estca &&
	    pki --help 2>&1 | grep -q 'plugins:.* curl'
}

ok "an instance" new_server i
ok "serves" start_server i
host=https://localhost:$port
# It asks again and again while the rest goes on.
if has_strongswan; then
	request patient --owner $alice
	der patient
	strongswan --est --url "$host" --in patient.der --cacert i/ca.pem \
	    --interval 1 --maxpolltime 60 --outform pem >patient.pem \
	    2>patient.err &
	patient=$!
	ok "strongSwan has a request that waits" \
	    until_log 'POST simpleenroll 202'
	countersign sign --key file:alice.key --owner $alice --yes \
	    -f patient.base -o patient.approval 2>/dev/null
	is "until its owner signs" \
	    "$(web /v1/approvals --data-binary @patient.approval \
	    -H 'Content-Type: application/x-pem-file')" 200
fi

# What it gives without being asked for anything
is "cacerts" "$(web $est/cacerts)" 200
is "as RFC 7030 says" "$(field Content-Type)" \
    'application/pkcs7-mime; smime-type=certs-only'
is "in base64" "$(field Content-Transfer-Encoding)" base64
ok "in one line" [ "$(wc -l <body)" -eq 0 ]
ok "a CMS" certs cas.pem
ok "has the CA" cmp cas.pem i/ca.pem
is "under the label of the domain" "$(web $est/corp.example/cacerts)" 200
ok "the same" certs label.pem
same "has it, too" label.pem i/ca.pem
why "under another label" "$(web $est/other/cacerts)" 404 not-found
is "csrattrs" "$(web $est/csrattrs)" 200
is "of their type" "$(field Content-Type)" application/csrattrs
openssl base64 -d -A -in body | openssl asn1parse -inform DER >attrs
says "want evidence" attrs ':1.2.840.113549.1.9.16.2.59'
says "approvals" attrs ':1.3.6.1.4.1.32473.53.2.1'
silent "and no password" attrs challengePassword

# Enrolment
ok "a request, approved" approved mail
is "gets its certificate" "$(enroll mail)" 200
cp body first
is "as RFC 7030 says" "$(field Content-Type)" \
    'application/pkcs7-mime; smime-type=certs-only'
ok "in one line" [ "$(wc -l <body)" -eq 0 ]
ok "a CMS" certs mail.pem
is "of one certificate" "$(grep -c BEGIN mail.pem)" 1
ok "which is good" good mail.pem mail
is "its retry" "$(enroll mail)" 200
same "gets the same" body first
openssl base64 -in mail.der | sed 's/$/\r/' >mail.lines
is "in lines" "$(web $to -H "$p10" --data-binary @mail.lines)" 200
same "too" body first
is "under the label" "$(web $est/corp.example/simpleenroll -H "$p10" \
    --data-binary @mail.b64)" 200
same "too" body first

# Whose owner is asked
ok "a request for its owner" request wait --owner $alice
der wait
why "waits" "$(enroll wait)" 202 pending
ok "a while" [ "$(field Retry-After)" -gt 0 ]
countersign sign --key file:alice.key --owner $alice --yes -f wait.base \
    -o wait.approval 2>/dev/null
is "until he signs" "$(web /v1/approvals --data-binary @wait.approval \
    -H 'Content-Type: application/x-pem-file')" 200
is "and sent again" "$(enroll wait)" 200
ok "gets its certificate" certs wait.pem
ok "which is good" good wait.pem wait
request no --owner $alice
der no
is "another waits" "$(enroll no)" 202
countersign sign --key file:alice.key --owner $alice --yes --deny -f no.base \
    -o no.approval 2>/dev/null
web /v1/approvals --data-binary @no.approval \
    -H 'Content-Type: application/x-pem-file' >/dev/null
why "is denied" "$(enroll no)" 403 denied

# Refusals
request bare
der bare
why "no approval" "$(enroll bare)" 403 no-approval
approved far --authority https://other.example
why "an approval for others" "$(enroll far)" 403 wrong-authority
why "DER" "$(web $to -H "$p10" --data-binary @mail.der)" 400 malformed
why "PEM" "$(web $to -H "$p10" --data-binary @mail.csr)" 400 malformed
why "nothing" "$(web $to -H "$p10" --data-binary '')" 400 malformed
why "no request" "$(web $to -H "$p10" --data-binary MIIB)" 400 not-der
why "no type" "$(web $to -H 'Content-Type:' --data-binary @mail.b64)" 415 \
    unsupported-media-type
why "another" "$(web $to --data-binary @mail.b64)" 415 unsupported-media-type
why "GET" "$(web $to)" 405 method-not-allowed
is "says which" "$(field Allow)" POST
why "POST" "$(web $est/cacerts -d x)" 405 method-not-allowed
is "says which" "$(field Allow)" 'GET, HEAD'
why "keys of the server's" "$(web $est/serverkeygen -H "$p10" \
    --data-binary @mail.b64)" 404 not-found
head -c 300000 /dev/zero | tr '\0' A >large
is "300,000 octets" "$(web $to -H "$p10" --data-binary @large)" 413
is "nothing of that was issued" "$(operate /v1/status; jq \
    '[.credentials[].agent | select(endswith("/patient") | not)] | unique |
    length' body)" "200
2"

# What strongSwan says of them
if has_strongswan; then
	ok "strongSwan gets the CA" strongswan --estca --url "$host" \
	    --cacert i/ca.pem --caout sw-ca.der
	ok "as it is" sh -c 'openssl x509 -inform DER -in sw-ca.der |
	    cmp - i/ca.pem'
	approved swan
	ok "it enrols" strongswan --est --url "$host" --in swan.der \
	    --cacert i/ca.pem --outform pem
	mv out swan.pem
	says "by what it trusts" err "Issued certificate is trusted"
	ok "with a credential that is good" good swan.pem swan
	exits 1 "and not without approval" strongswan --est --url "$host" \
	    --in bare.der --cacert i/ca.pem
	says "as it is told" err 403
	ok "the one that waited has its certificate" wait "$patient"
	ok "which is good" good patient.pem patient
else
	report 0 "strongSwan # SKIP it is not installed"
fi
ok "it ends" stop_server

# Clients with certificates: of agents by our CA, or of a proxy by another
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
    -keyout proxy-ca.key -out proxy-ca.pem -subj /CN=proxies -days 2 \
    2>/dev/null
openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
    -keyout proxy.key -out proxy.csr -subj /CN=proxy 2>/dev/null
openssl x509 -req -in proxy.csr -CA proxy-ca.pem -CAkey proxy-ca.key \
    -out proxy.pem -days 1 2>/dev/null
cat i/ca.pem proxy-ca.pem >i/clients.pem
ok "clients may have certificates" sh -c '
    sed -i -e "s/^#client-ca = .*/client-ca = \"clients.pem\"/" \
	-e "s/^#clients = .*/clients = may/" i/server.conf &&
    grep -q "^clients = may" i/server.conf'
ok "serves again" start_server i
host=https://localhost:$port
as() { # NAME: options of curl
	echo "--cert $1.pem --key ${2:-agent.key}"
}
approved mail --for 1h
to=$est/simplereenroll
# shellcheck disable=SC2046 # options
{
is "renewal by its own" "$(enroll mail $(as mail))" 200
ok "gives one" certs renewed.pem
ok "that is good" good renewed.pem mail
ok "and another one" sh -c '! cmp -s mail.pem renewed.pem'
why "by none" "$(enroll mail)" 403 client-mismatch
why "by another agent's" "$(enroll mail $(as wait))" 403 client-mismatch
why "by a proxy's" "$(enroll mail $(as proxy proxy.key))" 403 client-mismatch
why "its own, without approval" "$(der mail; enroll mail $(as mail))" 403 \
    no-approval
to=$est/simpleenroll
approved new
is "enrolment by a proxy" "$(enroll new $(as proxy proxy.key))" 200
is "by none" "$(enroll new)" 200
}
if has_strongswan; then
	approved swan --for 1h
	ok "strongSwan renews" strongswan --est --url "$host" --in swan.der \
	    --cacert i/ca.pem --cert swan.pem --key agent.key --outform pem
	mv out swan2.pem
	ok "and has a good one" good swan2.pem swan
	ok "that is new" sh -c '! cmp -s swan.pem swan2.pem'
	ok "by simplereenroll" until_log 'POST simplereenroll 200'
	exits 1 "but not by another's" strongswan --est --url "$host" \
	    --in swan.der --cacert i/ca.pem --cert wait.pem --key agent.key
fi
ok "it ends" stop_server

ok "clients must have certificates" sh -c '
    sed -i "s/^clients = may/clients = must/" i/server.conf'
ok "serves again" start_server i
# cut OPTIONS...: TLS ends; whether while curl writes or reads is chance
cut() {
	curl -sS --cacert i/ca.pem "$@" "$url$est/cacerts"
	case $? in
	35 | 55 | 56) ;;
	*) return 1 ;;
	esac
}
ok "nothing without" cut
# shellcheck disable=SC2046 # options
is "but with" "$(web $est/cacerts $(as proxy proxy.key))" 200
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
    -keyout strange.key -out strange.pem -subj /CN=proxies 2>/dev/null
ok "nor with one of others" cut --cert strange.pem --key strange.key
ok "it ends" stop_server
done_testing

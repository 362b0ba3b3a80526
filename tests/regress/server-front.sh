#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the countersign authors
#
# A running server by its sockets: agents over TLS, operators over the unix
# socket.
# shellcheck source=tap.sh
. "$SRCDIR/tests/regress/tap.sh"
# shellcheck source=server.sh
. "$SRCDIR/tests/regress/server.sh"

ok "an instance" new_server i
ok "serves" start_server i
is "its bundle" "$(web /v1/bundle)" 200
ok "has its CA" jq -e '.keys[] | select(.use == "x509-svid")' body
ok "a request, approved" approved mail
is "is answered" "$(enrol mail)" 200
says "with a certificate" body 'BEGIN CERTIFICATE'
says "each answer has a name" head 'X-Request-Id: '
mv body first
is "its retry" "$(enrol mail)" 200
same "with the same one" body first

# Operators
is "it lives" "$(operate /v1/health)" 200
is "and issues" "$(operate /v1/ready)" 200
is "what it has issued" "$(operate /v1/status)" 200
is "is one credential" "$(jq '.credentials | length' body)" 1
is "its figures" "$(operate /metrics)" 200
says "are Prometheus's" body 'countersign_requests_total{outcome="issued"} 2'
is "its records" "$(operate '/v1/audit?from=1')" 200
is "no such path" "$(operate /v1/nothing)" 404
is "no such method" "$(operate /v1/status -X POST)" 405
says "but another" head 'Allow: GET'
is "no such option" "$(operate '/v1/status?agnt=x')" 400
is "a revocation that is none" "$(operate /v1/revocations --json '{}')" 400
is "one that is no JSON" "$(operate /v1/revocations -d '{}')" 415
is "one" "$(operate /v1/revocations --json \
    '{"what":"agent","name":"spiffe://corp.example/agent/mail","reason":"x"}')" \
    200
is "ends one credential" "$(jq .ended body)" 1
is "and its retry is refused" "$(enrol mail)" 403
says "for that" body '"reason":"revoked"'
is "until that is lifted" "$(operate /v1/revocations/lift --json \
    '{"what":"agent","name":"spiffe://corp.example/agent/mail","reason":"y"}')" \
    200
is "owners and policy anew" "$(operate /v1/reload -X POST)" 200

ok "it ends" stop_server
is "all of it" "$(pgrep -f "$PWD/i/server.conf" || echo none)" none
done_testing

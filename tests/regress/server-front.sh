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
workers=$((8 * $(getconf _NPROCESSORS_ONLN)))
[ "$workers" -ge 16 ] || workers=16
[ "$workers" -le 64 ] || workers=64
says "with its threads" body "countersign_workers $workers"
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

# Clients with certificates, from a reload on
new_key clients.key
openssl req -x509 -new -key clients.key -subj /CN=clients -days 30 \
    -addext basicConstraints=critical,CA:true \
    -addext keyUsage=critical,keyCertSign -out i/clients.pem 2>/dev/null
new_key proxy.key
openssl req -new -key proxy.key -subj /CN=proxy \
    -addext 'subjectAltName=URI:spiffe://corp.example/proxy' 2>/dev/null |
    openssl x509 -req -CA i/clients.pem -CAkey clients.key -days 5 \
	-copy_extensions copyall -out proxy.pem 2>/dev/null
: >"$log"
ok "who issues clients' certificates" set_option i \
    'client-ca = "clients.pem"'
ok "which they must have" set_option i "clients = must"
ok "a reload" kill -s HUP "$server_pid"
ok "is taken" until_log "master: reloaded"
is "nobody comes without one" "$(web /v1/bundle 2>/dev/null)" 000
is "who has one does" \
    "$(web /v1/bundle --cert proxy.pem --key proxy.key)" 200
ok "and is named in the log" until_log ", client spiffe://corp.example/proxy, "
openssl req -x509 -key proxy.key -subj /CN=proxy -days 5 -out other.pem
is "another's is none" "$(web /v1/bundle --cert other.pem --key proxy.key \
    2>/dev/null)" 000

ok "it ends" stop_server
is "all of it" "$(pgrep -f "$PWD/i/server.conf" || echo none)" none

# Who may operate: by the kernel's word, if we can be somebody else
if [ "$(id -u)" -ne 0 ] || ! command -v setpriv >/dev/null; then
	done_testing
fi
group=$(getent group 1 | cut -d : -f 1)
chmod 711 "$top"
mkdir -m 711 "$top/admin"
ok "an instance" new_server j
ok "with a socket that may be seen" set_option j \
    "admin = \"$top/admin/socket\""
ok "and a group of operators" set_option j "admin-group = \"$group\""
ok "serves" start_server j
# As if its mode kept nobody away, which is what is asked here
chmod 666 "$top/admin/socket"

# asked OPTIONS OF SETPRIV...: the status for another user
asked() {
	setpriv --reuid 65534 "$@" curl -sS --max-time 30 -o /dev/null \
	    -w '%{http_code}\n' --unix-socket "$top/admin/socket" \
	    http://localhost/v1/health
}
is "another user may not operate" \
    "$(asked --regid 65534 --clear-groups)" 403
ok "that is said" until_log "uid 65534, process "
is "one whose group it is may" "$(asked --regid 1 --clear-groups)" 200
is "one who is in it, too" "$(asked --regid 65534 --groups 2,1)" 200
is "in others not" "$(asked --regid 65534 --groups 2,3)" 403
for who in "front 1" admin issuer keyholder; do
	is "$who is root without what root may" \
	    "$(sed -n 's/^Cap[PB][rn][md]:[[:space:]]*0*//p' \
	    "/proc/$(pid_of "$who")/status")" ""
done
ok "it ends" stop_server

# Started as root it becomes somebody else, who cannot read the key of its TLS;
# a reload and a new front have it all the same.
ok "an instance" new_server k
ok "whose user is another" set_option k "user = nobody"
ok "whose keyholder's is, too" set_option k "keyholder-user = nobody"
ok "and whose group" set_option k "group = \"$(id -gn nobody)\""
ok "whose modules he can read" own_modules k
chmod 755 "$top/work" k
chown -R nobody k
chown root k k/tls.key k/tls.pem k/server.conf
ok "serves" start_server k
for who in "front 1" admin issuer keyholder; do
	is "$who is nobody" "$(stat -c %U "/proc/$(pid_of "$who")")" nobody
	is "and can do nothing else" \
	    "$(sed -n 's/^CapPrm:[[:space:]]*0*//p' \
	    "/proc/$(pid_of "$who")/status")" ""
done
ok "a request, approved" approved mail
is "is answered" "$(enrol mail)" 200
ok "a reload" kill -s HUP "$server_pid"
ok "is taken" until_log "master: reloaded"
silent "by all" "$log" "but for what is said"
ok "a front is killed" kill -s KILL "$(pid_of "front 1")"
ok "another is there" until_log " front 1 is up, process " 2
is "and answers" "$(web /v1/bundle)" 200
ok "it ends" stop_server
done_testing

#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the countersign authors
#
# From countersign-server --webhook to who relies on it: certificates that Go
# makes of contrib/step-ca's template, as step-ca does.
# shellcheck disable=SC2119,SC2317 # for server.sh; run by name
# shellcheck source=../regress/tap.sh
. "$SRCDIR/tests/regress/tap.sh"
# shellcheck source=../regress/server.sh
. "$SRCDIR/tests/regress/server.sh"
# shellcheck source=interop.sh
. "$SRCDIR/tests/interop/interop.sh"
need go python3

template=$SRCDIR/contrib/step-ca/agent.tpl
call=$SRCDIR/tests/regress/webhook.py
export GOFLAGS=-mod=mod GOPROXY=off GO111MODULE=off GOCACHE="$top/go"
ok "step-ca's part, in Go" go build -o stepca "$interop/stepca.go"
ok "its CA" ./stepca init ca
ok "another of the same names" ./stepca init twin

# One certificate is the webhook's, and step-ca's own as its client
new_key tls.key
openssl req -x509 -new -key tls.key -subj /CN=ca -days 1 -out tls.pem \
    -addext 'subjectAltName=DNS:ca.corp.example,IP:127.0.0.1'
new_server i >/dev/null
cp tls.pem tls.key i
cat >i/webhook.conf <<'END'
trust-domain = corp.example
listen = "127.0.0.1:0"
tls-cert = tls.pem
tls-key = tls.key
client-ca = tls.pem
owners = owners.d
policy = policy/policy.conf
store = store/store.db
lifetime = 1h
webhook enrich {
	kind = enriching
	client-name = ca.corp.example
}
webhook authorize {
	kind = authorizing
	client-name = ca.corp.example
}
END
ok "it is asked by webhook" start_hook

post() { # KIND FILE
	curl -sS --fail --cacert tls.pem --cert tls.pem --key tls.key \
	    --max-time 30 -o body -H "X-Smallstep-Webhook-ID: $1" \
	    -H Content-Type: --data-binary "@$2" "$url/webhook/$1" &&
	    jq -e .allow body >/dev/null
}
openssl pkey -in agent.key -pubout -outform DER -out agent.spki
enriched() {
	approved one &&
	    python3 "$call" enrich one.der >one.enrich &&
	    post enrich one.enrich && mv body one.answer
}
authorized() {
	python3 "$call" authorize "$template" one.answer agent.spki \
	    >one.authorize && post authorize one.authorize
}
ok "before the template" enriched
ok "and behind it" authorized
sign() { # FILE CA [WHAT]
	./stepca sign "$2" "$template" one.answer one.der ${3:+"$3"} >"$1"
}
ok "it signs" sign one.pem ca
ok "which is a path for openssl" openssl verify -x509_strict \
    -CAfile ca-root.pem -untrusted ca.pem one.pem

bundle=ca.pem
domain=corp.example
rely() { # CERTIFICATE OPTIONS...
	cert=$1
	shift
	countersign verify --credential "$cert" --bundle "$bundle" \
	    --trust-domain "$domain" "$@"
}
refused() { # REASON NAME ARGUMENTS
	reason=$1
	name=$2
	shift 2
	exits 1 "$name" rely "$@"
	says "is refused, $reason" out "refused: $reason: "
}
ok "who relies on it takes it" rely one.pem
says "by the issuer's word" out \
    "valid: $base/one of $alice (issuer's word, "
ok "and with the owners" rely one.pem --owners i/owners.d
says "by his signature" out \
    "valid: $base/one of $alice (owner's signature, "
cat one.pem ca.pem >chain.pem
ok "a chain, as step writes one" rely chain.pem --owners i/owners.d
exits 2 "its CA names no trust domain" countersign verify --credential \
    one.pem --bundle ca.pem
domain=evil.example
refused wrong-trust-domain "another" one.pem
domain=corp.example
bundle=ca-root.pem
refused path-invalid "the root for the intermediate" one.pem
bundle=twin.pem
refused path-invalid "another CA of that name" one.pem
bundle=ca.pem

# What step-ca adds, as it is told to
ok "one that names the list" sign url.pem ca crl-url
ok "is taken" rely url.pem --owners i/owners.d
for what in extension subject issuing-url; do
	ok "one with $what" sign more.pem ca $what
	refused malformed "which the template has not" more.pem
done

# A list, of one point alone
number=$(openssl x509 -in one.pem -noout -serial | cut -d = -f 2)
ok "its list" ./stepca list ca "$number"
cp out ca.crl
ok "is its own" openssl crl -in ca.crl -CAfile ca.pem -noout
exits 3 "and is not taken" rely one.pem --crl ca.crl
says "as another thing than ours" err "a revocation list"
done_testing

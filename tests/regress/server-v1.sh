#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the countersign authors
#
# /v1 of a running server by curl: a request to its credential, in each form; a
# request that waits for its owner; denials; what was revoked; every refusal.
# Whatever was answered is held against contrib/openapi at the end.
# shellcheck disable=SC2016,SC2119,SC2317 # words for sh -c; run by name
# shellcheck source=tap.sh
. "$SRCDIR/tests/regress/tap.sh"
# shellcheck source=server.sh
. "$SRCDIR/tests/regress/server.sh"
for python in python3 /usr/bin/python3; do
	"$python" -c 'import cryptography, jsonschema' 2>/dev/null && break
	python=
done
export PYTHONDONTWRITEBYTECODE=1
p10='Content-Type: application/pkcs10'
pem='Content-Type: application/x-pem-file'
json='Content-Type: application/json'
chain=application/pem-certificate-chain
calls=$top/calls
mkdir "$calls"

# ask METHOD PATH [OPTIONS OF CURL...]: prints the status; what was answered is
# kept for the end
asked=0
ask() {
	method=$1
	shift
	: >body
	case $method in
	HEAD) web "$@" -I >status ;;
	*) web "$@" -X "$method" >status ;;
	esac
	asked=$(find "$calls" -name '*.call' | wc -l)
	printf '%s %s %s\n' "$method" "$1" "$(cat status)" \
	    >"$calls/$asked.call"
	cp head "$calls/$asked.head"
	cp body "$calls/$asked.body"
	cat status
}
post() { # PATH HEADER FILE [OPTIONS...]
	path=$1
	header=$2
	file=$3
	shift 3
	ask POST "$path" -H "$header" --data-binary "@$file" "$@"
}
# act METHOD PATH [OPTIONS...]: the same over the admin socket
act() {
	method=$1
	shift
	: >body
	operate "$@" -X "$method" >status
	asked=$(find "$calls" -name '*.call' | wc -l)
	printf '%s %s %s\n' "$method" "$1" "$(cat status)" \
	    >"$calls/$asked.call"
	cp head "$calls/$asked.head"
	cp body "$calls/$asked.body"
	cat status
}
field() { # NAME: of the last answer
	sed -n "s/^$1: \(.*\)\r\$/\1/Ip" head
}
why() { # NAME REASON: the last answer is a problem with it
	is "$1" "$(jq -r '"\(.reason) \(.type)"' body)" \
	    "$2 urn:countersign:reason:$2"
}
reads() { # FILE [OPTIONS...]: openssl believes it
	file=$1
	shift
	openssl verify -CAfile i/ca.pem "$@" "$file"
}
of() { # FILE: the agent that it is of
	openssl x509 -in "$1" -noout -ext subjectAltName | sed -n 's/ *URI://p'
}
# signed NAME [OPTIONS OF SIGN...]: NAME.approval of NAME.base
signed() {
	agent=$1
	shift
	countersign sign --key file:alice.key --owner $alice --yes "$@" \
	    -f "$agent.base" -o "$agent.approval" 2>/dev/null
}

ok "an instance" new_server i
ok "serves" start_server i

# A request that has its approval
ok "a request, approved" approved mail
is "gets its credential" "$(post /v1/credentials "$p10" mail.der)" 200
cp body mail.pem
is "as a chain" "$(field Content-Type)" $chain
place=$(field Content-Location)
ok "of the CA" reads mail.pem
is "of the agent" "$(of mail.pem)" $base/mail
is "with the CA's own" "$(grep -c BEGIN mail.pem)" 2
is "that is known by its digest" "$(ask GET "$place")" 200
same "as it was" body mail.pem
is "and by HEAD" "$(ask HEAD "$place")" 200
is "again" "$(post /v1/credentials "$pem" mail.csr)" 200
same "the same, from PEM" body mail.pem
ok "as JSON" sh -c 'jq -n --rawfile r mail.csr "{request: \$r}" >mail.json'
is "again" "$(post /v1/credentials "$json; charset=utf-8" mail.json)" 200
same "the same, from JSON" body mail.pem
is "both" "$(post /v1/credentials "$p10" mail.der \
    -H 'Accept: application/json')" 200
command jq -j .x509 body >both.pem
command jq -j .wit body >mail.wit
same "with the same certificate" both.pem mail.pem
is "of the same agent" "$(jq -r .agent body)" $base/mail
is "by its digest" "/v1/credentials/$(jq -r .id body)" "$place"
is "the WIT alone" "$(post /v1/credentials "$p10" mail.der \
    -H 'Accept: text/html, application/wit+jwt;q=0.2')" 200
is "as such" "$(field Content-Type)" application/wit+jwt
same "is the same" body mail.wit

# The same by many at once
approved crowd
pids=
for n in 1 2 3 4 5 6 7 8; do
	curl -sS --cacert i/ca.pem --max-time 30 -f -H "$p10" -o "crowd.$n" \
	    --data-binary @crowd.der "$url/v1/credentials" &
	pids="$pids $!"
done
got=0
for pid in $pids; do
	wait "$pid" && got=$((got + 1))
done
is "eight who ask at once get theirs" $got 8
is "and it is one" "$(cat crowd.[1-8] | sha256sum -)" \
    "$(for n in 1 2 3 4 5 6 7 8; do cat crowd.1; done | sha256sum -)"
ok "that is good" reads crowd.1
is "of which there is one" "$(act GET "/v1/status?agent=$base/crowd"
	jq '.credentials | length' body)" "200
1"

# What relying parties fetch
is "the bundle" "$(ask GET /v1/bundle)" 200
cp body bundle.json
tag=$(field ETag)
is "once" "$(ask GET /v1/bundle -H "If-None-Match: $tag")" 304
if [ -n "$python" ]; then
	ok "a second reader takes both by it" "$python" \
	    "$SRCDIR/tests/reference/trust.py" bundle.json mail.pem mail.wit
	sed 's/A\(...\)$/B\1/; t; s/.\(...\)$/A\1/' mail.wit >other.wit
	exits 1 "and no other token" "$python" \
	    "$SRCDIR/tests/reference/trust.py" bundle.json mail.pem other.wit
else
	report 0 "a second reader # SKIP python3-cryptography or -jsonschema"
fi
is "the list" "$(ask GET /v1/crl)" 200
is "of its type" "$(field Content-Type)" application/pkix-crl
openssl crl -inform DER -in body -out empty.crl 2>/dev/null
ok "has nobody" reads mail.pem -crl_check -CRLfile empty.crl
keyid=$(openssl x509 -in i/ca.pem -noout -ext subjectKeyIdentifier |
    sed -n 's/ *\([0-9A-F:]\{59\}\)$/\1/p' | tr -d : | tr A-F a-f)
is "that of the CA" "$(ask GET "/v1/crl/$keyid")" 200
is "of no CA of ours" "$(ask GET /v1/crl/0102)" 404
why "is not there" not-found

# A request whose owner is asked
ok "a request without approval, for its owner" request wait --owner $alice
is "waits" "$(post /v1/credentials "$pem" wait.base)" 202
is "for him" "$(jq -r '"\(.state) \(.detail)"' body)" "pending waits for $alice"
place=$(field Location)
ok "a while" [ "$(field Retry-After)" -gt 0 ]
is "there, too" "$(ask GET "$place")" 202
ok "he signs" signed wait
is "and hands it in" "$(post /v1/approvals "$pem" wait.approval)" 200
is "which is enough" "$(jq -r '"\(.state) \(.detail)"' body)" \
    "ready approved: the agent may fetch it"
is "it is there" "$(ask GET "$place")" 200
cp body wait.pem
ok "good" reads wait.pem
is "and sent again" "$(post /v1/credentials "$pem" wait.base)" 200
same "the same" body wait.pem
request asked --owner $alice
signed asked
command jq -n --rawfile r asked.base --rawfile a asked.approval \
    '{request: $r, approvals: [$a]}' >asked.json
is "both by the owner, as JSON" "$(post /v1/approvals "$json" asked.json)" 200
is "before the agent asks" "$(post /v1/credentials "$pem" asked.base)" 200
request none --owner $alice
signed none
is "an approval of what nobody knows" \
    "$(post /v1/approvals "$pem" none.approval)" 404
why "finds nothing" not-found

# Denials
request no --owner $alice
is "another waits" "$(post /v1/credentials "$pem" no.base)" 202
place=$(field Location)
signed no --deny
is "and is denied" "$(post /v1/approvals "$pem" no.approval)" 200
is "which is kept" "$(jq -r '"\(.state) \(.detail)"' body)" "denied denied"
is "its retry" "$(post /v1/credentials "$pem" no.base)" 403
why "is denied" denied
is "and so is its place" "$(ask GET "$place")" 403
ok "an approval of it, in it" signed no
countersign attach --key agent.key -f no.base no.approval -o no.csr >/dev/null
is "changes nothing" "$(post /v1/credentials "$pem" no.csr)" 403
why "it stays denied" denied

# Refusals
refused() { # NAME STATUS REASON FILE [HEADER]
	is "$1" "$(post /v1/credentials "${5:-$pem}" "$4")" "$2"
	why "is $3" "$3"
}
request bare
refused "no approval, nobody to ask" 403 no-approval bare.base
signed bare
cat bare.base bare.approval >bare.pem
refused "approvals beside their request" 403 not-composite bare.pem
request other --owner $alice
cat other.base bare.approval >other.pem
refused "those of another request" 403 binding-mismatch other.pem
new_key mallory.key
approved far --authority https://other.example
refused "for another authority" 403 wrong-authority far.csr
keep=$base
base=spiffe://corp.example/robot
approved r2
refused "an agent that is not the owner's" 403 agent-not-allowed r2.csr
request r3 --owner $alice
refused "nor to be asked for" 403 agent-not-allowed r3.base
base=spiffe://other.example/agent
approved abroad --authority https://corp.example
refused "of another domain" 403 wrong-trust-domain abroad.csr
base=$keep
request m
countersign sign --key file:mallory.key --owner $alice --yes -f m.base \
    -o m.approval 2>/dev/null
countersign attach --key agent.key -f m.base m.approval -o m.csr >/dev/null
refused "by a key that nobody knows" 403 unknown-owner-key m.csr
approved long --max-lifetime 30d --for 48h
refused "of two days" 403 window-too-long long.csr
head -c -1 mail.der >cut.der
spoilt mail.der >flip.der
refused "half a request" 400 not-der cut.der "$p10"
is "another signature" "$(post /v1/credentials "$p10" flip.der)" 400
refused "a request of nothing" 400 malformed /dev/null
refused "PEM that says it is DER" 400 malformed mail.csr "$p10"
printf '{"request":"AAAA","approval":[]}' >bad.json
refused "JSON with another member" 400 malformed bad.json "$json"
refused "text" 415 unsupported-media-type mail.csr 'Content-Type: text/plain'
head -c 300000 /dev/zero >large
is "300,000 octets" "$(web /v1/credentials -H "$p10" --data-binary @large)" 413
is "in no form that there is" "$(post /v1/credentials "$p10" mail.der \
    -H 'Accept: text/html')" 406
why "says which there are" not-acceptable
is "of no request" "$(ask GET "/v1/credentials/$(printf %064d 0)")" 404
why "is unknown" not-found
is "a query" "$(ask GET '/v1/bundle?x=1')" 400
is "another method" "$(web /v1/credentials -X DELETE)" 405
is "says which" "$(field Allow)" POST
is "no path" "$(web /v1/credential)" 404
request beside --owner $alice
signed beside
cat beside.base beside.approval >beside.pem
is "beside a request that asks for them" \
    "$(post /v1/credentials "$pem" beside.pem)" 200

# Revocation
act POST /v1/revocations --json "{\"what\":\"agent\"}" >/dev/null
why "a revocation of nobody is" bad-identifier
revocation="{\"what\":\"agent\",\"name\":\"$keep/mail\",\"reason\":\"x\"}"
is "the agent is revoked" \
    "$(act POST /v1/revocations --json "$revocation")" 200
is "as it is told" "$(act GET /v1/revocations)" 200
is "what lives" "$(act GET /v1/status)" 200
is "what it had" "$(act GET "/v1/status?agent=$keep/mail")" 200
is "the log" "$(act GET '/v1/audit?from=1')" 200
is "what its store is" "$(act GET /v1/store)" 200
is "who was denied" "$(act GET /v1/denials)" 200
is "health" "$(act GET /v1/health)" 200
is "ready" "$(act GET /v1/ready)" 200
is "figures" "$(act GET /metrics)" 200
is "owners anew" "$(act POST /v1/reload)" 200
is "its retry" "$(post /v1/credentials "$p10" mail.der)" 403
why "is refused" revoked
is "another list" "$(ask GET /v1/crl)" 200
openssl crl -inform DER -in body -out some.crl 2>/dev/null
exits 2 "has it" reads mail.pem -crl_check -CRLfile some.crl
says "as revoked" err "certificate revoked"
ok "and no other" reads wait.pem -crl_check -CRLfile some.crl
is "it is lifted" "$(act POST /v1/revocations/lift --json "$revocation")" 200
is "once" "$(act POST /v1/revocations/lift --json "$revocation")" 409
why "as there is no other" conflict

ok "a server without a key for WITs" sh -c \
    'sed -i "/^wit {/,/^}/d" i/server.conf && ! grep -q "^wit" i/server.conf'
stop_server
ok "serves" start_server i
approved plain
is "no WIT" "$(post /v1/credentials "$p10" plain.der \
    -H 'Accept: application/wit+jwt')" 406
is "and for both" "$(post /v1/credentials "$p10" plain.der \
    -H 'Accept: application/json')" 200
is "one" "$(jq -r '.wit // "none"' body)" none
ok "it ends" stop_server

if [ -n "$python" ]; then
	ok "every answer is as OpenAPI has it" "$python" \
	    "$SRCDIR/tests/reference/openapi.py" \
	    "$SRCDIR/contrib/openapi/countersign.json" "$calls"
	sed 's/^/# /' out
fi
done_testing

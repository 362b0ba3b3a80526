#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the countersign authors
#
# countersign-server --webhook, called as step-ca calls it: by mutual TLS, with
# an HMAC, and with payloads of its shape that are made of real requests.
# shellcheck disable=SC2016,SC2034,SC2119,SC2317 # jq; for server.sh; by name
. "$SRCDIR/tests/regress/tap.sh"
. "$SRCDIR/tests/regress/server.sh"
need python3

call=$SRCDIR/tests/regress/webhook.py
template=$SRCDIR/contrib/step-ca/agent.tpl

# new_leaf NAME EXTENSIONS...: NAME.pem and NAME.key, by root.pem
new_leaf() {
	new_key "$1.key" &&
	    openssl req -new -key "$1.key" -subj "/CN=$1" -out "$1.csr"
	name=$1
	shift
	printf '%s\n' "$@" >leaf.ext
	openssl x509 -req -in "$name.csr" -CA root.pem -CAkey root.key \
	    -days 1 -extfile leaf.ext -out "$name.pem" 2>/dev/null
}

# The other CA: its root, its own certificate, and one that it issued
new_key root.key
openssl req -x509 -new -key root.key -subj /CN=root -days 1 -out root.pem \
    -addext keyUsage=critical,keyCertSign,cRLSign
client='extendedKeyUsage=serverAuth,clientAuth'
new_leaf hook subjectAltName=DNS:localhost,IP:127.0.0.1 \
    extendedKeyUsage=serverAuth
new_leaf ca subjectAltName=DNS:ca.corp.example "$client"
new_leaf other subjectAltName=DNS:agent.corp.example "$client"
new_key strange.key
openssl req -x509 -new -key strange.key -subj /CN=strange -days 1 \
    -addext subjectAltName=DNS:ca.corp.example -out strange.pem

ok "an instance" new_server i
openssl rand 32 >secret
openssl base64 -A -in secret >i/enrich.secret
openssl base64 -in secret >i/authorize.secret
chmod 600 i/*.secret
cp hook.pem hook.key root.pem i
cat >i/webhook.conf <<'END'
trust-domain = corp.example
listen = "127.0.0.1:0"
tls-cert = hook.pem
tls-key = hook.key
client-ca = root.pem
owners = owners.d
policy = policy/policy.conf
store = store/store.db
lifetime = 1h
webhook "agents-enrich" {
	kind = enriching
	secret-file = enrich.secret
	client-name = ca.corp.example
}
webhook "agents-authorize" {
	kind = authorizing
	secret-file = authorize.secret
}
webhook "by-name" {
	kind = enriching
	client-name = ca.corp.example
}
END

# hex FILE: its octets
hex() {
	od -An -v -tx1 "$1" | tr -d ' \n'
}

# mac SECRET FILE: as X-Smallstep-Signature has it
mac() {
	openssl dgst -sha256 -mac HMAC -macopt "hexkey:$(hex "$1")" "$2" |
	    sed 's/.* //'
}

# post PATH ID FILE [OPTIONS OF CURL...]: the status; the answer is in ./body
as=ca
key=secret
post() {
	path=$1 id=$2 file=$3
	shift 3
	curl -sS --cacert root.pem --cert "$as.pem" --key "$as.key" \
	    --max-time 30 -o body -w '%{http_code}\n' -H 'Content-Type:' \
	    -H "X-Smallstep-Webhook-ID: $id" \
	    -H "X-Smallstep-Signature: $(mac "$key" "$file")" \
	    --data-binary "@$file" "$@" "$url/webhook/$path"
}

# enrich NAME [STATUS]: asks for NAME.der; the answer is in NAME.answer
enrich() {
	python3 "$call" enrich "$1.der" >"$1.enrich"
	status=$(post enrich agents-enrich "$1.enrich")
	mv body "$1.answer"
	[ "$status" = "${2-200}" ] || {
		echo "# $status"
		cat "$1.answer"
		return 1
	}
}

# authorize NAME [MEMBER=JSON...]: the certificate of NAME.answer's template
authorize() {
	name=$1
	shift
	python3 "$call" authorize "$template" "$name.answer" agent.spki "$@" \
	    >"$name.authorize"
	status=$(post authorize agents-authorize "$name.authorize")
	[ "$status" = 200 ] || {
		echo "# $status"
		cat body
		return 1
	}
}

allows() { # FILE
	jq -e '.allow == true' "$1" >/dev/null
}

denies() { # FILE REASON
	jq -e --arg r "$2" '.allow == false and .error.code == $r and
	    (.error.message | length) > 0' "$1" >/dev/null
}

allowed() { # NAME: said, enriched and authorized
	approved "$1" && enrich "$1" && allows "$1.answer"
}

# What the manual says that a template has
sed -n '/^\.\\" elsewhere: /,/^\.Ed/p' \
    "$SRCDIR/man/countersign-webhook.7" | grep -v '^\.' >page
same "the manual's template is the one that comes along" page "$template"
python3 -m json.tool "$SRCDIR/contrib/step-ca/provisioner.json" >/dev/null
is "and its provisioner is JSON" $? 0

exits 2 "a webhook's file is not for a server" server --config i/webhook.conf
says "that is said" err "which is for --webhook"
exits 2 "nor a server's for webhooks" server --config i/server.conf --webhook
says "that is said, too" err "there is no webhook { }"
ok "all of it is looked at" server --config i/webhook.conf --webhook --check
says "with the secrets" out "good: webhooks"
chmod 644 i/enrich.secret
exits 1 "which nobody else may read" \
    server --config i/webhook.conf --webhook --check
says "as is said, and where" err "webhook.conf:12: secret-file"
chmod 600 i/enrich.secret
ok "it starts" start_hook
says "in a sandbox" "$log" "webhook is up"

# What a CA does
openssl pkey -in agent.key -pubout -outform DER -out agent.spki
ok "an approved request is allowed" allowed one
ok "for its agent, whatever else was said of it" \
    jq -e --arg a "$base/one" '.data.agent == $a' one.answer
ok "by its owner" jq -e '.data.owners == ["mailto:alice@corp.example"]' \
    one.answer
ok "for an hour at most" jq -e '(.data.notAfter | fromdate) -
    (.data.notBefore | fromdate) == 3600' one.answer
ok "the certificate that follows is allowed" authorize one
ok "without more words" allows body
cp one.answer one.first
ok "the same request is allowed again" enrich one
same "with the same data" one.first one.answer
ok "and its certificate, too" authorize one
ok "so it is without a new line at a secret's end" \
    test "$(wc -l <i/enrich.secret)" -eq 0

# The certificate, by openssl
python3 "$call" certificate "$template" one.answer >one.ext
new_ca_config 1
{
	cat ca.cnf one.ext
	cat <<END
[issue]
database = index.txt
private_key = root.key
certificate = root.pem
serial = serial
new_certs_dir = .
policy = any
email_in_dn = no
[any]
CN = optional
END
} >issue.cnf
sed -n 's/^# serial //p' one.ext | tr a-f A-F >serial
start=$(sed -n 's/^# notBefore //p' one.ext)
end=$(sed -n 's/^# notAfter //p' one.ext)
ca_signs() { # CERTIFICATE SUBJECT END
	openssl ca -batch -notext -config issue.cnf -name issue -md sha256 \
	    -extensions leaf -subj "$2" -in one.csr -out "$1" \
	    -startdate "$start" -enddate "$3"
}
ok "the CA signs it" ca_signs one.pem / "$end"
ok "and it verifies" openssl verify -CAfile root.pem -x509_strict one.pem
openssl asn1parse -in one.pem >one.asn1
at=$(grep -A1 ':1.3.6.1.4.1.32473.53.3.1$' one.asn1 | tail -n 1)
openssl asn1parse -in one.pem -strparse "${at%%:*}" >bindings
says "with the owner in it" bindings "IA5STRING         :mailto:alice@corp.example"
openssl x509 -in one.pem -outform DER -out one.cert
python3 "$call" proven "$BUILDDIR/.libs/libcountersign.so" one.cert i/owners.d \
    https://corp.example >found
says "who has proven it" found proven
openssl x509 -in one.pem -noout -text >text
says "and the policy" text "Policy: 1.3.6.1.4.1.32473.53.5.1"

# The relying party's bundle is the CA's certificate, which names no domain
rely() { # CERTIFICATE OPTIONS...
	cert=$1
	shift
	countersign verify --credential "$cert" --bundle root.pem \
	    --trust-domain corp.example "$@"
}
ok "who relies on it asks" rely one.pem --owners i/owners.d
says "and hears who has signed" out \
    "valid: $base/one of $alice (owner's signature, "
ok "one that lives longer" ca_signs long.pem / 20990101000000Z
exits 1 "is refused" rely long.pem
says "as the owner has it" out "refused: lifetime-exceeded: "
ok "one with a subject" ca_signs named.pem /CN=one "$end"
exits 1 "is refused, too" rely named.pem
says "for that" out "the subject is not empty"

# What is not a call
post enrich nobody one.enrich >code
is "an id that is not known is refused" "$(cat code)" 401
post authorize agents-enrich one.enrich >code
is "so is one of the other kind" "$(cat code)" 401
printf 'x%.0s' 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 >wrong
key=wrong
post enrich agents-enrich one.enrich >code
is "and a signature by another secret" "$(cat code)" 401
key=secret
ok "that is for the log" until_log "its signature is not that of its secret"
post enrich agents-enrich one.enrich -H 'X-Smallstep-Signature: 0' >code
is "or two" "$(cat code)" 401
curl -sS --cacert root.pem --cert ca.pem --key ca.key -o body \
    -w '%{http_code}\n' -H 'X-Smallstep-Webhook-ID: agents-enrich' \
    -H Content-Type: --data-binary @one.enrich "$url/webhook/enrich" >code
is "or none" "$(cat code)" 401
as=other
post enrich agents-enrich one.enrich >code
is "or another client's certificate" "$(cat code)" 401
post enrich by-name one.enrich >code
is "where a name is all that is asked" "$(cat code)" 401
as=ca
key=wrong
post enrich by-name one.enrich >code
is "which then is enough" "$(cat code)" 200
key=secret
as=strange
post enrich by-name one.enrich >code 2>/dev/null
is "a stranger's is none" "$(cat code)" 000
curl -sS --cacert root.pem -o body -w '%{http_code}\n' \
    --data-binary @one.enrich "$url/webhook/enrich" >code 2>/dev/null
is "nor is none at all" "$(cat code)" 000
as=ca
post other agents-enrich one.enrich >code
is "another path is none" "$(cat code)" 404
post enrich agents-enrich one.enrich -X PUT >code
is "nor is another method" "$(cat code)" 405
post enrich agents-enrich one.enrich -H 'Content-Type: text/plain' >code
is "nor another type" "$(cat code)" 415
echo '{"a":' >none
post enrich agents-enrich none >code
is "nor what is no JSON" "$(cat code)" 400
head -c 300000 /dev/zero | tr '\0' ' ' >none
post enrich agents-enrich none >code
is "nor too much" "$(cat code)" 413
echo '{"timestamp":"now","sshCertificateRequest":{}}' >none
post enrich agents-enrich none >code
is "what is for another kind is a verdict" "$(cat code)" 200
ok "a no" denies body unsupported

# Who is no owner, and who has not approved
ok "a request without approval" request bare
openssl req -in bare.base -outform DER -out bare.der
ok "is answered" enrich bare
ok "with a no" denies bare.answer no-approval

# A certificate that is another one
ok "another request" allowed two
for i in 'uris=["spiffe://corp.example/agent/one"]:lifetime-exceeded' \
    'uris=["spiffe://corp.example/agent/three"]:no-approval' \
    'dnsNames=["agent.example"]:binding-mismatch' \
    'notAfter="2199-01-01T00:00:00Z":lifetime-exceeded' \
    'notBefore="2001-01-01T00:00:00Z":not-yet-valid' \
    'basicConstraints={"isCA":true,"maxPathLen":0}:policy-refused' \
    'keyUsage=["digitalSignature","certSign"]:policy-refused' \
    'extKeyUsage=["codeSigning"]:policy-refused' \
    'policyIdentifiers=[]:policy-refused' \
    'extensions=null:binding-mismatch' \
    'subject={"commonName":"x"}:binding-mismatch' \
    'publicKey="MAA=":malformed'; do
	ok "a certificate with ${i%:*}" authorize two "${i%:*}"
	ok "is refused, ${i##*:}" denies body "${i##*:}"
done
new_key new.key
cp agent.spki old.spki
openssl pkey -in new.key -pubout -outform DER -out agent.spki
ok "a certificate of another key" authorize two
ok "is refused" denies body no-approval
cp old.spki agent.spki
ok "and the right one" authorize two
ok "is allowed" allows body

# Revoked between the two calls
ok "one more" allowed three
ok "is revoked" countersign revoke --store "sqlite:$PWD/i/store/store.db" \
    --agent "$base/three" --reason 'it was lost'
ok "its certificate" authorize three
ok "is refused" denies body revoked
ok "its request" enrich three
ok "is, too" denies three.answer revoked

# An owner's key that is taken away between the two calls
ok "a last one" allowed four
cp i/owners.d/alice.owners kept
new_key bob.key
anchor mailto:bob@corp.example "agents=\"$base\",no-touch-required" bob.key \
    >i/owners.d/alice.owners
kill -HUP "$server_pid"
ok "is noted" until_log reloaded
ok "its certificate, then" authorize four
ok "is not allowed" denies body unknown-owner-key
cp kept i/owners.d/alice.owners
kill -HUP "$server_pid"
ok "and back" until_log reloaded 2
ok "the same" authorize four
ok "is" allows body

# Other secrets, while it runs
openssl rand 32 >newer
openssl base64 -A -in newer >i/enrich.secret
kill -HUP "$server_pid"
ok "a new secret" until_log reloaded 3
post enrich agents-enrich one.enrich >code
is "the one before does not count" "$(cat code)" 401
key=newer
post enrich agents-enrich one.enrich >code
is "it does" "$(cat code)" 200
key=secret

# What cannot be taken is not, and what was before stays
cp i/webhook.conf webhook.before
cp i/server.conf i/webhook.conf
kill -HUP "$server_pid"
ok "a server's configuration" until_log 'there is no webhook { } any more'
cp webhook.before i/webhook.conf
echo 'x' >i/enrich.secret
kill -HUP "$server_pid"
ok "and a secret that is none" until_log 'expected 16 octets or more'
key=newer
post enrich agents-enrich one.enrich >code
is "are not taken" "$(cat code)" 200
key=secret
openssl base64 -A -in newer >i/enrich.secret
kill -HUP "$server_pid"
ok "what is good is" until_log ': reloaded' 6

# After an end that nobody chose, and a proper one
pid=$(pid_of webhook)
kill -KILL "$pid"
ok "the process is started anew" until_log 'webhook is up' 2
ok "and knows what it has allowed" authorize two
ok "as before" allows body
stop_server
is "it ends when it is told to" "$stopped" 0
cp secret newer
openssl base64 -A -in secret >i/enrich.secret
ok "and starts again" start_hook
ok "the same request" enrich one
same "has the same answer" one.first one.answer

# What was done is in the log of the store
ok "the store's log" countersign audit list \
    --store "sqlite:$PWD/i/store/store.db"
says "has the claim" out claimed
says "and what was issued" out issued
ok "and holds" countersign audit verify \
    --store "sqlite:$PWD/i/store/store.db"
silent "no secret is in its own" "$log" "$(cat i/enrich.secret)"
mv i/store/store.db i/store/away
ok "without its store" enrich two 503
mv i/store/away i/store/store.db
done_testing

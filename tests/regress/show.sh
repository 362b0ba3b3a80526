#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the countersign authors
#
# countersign show: every object of ours, any request, any certificate.
# shellcheck disable=SC2016,SC2317 # words for sh -c and jq; run by name
# shellcheck source=tap.sh
. "$SRCDIR/tests/regress/tap.sh"
need openssl jq

id=wimse://corp.example/agent/alice/mail
alice=mailto:alice@corp.example
new_key agent.key
new_key alice.key
countersign request --id $id --key agent.key --purpose "$(printf 'a\033b')" \
    -o agent.csr
countersign sign --key file:alice.key --owner $alice --yes agent.csr \
    --tbs-out tbs.der -o alice.approval 2>/dev/null
countersign attach --key agent.key agent.csr alice.approval -o composite.csr
openssl pkey -in alice.key -pubout -out alice.pub
openssl pkey -in alice.key -pubout -outform DER -out alice.der
anchor $alice 'agents="wimse://corp.example/agent",max-lifetime=1h' alice.key >owners

ok "a request" countersign show agent.csr
says "its agent" out "agent: $id"
says "its signature" out "own signature: good"
says "words escaped" out 'purpose: a\u{1B}b'
ok "a composite request" countersign show composite.csr
says "with its approval" out "owner: $alice"
ok "an approval" countersign show alice.approval
says "not checked" out "its signature not checked"
ok "a TBS" countersign show tbs.der
says "not signed" out "approval, not signed yet"
ok "a public key, PEM" countersign show alice.pub
says "by its hash" out "key hash: SHA256:"
says "as in an owners file" out \
    "for an owners file: $(openssl base64 -A -in alice.der)"
cp out pem
ok "a public key, DER" countersign show alice.der
same "is the same" out pem
ok "an owners file" countersign show owners
says "line by line" out "max-lifetime: 1h"
ok "several blocks" sh -c 'cat agent.csr alice.approval alice.pub |
    "$COUNTERSIGN" show --json -'
ok "one after another" jq -e '[.objects[].object] ==
    ["request", "approval", "public key"]' out

openssl req -new -x509 -key agent.key -out any.crt -days 7 \
    -subj "/O=Corp/CN=$(printf 'x\033y')" \
    -addext 'subjectAltName=DNS:a.example,IP:10.1.2.3,email:a@b.example' \
    -addext extendedKeyUsage=clientAuth,serverAuth \
    -addext certificatePolicies=1.2.3.4
ok "any certificate" countersign show any.crt
says "subject" out 'subject: CN=x\u{1B}y'
says "names" out "name-dns: a.example"
says "addresses" out "name-ip: 10.1.2.3"
says "policies" out "policy: 1.2.3.4"
ok "as JSON" countersign show --json any.crt
ok "in order" jq -e '.objects[0].object == "certificate" and
    ([.objects[0].fields[] | select(.what == "name-ip") | .value] ==
    ["10.1.2.3"])' out
openssl x509 -in any.crt -outform DER -out any.der
ok "in DER" countersign show any.der
openssl req -new -key agent.key -subj /CN=web -out web.csr \
    -addext subjectAltName=DNS:web.example
ok "any request" countersign show web.csr
says "that it is no agent's" out "no agent's request: "
says "and what is in it" out "name-dns: web.example"
openssl genpkey -algorithm ED448 -out ed448.key
openssl req -new -x509 -key ed448.key -subj /CN=e -out ed448.crt
ok "a kind of key that is not used" countersign show ed448.crt
says "says so" out "of a kind that is not used here"

ok "--cms" countersign show --cms alice.approval -o alice.cms
ok "--cms-cert of a public key" countersign show --cms-cert alice.pub \
    -o cms.crt
ok "stock openssl verifies with both" openssl cms -verify -binary -noverify \
    -inform PEM -in alice.cms -certfile cms.crt -out content
same "and finds the TBS" content tbs.der
chmod 600 owners
ok "--cms-cert of an approval, by the owners file" countersign show \
    --cms-cert --owners owners alice.approval -f -o cms.crt
ok "is as good" openssl cms -verify -binary -noverify \
    -inform PEM -in alice.cms -certfile cms.crt -out content
ok "--cms-cert of a certificate" countersign show --cms-cert any.crt
ok "--cms-cert of a request" countersign show --cms-cert agent.csr
ok "--cms-cert as JSON" countersign show --json --cms-cert alice.pub
ok "is in it" jq -e '.certificate | startswith("-----BEGIN CERT")' out
exits 2 "an approval without owners" countersign show --cms-cert \
    alice.approval
exits 3 "--cms of a request" countersign show --cms agent.csr
exits 3 "--cms of two" sh -c 'cat alice.approval alice.approval |
    "$COUNTERSIGN" show --cms -'
exits 2 "--owners alone" countersign show --owners owners alice.approval
exits 9 "nothing is overwritten" countersign show --cms alice.approval \
    -o alice.cms

# Approvals by a security key and by OpenSSH's keys, put together by others.
hex() { # FILE
	od -An -v -tx1 "$1" | tr -d ' \n'
}
carried() { # TYPE OCTETS-FILE...: DER on standard output
	{
		echo "asn1=SEQUENCE:approval"
		echo "[approval]"
		echo "type=OID:1.3.6.1.4.1.32473.53.4.$1"
		echo "value=SEQUENCE:value"
		echo "[value]"
		shift
		for part; do
			echo "$part=FORMAT:HEX,OCTETSTRING:$(hex "$part")"
		done
	} >carried.cnf
	openssl asn1parse -genconf carried.cnf -noout -out carried.der &&
	    cat carried.der
}
base64url() {
	openssl base64 -A | tr '+/' '-_' | tr -d '='
}
# put_auth RP-ID FLAGS COUNTER, both as printf's octal
put_auth() {
	printf %s "$1" | openssl dgst -sha256 -binary
	# shellcheck disable=SC2059 # octal escapes
	printf "\\$2\\000\\000\\$3\\$3"
}
{
	printf 'countersign owner approval v1\0'
	cat tbs.der
} | openssl dgst -sha256 -binary | base64url >challenge
put_client() { # ORIGIN [MORE]
	printf '{"type":"webauthn.get","challenge":"%s","origin":"%s",%s%s}' \
	    "$(cat challenge)" "$1" '"crossOrigin":false' "${2-}"
}
printf sig >sig
put_auth approve.corp.example 005 001 >auth
put_client https://approve.corp.example >client
carried 2 tbs.der auth client sig >web.der
ok "a webauthn approval" countersign show web.der
says "its carrier" out "carried as: webauthn"
says "a touch" out "presence, by its flag: yes"
says "a PIN" out "PIN or fingerprint, by its flag: yes"
says "counter" out "counter: 257"
says "RP ID" out "RP ID hash: $(head -c 32 auth | hex /dev/stdin)"
says "origin" out "origin: https://approve.corp.example"
says "it is of this approval" out "client data: of this approval"
silent "its bytes are not needed" out "client data is:"
says "what is signed" out "agent: $id"
ok "--json" countersign show --json web.der
ok "has the same" jq -e '.objects[0] | .carrier == "webauthn" and .presence and
    .verification and .counter == 257 and .client_data_fits and
    .origin == "https://approve.corp.example" and
    (.client_data | fromjson | .type == "webauthn.get") and
    (.backup_eligible | not) and (.backed_up | not)' out
put_auth approve.corp.example 031 000 >auth
put_client 'https://x.example' ',"a":"\u001b"' >client
carried 2 tbs.der auth client sig >web.der
ok "a key that can be copied" countersign show web.der
says "says so" out "the key may leave its device: yes"
says "and is" out "it is backed up: yes"
says "no PIN" out "PIN or fingerprint, by its flag: no"
says "what a browser adds is fine" out "client data: of this approval"
printf AAAA >challenge
put_client "$(printf 'https://\033]0;x')" >client
carried 2 tbs.der auth client sig >web.der
ok "client data of something else" countersign show web.der
says "is told" out "client data: "
silent "to be of something else" out "client data: of this approval"
says "and shown, escaped" out 'origin: https://\u{1B}]0;x'
printf '{}' >client
carried 2 tbs.der auth client sig >web.der
ok "client data of another form" countersign show --json web.der
ok "has no origin" jq -e '.objects[0] | .origin == null and
    .client_data == "{}" and (.client_data_fits | not)' out
put_auth approve.corp.example 105 000 >auth
carried 2 tbs.der auth client sig >web.der
exits 3 "authenticator data that no assertion has" countersign show web.der

if command -v ssh-keygen >/dev/null; then
	for type in ed25519 ecdsa rsa; do
		rm -f login login.pub tbs.der.sig
		ssh-keygen -q -t $type -N '' -C x -f login
		ssh-keygen -q -Y sign -n owner-approval@countersign -f login \
		    tbs.der 2>/dev/null
		sed '/-----/d' tbs.der.sig | openssl base64 -d >blob
		carried 3 tbs.der blob >ssh.der
		ok "an sshsig approval, $type" countersign show ssh.der
		says "$type: carrier" out "carried as: sshsig"
		says "$type: fingerprint" out "OpenSSH fingerprint: $(
		    ssh-keygen -l -f login.pub | cut -d ' ' -f 2)"
		says "$type: hash" out "hash: sha512"
		says "$type: no presence" out "presence: cannot be proven"
	done
	says "its own algorithm" out "signed with: rsa-sha2-512"
	ok "an OpenSSH public key" countersign show login.pub
	says "its type" out "OpenSSH type: ssh-rsa"
	says "its fingerprint" out "OpenSSH fingerprint: $(
	    ssh-keygen -l -f login.pub | cut -d ' ' -f 2)"
	says "our hash" out "key hash: $(countersign show --json ssh.der |
	    jq -r '.objects[0].key_hash')"
	says "its comment" out "comment: x"
	cut -c 1-60 login.pub >half.pub
	exits 3 "half of one" countersign show half.pub
	ok "--json" countersign show --json ssh.der
	ok "has the same" jq -e '.objects[0] | .carrier == "sshsig" and
	    .ssh_type == "ssh-rsa" and .hash == "sha512" and
	    (has("presence") | not) and (.key_hash | startswith("SHA256:"))' out
fi
# A security key's, of the vectors: its two octet strings.
vector=$SRCDIR/tests/vectors/sshsig/edited-sk-ed25519-verified.der
# shellcheck disable=SC2046 # six words
set -- $(openssl asn1parse -inform DER -in "$vector" | sed -nE \
    's/^ *([0-9]+):d=1 +hl=([0-9]+) l= *([0-9]+) .*/\1 \2 \3/p')
tail -c +$(($1 + $2 + 1)) "$vector" | head -c "$3" >sk.tbs
tail -c +$(($4 + $5 + 1)) "$vector" | head -c "$6" >sk.blob
carried 3 sk.tbs sk.blob >sk.der
ok "a security key's sshsig approval" countersign show sk.der
says "type" out "OpenSSH type: sk-ssh-ed25519@openssh.com"
says "application" out "application: "
says "touch" out "presence, by its flag: yes"
says "PIN" out "PIN or fingerprint, by its flag: yes"
says "counter" out "counter: "

printf 'hello\n' >text
exits 3 "a text" countersign show text
exits 3 "a private key" countersign show alice.key
silent "its bytes are not shown" err "$(sed -n 2p alice.key)"
sed 's/^MI/MJ/' agent.csr >broken
exits 3 "a broken request" countersign show broken
head -n 3 agent.csr >half
exits 3 "half a request" countersign show half
exits 9 "no file" countersign show none
# What is there and cannot be read is said.
new_key broken.key
openssl req -new -x509 -key broken.key -subj /CN=x -out broken.crt \
    -addext 2.5.29.17=DER:0102 -addext 2.5.29.37=DER:3001
ok "a certificate with broken extensions" countersign show broken.crt
says "its names cannot be read" out "name: (cannot be read)"
says "nor its purposes" out "purpose: (cannot be read)"
openssl req -new -key broken.key -subj /CN=x -out broken.csr \
    -addext 2.5.29.17=DER:0102
ok "a request with broken names" countersign show broken.csr
says "they cannot be read" out "name: (cannot be read)"

done_testing

#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the countersign authors
#
# contrib/nginx: nginx as it is distributed, countersign-auth, and an application
# that says what it was told.
# shellcheck disable=SC2317 # run by name
# shellcheck source=tap.sh
. "$SRCDIR/tests/regress/tap.sh"
PATH=$PATH:/usr/sbin:/sbin
need nginx curl openssl
pkg-config --exists libevent || {
	echo "1..0 # SKIP no libevent"
	exit 0
}
pids=
# shellcheck disable=SC2086 # numbers
ended() {
	[ -z "$pids" ] || kill $pids 2>/dev/null
	wait
	rm -rf "$top"
}
trap ended EXIT

id=wimse://corp.example/agent/alice/mail
alice=mailto:alice@corp.example
new_key agent.key
new_key alice.key
new_key bob.key
options='agents="wimse://corp.example/agent",no-touch-required'
anchor $alice "$options" alice.key >pinned
countersign request --id $id --key agent.key -o agent.req
countersign sign --key file:alice.key --owner $alice --yes agent.req \
    -o alice.approval 2>/dev/null
countersign attach --key agent.key agent.req alice.approval -o agent.csr
issue() { # DIR [digest|SECONDS]
	mkdir -m 755 "$1"
	"$BUILDDIR/tests/host/bin/issue" "$1" p256 agent.csr pinned \
	    https://corp.example ${2:+"$2"}
}
ok "an issuer" issue a
ok "another of the same name" issue b
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
    -keyout tls.key -subj /CN=localhost -out tls.pem 2>/dev/null

# A sanitizer that is in the library must be in the program, too.
cflags=$(sed -n 's/^CFLAGS = //p' "$BUILDDIR/Makefile")
LD_LIBRARY_PATH=$BUILDDIR/.libs
export LD_LIBRARY_PATH
# shellcheck disable=SC2046,SC2086 # words
ok "countersign-auth compiles" "${CC:-cc}" -Wall -Wextra -Werror $cflags \
    -I"$SRCDIR/src/include" -o auth "$SRCDIR/contrib/nginx/countersign-auth.c" \
    -L"$BUILDDIR/.libs" -lcountersign $(pkg-config --cflags --libs libevent)

# replace FILE: by rename, with what comes on standard input
replace() {
	cat >"$1.new" && chmod 644 "$1.new" && mv "$1.new" "$1"
}
replace bundle <a/bundle.json
replace owners <pinned
replace crl <a/crl.pem
exits 2 "called wrong" ./auth socket
exits 1 "a bundle that others may write is none" sh -c \
    'cp bundle open; chmod 666 open; ./auth socket corp.example open'
exits 1 "nor is one of another trust domain" ./auth socket other.example \
    bundle

# begun SOCKET PID: it listens, or has ended
begun() {
	until [ -S "$1" ]; do
		kill -0 "$2" 2>/dev/null || return 1
	done
}
./auth -o owners -c crl socket corp.example bundle 2>auth.log &
auth=$!
pids=$auth
begun socket $auth
report $? "countersign-auth listens"

# The file of contrib with our paths, and an application.
{
	[ "$(id -u)" -ne 0 ] || echo "user root;"
	cat <<-END
	daemon off;
	master_process off;
	pid $PWD/nginx.pid;
	error_log $PWD/nginx.log;
	events { worker_connections 64; }
	http {
	access_log off;
	client_body_temp_path $PWD/tmp; proxy_temp_path $PWD/tmp;
	fastcgi_temp_path $PWD/tmp; uwsgi_temp_path $PWD/tmp;
	scgi_temp_path $PWD/tmp;
	server {
		listen unix:$PWD/app;
		location / {
			return 200 "\$http_x_agent|\$http_x_owner|\$http_x_assurance";
		}
	}
	END
	sed -e "s|/run/countersign-auth/socket|$PWD/socket|" \
	    -e "s|listen 443 ssl|listen unix:$PWD/front ssl|" \
	    -e "s|/etc/nginx/app|$PWD/tls|" \
	    -e "s|http://127.0.0.1:8080|http://unix:$PWD/app|" \
	    "$SRCDIR/contrib/nginx/countersign.conf"
	echo "}"
} >nginx.conf
ok "nginx takes the configuration" nginx -p "$PWD" -c "$PWD/nginx.conf" \
    -e "$PWD/nginx.log" -t
nginx -p "$PWD" -c "$PWD/nginx.conf" -e "$PWD/nginx.log" 2>nginx.err &
front=$!
pids="$auth $front"
begun front $front
report $? "nginx listens"

get() { # CURL-OPTIONS: the body in out, the status behind it
	curl -sk --max-time 20 --unix-socket front -w '\n%{http_code}\n' \
	    https://localhost/x "$@" >body
	status=$(tail -n 1 body)
	said=$(head -n 1 body)
}
agent() { # CERTIFICATE CURL-OPTIONS
	certificate=$1
	shift
	get --cert "$certificate" --key agent.key "$@"
}
is_in() { # NAME ASSURANCE
	is "$1" "$status $said" "200 $id|$alice|$2"
}
is_out() { # NAME REASON
	is "$1" "$status" 403
	says "$1: why" auth.log "refused: $2"
	: >auth.log
}

agent a/leaf.pem
is_in "an agent" owner
agent a/leaf.pem -H "X-Agent: wimse://corp.example/agent/root" \
    -H "X-Owner: mailto:root@corp.example" -H "X-Assurance: owner hardware" \
    -H "x-agent: wimse://corp.example/agent/root" -H "X_Agent: root"
is_in "who says to be another" owner
agent a/leaf.pem -H "X-Client-Cert: none"
is_in "and brings a certificate by hand" owner
get
is_out "no certificate" "no certificate"
get -H "X-Agent: $id" -H "X-Owner: $alice" -H "X-Assurance: owner" \
    -H "X-Client-Cert: $(sed 's/$/%0A/' a/leaf.pem | tr -d '\n')"
is_out "no certificate but words" "no certificate"
get https://localhost/countersign-auth --cert a/leaf.pem --key agent.key
is "nobody asks from outside" "$(grep -c '^404$' body)" 1
agent b/leaf.pem
is_out "another issuer" path-invalid
agent a/ended.pem
is_out "one that has ended" revoked
openssl req -x509 -key agent.key -subj / -out self.pem -addext \
    "subjectAltName=URI:$id" 2>/dev/null
agent self.pem
is_out "its own issuer" malformed
get --cert a/leaf.pem --key bob.key
is "without the key there is no connection" "$status" 000

# What our servers do not sign, by the CA's own key all the same.
oid=$(openssl x509 -in a/leaf.pem -noout -text |
    sed -nE 's/^ *(1\.3\.6\.1\.4\.1\.[0-9.]+\.3\.1): *$/\1/p')
cat >ext.cnf <<END
keyUsage = critical, digitalSignature
basicConstraints = critical, CA:FALSE
extendedKeyUsage = clientAuth, serverAuth
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
subjectAltName = critical, URI:$id, URI:wimse://corp.example/agent/other
$oid = DER:$(od -An -tx1 -v a/bindings.der | tr -d ' \n')
END
openssl req -new -key agent.key -subj / -out two.csr 2>/dev/null
openssl x509 -req -in two.csr -CA a/ca.pem -CAkey a/ca.key -days 1 \
    -set_serial 0x11223344556677889900112233445566 -extfile ext.cnf \
    -out two.pem 2>/dev/null
agent two.pem
is_out "two names" malformed

# Another key of the owner's; then he is gone; then he is back.
anchor $alice "$options" bob.key | replace owners
agent a/leaf.pem
is_out "an owner who has another key" unknown-owner-key
sed "s|$alice|mailto:mallory@corp.example|" pinned | replace owners
agent a/leaf.pem
is_out "a key that is another's" wrong-owner
replace owners </dev/null
agent a/leaf.pem
is_out "no owner" unknown-owner-key
sed 's|no-touch-required|&,revoked=20260101000000Z|' pinned | replace owners
agent a/leaf.pem
is_out "a key that is revoked" revoked
replace owners <pinned
agent a/leaf.pem
is_in "the owner is back" owner
echo "no owners file" | replace owners
agent a/leaf.pem
is_in "a broken file leaves what was there" owner
says "which is told" auth.log "what was loaded before stays"
replace owners <pinned

# Other bundles and lists.
replace crl <b/crl.pem
agent a/leaf.pem
is_in "a list of nobody's leaves what was there" owner
replace bundle <b/bundle.json
agent a/leaf.pem
is_out "the bundle is another's" path-invalid
agent b/leaf.pem
is_in "whose agents are in" owner
ok "a credential that has expired" issue c 60
replace crl <c/crl.pem
replace bundle <c/bundle.json
agent c/leaf.pem
is "is out by nginx or by us" "${status%[03]}" 40
ok "a credential with a digest" issue d digest
replace crl <d/crl.pem
replace bundle <d/bundle.json
: >auth.log
agent d/leaf.pem
is_out "a digest" unknown-owner-key

# asked HEADERS...: countersign-auth itself, without nginx
asked() {
	curl -s --max-time 20 --unix-socket socket -o /dev/null \
	    -w '%{http_code}' http://localhost/ "$@"
}
pem=$(sed 's/ /%20/g; s/+/%2B/g; s/$/%0A/' d/leaf.pem | tr -d '\n')
is "two certificates are none" "$(asked -H "X-Client-Cert: $pem" \
    -H "X-Client-Cert: $pem")" 403
is "garbage is none" "$(asked -H 'X-Client-Cert: %00%ff-----BEGIN')" 403
is "nothing is none" "$(asked)" 403
is "another method is no question" "$(asked -X PUT)" 501
kill $auth
wait $auth
is "it ends in order" $? 0
[ ! -e socket ]
report $? "and takes its socket with it"
agent d/leaf.pem
is "without it nobody is in" "$status" 500

# Who pins nobody has the issuer's word.
./auth socket corp.example bundle 2>auth.log &
auth=$!
pids="$auth $front"
begun socket $auth
agent d/leaf.pem
is_in "the issuer's word" issuer
kill $auth
wait $auth
kill $front
wait $front
pids=
done_testing

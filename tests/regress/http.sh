#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the countersign authors
#
# src/net/http.c and what lies below it, by clients of others: http.py with
# connections as they come, curl and openssl s_client.

. "$SRCDIR/tests/regress/tap.sh"
need curl openssl python3
httpd=$BUILDDIR/tests/net/bin/httpd

ca() { # NAME
	new_key "$1.key"
	openssl req -x509 -new -key "$1.key" -subj "/CN=$1" -days 30 \
	    -addext basicConstraints=critical,CA:true \
	    -addext keyUsage=critical,keyCertSign -out "$1.pem" 2>/dev/null
}

leaf() { # NAME CA USAGE DAYS
	new_key "$1.key"
	openssl req -new -key "$1.key" -subj "/CN=$1" \
	    -addext "subjectAltName=DNS:localhost,IP:127.0.0.1" \
	    -addext "extendedKeyUsage=$3" 2>/dev/null |
	    openssl x509 -req -CA "$2.pem" -CAkey "$2.key" -days "$4" \
	    -copy_extensions copyall -out "$1.pem" 2>/dev/null
}

ca ca
ca otherca
leaf server ca serverAuth 30
leaf other otherca serverAuth 30
leaf client ca clientAuth 30
leaf foreign otherca clientAuth 30
leaf expired ca clientAuth -1
openssl pkcs8 -topk8 -in server.key -passout pass:x -out locked.key
head -c 300 server.pem >cut.pem

# start WORDS...: httpd, and the port that it got, or the whole address
start() {
	"$httpd" "$@" >said &
	server=$!
	trap 'kill $server 2>/dev/null; rm -rf "$top"' EXIT
	until grep -q ready said 2>/dev/null; do
		kill -0 $server 2>/dev/null || break
		sleep 0.02
	done
	port=$(sed -n 's/^listening .*:\([0-9]*\)$/\1/p' said)
}

stop() {
	kill $server
	wait $server 2>/dev/null
}

# web ARGS...: curl, with what the server has to show
# shellcheck disable=SC2317 # called by ok and exits
web() {
	curl -sS --cacert ca.pem --max-time 20 "$@"
}

python3 "$SRCDIR/tests/net/http.py" "$httpd" "$PWD" >clients 2>clients.err
status=$?
while read -r line; do
	case $line in
	"ok "*) report 0 "${line#* - }" ;;
	"not ok "*) report 1 "${line#* - }" ;;
	"#"*) echo "$line" ;;
	esac
done <clients
grep -q '^1\.\.[0-9]' clients
report $? "http.py came to its end"
sed 's/^/# /' clients.err
[ $status -eq 0 ] || sed 's/^/# /' clients.err

start cert=server.pem key=server.key ca=ca.pem client=may 127.0.0.1:0
url=https://localhost:$port
ok "curl: two requests" web "$url/echo" "$url/none" -w '%{num_connects}\n'
is "over one connection" "$(tail -n 1 out)" "nothing here0"
head -c 250000 /dev/zero >zeros
ok "curl: 100 Continue and a body" web --expect100-timeout 10 -H \
    'Expect: 100-continue' --data-binary @zeros -o got "$url/echo?1"
is "all of it" "$(tail -n +2 got | cmp - zeros && wc -c <zeros)" 250000
ok "curl: chunks" web -H 'Transfer-Encoding: chunked' -d abc "$url/echo"
says "put together" out abc
ok "curl: HEAD" web -I "$url/echo"
says "with a length" out "Content-Length: "
ok "curl: HTTP/1.0" web -0 "$url/echo"
head -c 300000 /dev/zero >many
exits 0 "curl: too long a body" web -w '%{http_code}' --data-binary @many \
    -o /dev/null "$url/echo"
is "413" "$(cat out)" 413
ok "curl: HTTP/2 is not offered" web --http2 -w '%{http_version}' \
    -o /dev/null "$url/echo"
is "1.1 it is" "$(cat out)" 1.1
ok "curl: a certificate of its own" web --cert client.pem --key client.key \
    "$url/who"
is "which the handler sees" "$(sed 's/.*cert //' out)" \
    "$(openssl x509 -in client.pem -outform DER | wc -c)"
web --cert foreign.pem --key foreign.key "$url/who" >out 2>err
report $((! $?)) "curl: a foreign one"
empty "gets no answer" out
exits 35 "curl: TLS 1.2" web --tls-max 1.2 "$url/who"
printf 'GET /echo HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n' |
    openssl s_client -connect "localhost:$port" -CAfile ca.pem \
    -verify_return_error -ign_eof >out 2>err
report $? "openssl s_client"
says "an answer" out "GET /echo none [] 0 from 127.0.0.1"
says "TLS 1.3" out "TLSv1.3"
silent "no ticket" out "TLS session ticket"
says "it ended as it should" out closed
stop

start "unix:$PWD/socket"
ok "curl over a unix socket" web --unix-socket socket http://localhost/who
says "who it is" out "unix 1 uid $(id -u)"
stop
done_testing

#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the countersign authors
#
# src/net/http.c and what lies below it, by clients of others: http.py with
# connections as they come, curl and openssl s_client. And a client of ours,
# the module net-http, by servers of others: openssl and python.

. "$SRCDIR/tests/regress/tap.sh"
need curl openssl python3
httpd=$BUILDDIR/tests/net/bin/httpd

# ask NAME=VALUE...: the module net-http
# shellcheck disable=SC2317 # called by ok and exits
ask() {
	"$BUILDDIR/tests/net/bin/ask" "$BUILDDIR/.libs" "$@"
}

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
leaf stale ca serverAuth -1
new_key named.key
openssl req -new -key named.key -subj "/CN=localhost" 2>/dev/null |
    openssl x509 -req -CA ca.pem -CAkey ca.key -days 30 -out named.pem \
    2>/dev/null
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

ok "ask" ask "url=$url/echo?a" ca=ca.pem
is "an answer" "$(cat out)" "200 text/plain 0
GET /echo a [] 0 from 127.0.0.1"
ok "ask: with a body" ask "url=$url/echo" ca=ca.pem method=POST body=zeros \
    type=a/b accept=c/d
is "all of it" "$(tail -n +3 out | cmp - zeros && wc -c <zeros)" 250000
ok "ask: a refusal" ask "url=$url/fields" ca=ca.pem
is "when to come again" "$(cat out)" "405  7"
ok "ask: too long a body" ask "url=$url/echo" ca=ca.pem method=POST body=many
says "413" out "413 text/plain"
exits 3 "ask: too long an answer" ask "url=$url/big" ca=ca.pem
says "why" err "too long"
ok "ask: a long answer" ask "url=$url/big" ca=ca.pem max=8388608
exits 3 "ask: one octet less" ask "url=$url/big" ca=ca.pem max=8388607
ok "ask: a certificate of its own" ask "url=$url/who" ca=ca.pem \
    cert=client.pem key=client.key
says "which the handler sees" out "cert $(openssl x509 -in client.pem \
    -outform DER | wc -c)"
exits 9 "ask: a foreign one" ask "url=$url/who" ca=ca.pem cert=foreign.pem \
    key=foreign.key
exits 3 "ask: a locked key asks nobody" ask "url=$url/who" ca=ca.pem \
    cert=server.pem key=locked.key
exits 3 "ask: another's key" ask "url=$url/who" ca=ca.pem cert=client.pem \
    key=foreign.key
exits 1 "ask: a server of another CA" ask "url=$url/echo" ca=otherca.pem
says "is not trusted" err "not good for localhost"
exits 1 "ask: nor by the system" ask "url=$url/echo"
exits 3 "ask: CAs that are none" ask "url=$url/echo" ca=cut.pem
# shellcheck disable=SC2317 # called by ok
misled() { # COMMAND...: with an environment that knows better
	mkdir -p home
	echo 'machine localhost login a password b' >home/.netrc
	cp ca.pem "$(openssl x509 -in ca.pem -noout -hash).0"
	http_proxy=http://127.0.0.1:1 https_proxy=http://127.0.0.1:1 \
	    HTTPS_PROXY=http://127.0.0.1:1 all_proxy=socks5://127.0.0.1:1 \
	    ALL_PROXY=socks5://127.0.0.1:1 HOME=$PWD/home \
	    SSL_CERT_FILE=$PWD/ca.pem SSL_CERT_DIR=$PWD \
	    CURL_CA_BUNDLE=$PWD/ca.pem OPENSSL_CONF=$PWD/none \
	    SSLKEYLOGFILE=$PWD/secrets "$@"
}
ok "ask: no proxy of the environment" misled ask "url=$url/echo" ca=ca.pem
[ ! -s secrets ]
report $? "ask: no secrets of TLS for the environment"
exits 1 "ask: no CA of the environment" misled ask "url=$url/echo"
ok "ask: by its address" ask "url=https://127.0.0.1:$port/echo" ca=ca.pem
exits 6 "ask: who never answers" ask "url=$url/later" ca=ca.pem timeout=300
exits 2 "ask: http over TCP" ask "url=http://localhost:$port/echo"
exits 2 "ask: https over a unix socket" ask "url=$url/echo" socket=x
exits 2 "ask: no header may be slipped in" ask "url=$url/echo" ca=ca.pem \
    type="a
X: b"
stop
exits 9 "ask: nobody there" ask "url=$url/echo" ca=ca.pem
says "who was not" err "cannot connect to localhost"
start cert=server.pem key=server.key 127.0.0.2:0
exits 1 "ask: by another name" ask "url=https://127.0.0.2:$port/echo" ca=ca.pem
says "which is not its" err "IP address mismatch"
stop

# cut END OCTETS [CERTIFICATE]: a TLS server that says these, and ends without
# goodbye (0) or with it (1)
cut() {
	name=${3:-server}
	cat >cut.py <<'END'
import socket, ssl, sys
c = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
c.load_cert_chain(sys.argv[3] + ".pem", sys.argv[3] + ".key")
l = socket.create_server(("127.0.0.1", 0))
print(l.getsockname()[1], flush=True)
s = c.wrap_socket(l.accept()[0], server_side=True)
s.recv(65536)
s.sendall(sys.argv[2].encode().decode("unicode_escape").encode())
if sys.argv[1] == "1":
    s = s.unwrap()
s.shutdown(socket.SHUT_WR)
END
	rm -f port
	mkfifo port
	python3 cut.py "$1" "$2" "$name" >port 2>/dev/null &
	server=$!
	# shellcheck disable=SC2094 # of a pipe
	read -r port <port
	url=https://localhost:$port
}
cut 1 'HTTP/1.1 200 OK\r\n\r\nall of it'
ok "ask: an answer that ends with TLS" ask "url=$url/" ca=ca.pem
says "is whole" out "all of it"
wait $server
cut 0 'HTTP/1.1 200 OK\r\n\r\nall of it'
exits 9 "ask: TLS cut short" ask "url=$url/" ca=ca.pem
wait $server
cut 1 'HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nall of it'
exits 9 "ask: an answer cut short" ask "url=$url/" ca=ca.pem
wait $server
cut 0 'HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nall of it'
ok "ask: all of it, whatever follows" ask "url=$url/" ca=ca.pem
wait $server
cut 0 'HTTP/1.1 204 None\r\n\r\n'
ok "ask: nothing to be cut off" ask "url=$url/" ca=ca.pem
wait $server
cut 1 'HTTP/1.1 200 OK\r\nContent-Len'
exits 9 "ask: a header cut short" ask "url=$url/" ca=ca.pem
wait $server
cut 1 'HTTP/1.1 302 Found\r\nLocation: https://localhost/\r\n\r\n'
ok "ask: sent elsewhere" ask "url=$url/" ca=ca.pem
says "goes nowhere" out "302  0"
wait $server
cut 1 'HTTP/1.1 200 OK\r\n\r\n' stale
exits 1 "ask: an expired certificate" ask "url=$url/" ca=ca.pem
says "why" err "has expired"
wait $server
cut 1 'HTTP/1.1 200 OK\r\n\r\n' named
exits 1 "ask: a subject is no name" ask "url=$url/" ca=ca.pem
says "why" err "ostname mismatch"
wait $server
cut 1 'SSH-2.0-x\r\n'
exits 3 "ask: no HTTP" ask "url=$url/" ca=ca.pem
wait $server
openssl s_server -accept 127.0.0.1:0 -cert server.pem -key server.key -www \
    -naccept 1 >said 2>&1 &
server=$!
until grep -q ^ACCEPT said; do
	kill -0 $server 2>/dev/null || break
	sleep 0.02
done
port=$(sed -n 's/^ACCEPT .*:\([0-9]*\)$/\1/p' said)
ok "ask: openssl s_server" ask "url=https://localhost:$port/" ca=ca.pem
says "an answer" out "200 text/html 0"
wait $server 2>/dev/null

start "unix:$PWD/socket"
ok "curl over a unix socket" web --unix-socket socket http://localhost/who
says "who it is" out "unix 1 uid $(id -u)"
ok "ask over a unix socket" ask url=http://localhost/who socket=socket
says "who it is" out "unix 1 uid $(id -u)"
stop
exits 9 "ask: nobody there" ask url=http://localhost/who socket=socket
exits 9 "ask: no socket" ask url=http://localhost/who socket=none
done_testing

#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the countersign authors
#
# countersign sign --submit: what is signed goes to its server, whatever that
# answers, and is not lost. The server is one of the test's own.
# shellcheck disable=SC2016,SC2317 # words for sh -c and jq; run by name
# shellcheck source=tap.sh
. "$SRCDIR/tests/regress/tap.sh"
need openssl jq python3 expect
[ -e "$BUILDDIR/.libs/net-http.so" ] || {
	echo "1..0 # SKIP built without what asks a server"
	exit 0
}

id=wimse://corp.example/agent/alice/mail
alice=mailto:alice@corp.example
new_key owner.key
new_key agent.key
countersign request --id $id --key agent.key -o agent.csr
countersign request --id $id --key agent.key --purpose again -o again.csr

new_key ca.key
openssl req -x509 -new -key ca.key -subj /CN=CA -days 30 -out ca.pem \
    -addext basicConstraints=critical,CA:true \
    -addext keyUsage=critical,keyCertSign 2>/dev/null
leaf() { # NAME USAGE
	new_key "$1.key"
	openssl req -new -key "$1.key" -subj "/CN=$1" \
	    -addext subjectAltName=DNS:localhost \
	    -addext "extendedKeyUsage=$2" 2>/dev/null |
	    openssl x509 -req -CA ca.pem -CAkey ca.key -days 30 \
	    -copy_extensions copyall -out "$1.pem" 2>/dev/null
}
leaf server serverAuth
leaf client clientAuth
new_key other.key
openssl req -x509 -new -key other.key -subj /CN=other -days 30 -out other.pem \
    2>/dev/null

# start: what will be asked for is in ./asked, what is said in asked/answer
start() {
	rm -rf asked port
	mkdir asked
	mkfifo port
	python3 "$SRCDIR/tests/net/answers.py" asked tls server.pem server.key \
	    ca.pem >port 2>server.log &
	server=$!
	trap 'kill $server 2>/dev/null; rm -rf "$top"' EXIT
	# shellcheck disable=SC2094 # of a pipe
	read -r number <port
	url=https://localhost:$number
}
stop() {
	kill $server
	wait $server 2>/dev/null
}
# answer STATUS TYPE BODY [FIELD] [N]: to all, or to the Nth
answer() {
	printf 'HTTP/1.1 %s X\r\nContent-Type: %s\r\n%s%sContent-Length: %d\r\n\r\n%s' \
	    "$1" "$2" "$4" "${4:+$cr}" "$(printf %s "$3" | wc -c)" "$3" \
	    >"asked/answer${5:+.$5}"
}
cr=$(printf '\r\n_')
cr=${cr%_}
digest() { # of a request
	countersign show --json "$1" | jq -r '.objects[0].request_digest'
}
noted() { # REQUEST [N]
	answer 200 application/json "{\"id\":\"$(digest "$1")\",\
\"agent\":\"$id\",\"state\":\"ready\",\"detail\":\"approved: the agent may fetch it\"}" \
	    '' "$2"
}
problem() { # STATUS REASON DETAIL [FIELD] [N]
	answer "$1" application/problem+json "{\"type\":\"urn:countersign:\
reason:$2\",\"title\":\"A title\",\"status\":$1,\"reason\":\"$2\",\
\"detail\":\"$3\"}" "$4" "$5"
}
sign() {
	countersign sign --key file:owner.key --owner "$alice" --yes \
	    --server-ca ca.pem "$@"
}
body() { # N: of the Nth request
	sed '1,/^\r$/d' "asked/request.$1"
}
asked() {
	find asked -name 'request.*' | wc -l
}

start
noted agent.csr
ok "an approval goes to the server" sign --submit "$url" agent.csr
says "which said so" out "to $url: approved: the agent may fetch it"
silent "it is not written as well" out "BEGIN"
is "once" "$(asked)" 1
says "to its place" asked/request.1 "POST /v1/approvals HTTP/1.1"
says "as what it is" asked/request.1 "Content-Type: application/x-pem-file"
body 1 >sent
grep -h BEGIN sent >begins
is "the request and the approval" "$(cat begins)" \
    "-----BEGIN CERTIFICATE REQUEST-----
-----BEGIN OWNER APPROVAL-----"
ok "which is of it" countersign show --json sent
ok "and of this owner" jq -e '.objects[1].owner == "'$alice'"' out
ok "with --json" sign --json --submit "$url/" agent.csr
ok "the answer is there" jq -e '.ok and .submitted[0].state == "ready" and
    (.submitted[0].id | length) == 64 and .server == "'"$url"'"' out
ok "with -o it is written, too" sign --submit "$url" -o kept agent.csr
ok "an approval" countersign show kept
taken() { # STATE: of agent.csr, with a detail that says yes
	answer 200 application/json "{\"id\":\"$(digest agent.csr)\",\
\"state\":\"$1\",\"detail\":\"done\"}"
}
taken denied
ok "a denial" sign --deny --submit "$url" agent.csr
body 4 >sent
ok "is one" sh -c 'countersign() { "$COUNTERSIGN" "$@"; }
    countersign show --json sent | jq -e ".objects[1].decision == \"deny\""'
noted agent.csr
ok "a certificate of the client's" sign --submit "$url" \
    --client-cert client.pem --client-key client.key agent.csr
says "is shown" asked/peer.5 client

# More than one
noted agent.csr 6
noted again.csr 7
ok "a batch" sign --json --submit "$url" agent.csr again.csr
ok "for each of its requests" jq -e '(.submitted | length) == 2' out
is "one approval" "$(body 6 | sed -n '/BEGIN OWNER/,$p' | cksum)" \
    "$(body 7 | sed -n '/BEGIN OWNER/,$p' | cksum)"
noted agent.csr 8
noted again.csr 9
ok "--each" sign --each --submit "$url" agent.csr again.csr
ok "and its files" countersign show again.csr.approval
body 9 | sed -n '/BEGIN OWNER/,$p' >sent
same "the same" sent again.csr.approval
problem 403 unknown-owner-key 'nobody knows it' '' 10
noted again.csr 11
exits 1 "one is refused" sign -f --each --submit "$url" agent.csr again.csr
says "which" err "is not submitted"
says "the other is not" out "approved: the agent may fetch it"
countersign sign --key file:owner.key --owner "$alice" --yes \
    --bind grant=wimse://corp.example/agent --holder client.pem -o grant \
    2>/dev/null
exits 2 "a grant is not for a server" sign --submit "$url" --holder client.pem \
    --bind grant=wimse://corp.example/agent
noted agent.csr 12
ok "its use is" countersign sign --key file:client.key --under grant --yes \
    --server-ca ca.pem --submit "$url" agent.csr
is "and the grant beside it" "$(body 12 | grep -c 'BEGIN OWNER')" 2
ok "a composite request" countersign attach --key agent.key agent.csr kept \
    -o composite.csr
noted composite.csr 13
ok "waits there with its approvals" sign --submit "$url" composite.csr
is "and only one more goes" "$(body 13 | grep -h BEGIN)" \
    "-----BEGIN OWNER APPROVAL-----"

# What a server can say against it
refused() { # STATUS NAME REASON WORDS
	exits "$1" "$2" sign --submit "$url" agent.csr
	says "$2: why" err "$3"
	says "$2: nothing is lost" out "BEGIN OWNER APPROVAL"
	silent "$2: nothing is submitted" out submitted
}
problem 403 binding-mismatch 'not of this one'
refused 1 "a refusal" "binding-mismatch: not of this one"
exits 1 "a refusal with --json" sign --json --submit "$url" agent.csr
ok "has its reason" jq -e '(.ok | not) and .error.reason ==
    "binding-mismatch" and (.approval | startswith("-----BEGIN OWNER")) and
    .submitted == []' out
rm -f kept
exits 1 "a refusal with -o" sign --submit "$url" -o kept agent.csr
says "says where it is" err "kept has it"
ok "there" countersign show kept
problem 404 not-found 'none of theirs waits here'
refused 1 "nothing waits" "not-found"
problem 503 store-unavailable 'the disk is full'
n=$(asked)
refused 9 "a server that cannot" "store-unavailable: the disk is full"
[ $(($(asked) - n)) -gt 1 ]
report $? "is asked more than once"
problem 500 internal 'oops'
refused 9 "a server that fails" "internal: oops"
n=$(asked)
problem 503 busy 'later' 'Retry-After: 1' $((n + 1))
problem 429 rate-limited 'slowly' 'Retry-After: 1' $((n + 2))
noted agent.csr $((n + 3))
ok "a busy one is asked again" sign --submit "$url" agent.csr
is "until it has time" "$(asked)" $((n + 3))
answer 200 text/html '<html>Welcome</html>'
refused 3 "another server" "as no countersign-server does"
answer 200 application/json '[]'
refused 3 "no object" "as no countersign-server does"
answer 200 application/json '{"state":"noted"'
refused 3 "no JSON" "as no countersign-server does"
answer 200 application/json '{}'
refused 3 "nothing in it" "id is no text"
answer 200 application/json "{\"id\":\"$(digest again.csr)\",\"state\":\
\"noted\",\"detail\":\"x\"}"
refused 3 "another request" "is about another request"
answer 200 application/json "{\"id\":\"$(digest agent.csr)\",\"state\":\
\"pending\",\"detail\":\"x\"}"
refused 3 "another state" "expected the state ready"
taken denied
refused 3 "a denial of what was approved" "expected the state ready or noted"
for state in ready noted; do
	taken $state
	exits 3 "$state for a denial" sign --deny --submit "$url" agent.csr
	says "$state for a denial: why" err "expected the state denied"
	says "$state for a denial: nothing is lost" out "BEGIN OWNER APPROVAL"
done
taken noted
ok "one of several owners" sign --submit "$url" agent.csr
for status in 201 202 204 302 304 400 404 418; do
	noted agent.csr
	sed -i "s/^HTTP.1.1 200/HTTP\/1.1 $status/" asked/answer
	refused 3 "the words of a yes with $status" "status $status"
done
noted agent.csr
sed -i "s/^HTTP.1.1 200/HTTP\/1.1 500/" asked/answer
refused 9 "the words of a yes with 500" "status 500"
answer 302 text/plain '' "Location: $url/elsewhere"
refused 3 "sent elsewhere" "where nobody goes"
answer 403 application/problem+json '{"reason":"no such\u001b[31m word"}'
refused 3 "a reason that is none" "no reason"
problem 403 denied 'red \u001b[31m\u202e text\u0007'
refused 1 "words that are no text" 'red \u{1B}[31m\u{202E} text\u{7}'
answer 200 application/json "{\"id\":\"$(digest agent.csr)\",\"state\":\
\"noted\",\"detail\":\"\\u001b[2J done\"}"
ok "words of a yes" sign --submit "$url" agent.csr
ok "are escaped" sh -c '! grep -q "$(printf "\033")" out'
: >asked/answer
refused 9 "nothing at all" "cut short"
printf 'HTTP/1.1 200 OK\r\n' >asked/answer
refused 9 "half an answer" "cut short"
head -c 5000000 /dev/zero | tr '\0' ' ' >spaces
{
	printf 'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n'
	cat spaces
} >asked/answer
refused 3 "an endless answer" "too long"
stop
refused 9 "nobody there" "cannot connect"
start
noted agent.csr
exits 1 "a server of another CA" countersign sign --key file:owner.key \
    --owner "$alice" --yes --server-ca other.pem --submit "$url" agent.csr
says "is not trusted" err "not good for localhost"
is "is told nothing" "$(asked)" 0
exits 1 "one that nobody certifies" countersign sign --key file:owner.key \
    --owner "$alice" --yes --submit "$url" agent.csr
is "is told nothing either" "$(asked)" 0
stop

# Before anybody is asked
early() { # STATUS NAME WORDS ARGS...
	want=$1
	name=$2
	words=$3
	shift 3
	rm -f never
	exits "$want" "$name" countersign sign --key file:none.key --yes \
	    --owner "$alice" -o never "$@" agent.csr
	says "$name: why" err "$words"
}
early 2 "http" "--submit: expected the server's URL" --submit http://localhost
early 2 "no URL" "--submit: expected the server's URL" --submit localhost
early 2 "a query" "--submit: expected the server's URL" \
    --submit 'https://localhost/?a'
early 2 "a CA and no server" "--server-ca goes with --submit" \
    --server-ca ca.pem
early 2 "half of a client" "--client-cert goes with --client-key" \
    --submit https://localhost --client-cert client.pem
early 9 "no such file" "nothere.pem" --submit https://localhost \
    --server-ca nothere.pem
cp ca.pem open.pem
chmod 666 open.pem
early 9 "a CA that anybody may write" "open.pem: mode 0666" \
    --submit https://localhost --server-ca open.pem
mkdir -m 777 open
cp ca.pem open
early 9 "or may replace" "open/: mode 0777" \
    --submit https://localhost --server-ca open/ca.pem
exits 7 "nobody to ask" countersign sign --submit https://localhost \
    --server-ca ca.pem agent.csr
says "the owner's command submits, too" err "--submit https://localhost"
says "to the same server" err "--server-ca ca.pem"
done_testing

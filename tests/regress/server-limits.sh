#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the countersign authors
#
# What a running server does with too much, too long, too slow and what is no
# request: a clear status, nothing issued, and the next one is answered.
# shellcheck disable=SC2016,SC2317 # words for sh -c; run by name
# shellcheck source=tap.sh
. "$SRCDIR/tests/regress/tap.sh"
# shellcheck source=server.sh
. "$SRCDIR/tests/regress/server.sh"
need python3

limits() { # DIR
	set_option "$1" "fronts = 1" &&
	    set_option "$1" "connections = 24" &&
	    set_option "$1" "per-address = 16" &&
	    set_option "$1" "per-second = 0" &&
	    set_option "$1" "body = 8k" &&
	    set_option "$1" "queue = 8" &&
	    set_option "$1" "headers = 4k"
}

ok "an instance" new_server i
ok "with narrow limits" limits i
ok "serves" start_server i
ok "a request, approved" approved mail

# refused NAME STATUS REASON PATH [OPTIONS OF CURL...]
refused() {
	what=$1
	status=$2
	reason=$3
	shift 3
	is "$what" "$(web "$@")" "$status"
	says "with a reason: $what" body "$reason"
}
refused "no such path" 404 not-found /v1/nothing
refused "no such path of EST" 404 not-found /.well-known/est/nothing
refused "another method" 405 method-not-allowed /v1/bundle -X DELETE
says "the right one is named" head "Allow: GET"
refused "another media type" 415 unsupported-media-type /v1/credentials \
    --data-binary @mail.der
refused "what is no request" 400 malformed /v1/credentials \
    -H 'Content-Type: application/pkcs10' -d garbage
head -c 100 mail.der >cut.der
refused "half a request" 400 '"reason":"' /v1/credentials \
    -H 'Content-Type: application/pkcs10' --data-binary @cut.der
refused "a type twice" 400 malformed /v1/credentials \
    -H 'Content-Type: application/pkcs10' -H 'Content-Type: text/plain' -d x
head -c 9000 /dev/zero >long
is "a body too long" "$(web /v1/credentials \
    -H 'Content-Type: application/pkcs10' --data-binary @long)" 413
is "one in chunks" "$(web /v1/credentials -H 'Transfer-Encoding: chunked' \
    -H 'Content-Type: application/pkcs10' --data-binary @long)" 413
is "headers too long" "$(web /v1/bundle \
    -H "X: $(head -c 5000 /dev/zero | tr '\0' x)")" 431

python3 "$SRCDIR/tests/regress/server-raw.py" "$port" i/ca.pem mail.der >raw \
    2>raw.err
status=$?
while read -r line; do
	case $line in
	"ok "*) report 0 "${line#ok }" ;;
	"not ok "*) report 1 "${line#not ok }" ;;
	"#"*) echo "$line" ;;
	esac
done <raw
is "all of it" "$status" 0
sed 's/^/# /' raw.err
# An issuer that does not answer: nobody waits for ever, and no more than so many
# wait at all.
ok "the issuer stands still" kill -s STOP "$(pid_of issuer)"
exits 0 "twelve ask it" curl -sS --cacert i/ca.pem -Z --parallel-immediate \
    --parallel-max 12 --max-time 60 --data-binary @mail.der -o /dev/null \
    -H 'Content-Type: application/pkcs10' -w '%{http_code} %{time_total}\n' \
    "$url/v1/credentials#[1-12]"
is "all hear that it is busy" "$(grep -c '^503 ' out)" 12
is "four of them at once" "$(awk '$2 < 7' out | wc -l)" 4
is "others in time" "$(awk '$2 > 20' out | wc -l)" 0
ok "it goes on" kill -s CONT "$(pid_of issuer)"
is "the front has done so" "$(web /v1/bundle --retry 9)" 200
is "nothing was issued" "$(operate /v1/status >status &&
    jq '.credentials | length' body)" 0
is "then the request is" "$(enrol mail)" 200
silent "no process has died" "$log" " died of "

# Rates, from a reload on
ok "a rate" set_option i "per-second = 1"
ok "a burst" set_option i "burst = 4"
hup() {
	kill -s HUP "$server_pid" && until_log "master: reloaded"
}
ok "are taken by a reload" hup
n=0
while [ "$(web /v1/bundle)" = 200 ] && [ $n -lt 100 ]; do
	n=$((n + 1))
done
[ $n -ge 4 ] && [ $n -lt 100 ]
report $? "more than that is refused"
says "with a status" head "HTTP/1.1 429"
says "a reason" body rate-limited
wait=$(tr -d '\r' <./head | sed -n 's/^Retry-After: //p')
[ "${wait:-0}" -ge 1 ] && [ "$wait" -le 2 ]
report $? "and when to come again"
is "which is right" "$(web /v1/bundle --retry 5)" 200

# Of connections four times as many are taken; the others are closed.
curl -sS --cacert i/ca.pem -Z --parallel-immediate \
    --parallel-max 8 --no-keepalive -H 'Connection: close' --max-time 30 \
    -o /dev/null -w '%{http_code}\n' "$url/v1/bundle#[1-40]" >out 2>/dev/null
is "a crowd" "$(wc -l <out)" 40
is "is answered or closed" "$(grep -cvxE '200|429|000' out)" 0
[ "$(grep -cx 000 out)" -ge 1 ]
report $? "closed"
[ "$(grep -cx 429 out)" -ge 1 ]
report $? "and told so"

# A certificate that was renewed
before=$(openssl x509 -in i/tls.pem -noout -serial)
openssl req -new -key i/tls.key -subj /CN=renewed \
    -addext subjectAltName=IP:127.0.0.1 2>/dev/null |
    openssl x509 -req -CA i/ca.pem -CAkey i/ca.key -days 5 \
	-copy_extensions copyall -out new.pem 2>/dev/null
# As soon as a connection is taken again
shown() {
	timeout 60 sh -c 'until openssl s_client -connect "127.0.0.1:$0" \
	    </dev/null >shown.txt 2>/dev/null; do :; done' "$port" &&
	    openssl x509 -noout -serial <shown.txt
}
is "a certificate" "$(shown)" "$before"
mv new.pem i/tls.pem
: >"$log"
ok "another, and a reload" hup
is "is shown then" "$(shown)" "$(openssl x509 -in i/tls.pem -noout -serial)"
after=$(shown)
cp i/tls.pem good.pem
echo none >i/tls.pem
: >"$log"
hup
says "a broken one is said" "$log" "front 1: TLS: "
says "and that is no good reload" "$log" "but for what is said above"
is "the one before stays" "$(shown)" "$after"
cp good.pem i/tls.pem
is "it serves" "$(web /v1/bundle --retry 5)" 200
ok "it ends" stop_server
done_testing

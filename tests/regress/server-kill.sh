#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the countersign authors
#
# A running server whose processes are killed under load: what was answered is
# in the store, nothing is issued twice, and it ends when it is told to.
# shellcheck disable=SC2317 # run by name
# shellcheck source=tap.sh
. "$SRCDIR/tests/regress/tap.sh"
# shellcheck source=server.sh
. "$SRCDIR/tests/regress/server.sh"
need python3

# Clients are on one machine.
unlimited() { # DIR
	set_option "$1" "per-second = 0" &&
	    set_option "$1" "per-address = 2000" &&
	    set_option "$1" "connections = 2000"
}

ok "an instance" new_server i
ok "without limits" unlimited i
ok "serves" start_server i

# A thousand who ask the same
ok "a request, approved" approved one
mkdir answers
exits 0 "is sent a thousand times, by a hundred at once" curl -sS \
    --cacert i/ca.pem -Z --parallel-max 100 --max-time 120 --retry 20 \
    -H 'Content-Type: application/pkcs10' --data-binary @one.der \
    -o 'answers/#1' -w '%{http_code}\n' "$url/v1/credentials#[1-1000]"
is "each is answered" "$(grep -cx 200 out)" 1000
is "all the same" "$(cat answers/* | openssl sha256)" \
    "$(for i in answers/*; do cat answers/1; done | openssl sha256)"
is "its credentials" "$(operate "/v1/status?agent=$base/one")" 200
is "are one" "$(jq '.credentials | length' body)" 1
rm -r answers

# Load, and one process after the other is killed
n=0
while [ $n -lt 24 ]; do
	n=$((n + 1))
	approved "a$n" || report 1 "request $n"
done
: >load.log
python3 "$SRCDIR/tests/regress/server-load.py" "$port" i/ca.pem stop \
    load.log a*.der >load.out 2>&1 &
load=$!

# answered: waits until a hundred more were answered
answered() {
	from=$(wc -l <load.log)
	timeout 60 tail -n "+$((from + 1))" -s 0.02 -f load.log |
	    grep -qm100 '^200 '
}

# up NAME: how often it was up
up() {
	grep -c " $1 is up, process " "$log"
}

for who in issuer keyholder "front 1" "front 2" admin issuer keyholder; do
	[ -n "$(pid_of "$who")" ] || continue
	ok "load" answered
	was=$(up "$who")
	ok "$who is killed" kill -s KILL "$(pid_of "$who")"
	ok "and another is there" until_log " $who is up, process " \
	    $((was + 1))
done
ok "load" answered
: >stop
wait $load
is "nobody was answered in two ways" "$?" 0
sed '/^$/d; s/^/# /' load.out

# What was answered is there, once
is "all credentials" "$(operate /v1/status)" 200
is "are as many as were asked for" "$(jq '.credentials | length' body)" 25
is "each of another agent" \
    "$(jq '[.credentials[].agent] | unique | length' body)" 25
is "and all were issued" "$(jq '[.credentials[].issued] | all' body)" true
jq -r '.credentials[].serial' body | sort >there
for i in a*.der.pem; do
	openssl x509 -in "$i" -noout -serial
done | sed 's/serial=//' | tr 'A-F' 'a-f' | sort >answered
is "every certificate that was given is there" \
    "$(comm -23 answered there)" ""
is "as many as clients" "$(wc -l <answered)" 24
ok "the log of audit is whole" countersign audit verify \
    --store "sqlite:i/store/store.db"

# Told to end, under load
rm stop
: >load.log
python3 "$SRCDIR/tests/regress/server-load.py" "$port" i/ca.pem stop \
    load.log a*.der >load.out 2>&1 &
load=$!
ok "load" answered
sed -n 's/.* is up, process \([0-9]*\),.*/\1/p' "$log" >pids
began=$(date +%s)
ok "told to end it ends" stop_server
: >stop
[ $(($(date +%s) - began)) -le 10 ]
report $? "within ten seconds"
is "no process is left" "$(while read -r pid; do
	[ -d "/proc/$pid" ] && grep -l countersign "/proc/$pid/comm"
done <pids)" ""
wait $load
is "who was answered was answered the same" "$?" 0
sed '/^$/d; s/^/# /' load.out
done_testing

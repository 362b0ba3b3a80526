#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the countersign authors
#
# What a server's processes have in memory does not grow with what they are
# asked: credentials, retries, refusals, connections, reloads. REQUESTS says how
# many credentials; make soak asks for ten thousand.
# shellcheck disable=SC2154,SC2317 # the harness's; run by name
# shellcheck source=tap.sh
. "$SRCDIR/tests/regress/tap.sh"
# shellcheck source=server.sh
. "$SRCDIR/tests/regress/server.sh"
bin=$BUILDDIR/tests/bench/bin
n=${REQUESTS:-400}
half=$((n / 2))

"$bin/requests" "$n" set owners
report $? "$n requests"
ok "an instance" new_server i
cp owners i/owners.d/load.owners
set_option i 'fronts = 1'
set_option i 'workers = 4'
set_option i 'per-second = 0'
set_option i 'signatures = 100000'
ok "serves" start_server i

# asked FROM COUNT: each is answered with its certificate
asked() {
	"$bin/load" --port "$port" --ca i/ca.pem --path /v1/credentials \
	    --requests set --issuer i/ca.pem --from "$1" --count "$2" \
	    --clients 8 >line
}

# pages COUNT [OPTION]: of what needs no approval
pages() {
	"$bin/load" --port "$port" --ca i/ca.pem --path /v1/bundle \
	    --count "$1" --clients 8 ${2+"$2"} >line
}

# refused COUNT: what is no request
refused() {
	for _ in $(seq "$1"); do
		[ "$(web /v1/credentials -d x \
		    -H 'Content-Type: application/pkcs10')" = 400 ] || return 1
		[ "$(operate /v1/nothing)" = 404 ] || return 1
	done
}

# reloaded COUNT
reloaded() {
	for _ in $(seq "$1"); do
		reloads=$((reloads + 1))
		kill -HUP "$server_pid"
		until_log "master: reloaded" "$reloads" || return 1
	done
}
reloads=0

# a round of everything but credentials
others() {
	pages "$half" && pages $((half / 4)) --new-connections &&
	    refused 10 && reloaded 5
}

# memory: a line for each process, its name and its own pages in KiB
memory() {
	for name in keyholder issuer admin "front 1"; do
		echo "$name:$(awk '$1 == "RssAnon:" { print $2 }' \
		    "/proc/$(pid_of "$name")/status")"
	done
	echo "master:$(awk '$1 == "RssAnon:" { print $2 }' \
	    "/proc/$server_pid/status")"
}

ok "a half of them" asked 0 "$half"
ok "and other things" others
memory >before
ok "the other half" asked "$half" "$((n - half))"
ok "the first ones again" asked 0 "$half"
ok "and the other things" others
memory >after
is "all processes are those that they were" "$(grep -c ' is up' "$log")" 4
paste -d : before after >grown
while IFS=: read -r name was _ is; do
	[ "$is" -le $((was + was / 4 + 768)) ]
	report $? "$name does not grow: $was KiB, then $is KiB"
done <grown
ok "it ends" stop_server
done_testing

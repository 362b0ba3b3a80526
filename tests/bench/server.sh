#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the countersign authors
#
# usage: server.sh [--quick] [--rounds N] [--tsv]
# What a running countersign-server costs, beside what the same could cost at
# the least. A line a measurement, and what it is meant to be; times are this
# machine's, so nothing fails by them. Ends with 1 when something could not be
# measured.
# shellcheck disable=SC2086 # words in $clients_of, $cpu_of
# shellcheck source=../regress/tap.sh
. "$SRCDIR/tests/regress/tap.sh"
# shellcheck source=../regress/server.sh
. "$SRCDIR/tests/regress/server.sh"
nginx_pid=
load_pid=
finished=
trap 'end_all; rm -rf "$top"; [ -n "$finished" ] || exit 1' EXIT
need nginx
bin=$BUILDDIR/tests/bench/bin

rounds=5
each=1500
idle=1000
tsv=
while [ $# -gt 0 ]; do
	case $1 in
	--quick)
		rounds=3
		each=200
		idle=200
		;;
	--rounds)
		rounds=$2
		shift
		;;
	--tsv) tsv=yes ;;
	*)
		echo "server.sh: unknown word $1" >&2
		exit 2
		;;
	esac
	shift
done

# shellcheck disable=SC2317 # by trap
end_all() {
	[ -z "$load_pid" ] || kill "$load_pid" 2>/dev/null
	[ -z "$nginx_pid" ] || kill "$nginx_pid" 2>/dev/null
	end_server
}

fail() {
	echo "server.sh: $*" >&2
	exit 1
}

# calc WORD...: as awk has it
calc() {
	awk "BEGIN { printf \"%.3f\", $* }"
}

# field NAME: of the line of NAME=VALUE in ./line
field() {
	tr ' ' '\n' <line | sed -n "s/^$1=//p"
}

# median, of the lines of a file
median() {
	sort -n "$1" | awk '{ v[NR] = $1 } END { printf "%.3f\n",
	    NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2 }'
}

# row NAME WITNESS OURS YARDSTICK RATIO GOAL; a goal is <=N, >=N or -
row() {
	printf '%s\t%s\t%s\t%s\t%s\t%s\n' "$@" >>rows
}

# Who may come: one client's certificate, for ours and for nginx.
make_client() {
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
	    -subj /CN=clients -days 2 -keyout clients.key -out clients.pem &&
	    openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
		-subj /CN=client -keyout client.key -out client.csr &&
	    openssl x509 -req -in client.csr -CA clients.pem \
		-CAkey clients.key -CAcreateserial -days 2 -out client.pem
}

# One process that speaks with clients, as of nginx; nobody is turned away.
make_server() {
	new_server "$top/instance" || return
	i=$top/instance
	cp clients.pem "$i" &&
	    set_option "$i" 'client-ca = "clients.pem"' &&
	    set_option "$i" 'clients = must' &&
	    set_option "$i" 'fronts = 1' &&
	    set_option "$i" 'connections = 8192' &&
	    set_option "$i" 'per-address = 8192' &&
	    set_option "$i" 'per-second = 0' &&
	    set_option "$i" 'signatures = 100000'
}

# nginx_conf PORT
nginx_conf() {
	cat <<END
user $(id -un) $(id -gn);
worker_processes 1;
error_log stderr;
pid $PWD/nginx/pid;
events { worker_connections 8192; }
http {
	access_log off;
	client_body_temp_path body;
	proxy_temp_path proxy;
	fastcgi_temp_path fastcgi;
	uwsgi_temp_path uwsgi;
	scgi_temp_path scgi;
	server {
		listen 127.0.0.1:$1 ssl;
		ssl_certificate $top/instance/tls.pem;
		ssl_certificate_key $top/instance/tls.key;
		ssl_client_certificate $top/instance/clients.pem;
		ssl_verify_client on;
		ssl_protocols TLSv1.3;
		ssl_session_tickets off;
		root html;
	}
}
END
}

# nginx with the same certificates, and a page as long as a credential. It
# cannot be asked to find a port.
start_nginx() {
	mkdir -p nginx/html
	for try in 1 2 3 4 5 6 7 8 9; do
		nginx_port=$((($$ + try * 7919) % 20000 + 20000))
		nginx_conf "$nginx_port" >nginx/nginx.conf
		nginx -p "$PWD/nginx" -c nginx.conf -e stderr 2>nginx/log && break
		[ "$try" -lt 9 ] || fail "nginx: $(cat nginx/log)"
	done
	# shellcheck disable=SC2016 # by the other shell
	timeout 20 sh -c 'until [ -s nginx/pid ] &&
	    pgrep -P "$(cat nginx/pid)" >nginx/worker; do sleep 0.02; done' ||
	    fail "nginx did not start"
	nginx_pid=$(cat nginx/pid)
	nginx_worker=$(cat nginx/worker)
}

# The requests are in the file `set`; each is good for one credential.
taken=0
clients_of="--cert client.pem --key client.key --ca $top/instance/ca.pem"

# ours COUNT CLIENTS [OPTIONS OF LOAD...]: credentials, each another one
ours() {
	"$bin/load" --port "$port" $clients_of --path /v1/credentials \
	    --requests set --from $taken --issuer "$top/instance/ca.pem" \
	    $cpu_of --count "$1" --clients "$2" ${3+"$3"} ${4+"$4"} >line ||
	    fail "the load failed; $(tail -n 3 "$log")"
	taken=$((taken + $1))
}

# theirs COUNT CLIENTS [OPTIONS...]: a page of nginx
theirs() {
	"$bin/load" --port "$nginx_port" $clients_of --path /answer \
	    --cpu-of "$nginx_worker" --count "$1" --clients "$2" \
	    ${3+"$3"} >line || fail "the load of nginx failed"
}

# resident PID: octets
resident() {
	awk '$1 == "VmRSS:" { print $2 * 1024 }' "/proc/$1/status"
}

# held PORT PATH PID: octets that the process takes for an idle connection
held() {
	before=$(resident "$3")
	mkfifo hold
	"$bin/load" --port "$1" $clients_of --path "$2" --idle $idle \
	    <hold >held.out 2>held.err &
	load_pid=$!
	exec 3>hold
	timeout 60 tail -n +1 -s 0.02 -f held.out | grep -qm1 '^idle=' ||
	    fail "$(cat held.err)"
	after=$(resident "$3")
	exec 3>&-
	wait "$load_pid" || fail "idle connections: $(cat held.err)"
	load_pid=
	rm hold
	calc "($after - $before) / $idle"
}

# The first thing that these processes do, lest room that is free again hides
# what is taken.
memory() {
	ours_held=$(held "$port" /v1/bundle "$front") || exit 1
	theirs_held=$(held "$nginx_port" /answer "$nginx_worker") || exit 1
	row idle memory "$ours_held" "$theirs_held" \
	    "$(calc "$ours_held / $theirs_held")" '<=1.5'
}

# The processor's time for a certificate, with all that is behind it: eight
# clients that stay connected, or connect anew for each.
parts='front_1 issuer keyholder'
cpu_round() { # COUNT NAME [OPTION]
	ours "$1" 8 ${3+"$3"}
	field cpu_us >us.ours
	for who in $parts; do
		field "cpu_us.$(pid_of "$(echo "$who" | tr _ ' ')")" \
		    >>"$2.$who"
	done
	theirs "$1" 8 ${3+"$3"}
	field cpu_us >us.nginx
	"$bin/issuefloor" $each >us.floor || fail "issuefloor"
	"$bin/append" "$top/append" 20 64 >line || fail "append"
	field cpu_us >us.append
	cat us.ours >>"$2.ours"
	cat us.nginx us.floor us.append | awk '{ n += $1 } END { print n }' \
	    >us.least
	cat us.least >>"$2.least"
	paste us.ours us.least | awk '{ print $1 / $2 }' >>"$2.ratio"
	cat us.nginx >>"$2.nginx"
	cat us.floor >>"$2.floor"
	cat us.append >>"$2.append"
}

cpu() { # NAME COUNT GOAL [OPTION]
	for _ in $(seq "$rounds"); do
		cpu_round "$2" "$1" ${4+"$4"}
	done
	row "$1" cpu "$(median "$1.ours")" "$(median "$1.least")" \
	    "$(median "$1.ratio")" "$3"
	for part in floor nginx append; do
		row "$1-$part" cpu - "$(median "$1.$part")" - -
	done
	for part in $parts; do
		row "$1-${part%_*}" cpu "$(median "$1.$part")" - - -
	done
}

# Certificates a second, each on the disk before its answer, beside appends to
# a file that are on the disk one by one.
rate() { # CLIENTS COUNT GOAL
	"$bin/append" "$top/append" $((each / 5)) 1 >line || fail "append"
	serial=$(field rate)
	ours "$2" "$1"
	most=$(field rate)
	row "clients-$1" rate "$most" "$serial" \
	    "$(calc "$most / $serial")" "$3"
	row "clients-$1" busy "$(calc "$(field cpu_us) * $most / 1e6")" \
	    "$(nproc)" "$(calc "$(field cpu_us) * $most / 1e6 / $(nproc)")" -
}

# How long they wait when the server has something to spare: of the times as
# they were meant to be asked at.
tail_of() { # COUNT
	ours "$1" 16 --rate "$(awk "BEGIN { print int($most * 0.7) }")"
	row tail p99/p50 "$(field p99_us)" "$(field p50_us)" \
	    "$(calc "$(field p99_us) / $(field p50_us)")" '<=4'
}

make_client 2>log.client || fail "$(cat log.client)"
"$bin/requests" $((rounds * each * 2 + each * 6)) set owners ||
    fail "no requests"
make_server || fail "no instance"
cp owners "$top/instance/owners.d/load.owners"
# shellcheck disable=SC3045 # dash has both
ulimit -n "$(ulimit -H -n)"
start_server "$top/instance" || fail "the server does not start"
front=$(pid_of 'front 1')
cpu_of=
for pid in $server_pid $(pgrep -P "$server_pid"); do
	cpu_of="$cpu_of --cpu-of $pid"
done
start_nginx
: >rows
ours 1 1 --save "$PWD/nginx/html/answer"
memory
cpu keep-alive $each '<=2.0'
cpu new $((each / 5)) '-' --new-connections
rate 1 $each '>=0.5'
rate 16 $((each * 2)) '>=1.0'
tail_of $((each * 2))
awk -F '\t' -v OFS='\t' '{
	goal = substr($6, 3) + 0
	met = $6 ~ /^<=/ ? ($5 <= goal ? "yes" : "no") : \
	    $6 ~ /^>=/ ? ($5 >= goal ? "yes" : "no") : "-"
	print $0, met
}' rows >table
if [ -n "$tsv" ]; then
	cat table
else
	awk -F '\t' '
	BEGIN {
		format = "%-20s %-8s %12s %12s %8s %6s  %s\n"
		printf format, "server", "witness", "ours", "yardstick", \
		    "ratio", "goal", "met"
	}
	{ printf format, $1, $2, $3, $4, $5, $6, $7 }' table
fi
finished=yes

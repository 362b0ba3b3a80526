# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the countersign authors
#
# Sourced after tap.sh by scripts that run countersign-server: an instance as
# `init` makes it, on a port that is free, with an owner whose key is a file.
# Whatever is started is ended with the script.
# shellcheck shell=sh
# shellcheck disable=SC2034,SC2154,SC2317 # for the script; tap.sh's; run by name

SERVER=$BUILDDIR/tests/bin/countersign-server
[ -x "$SERVER" ] || {
	echo "1..0 # SKIP built without the server"
	exit 0
}
[ -e "$BUILDDIR/.libs/store-sqlite.so" ] || {
	echo "1..0 # SKIP built without sqlite"
	exit 0
}
# Its processes are in sandboxes, where sanitizers cannot look for leaks.
if grep -q -e __asan_init -e __tsan_init "$SERVER"; then
	echo "1..0 # SKIP built with a sanitizer"
	exit 0
fi
need curl openssl jq

alice=mailto:alice@corp.example
base=spiffe://corp.example/agent
server_pid=
trap 'end_server; rm -rf "$top"' EXIT

server() {
	setsid -w "$SERVER" "$@"
}

# new_server DIR [OPTIONS OF INIT...]: an instance; alice, with the key
# alice.key, may approve all agents below $base; agent.key is an agent's
new_server() {
	instance=$1
	shift
	server init --trust-domain corp.example --listen 127.0.0.1:0 "$@" \
	    "$instance" >init.out || return
	[ -e alice.key ] || new_key alice.key
	[ -e agent.key ] || new_key agent.key
	countersign owners add --key file:alice.key --owner $alice \
	    --agents $base --no-touch-required \
	    --file alice.owners "$instance/owners.d" >owner.out
}

# set_option DIR LINE: a line of DIR/server.conf, in place of that which has
# this option (or has it behind a #); of limits, too
set_option() {
	name=${2%%[ =]*}
	sed -i "s|^\([[:space:]]*\)#\{0,1\}$name = .*|\1$2|" \
	    "$1/server.conf"
	grep -qF "$2" "$1/server.conf"
}

# own_modules DIR: modules where another user finds them, too, who need not be
# able to enter the build's directory
own_modules() {
	mkdir "$top/modules" &&
	    cp "$BUILDDIR/.libs/verifier-owner.so" \
		"$BUILDDIR/.libs/store-sqlite.so" "$top/modules" &&
	    chmod 711 "$top" && chmod -R go=rX "$top/modules" &&
	    sed -i "1i modules = \"$top/modules\"" "$1/server.conf"
}

# until_log TEXT [N]: until DIR.log has N lines (one) with TEXT, up to a minute
until_log() {
	# -q would end at the first one.
	[ "$(timeout 60 tail -n +1 -s 0.02 -f "$log" |
	    grep -m"${2:-1}" -c -F -e "$1")" = "${2:-1}" ]
}

# start_server DIR: and waits until it serves. Sets $url, $port, $log (its
# standard error) and $admin, the admin socket.
start_server() {
	log=$top/${1##*/}.log
	: >"$log"
	setsid "$SERVER" --config "$1/server.conf" 2>>"$log" &
	server_pid=$!
	instance=$1
	admin=$1/admin.sock
	until_log 'serves corp.example' || {
		sed 's/^/# /' "$log"
		return 1
	}
	port=$(sed -n 's/.*: listens on .*:\([0-9]*\)$/\1/p' "$log" |
	    tail -n 1)
	url=https://127.0.0.1:$port
}

# start_hook: the webhooks of i/webhook.conf; sets the same but for $admin
start_hook() {
	log=$top/hook.log
	: >"$log"
	instance=i
	setsid "$SERVER" --config i/webhook.conf --webhook 2>>"$log" &
	server_pid=$!
	until_log 'serves corp.example' || {
		sed 's/^/# /' "$log"
		return 1
	}
	port=$(sed -n 's/.*: listens on .*:\([0-9]*\)$/\1/p' "$log")
	url=https://127.0.0.1:$port
}

# stop_server [SIGNAL]: its status
stop_server() {
	kill -s "${1:-TERM}" "$server_pid" 2>/dev/null
	wait "$server_pid"
	stopped=$?
	server_pid=
	return $stopped
}

# end_server: when the script ends, whatever the reason
end_server() {
	[ -n "$server_pid" ] || return 0
	kill "$server_pid" 2>/dev/null
	wait "$server_pid" 2>/dev/null
	server_pid=
}

# pid_of NAME: of the youngest process that is called so, such as "front 1"
pid_of() {
	sed -n "s/.* $1 is up, process \([0-9]*\),.*/\1/p" "$log" | tail -n 1
}

# web PATH [OPTIONS OF CURL...]: writes the body to ./body and prints the status
web() {
	path=$1
	shift
	curl -sS --cacert "$instance/ca.pem" --max-time 30 -o body \
	    -D head -w '%{http_code}\n' "$@" "$url$path"
}

# operate PATH [OPTIONS OF CURL...]: the same, over the admin socket
operate() {
	path=$1
	shift
	curl -sS --unix-socket "$admin" --max-time 30 -o body -D head \
	    -w '%{http_code}\n' "$@" "http://localhost$path"
}

# request NAME [OPTIONS...]: NAME.base, a request of $base/NAME, not approved
request() {
	agent=$1
	shift
	countersign request --id "$base/$agent" --purpose "$agent" \
	    --key agent.key "$@" -f -o "$agent.base" >/dev/null
}

# approved NAME [OPTIONS OF SIGN...]: NAME.csr, a composite request of
# $base/NAME; NAME.der is its DER
approved() {
	agent=$1
	shift
	request "$agent" &&
	    countersign sign --key file:alice.key --owner $alice --yes "$@" \
		-f "$agent.base" -o "$agent.approval" >/dev/null 2>&1 &&
	    countersign attach --key agent.key -f "$agent.base" \
		"$agent.approval" -o "$agent.csr" >/dev/null &&
	    openssl req -in "$agent.csr" -outform DER -out "$agent.der"
}

# enrol NAME [OPTIONS OF CURL...]: NAME.der at /v1/credentials; prints the
# status
enrol() {
	agent=$1
	shift
	web /v1/credentials -H 'Content-Type: application/pkcs10' \
	    --data-binary "@$agent.der" "$@"
}

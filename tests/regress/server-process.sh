#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the countersign authors
#
# The processes of a server that runs: each is killed and is there again, what
# is reloaded is, systemd is told, two servers do not share one state, and all
# of them end.
# shellcheck disable=SC2154,SC2317 # the harness's; run by name
# shellcheck source=tap.sh
. "$SRCDIR/tests/regress/tap.sh"
# shellcheck source=server.sh
. "$SRCDIR/tests/regress/server.sh"
need python3 prlimit

# What systemd would hear, a message a line
python3 -c '
import os, socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind("notify")
open("bound", "w").close()
while True:
    said = s.recv(4096).decode().replace("\n", " ")
    print(said, flush=True)
    if said.startswith("STOPPING"):
        break
' >told &
listener=$!
until [ -e bound ]; do
	kill -0 "$listener" || break
done

# until_told TEXT [N]
until_told() {
	[ "$(timeout 60 tail -n +1 -s 0.02 -f told |
	    grep -m"${2:-1}" -c -F -e "$1")" = "${2:-1}" ]
}

# all_pids: of the server's processes now
all_pids() {
	for name in keyholder issuer admin "front 1" "front 2"; do
		pid_of "$name"
	done
}

# gone PID...: within a minute
gone() {
	for pid; do
		timeout 60 tail --pid="$pid" -f /dev/null || return 1
	done
}

# stop_server_group: as a terminal does; setsid made a group of it
stop_server_group() {
	[ "$server_pid" -gt 1 ] && kill -s INT -- "-$server_pid" &&
		wait "$server_pid" && server_pid=
}

# enrolled NAME: in the end; 503 until then
enrolled() {
	tries=0
	until [ "$(enrol "$1")" = 200 ]; do
		grep -q '"status": *503' body || return 1
		tries=$((tries + 1))
		[ "$tries" -lt 200 ] || return 1
	done
}

# killed NAME N: and there again, N-th
killed() {
	old=$(pid_of "$1")
	kill -KILL "$old"
	ok "$1 was killed, and is there again" until_log "$1 is up" "$2"
	says "that is said" "$log" "$1 died of signal 9"
	[ "$old" != "$(pid_of "$1")" ]
	report $? "it is another process"
}

ok "an instance" new_server i
set_option i 'fronts = 2'
NOTIFY_SOCKET=$PWD/notify
WATCHDOG_USEC=1000000
export NOTIFY_SOCKET WATCHDOG_USEC
ok "serves" start_server i
unset NOTIFY_SOCKET WATCHDOG_USEC
ok "its manager knows" until_told READY=1
ok "and that it lives" until_told WATCHDOG=1
for name in one two three four five; do
	approved $name
done
ok "a credential" enrolled one
mv body one.pem

# Who dies is started anew, and what was answered is answered again.
killed keyholder 2
ok "which signs" enrolled two
killed issuer 2
ok "which issues" enrolled three
killed "front 1" 2
killed "front 2" 2
ok "which are reached" enrolled one
same "and nothing was forgotten" body one.pem
killed admin 2
is "which answers" "$(operate /v1/health)" 200

# One server of a state, one of a port
exits 1 "no second one of this state" server --config i/server.conf
says "that is said" err "keyholder: another server has it"
ok "another instance" server init --trust-domain corp.example \
    --listen "127.0.0.1:$port" o
exits 9 "has no part of its port" server --config o/server.conf
says "that is said, too" err "127.0.0.1:$port: Address already in use"

# A reload
serial() {
	openssl s_client -connect "127.0.0.1:$port" -CAfile i/ca.pem \
	    </dev/null 2>/dev/null | openssl x509 -noout -serial
}
before=$(serial)
openssl req -new -key i/tls.key -subj / -addext subjectAltName=IP:127.0.0.1 \
    -x509 -CA i/ca.pem -CAkey i/ca.key -set_serial 0x0123456789 \
    -out i/tls.pem 2>/dev/null
kill -HUP "$server_pid"
ok "it is told to read its files anew" until_log "master: reloaded"
ok "its manager knows" until_told RELOADING=1
ok "since when" until_told MONOTONIC_USEC=
ok "and that it has" until_told READY=1 2
[ -n "$before" ] && [ "$before" != "$(serial)" ]
report $? "another certificate is there"
is "which is the new one" "$(serial)" serial=0123456789
cp i/server.conf whole
echo 'lisen = x' >>i/server.conf
kill -HUP "$server_pid"
ok "what means nothing" until_log "the one before stays"
says "is named" "$log" "no such option 'lisen'; did you mean listen?"
cp whole i/server.conf
is "and it serves on" "$(web /v1/bundle)" 200
set_option i 'workers = 3'
kill -HUP "$server_pid"
ok "what takes a restart" until_log "workers is another: that takes a restart"
chmod 644 i/tls.key
kill -HUP "$server_pid"
ok "a key that others read" until_log "tls.key: mode 0644"
chmod 600 i/tls.key
is "does not end it" "$(web /v1/bundle)" 200

# A keyholder that stands still: what is current says nothing of it
is "ready" "$(operate /v1/ready)" 200
kill -s STOP "$(pid_of keyholder)"
is "not without a keyholder" "$(operate /v1/ready)" 503
says "and it says so" body "nothing can be signed: the keyholder has not"
kill -s CONT "$(pid_of keyholder)"
is "ready again" "$(operate /v1/ready)" 200

# The end
pids=$(all_pids)
began=$(date +%s)
ok "it ends" stop_server
[ $(($(date +%s) - began)) -le 10 ]
report $? "within ten seconds"
# shellcheck disable=SC2086 # numbers
ok "with all of them" gone $pids
ok "its manager knows" until_told STOPPING=1
wait "$listener"

# An issuer that finds no memory lives, and is of no use: where it ended a front's
# channel, that of another front would not do better.
ok "it serves" start_server i
prlimit --pid "$(pid_of issuer)" --as=1000000
is "which is asked" "$(operate "/v1/status?live=1")" 503
ok "an issuer without memory is started anew" until_log "issuer is up" 2
ok "and it issues again" enrolled five
ok "and ends" stop_server

# A Ctrl-C is for all of the terminal's group, and the master has to say who
# ends when.
ok "it serves for somebody at a terminal" start_server i
pids=$(all_pids)
ok "a Ctrl-C ends it" stop_server_group
# shellcheck disable=SC2086 # numbers
ok "with all of them" gone $pids
! grep -F 'died of signal' "$log" >&2
report $? "each at its time"

# It begins where it was.
ok "it serves again" start_server i
ok "with what it has issued" enrolled one
same "which is the same" body one.pem
pids=$(all_pids)
stop_server KILL
# shellcheck disable=SC2086 # numbers
ok "a master that is killed takes them along" gone $pids
ok "and leaves nothing that is in the way" start_server i
ok "of a credential" enrolled four

# Without a keyholder
for n in 2 3; do
	kill -KILL "$(pid_of keyholder)"
	until_log "keyholder is up" $n
done
kill -KILL "$(pid_of keyholder)"
wait "$server_pid"
is "three deaths within a minute end it" $? 5
server_pid=
says "and the log says why" "$log" "the keyholder died three times"

# A key that others may read
chmod 640 i/ca.key
: >"$log"
setsid "$SERVER" --config i/server.conf 2>>"$log" &
server_pid=$!
ok "nothing is signed with a key that others read" \
    until_log "i/ca.key: mode 0640"
end_server
silent "nor asked for" "$log" "serves corp.example"
chmod 600 i/ca.key

# And one that the issuer could
cp i/store/* i
set_option i 'store = "sqlite:store.db"'
: >"$log"
setsid "$SERVER" --config i/server.conf 2>>"$log" &
server_pid=$!
ok "nor with one that lies beside the store" \
    until_log "i/tls.key lies below"
end_server
silent "no more than that" "$log" "serves corp.example"
rm i/store.db*
cp whole i/server.conf

# Words that mean nothing
echo 'lisen = x' >>i/server.conf
exits 3 "it does not start with an option that is none" \
    server --config i/server.conf
says "which has a line" err \
    "i/server.conf:$(grep -n lisen i/server.conf | cut -d : -f 1): no such"
cp whole i/server.conf
rm i/tls.pem
exits 9 "nor without its certificate" server --config i/server.conf
says "which has one, too" err \
    "i/server.conf:$(grep -n '^tls-cert' i/server.conf | cut -d : -f 1): tls-c"
done_testing

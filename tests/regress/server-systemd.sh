#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the countersign authors
#
# The units of contrib/systemd: they mean something, they give away little, and
# a server that is started by its sockets serves on them.
# shellcheck source=tap.sh
. "$SRCDIR/tests/regress/tap.sh"
# shellcheck source=server.sh
. "$SRCDIR/tests/regress/server.sh"
need systemd-analyze systemd-socket-activate systemd-sysusers curl
units=$SRCDIR/contrib/systemd
unit=countersign-server.service

sed "s|@sbindir@/countersign-server|$SERVER|" "$units/$unit.in" >"$unit"
cp "$units"/*.socket .
ok "the units mean something" systemd-analyze verify --man=no \
    --recursive-errors=no "$PWD/$unit" "$PWD/countersign-server.socket" \
    "$PWD/countersign-server-admin.socket"
empty "and nothing is said of them" err
ok "they give away little" systemd-analyze security --offline=yes \
    --no-pager --threshold=26 "$PWD/$unit"
for call in landlock_create_ruleset landlock_add_rule landlock_restrict_self \
    seccomp; do
	grep '^SystemCallFilter=' "$unit" | grep -qw "$call"
	report $? "its processes may enter their sandboxes: $call"
done

mkdir -p root/etc
ok "the users can be made" systemd-sysusers --root="$PWD/root" --dry-run \
    "$units/sysusers.d/countersign.conf"
if [ "$(id -u)" -eq 0 ]; then
	systemd-sysusers --root="$PWD/root" "$units/sysusers.d/countersign.conf" \
	    >/dev/null 2>&1
	ok "and the directories" systemd-tmpfiles --root="$PWD/root" --create \
	    "$units/tmpfiles.d/countersign.conf"
	is "which are root's, and the group's" \
	    "$(stat -c '%u %g %a' root/var/lib/countersign)" \
	    "0 $(sed -n 's/^countersign:x:\([0-9]*\):.*/\1/p' root/etc/group) 750"
fi

# The instance that the unit names, somewhere else
"$SERVER" init --trust-domain corp.example i >/dev/null
systemd-socket-activate -l "$PWD/tls.sock" -l "$PWD/admin.sock" \
    --fdname=tls:admin "$SERVER" --config i/server.conf 2>said &
activated=$!
until [ -S tls.sock ] && [ -S admin.sock ]; do
	kill -0 "$activated" || break
done
ok "who comes first starts it, and is answered" curl -sS --fail -o bundle \
    --max-time 60 --cacert i/ca.pem --unix-socket tls.sock \
    https://localhost/v1/bundle
says "with the bundle" bundle x509-svid
ok "operators come to the other one" curl -sS --fail -o health --max-time 60 \
    --unix-socket admin.sock http://localhost/v1/health
says "it says where it listens" said "listens on unix:$PWD/tls.sock"
silent "not on what is configured" said "listens on 127.0.0.1"
[ ! -e i/admin.sock ]
report $? "nor for operators"
kill "$activated"
wait "$activated"
is "it ends well" $? 0
done_testing

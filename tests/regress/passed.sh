#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the countersign authors
#
# Sockets that systemd passes: systemd-socket-activate listens, and starts a
# program of the test when somebody connects.
# shellcheck source=tap.sh
. "$SRCDIR/tests/regress/tap.sh"

need systemd-socket-activate curl
program=$BUILDDIR/tests/net/bin/process
[ -x "$program" ] || {
	echo "1..0 # SKIP built without the server"
	exit 0
}

systemd-socket-activate -l "$top/run/one" -l "$top/run/two" "$program" serve \
    2>"$top/said" &
activate=$!
until [ -S "$top/run/two" ]; do
	kill -0 "$activate" || break
done
ok "somebody connects" curl -s --http0.9 --max-time 20 \
    --unix-socket "$top/run/one" http://localhost/
printf '0 2\nunix:%s\nunix:%s\n' "$top/run/one" "$top/run/two" >want
cmp -s want out
is "and the program has both" $? 0
[ "$failed" -eq 0 ] || kill "$activate"
wait "$activate"
is "which ends well" $? 0
done_testing

#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the countersign authors
#
# Approvals on a page in a browser: Chromium and its own authenticator sign,
# and what WebAuthn's servers take.
# shellcheck source=../regress/tap.sh
. "$SRCDIR/tests/regress/tap.sh"
# shellcheck source=interop.sh
. "$SRCDIR/tests/interop/interop.sh"
need chromium openssl
need_npm @simplewebauthn/server
need_python asn1crypto,cryptography,fido2

id=wimse://corp.example/agent/alice/mail
alice=mailto:alice@corp.example
new_key agent.key
countersign request --id $id --key agent.key -o agent.csr
openssl req -in agent.csr -outform DER -out agent.der
ok "Chromium signs" "$python" "$interop/chromium.py" "$SRCDIR" agent.der $alice
[ -e eddsa-elsewhere.approval ] || {
	tail -n 20 profile/chromium.log | sed 's/^/# /'
	done_testing
}

for key in es256 eddsa; do
	for server in @simplewebauthn python3-fido2; do
		judged_by $server "$(cat $key)" localhost "$(cat page)" \
		    "$key"-*.approval >judged 2>&1
		is "$key: what $server takes" \
		    "$(sed -n "s/^$key-\(.*\)\.approval verified$/\1/p" judged |
		    xargs)" "extended good grown"
		is "and refuses" "$(grep -c ' refused: ' judged)" 17
	done
done
done_testing

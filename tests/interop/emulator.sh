#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the countersign authors
#
# A security key that others have written: nid-webauthn-emulator makes the
# owner's keys and signs with them, and servers of WebAuthn judge what the
# command makes of it.
# shellcheck source=../regress/tap.sh
. "$SRCDIR/tests/regress/tap.sh"
# shellcheck source=../regress/fido.sh
. "$SRCDIR/tests/regress/fido.sh"
# shellcheck source=interop.sh
. "$SRCDIR/tests/interop/interop.sh"
need jq openssl
need_npm nid-webauthn-emulator @simplewebauthn/server cbor
need_python asn1crypto,cryptography,fido2

id=wimse://corp.example/agent/alice/mail
alice=mailto:alice@corp.example
rp=approve.corp.example
new_key agent.key
countersign request --id $id --key agent.key -o agent.csr

# plug_in_emulator NAME kept|stateless
plug_in_emulator() {
	"$python" "$interop/relay.py" "$top/$1.sock" "$top/$1.log" \
	    node "$interop/emulator.js" "$2" >"$top/$1.pid"
	wire "$1"
}

# approve NAME ALG STAYS: enrolled, signed and verified with the key of this
# name, which stays on its device or not (true, false)
approve() {
	ok "$1 makes a key, $2" in_bed "$COUNTERSIGN" enroll --fido2 \
	    --owner $alice --agents $id --rp-id $rp --alg "$2" --name "$1-$2" \
	    --verify-required -o owners -f
	ok "which signs" in_bed "$COUNTERSIGN" sign --key "fido2:$1-$2" \
	    --owner $alice --yes agent.csr -f -o "$1-$2.approval"
	cat agent.csr "$1-$2.approval" >bundle
	ok "approved" countersign verify --json --owners owners \
	    --authority https://corp.example bundle
	ok "with presence and verification, on no hardware" jq -e \
	    '.state == "approved" and .assurance.present and
	    .assurance.verified and (.assurance.hardware | not)' out
	sed 's/ agents=/ hardware,agents=/' owners >asserted
	ok "whose word is the operator's" countersign verify --json \
	    --owners asserted --authority https://corp.example bundle
	is "which holds where the key stays on its device" \
	    "$(jq '.assurance.asserted' out)" "$3"
	sed "s|.* fido2 \([^ ]*\).*|\1 $rp https://$rp $1-$2.approval|" owners |
	    tee -a list | sed "s/https:/http:/" >>other
}

plug_in soft --uv ok
plug_in_emulator kept kept
plug_in_emulator stateless stateless
for alg in es256 eddsa; do
	only soft
	approve soft $alg true
	only kept
	approve kept $alg false
	only stateless
	approve stateless $alg true
done
for server in @simplewebauthn python3-fido2; do
	is "$server takes each of them" "$(judged_by $server <list |
	    grep -c '\.approval verified$')" 6
	is "and none from elsewhere" "$(judged_by $server <other |
	    grep -c '\.approval refused: ')" 6
done
done_testing

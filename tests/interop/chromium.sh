#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the countersign authors
#
# Approvals on a page in a browser: Chromium and its own authenticator sign,
# and countersign takes what WebAuthn's servers take.
# shellcheck source=../regress/tap.sh
. "$SRCDIR/tests/regress/tap.sh"
# shellcheck source=interop.sh
. "$SRCDIR/tests/interop/interop.sh"
need chromium jq openssl
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

# anchored OPTIONS: the key's line in ./owners
anchored() {
	echo "$alice agents=\"$id\",rp-id=\"localhost\",$1 fido2 $(cat $key)" \
	    >owners
}

verify() { # APPROVAL [OPTION...]
	cat agent.csr "$1" >bundle
	shift
	countersign verify --owners owners \
	    --authority https://corp.example "$@" bundle
}

# verdicts APPROVAL...: ./verdicts of countersign, a line each
verdicts() {
	for approval; do
		echo "$approval $(verify "$approval")"
	done >verdicts
}

# as VERDICT WHAT...: these approvals have it in ./verdicts
as() {
	wanted=$1
	shift
	for what; do
		says "$key-$what: $wanted" verdicts \
		    "$key-$what.approval $wanted"
	done
}

# taken NAME VERDICT FILE: the key's approvals that begin so in the file
taken() {
	is "$1 takes $key" "$(sed -n \
	    "s|^$key-\(.*\)\.approval $2.*|\1|p" "$3" | xargs)" \
	    "extended good grown"
	is "and refuses" "$(grep -c "^$key-.*\.approval refused: " "$3")" 17
}

for approval in *.approval; do
	echo "$(cat "${approval%%-*}") localhost $(cat page) $approval"
done >list
judged_by @simplewebauthn <list >simplewebauthn 2>&1
judged_by python3-fido2 <list >fido2 2>&1
for key in es256 eddsa; do
	taken @simplewebauthn verified simplewebauthn
	taken python3-fido2 verified fido2
	anchored "verify-required,origins=\"$(cat page)\""
	verdicts $key-*.approval
	taken countersign "approved: $id by $alice (hardware unproven, touch and PIN)" \
	    verdicts
	as "refused: verification-missing" unverified
	as "refused: signature-invalid" elsewhere framed swapped unlabelled \
	    signature-last authenticatorData-first authenticatorData-last \
	    clientDataJSON-first clientDataJSON-middle clientDataJSON-last
	anchored "counter-strict,origins=\"$(cat page)\""
	ok "an approval" verify $key-good.approval --last-counter 0 --json
	last=$(jq '.approvals[0].counter' out)
	ok "and a later one" verify $key-extended.approval \
	    --last-counter "$last"
	exits 1 "not by a copy of the key" verify $key-good.approval \
	    --last-counter "$last"
	says "which is told" out "refused: counter-regressed"
	anchored "origins=\"$(cat page) $(cat other)\""
	verdicts $key-elsewhere.approval $key-unverified.approval \
	    $key-framed.approval
	as "approved: $id by $alice (hardware unproven, touch and PIN)" elsewhere
	as "approved: $id by $alice (hardware unproven, touch)" unverified
	as "refused: signature-invalid" framed
done
done_testing

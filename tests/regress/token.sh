#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the countersign authors
#
# The main job with both keys in PKCS#11 tokens: openssl makes or checks what
# it can, and the owners file is written by hand.
# shellcheck disable=SC2086,SC2317 # no blanks in $id, $alice; run by name
# shellcheck source=tap.sh
. "$SRCDIR/tests/regress/tap.sh"
need openssl expect jq p11tool
# shellcheck source=softhsm.sh
. "$SRCDIR/tests/regress/softhsm.sh"

id=wimse://corp.example/agent/alice/mail
alice=mailto:alice@corp.example
softhsm_token owner
softhsm_key owner 01 p256 EC:prime256v1
softhsm_key owner 02 p384 EC:secp384r1
softhsm_key owner 03 rsa rsa:2048
softhsm_key owner 04 always EC:prime256v1 --always-auth
softhsm_token agent
softhsm_key agent 01 p256 EC:prime256v1
softhsm_key agent 02 rsa rsa:2048
echo 1234 >pin
chmod 600 pin
source="&pin-source=$PWD/pin"

# sign ID FILE: the owner's key of that identifier approves agent.csr
sign() {
	countersign sign --key "pkcs11:token=owner;id=%$1$at" --pin-fd 3 \
	    --owner $alice --yes -f agent.csr -o "$2" 3<pin
}

# anchor_of ID: a line of the owners file, its key read by GnuTLS
anchor_of() {
	p11tool --provider "$softhsm" --export \
	    "pkcs11:token=owner;id=%$1;type=public" --outfile key.pem \
	    2>"$top/log"
	echo "$alice agents=\"wimse://corp.example/agent/alice\",no-touch-required" \
	    "spki $(openssl pkey -pubin -in key.pem -pubout -outform DER |
	    openssl base64 -A)"
}
for i in 01 02 03 04; do
	anchor_of $i
done >owners
chmod 600 owners

# approved NAME FILE
approved() {
	exits 0 "$1" countersign verify --owners owners \
	    --authority https://corp.example "$2"
	says "by a key without presence" out \
	    "approved: $id by $alice (hardware unproven, no presence)"
}

new_key agent.key
ok "a request by openssl" openssl req -new -key agent.key -subj / \
    -addext "subjectAltName=URI:$id" -out agent.csr
for i in 01 02 03; do
	ok "key $i signs" sign $i approval
	ok "it is attached" countersign attach --key agent.key -f agent.csr \
	    approval -o composite
	approved "and approved" composite
	ok "openssl verifies the composite" openssl req -in composite -noout \
	    -verify
done
exits 4 "a key with a PIN for each signature takes two" sign 04 approval
ok "from a file it has them" countersign sign --yes --owner $alice \
    --key "pkcs11:token=owner;id=%04$at$source" agent.csr -o always
cat agent.csr always >composite
approved "and is approved" composite

# An agent's key in a token, through libp11, then beside an Ed25519 key.
agent() { # ID NAME
	key="pkcs11:token=agent;id=%$1$at$source"
	ok "$2: a request" countersign request --id $id --key "$key" -f \
	    -o agent.csr
	ok "$2: openssl verifies it" openssl req -in agent.csr -noout -verify
	ok "$2: the owner signs" sign 01 approval
	ok "$2: attached" countersign attach --key "$key" -f agent.csr \
	    approval -o composite
	approved "$2: approved" composite
	ok "$2: openssl verifies it" openssl req -in composite -noout -verify
}
agent 01 P-256
agent 02 RSA
softhsm_key agent 03 ed EC:edwards25519
softhsm_key owner 05 ed EC:edwards25519
agent 01 "P-256 beside Ed25519"
agent 02 "RSA beside Ed25519"

# On a terminal: who asks for which PIN, and no echo of it.
cat >on.exp <<END
run sign --owner $alice -f --key "pkcs11:token=owner;id=%01$at" agent.csr -o terminal
asks {token "owner" \(SoftHSM v2, serial}
END
sed -n p on.exp >both.exp
cat >>both.exp <<'END'
asks {yes}
send "yes\r"
asks {PIN}
send "1234\r"
ended 0
END
cat >>on.exp <<'END'
asks {yes}
send "yes\r"
asks {PIN}
send "9999\r"
asks {wrong PIN, fewer tries left}
asks {Not retrying}
ended 4
END
on_terminal <both.exp >out
report $? "typed on a terminal"
unseen "it is not echoed" out 1234
cat agent.csr terminal >composite
approved "and is approved" composite
on_terminal <on.exp >out
report $? "a wrong one"
unseen "it is not echoed either" out 9999

# What a person does wrong.
sign_with() { # URI ARGUMENTS
	uri=$1
	shift
	countersign sign --owner $alice --yes "$@" --key "$uri" agent.csr \
	    --pin-fd 3 3<pin
}
exits 5 "several keys" sign_with "pkcs11:token=owner$at"
says "are counted before any PIN" err "5 keys match"
says "and listed" err "'pkcs11:token=owner;serial="
exits 2 "a PIN in the URI" sign_with "pkcs11:$at&pin-value=1234"
says "is refused" err "pin-source="
exits 2 "an unknown attribute" sign_with "pkcs11:label=owner$at"
says "is named" err 'unknown path attribute "label"'
exits 5 "no such token" sign_with "pkcs11:token=other$at" --json
ok "tells a program too" jq -e '.error.exit == 5 and (.ok | not)' out
exits 7 "nobody to ask for the PIN" countersign sign --owner $alice --yes \
    --key "pkcs11:token=owner;id=%01$at" agent.csr

# What the token is asked, and nothing twice that costs a touch or a try.
SPY_MODULE=$softhsm
SPY_LOG=$PWD/asked
export SPY_MODULE SPY_LOG
ok "through a module that counts" sign_with \
    "pkcs11:token=owner;id=%01?module-path=$BUILDDIR/tests/p11/.libs/spy.so"
is "one login" "$(grep -c '^C_Login$' asked)" 1
is "one signature" "$(grep -c '^C_Sign$' asked)" 1

# A last try is the person's own choice.
liar="pkcs11:?module-path=$BUILDDIR/tests/p11/.libs/hostile.so"
HOSTILE_FLAGS=20000
HOSTILE_LOG=$PWD/calls
export HOSTILE_FLAGS HOSTILE_LOG
: >calls
exits 4 "the last try" sign_with "$liar"
says "is kept" err "--allow-last-try"
is "and not used" "$(grep -c C_Login calls)" 0
exits 5 "--allow-last-try" sign_with "$liar" --allow-last-try
is "uses it" "$(grep -c '^C_Login 0' calls)" 1
says "for a token that cannot sign" err "does not verify"
HOSTILE_FLAGS=40000
exits 4 "a locked PIN" sign_with "$liar" --allow-last-try
says "is told" err "is locked"
HOSTILE_FLAGS=100
: >calls
sign_with "$liar" >out 2>err
says "a reader with a keypad" err "on the reader"
is "gets no PIN from us" "$(grep -c '^C_Login-NULL 0' calls)" 1

# Whatever a token calls itself, a terminal shows it escaped.
HOSTILE_FLAGS=20000
HOSTILE=full-strings
export HOSTILE
exits 4 "a token with a name of control characters" sign_with "$liar"
is "shows none of them" "$(LC_ALL=C tr -d '\n -~' <err | wc -c | tr -d ' ')" 0
done_testing

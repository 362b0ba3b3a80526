#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the countersign authors
#
# countersign keys: what it lists against what GnuTLS and OpenSC see, and every
# URI it prints given to countersign sign.
# shellcheck disable=SC2016,SC2317 # words for jq; run by name
# shellcheck source=tap.sh
. "$SRCDIR/tests/regress/tap.sh"
need openssl jq expect p11tool
# shellcheck source=softhsm.sh
. "$SRCDIR/tests/regress/softhsm.sh"

# SoftHSM loses memory with Ed25519: tests/lsan.supp wants its name.
ASAN_OPTIONS=$ASAN_OPTIONS:fast_unwind_on_malloc=0
export ASAN_OPTIONS
echo 1234 >pin
countersign request --id wimse://corp.example/agent/a --new-key p256 \
    --key agent.key -o agent.csr
spy="--module=$BUILDDIR/tests/p11/.libs/spy.so"
SPY_MODULE=$softhsm SPY_LOG=$PWD/asked
export SPY_MODULE SPY_LOG
: >asked

keys() { # ARGUMENTS
	countersign keys --module "$softhsm" "$@"
}
keys_with_pin() { # ARGUMENTS
	setsid -w sh -c 'exec "$COUNTERSIGN" keys --pin-fd 3 --login "$@" \
	    3<pin' sh "$@"
}
signs() { # URI
	setsid -w sh -c 'exec "$COUNTERSIGN" sign --pin-fd 3 --yes --key "$1" \
	    --owner mailto:alice@corp.example agent.csr 3<pin' sh "$1"
}
# hash_of URI: as GnuTLS reads the public key
hash_of() {
	p11tool --provider "$softhsm" --export "$1;type=public" \
	    --outfile key.pem 2>"$top/log" || return
	echo "SHA256:$(openssl pkey -pubin -in key.pem -outform DER |
	    openssl dgst -sha256 -binary | openssl base64 -A | tr -d =)"
}
# lists NAME COMMAND...: ends well, and leaves ./list
lists() {
	ok "$@"
	cp out list
}
# has NAME FILTER [JQ-OPTIONS]: of ./list
has() {
	name=$1
	filter=$2
	shift 2
	ok "$name" jq -e "$@" "$filter" list
}
# Every URI of ./list signs (the key "always" wants two PINs), and its key hash
# is that of the key, by another reader.
all_sign() { # NAME
	jq -r '.keys[] | [.uri, .key_hash, .label] | @tsv' list >listed
	while read -r uri hash label; do
		if [ "$label" = always ]; then
			ok "$1: $uri signs" signs \
			    "$uri&pin-source=$PWD/pin.only"
		else
			ok "$1: $uri signs" signs "$uri"
		fi
		is "$1: its hash" "$(hash_of "${uri%%\?*}")" "$hash"
	done <listed
}
cp pin pin.only
chmod 600 pin.only

# Nothing there.
exits 5 "no token" keys
empty "nothing on standard output" out
says "no token" err "countersign keys: no token is there"
silent "the module is named already" err "--module PATH"
exits 5 "no token, --json" keys --json
cp out list
has "the same for a program" '.error.class == "device" and
    .keys == [] and .closed_tokens == [] and .problems == []'
exits 5 "all of p11-kit's modules" countersign keys
says "another module" err "--module PATH"

# One token with everything.
softhsm_token alice
softhsm_key alice 01 approvals EC:prime256v1
softhsm_key alice 02 approvals EC:secp384r1
softhsm_key alice 03 'with=;&signs' rsa:2048
softhsm_key alice 04 ed EC:edwards25519
softhsm_key alice 05 always EC:prime256v1 --always-auth
softhsm_key alice 06 small rsa:1024
softhsm_key alice 07 p521 EC:secp521r1
softhsm_token bob
softhsm_key bob 01 approvals EC:prime256v1
softhsm_token dark
softhsm_key dark 01 hidden rsa:2048
quietly pkcs11-tool --module "$softhsm" --login --pin 1234 \
    --token-label dark --delete-object --type pubkey --id 01

ok "keys" keys
is "six of them" "$(grep -c '^key$' out)" 6
says "by URI" out "  uri: pkcs11:token=alice;serial="
says "kind" out "  key: RSA-2048"
says "login" out "  login: PIN, perhaps for each signature"
says "presence" out "  presence: cannot be proven"
says "token" out '  where: token "alice" (SoftHSM v2, serial '
says "what is left out" out "keys that cannot sign: 2 (--all lists them"
says "a token that says nothing" out \
    "token that shows no key before a login"
empty "no complaint" err
cp out first
ok "again" keys
same "the same" first out
lists "--json" keys --json
has "for a program" '.ok and .verb == "keys" and .unusable == 2 and
    .problems == [] and ([.keys[].key_type] | sort) ==
    ["Ed25519", "P-256", "P-256", "P-256", "P-384", "RSA-2048"] and
    all(.keys[]; .usable and .unusable_because == null and
	.login == "pin" and .pin == "ok" and (.pin_pad | not) and
	.presence == "no" and .software and (.private_seen | not) and
	.token.model == "SoftHSM v2") and
    [.closed_tokens[].token.label] == ["dark"]'
has "in order" '[.keys[].uri] | . == sort'
all_sign keys
ok "the closed token has one key" signs "$(jq -r '.closed_tokens[0].uri' list)"

# Others see the same keys.
p11tool --provider "$softhsm" --list-all --only-urls pkcs11:token=alice \
    2>"$top/log" | grep 'type=public' |
    sed -E 's/.*;id=(%[0-9A-F]{2}).*/\1/' | sort >want
lists "--all" keys --all --json pkcs11:token=alice
jq -r '.keys[].uri' list | sed -E 's/.*;id=(%[0-9A-F]{2}).*/\1/' | sort >got
same "--all lists what p11tool sees" want got
is "seven" "$(wc -l <got | tr -d ' ')" 7
has "with the reasons" '[.keys[] | select(.usable | not) |
    [.id, .key_type, .unusable_because]] as $no | ($no | length) == 2 and
    $no[0][0] == "06" and $no[0][1] == "RSA-1024" and
    ($no[0][2] | contains("2048 to 4096")) and $no[1][0] == "07" and
    $no[1][1] == null and ($no[1][2] | contains("P-384"))'
ok "--all in words" keys --all
says "why" out "  unusable: its curve is neither P-256 nor P-384"
exits 5 "which sign refuses, too" signs "pkcs11:token=alice;id=%07$at"

# Narrowed.
lists "one token" keys --json pkcs11:token=bob
has "is bob's" '[.keys[].token.label] == ["bob"]'
lists "a label" keys --json "pkcs11:object=approvals"
has "has three" '.keys | length == 3'
lists "the module in the URI" countersign keys --json "pkcs11:token=bob$at"
has "is in what is listed" '.keys[0].uri | endswith($m)' --arg m "$at"
exits 5 "no such token" keys pkcs11:token=carol
says "is said" err "no token is there, or none that was meant"
exits 5 "no such key" keys "pkcs11:token=bob;object=none"
says "how many tokens" err "no key that could sign shows without a login (tok"
says "what to do" err "--login asks for the PIN"
exits 2 "an unknown attribute" keys pkcs11:label=x
exits 2 "two modules" keys "pkcs11:$at"
exits 2 "a relative one" countersign keys --module ./softhsm.so
exits 2 "two operands" keys pkcs11:a pkcs11:b
exits 2 "a PIN for nothing" keys --pin-fd 3
says "wants a login" err "--pin-fd goes with --login"
exits 2 "the last try" keys --allow-last-try
exits 5 "a module that is not there" countersign keys --module /absent.so
says "is named" err "/absent.so"
exits 5 "a file that is no module" countersign keys --module "$PWD/agent.csr"

# Logged in.
lists "--login" keys_with_pin "$spy" --json pkcs11:token=alice
has "private keys" '.keys | length == 5 and all(.private_seen) and
    all(.label != null)'
has "a PIN for each signature" '[.keys[] | select(.login ==
    "pin-each-time") | .id] == ["05"]'
is "one login" "$(grep -c '^C_Login$' asked)" 1
is "no signature" "$(grep -c '^C_Sign' asked)" 0
lists "all of it with the module" keys_with_pin --module "$softhsm" --json \
    pkcs11:token=alice
all_sign --login
lists "a closed token, opened" keys_with_pin --module "$softhsm" --json \
    pkcs11:token=dark
has "shows its key" '.closed_tokens == [] and (.keys | length) == 1'
ok "which signs" signs "$(jq -r '.keys[0].uri' list)"
: >asked
ok "without --login" countersign keys "$spy"
is "nothing is tried" "$(grep -c '^C_Login$' asked)" 0
exits 5 "one PIN, three tokens" keys_with_pin "$spy"
says "is for none of them" err "3 tokens want a login and there is one PIN"
is "nothing is tried" "$(grep -c '^C_Login$' asked)" 0
exits 5 "nor a PIN file" countersign keys --login \
    "pkcs11:?module-path=$softhsm&pin-source=$PWD/pin.only"
exits 7 "nobody to ask" keys --login --json pkcs11:token=bob
cp out list
has "tells what shows without" '(.ok | not) and .error.exit == 7 and
    (.keys | length) == 1 and (.problems | length) == 1'

echo 9999 >pin
exits 4 "a wrong PIN" keys_with_pin --module "$softhsm" pkcs11:token=bob
says "is told" err "keys: wrong PIN, fewer tries left (not told how"
is "once" "$(wc -l <err | tr -d ' ')" 1
says "beside what shows without" out "  key: P-256"
says "and the warning" out "  pin: a wrong one was entered"
echo 1234 >pin
lists "and its PIN state" keys --json pkcs11:token=bob
has "for a program" '.keys[0].pin == "wrong-before"'
lists "a right PIN" keys_with_pin --module "$softhsm" --json pkcs11:token=bob
has "clears it" '.keys[0].pin == "ok"'

# On a terminal: each token by its name; none is a choice.
on_terminal >log.exp <<END
run keys --module $softhsm --login
asks {PIN for token "alice" \(SoftHSM v2, serial [0-9a-f]*\):}
send "1234\r"
asks {PIN for token "bob"}
send "\r"
asks {token "bob": nothing was entered}
asks {PIN for token "dark"}
send "9999\r"
asks {wrong PIN}
asks {keys that cannot sign: 2}
ended 0
END
report $? "three questions, one answer"
unseen "no PIN is shown" log.exp 1234

# Keys that no URI tells apart, and tokens of one name.
softhsm_token twin
softhsm_key twin 01 one EC:prime256v1
softhsm_token twin
softhsm_key_second twin 01 one EC:prime256v1
lists "two tokens of one label" keys --json pkcs11:token=twin
has "have two URIs" '[.keys[].uri] | unique | length == 2'
all_sign twins
softhsm_token double
softhsm_key double 01 one EC:prime256v1
softhsm_key double 02 one EC:prime256v1
lists "two keys of one label" keys --json pkcs11:token=double
has "have two" '[.keys[].uri] | unique | length == 2'
all_sign doubles
softhsm_key double 02 one EC:prime256v1
lists "two keys of one identifier" keys_with_pin --module "$softhsm" --all \
    --json pkcs11:token=double
has "cannot be told apart" '[.keys[] | select(.id == "02") | .usable,
    .uri] == [false, null, false, null]'
exits 5 "nor used" signs "pkcs11:token=double;id=%02$at"

# A public key alone is no key.
softhsm_token half
softhsm_key half 01 half EC:prime256v1
quietly pkcs11-tool --module "$softhsm" --login --pin 1234 \
    --token-label half --delete-object --type privkey --id 01
exits 5 "only a public key" keys_with_pin --module "$softhsm" \
    pkcs11:token=half
says "--all would tell" err "--all lists keys that cannot sign, and why (1)"
ok "--all" keys_with_pin --module "$softhsm" --all pkcs11:token=half
says "tells" out "unusable: its private key is not on the token"

# Another configuration of the same module.
mkdir "$top/tokens2"
sed "s|tokens|tokens2|" "$SOFTHSM2_CONF" >"$top/softhsm3.conf"
(
	SOFTHSM2_CONF=$top/softhsm3.conf
	softhsm_token other
	softhsm_key other 01 key EC:prime256v1
) || report 1 "a second SoftHSM"
lists "another configuration" env SOFTHSM2_CONF="$top/softhsm3.conf" \
    setsid -w "$COUNTERSIGN" keys --json --module "$softhsm"
has "has its own" '[.keys[].token.label] == ["other"]'

# p11-kit's own modules, and broken ones among them: the tool reads only the
# system's configuration as root, so the room is driven.
look() {
	env P11_MODULES="$PWD/conf" "$BUILDDIR/tests/p11/bin/drive" look "$@"
}
mkdir conf
printf 'module: %s\n' "$softhsm" >conf/hsm.module
echo 'module: /absent/module.so' >conf/absent.module
echo "module: $BUILDDIR/tests/p11/.libs/hostile.so" >conf/liar.module
HOSTILE=endless HOSTILE_FLAGS=0
export HOSTILE HOSTILE_FLAGS
ok "three modules, two of them broken" look pkcs11:
says "one is not there" out "trouble: p11-kit: "
says "and named" out "/absent/module.so"
says "one lies" out 'trouble: token "liar": the token lists more than'
says "the third is listed" out "pkcs11:token=alice;serial="
HOSTILE=''
ok "the liar behaves" look pkcs11:
says "and is listed, too" out "pkcs11:token=liar;serial=0001;id=%01 "
HOSTILE_FAIL='C_Initialize 1'
export HOSTILE_FAIL
ok "a module that does not start" look pkcs11:
says "is named" out "hostile.so: C_Initialize: "
says "and the others are listed" out "pkcs11:token=alice;serial="
HOSTILE_FAIL='C_GetSlotList 1'
ok "one that does not tell its slots" look pkcs11:
says "is named" out "hostile.so: C_GetSlotList: "
unset HOSTILE_FAIL
rm conf/absent.module conf/liar.module
cp "$BUILDDIR/tests/p11/.libs/hostile.so" liar2.so
echo "module: $BUILDDIR/tests/p11/.libs/hostile.so" >conf/one.module
echo "module: $PWD/liar2.so" >conf/two.module
ok "one token by two modules" look pkcs11:token=liar
says "is told apart" out "pkcs11:token=liar;serial=0001;id=%01?module-name=one"
says "by their names" out "pkcs11:token=liar;serial=0001;id=%01?module-name=two"
silent "and nothing is wrong with it" out "it alone"
ok "by such a name it opens" env P11_MODULES="$PWD/conf" \
    "$BUILDDIR/tests/p11/bin/drive" open \
    "pkcs11:token=liar;serial=0001;id=%01?module-name=two"

# Modules with tokens that have no keys of persons.
trust=$(ls /usr/lib/*/pkcs11/p11-kit-trust.so)
exits 5 "p11-kit's trust store" countersign keys --module "$trust"
silent "has nothing to log in to" err "--login"

# What a token calls itself.
liar=$BUILDDIR/tests/p11/.libs/hostile.so
HOSTILE=full-strings
ok "a name of control characters" countersign keys --module "$liar"
is "is escaped" "$(cat out err | LC_ALL=C tr -d '\n -~' | wc -c | tr -d ' ')" 0
HOSTILE=endless
exits 5 "a token without end" countersign keys --module "$liar" --json
cp out list
cp err errors
has "is a problem" '.keys == [] and (.problems[0].text |
    contains("more than 1024"))'
says "told at once" errors 'countersign keys: token "liar": the token lists'
HOSTILE=piv
lists "a PIV card" countersign keys --module "$liar" --json
has "could be attested" '.keys[0].presence == "needs-attestation"'
HOSTILE='' HOSTILE_FLAGS=40000
ok "a locked PIN" countersign keys --module "$liar"
says "is told" out "  pin: locked"
HOSTILE_FLAGS=20000
lists "the last try" countersign keys --module "$liar" --json
has "is told" '.keys[0].pin == "last-try"'
exits 4 "and kept" keys_with_pin --module "$liar"
says "unless it is allowed" err "--allow-last-try"
ok "as here" keys_with_pin --module "$liar" --allow-last-try
HOSTILE_FLAGS=100
ok "a reader with a keypad" countersign keys --module "$liar"
says "is told" out "  login: PIN on the reader, perhaps for each signature"

# A file.
lists "a key file" countersign keys --json file:agent.key
has "is a key" '.keys | length == 1 and .[0].key_type == "P-256" and
    .[0].login == "none" and .[0].token == null and .[0].software'
is "with its hash" "$(jq -r '.keys[0].key_hash' list)" \
    "SHA256:$(openssl pkey -in agent.key -pubout -outform DER |
    openssl dgst -sha256 -binary | openssl base64 -A | tr -d =)"
openssl pkcs8 -topk8 -in agent.key -passout pass:1234 -out locked.key
chmod 600 locked.key
ok "an encrypted one" countersign keys locked.key
says "is one" out "  login: passphrase"
silent "that shows nothing" out "key hash"
ok "it takes a passphrase" keys_with_pin locked.key
says "to show more" out "  key: P-256"
exits 5 "none" countersign keys absent.key
exits 2 "a module with it" countersign keys --module "$softhsm" agent.key
done_testing

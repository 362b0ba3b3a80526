#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the countersign authors
#
# Keys in PKCS#11 tokens: SoftHSM by module-path=, and a module that lies
# (tests/p11/hostile.c). What is signed, openssl verifies.
# shellcheck source=tap.sh
. "$SRCDIR/tests/regress/tap.sh"
# shellcheck source=softhsm.sh
. "$SRCDIR/tests/regress/softhsm.sh"

drive=$BUILDDIR/tests/p11/bin/drive
modules=$BUILDDIR/tests/p11/bin/modules
hash=00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff

# approves ID NAME: an owner key signs an approval; openssl verifies it
approves() {
	rm -f cms cert.pem
	exits 0 "$2 approves" env PIN=1234 PIN2=1234 "$modules" approve \
	    "pkcs11:token=owner;id=%$1$at" .
	mv out told
	mv err said
	exits 0 "openssl verifies it" openssl cms -verify -binary -noverify \
	    -inform DER -in cms -certfile cert.pem -out content
	same "what it verified is what was approved" content tbs
}

# signs ID NAME HASH: a key of ours signs, twice; openssl verifies it
signs() {
	rm -f sig
	exits 0 "$2 signs" env PIN=1234 PIN2=1234 "$modules" twice \
	    "pkcs11:token=$token;id=%$1$at" .
	mv err said
	exits 0 "openssl verifies it" openssl dgst "-$3" -verify spki \
	    -keyform DER -signature sig tbs
}

# asked NAME N [FILE]: so many questions were asked
asked() {
	is "$1" "$(grep -c '^ask:' "${3:-err}")" "$2"
}

# find_library NAME: its path in the usual places
find_library() {
	for lib in /usr/lib/*/"$1" /usr/lib/*/nss/"$1" /usr/lib64/"$1" \
	    /usr/lib/"$1" /usr/local/lib/"$1"; do
		[ ! -e "$lib" ] || {
			echo "$lib"
			return
		}
	done
}

skip() { # why
	count=$((count + 1))
	echo "ok $count # SKIP $1"
}

softhsm_token owner
softhsm_key owner 01 p256 EC:prime256v1
softhsm_key owner 02 p384 EC:secp384r1
softhsm_key owner 03 rsa2048 rsa:2048
softhsm_key owner 04 rsa3072 rsa:3072

approves 01 P-256
says "asked for by token and key" said \
    'PIN for token "owner" (SoftHSM v2'
approves 02 P-384
approves 03 RSA-2048
says "its size is told" told "key=RSA-2048 login=1 software=1"
approves 04 RSA-3072
token=owner
signs 01 "P-256 by libp11" sha256
asked "one PIN for two signatures" 1 said
signs 02 "P-384 by libp11" sha384
signs 03 "RSA-2048 by libp11" sha256

# An Ed25519 neighbour hides every key from libp11.
softhsm_key owner 05 ed EC:edwards25519
approves 01 "P-256 beside Ed25519"
signs 01 "P-256 beside Ed25519" sha256
signs 03 "RSA beside Ed25519" sha256
# SoftHSM loses memory here: tests/lsan.supp, which needs its name in the stack.
# shellcheck disable=SC2317 # by exits
ed() {
	env PIN=1234 P11_KEEP="$softhsm" \
	    ASAN_OPTIONS="$ASAN_OPTIONS:fast_unwind_on_malloc=0" "$@"
}
exits 0 "Ed25519 signs by C_Sign" ed "$drive" sign "pkcs11:id=%05$at" eddsa 00
is "64 bytes" "$(wc -c <out)" 129
exits 0 "Ed25519 approves" ed "$modules" approve \
    "pkcs11:token=owner;id=%05$at" .
says "its kind is told" out "key=Ed25519 login=1 software=1"
exits 0 "Ed25519 signs" ed "$modules" twice "pkcs11:token=owner;id=%05$at" .
asked "one PIN for two signatures" 1
exits 0 "openssl verifies it" openssl pkeyutl -verify -pubin -inkey spki \
    -keyform DER -rawin -in tbs -sigfile sig
exits 0 "an RSA key approves by PSS" env PSS=1 PIN=1234 "$modules" approve \
    "pkcs11:token=owner;id=%03$at" .
exits 0 "openssl verifies it" openssl cms -verify -binary -noverify \
    -inform DER -in cms -certfile cert.pem -out content
exits 2 "no other key does" env PSS=1 PIN=1234 "$modules" approve \
    "pkcs11:token=owner;id=%05$at" .
says "for its kind" err "RSASSA-PSS needs an RSA key, found Ed25519"
asked "before any PIN" 0
exits 0 "RSA-PSS by C_Sign" env PIN=1234 "$drive" sign "pkcs11:id=%03$at" \
    rsa-pss $hash
is "256 bytes" "$(wc -c <out)" 513

# A PIN for each signature.
softhsm_key owner 06 always EC:prime256v1 --always-auth
approves 06 "always-authenticate"
asked "two PINs for one signature" 2 said
signs 06 "always-authenticate" sha256
asked "three PINs for two signatures" 3 said
exits 4 "a wrong second PIN" env PIN=1234 PIN2=1235 "$modules" key \
    "pkcs11:id=%06$at" .
says "is not retried" err "Not retrying"
asked "and asked for once" 2
approves 06 "always-authenticate, after that"

# Wrong PINs. SoftHSM has no counter, only the flag.
exits 4 "a wrong PIN" env PIN=0000 "$modules" approve "pkcs11:id=%01$at" .
says "is told as such" err "wrong PIN, fewer tries left"
says "and not retried" err "Not retrying"
asked "once" 1
exits 4 "a wrong PIN for libp11" env PIN=0000 "$modules" key \
    "pkcs11:id=%01$at" .
asked "once as well" 1
exits 0 "the right one" env PIN=1234 "$modules" key "pkcs11:id=%01$at" .
says "after a word of warning" err "notice: a wrong PIN was entered"
exits 7 "nobody to ask" "$modules" key "pkcs11:id=%01$at" .
exits 4 "an empty PIN" env PIN= "$modules" key "pkcs11:id=%01$at" .
says "is never tried" err "no PIN was entered"

# pin-source=
printf '1234\nmore\n' >pin
chmod 600 pin
exits 0 "a PIN file" "$modules" key "pkcs11:id=%01$at&pin-source=file:$PWD/pin" .
asked "nobody is asked" 0
exits 0 "its plain path, the context PIN too" "$modules" key \
    "pkcs11:id=%06$at&pin-source=$PWD/pin" .
exits 0 "as a file URI" "$modules" key \
    "pkcs11:id=%01$at&pin-source=file://$PWD/pin" .
chmod 640 pin
exits 4 "a PIN file that others read" "$modules" key \
    "pkcs11:id=%01$at&pin-source=$PWD/pin" .
says "is refused" err "mode 0640 lets others in"
chmod 600 pin
printf '\n1234\n' >pin
exits 4 "an empty first line" "$modules" key \
    "pkcs11:id=%01$at&pin-source=$PWD/pin" .
exits 9 "no such PIN file" "$modules" key \
    "pkcs11:id=%01$at&pin-source=$PWD/absent" .
mkfifo fifo
chmod 600 fifo
exits 9 "a FIFO does not hold it" "$modules" key \
    "pkcs11:id=%01$at&pin-source=$PWD/fifo" .
exits 2 "a command" "$modules" key "pkcs11:id=%01$at&pin-source=%7Ccat" .
exits 2 "pin-value" env PIN=1234 "$modules" key \
    "pkcs11:id=%01$at&pin-value=1234" .
says "names pin-source" err "pin-source="
unseen "and does not repeat the PIN" err 1234

# One key, or none.
exits 5 "six keys match" env PIN=1234 "$modules" approve "pkcs11:$at" .
says "they are counted" err "6 keys match"
says "nothing was tried" err "no PIN attempt used"
asked "nobody was asked" 0
uri=$(grep -o "'pkcs11:[^']*id=%02[^']*'" err | tr -d "'")
exits 0 "a candidate is a URI to copy" env PIN=1234 "$modules" approve \
    "$uri" .
says "and names that key" out "key=P-384"
exits 0 "by its label" env PIN=1234 "$modules" approve \
    "pkcs11:object=p384$at" .
exits 5 "no key matches" env PIN=1234 "$modules" approve "pkcs11:id=%77$at" .
says "by its URI" err "no private key"
exits 5 "no token matches" "$modules" approve "pkcs11:token=none$at" .
asked "nobody was asked" 0
softhsm_token owner
softhsm_key_second owner 01 p256 EC:prime256v1
exits 5 "two tokens of one label" env PIN=1234 "$modules" approve \
    "pkcs11:token=owner;id=%01$at" .
says "are told apart" err "2 keys match"
for uri in $(grep -o "'pkcs11:[^']*'" err | tr -d "'"); do
	exits 0 "by their serial" env PIN=1234 "$modules" approve "$uri" .
done
exits 0 "list" "$modules" list "pkcs11:$at"
is "shows what can sign" "$(wc -l <out)" 7
exits 5 "a missing module" "$modules" list "pkcs11:?module-path=/absent.so"
says "is named" err "PKCS#11 module /absent.so: "
exits 5 "a library that is no module" "$modules" list \
    "pkcs11:?module-path=$BUILDDIR/.libs/signer-pkcs11.so"
says "is told" err "C_GetFunctionList"
exits 0 "a module by its path has its file's name" "$modules" list \
    "pkcs11:?module-path=$softhsm&module-name=${softhsm##*/}"
says "and is listed" out "token=owner"
exits 0 "and by no other" "$modules" list \
    "pkcs11:?module-path=$softhsm&module-name=softhsm2"
empty "nothing is listed" out

# More than eight, some of which would not fit.
softhsm_token crowd
i=10
while [ $i -lt 20 ]; do
	softhsm_key crowd $i "a;label'of%its\\own" EC:prime256v1
	i=$((i + 1))
done
exits 5 "ten keys match" "$modules" approve "pkcs11:token=crowd$at" .
is "eight are listed" "$(grep -o "'pkcs11:" err | wc -l | tr -d ' ')" 8
says "and the rest counted" err "and 2 more"

# Public objects are gone: the token must be opened to see.
softhsm_token dark
softhsm_key dark 01 p256 EC:prime256v1
exits 0 "the public key goes" pkcs11-tool --module "$softhsm" --login \
    --pin 1234 --token-label dark --delete-object --type pubkey --id 01
exits 5 "a hidden key" env PIN=1234 "$drive" sign "pkcs11:token=dark$at" \
    ecdsa $hash
says "shows no public half" err "shows no public half"
asked "after one PIN" 1
softhsm_key dark 02 rsa rsa:2048
exits 0 "another" pkcs11-tool --module "$softhsm" --login \
    --pin 1234 --token-label dark --delete-object --type pubkey --id 02
exits 5 "two hidden keys" env PIN=1234 "$drive" open "pkcs11:token=dark$at"
says "are two" err "2 private keys match"
token=dark
printf x >tbs
signs 02 "a hidden RSA key, which shows its modulus," sha256
asked "one PIN in all" 1 said

# A certificate stands for the key.
softhsm_token badge
softhsm_key badge 03 rsa rsa:2048
token=badge
signs 03 "a key" sha256
cp spki before
softhsm_certificate badge 03
exits 0 "its public key goes" pkcs11-tool --module "$softhsm" --login \
    --pin 1234 --token-label badge --delete-object --type pubkey --id 03
signs 03 "a key with a certificate alone" sha256
same "whose key it is" before spki
softhsm_certificate badge 03
signs 03 "a key with a renewed certificate" sha256
signs 03 "the same" sha256
openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 2>"$top/log" |
    openssl pkey -pubout -outform DER -out spki
softhsm_certificate badge 03
exits 5 "a certificate of another key beside it" env PIN=1234 "$modules" key \
    "pkcs11:token=badge;id=%03$at" .
says "is a contradiction" err "different public keys"

# A second implementation, and modules as p11-kit has them configured.
softoken=$(find_library libsoftokn3.so)
if [ -n "$softoken" ]; then
	mkdir nss conf
	cat >conf/nss.module <<END
module: $softoken
x-init-reserved: configdir='sql:$PWD/nss' certPrefix='' keyPrefix='' secmod='secmod.db' flags=
END
	printf 'module: %s\n' "$softhsm" >conf/hsm.module
	P11_MODULES=$PWD/conf
	P11_KEEP=$softoken
	export P11_MODULES P11_KEEP
	exits 0 "NSS: a token with one key" "$BUILDDIR/tests/p11/bin/nss"
	at=''
	exits 0 "NSS: approves" env PIN=1234 "$modules" approve \
	    "pkcs11:object=nss;manufacturer=Mozilla%20Foundation" .
	says "by its URI" out "pkcs11:token=NSS%20Certificate%20DB;serial="
	says "it is not SoftHSM" out "software=0"
	exits 0 "openssl verifies it" openssl cms -verify -binary -noverify \
	    -inform DER -in cms -certfile cert.pem -out content
	token=NSS%20Certificate%20DB
	signs 01 "NSS: a key of ours" sha256
	exits 4 "NSS: a wrong PIN" env PIN=0000 "$modules" key \
	    "pkcs11:token=$token" .
	asked "once" 1
	exits 0 "both modules are configured" "$modules" list pkcs11:
	all=$(wc -l <out)
	exits 0 "module-name= takes one" "$modules" list \
	    "pkcs11:?module-name=hsm"
	is "without the other's key" "$(wc -l <out)" $((all - 1))
	unset P11_MODULES P11_KEEP
else
	skip "NSS's softoken is not installed"
fi

# The module that lies, behind both modules.
liar="?module-path=$BUILDDIR/tests/p11/.libs/hostile.so"
export HOSTILE HOSTILE_FLAGS HOSTILE_LOG="$PWD/log"
HOSTILE='' HOSTILE_FLAGS=0
exits 5 "an owner key that signs wrongly" env PIN=1234 "$modules" approve \
    "pkcs11:$liar" .
says "is found out" err "does not verify"
: >log
exits 5 "an agent key that signs wrongly" env PIN=1234 "$modules" key \
    "pkcs11:$liar" .
says "is found out" err "does not verify"
is "by libp11, which loads the module again" \
    "$(grep -c '^C_Initialize' log)" 2
is "and logs in by us alone" "$(grep -c '^C_Login' log)" 1
for lie in always huge grow empty unavailable endless too-many short-sig \
    long-sig no-sig huge-sig twins nothing odd-id full-strings; do
	HOSTILE=$lie
	for verb in approve key; do
		: >log
		env PIN=1234 PIN2=1234 "$modules" $verb "pkcs11:$liar" . \
		    >out 2>err
		is "$verb: $lie" $? 5
		is "$verb: $lie: logged out" "$(grep -c '^C_Logout 0' log)" \
		    "$(grep -c '^C_Login 0' log)"
	done
done
done_testing

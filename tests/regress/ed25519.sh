#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the countersign authors
#
# Ed25519 and RSASSA-PSS from the request to the verdict, in files and in a
# token; what others make of our approvals. OpenSSL 3.0's CMS has no Ed25519:
# there GnuTLS and BouncyCastle are the ones who look.
# shellcheck disable=SC2317 # run by name
# shellcheck source=tap.sh
. "$SRCDIR/tests/regress/tap.sh"
# shellcheck source=softhsm.sh
. "$SRCDIR/tests/regress/softhsm.sh"
need certtool
java=no
classes=$top:/usr/share/java/bcpkix.jar:/usr/share/java/bcprov.jar
classes=$classes:/usr/share/java/bcutil.jar
if [ -e /usr/share/java/bcpkix.jar ] && command -v javac >/dev/null; then
	quietly javac -cp "$classes" -d "$top" "$SRCDIR/tests/interop/Cms.java"
	java=yes
fi

arc=$(countersign --version --json | sed -n 's/.*"oid_arc": "\(.*\)".*/\1/p')
id=wimse://corp.example/agent/alice/mail
alice=mailto:alice@corp.example
# SoftHSM loses memory with Ed25519: tests/lsan.supp wants its name.
ASAN_OPTIONS=$ASAN_OPTIONS:fast_unwind_on_malloc=0
export ASAN_OPTIONS

softhsm_token t
softhsm_key t 01 ed EC:edwards25519
softhsm_key t 02 rsa rsa:2048
softhsm_key t 03 agent EC:edwards25519
softhsm_key t 04 agentrsa rsa:2048
echo 1234 >pin
chmod 600 pin
openssl genpkey -algorithm ED25519 -out ed.key
openssl genpkey -algorithm ED25519 -aes128 -pass pass:words -out enc.key
openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:3072 -out rsa.key \
    2>"$top/log"
openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 \
    -out agentrsa.key 2>"$top/log"
chmod 600 ./*.key
token() { # ID
	echo "pkcs11:token=t;id=%$1$at&pin-source=file:$PWD/pin"
}

# public KEY: its public half, owner.pub
public() {
	case $1 in
	pkcs11:*)
		quietly env PIN=1234 "$BUILDDIR/tests/p11/bin/modules" approve \
		    "$1" "$top"
		openssl pkey -pubin -inform DER -in "$top/spki" -out owner.pub
		;;
	*) openssl pkey -in "$1" -passin pass:words -pubout -out owner.pub ;;
	esac
}

# owners_of KEY: an owners file with its line alone
owners_of() {
	public "$1"
	echo "$alice agents=\"wimse://corp.example/agent\",no-touch-required" \
	    "spki $(openssl pkey -pubin -in owner.pub -outform DER |
	    openssl base64 -A)" >owners
	chmod 600 owners
}
v() {
	countersign verify --owners owners --authority https://corp.example \
	    "$@"
}

# The agents' side: a request of ours, or openssl's; then the composite.
ask() { # NAME ALGORITHM KEY [OPTION]
	ok "$1: a request" countersign request --id $id --key "$3" \
	    ${4:+"$4"} -f -o agent.csr
	ok "$1: openssl verifies it" openssl req -in agent.csr -noout -verify
	ok "$1: it is shown" countersign show agent.csr
	says "$1: with its algorithm" out "signed with: $2"
}
attached() { # NAME ALGORITHM KEY
	ok "$1: attach" countersign attach --key "$3" agent.csr approval -f \
	    -o composite
	ok "$1: openssl verifies the composite" openssl req -in composite \
	    -noout -verify
	ok "$1: verify the composite" v composite
	ok "$1: it is shown, too" countersign show composite
	says "$1: signed as the request" out "signed with: $2"
}

# The owner's side.
# approve NAME ALGORITHM KEY [OPTION]
approve() {
	ok "$1: sign" countersign sign --yes --key "$3" --owner $alice \
	    ${4:+"$4"} agent.csr -f -o approval --tbs-out tbs.der
	ok "$1: it is shown" countersign show approval
	says "$1: with its algorithm" out "signed with: $2"
	ok "$1: its CMS message" countersign show --cms approval -f -o a.cms
	ok "$1: a certificate for CMS tools" countersign show --cms-cert \
	    owner.pub -f -o owner.crt
	cat agent.csr approval >bundle
	ok "$1: verify" v bundle
}
by_openssl() { # NAME
	ok "$1: openssl cms -verify" openssl cms -verify -binary -noverify \
	    -inform PEM -in a.cms -certfile owner.crt -out content
	same "$1: finds the bytes that were signed" content tbs.der
}
# GnuTLS knows a signer by a certificate in the message or beside it.
by_gnutls() { # NAME
	sed 's/ CMS-/ PKCS7-/' a.cms >a.p7
	ok "$1: certtool --p7-verify" certtool --p7-verify \
	    --load-certificate owner.crt --infile a.p7
	sed 's/ CMS-/ PKCS7-/' a.cms >b.p7
	openssl genpkey -algorithm ED25519 -out other.key
	openssl pkey -in other.key -pubout -out other.pub
	countersign show --cms-cert other.pub -f -o other.crt
	exits 1 "$1: not with another key" certtool --p7-verify \
	    --load-certificate other.crt --infile b.p7
}

skip() { # NAME
	count=$((count + 1))
	echo "ok $count # SKIP $1: BouncyCastle is not installed"
}
by_bouncycastle() { # NAME
	[ $java = yes ] || {
		skip "$1"
		return
	}
	openssl cms -cmsout -inform PEM -in a.cms -outform DER -out a.der
	openssl x509 -in owner.crt -outform DER -out owner.der
	ok "$1: BouncyCastle verifies it" java -cp "$classes" Cms verify \
	    a.der owner.der content
	same "$1: and finds the bytes that were signed" content tbs.der
	spoilt a.der >bad.der
	exits 1 "$1: and no other signature" java -cp "$classes" Cms verify \
	    bad.der owner.der content
}
# from_bouncycastle NAME ALGORITHM KEY: its approval of tbs.der is ours
from_bouncycastle() {
	[ $java = yes ] || {
		skip "$1"
		return
	}
	openssl pkcs8 -topk8 -nocrypt -in "$3" -outform DER -out key.der
	openssl x509 -in owner.crt -outform DER -out owner.der
	ok "$1: BouncyCastle signs" java -cp "$classes" Cms sign "$2" key.der \
	    owner.der "$arc.1.1" tbs.der bc.der
	openssl cms -cmsout -inform DER -in bc.der -outform PEM -out bc.cms
	cat agent.csr bc.cms >bundle
	ok "$1: verify BouncyCastle's" v bundle
}

ask "Ed25519 in a file" Ed25519 ed.key
key=$(token 01)
owners_of "$key"
approve "Ed25519 in a token" Ed25519 "$key"
by_gnutls "Ed25519 in a token"
by_bouncycastle "Ed25519 in a token"
attached "Ed25519 in a file" Ed25519 ed.key

key=$(token 03)
ask "Ed25519 agent in a token" Ed25519 "$key"
openssl genpkey -algorithm ED25519 -out owner.key
owners_of owner.key
approve "Ed25519 in a file" Ed25519 file:owner.key
by_gnutls "Ed25519 in a file"
by_bouncycastle "Ed25519 in a file"
from_bouncycastle "Ed25519 in a file" Ed25519 owner.key
cat agent.csr approval >bundle
attached "Ed25519 agent in a token" Ed25519 "$key"
owners_of ed.key
exits 1 "another owner's does not verify" v bundle
says "unknown" out "refused: unknown-owner-key: "

echo words >words
owners_of enc.key
exits 4 "an encrypted file: the wrong passphrase" countersign sign --yes \
    --pin-fd 3 --key file:enc.key --owner $alice agent.csr 3<pin
ok "an encrypted file" countersign sign --yes --pin-fd 3 --key file:enc.key \
    --owner $alice agent.csr -f -o approval 3<words
cat agent.csr approval >bundle
ok "it is approved" v bundle
ok "a new Ed25519 key" countersign request --id $id --key new.key \
    --new-key ed25519 -o new.csr
ok "openssl reads it" openssl pkey -in new.key -check -noout
ok "openssl verifies the request" openssl req -in new.csr -noout -verify

# RSASSA-PSS, the same way round
pss="RSASSA-PSS with SHA256"
ask "PSS in a file" "$pss" agentrsa.key --pss
key=$(token 02)
owners_of "$key"
approve "PSS in a token" "$pss" "$key" --pss
by_openssl "PSS in a token"
attached "PSS in a file" "$pss" agentrsa.key
approve "PKCS #1 in a token" sha256WithRSAEncryption "$key"
by_openssl "PKCS #1 in a token"
key=$(token 04)
ask "PSS agent in a token" "$pss" "$key" --pss
owners_of rsa.key
approve "PSS in a file" "$pss" file:rsa.key --pss
by_openssl "PSS in a file"
by_bouncycastle "PSS in a file"
from_bouncycastle "PSS in a file" SHA256withRSAandMGF1 rsa.key
attached "PSS agent in a token" "$pss" "$key"

# OpenSSL's, both requests and approvals
for md in sha256 sha384 sha512; do
	for salt in digest max 90; do
		ok "openssl cms -sign, $md, $salt" openssl cms -sign -binary \
		    -nodetach -econtent_type "$arc.1.1" -md $md -in tbs.der \
		    -signer owner.crt -inkey rsa.key -outform PEM \
		    -keyopt rsa_padding_mode:pss \
		    -keyopt rsa_pss_saltlen:$salt -out openssl.cms
		cat agent.csr openssl.cms >bundle
		ok "$md, $salt: verify" v bundle
	done
	openssl req -new -key agentrsa.key -subj / -$md -out openssl.csr \
	    -addext subjectAltName=URI:$id -sigopt rsa_padding_mode:pss \
	    -sigopt rsa_pss_saltlen:-1
	ok "$md: a request of openssl's" countersign sign --yes \
	    --key file:rsa.key --owner $alice openssl.csr -f -o approval
	cat openssl.csr approval >bundle
	ok "$md: verify it" v bundle
done
openssl req -new -key agentrsa.key -subj / -out openssl.csr \
    -addext subjectAltName=URI:$id -sigopt rsa_padding_mode:pss \
    -sigopt rsa_pss_saltlen:20
exits 3 "a salt too short for its hash" countersign sign --yes \
    --key file:rsa.key --owner $alice openssl.csr
openssl req -new -key ed.key -subj / -out openssl.csr \
    -addext subjectAltName=URI:$id
ok "Ed25519: a request of openssl's" countersign sign --yes \
    --key file:rsa.key --owner $alice openssl.csr -f -o approval
ok "Ed25519: attach" countersign attach --key ed.key openssl.csr approval \
    -f -o composite
ok "Ed25519: verify it" v composite

# --pss is for RSA keys
new_key ec.key
chmod 600 ec.key
for key in ec.key ed.key; do
	exits 2 "sign --pss, $key" countersign sign --yes --pss \
	    --key file:$key --owner $alice agent.csr
	says "says why, $key" err "RSASSA-PSS needs an RSA key"
	exits 2 "request --pss, $key" countersign request --pss --id $id \
	    --key $key
done
exits 2 "sign --pss, a token" countersign sign --yes --pss \
    --key "$(token 01)" --owner $alice agent.csr
exits 7 "nobody to ask" countersign sign --pss --key file:rsa.key \
    --owner $alice agent.csr
says "the owner is told to" err " --pss"

done_testing

#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the countersign authors
#
# With stock openssl on the other side: its requests, its approvals, and its
# eyes on ours.
# shellcheck disable=SC2016,SC2317 # words for sh -c and jq; run by name
# shellcheck source=tap.sh
. "$SRCDIR/tests/regress/tap.sh"
need openssl

arc=$(countersign --version --json | sed -n 's/.*"oid_arc": "\(.*\)".*/\1/p')
id=wimse://corp.example/agent/alice/mail
alice=mailto:alice@corp.example
key() { # KIND FILE
	case $1 in
	rsa*) openssl genpkey -algorithm RSA -out "$2" \
	    -pkeyopt "rsa_keygen_bits:${1#rsa}" 2>/dev/null ;;
	*) new_key "$2" "$1" ;;
	esac
}
v() {
	countersign verify --owners owners --authority https://corp.example \
	    "$@"
}
key P-256 alice.key

# Requests by openssl, with its own configuration file
for kind in P-256 P-384 rsa2048 rsa4096; do
	key $kind agent.key
	openssl req -new -key agent.key -subj / -out agent.csr \
	    -addext subjectAltName=URI:$id 2>/dev/null
	anchor $alice 'agents="wimse://corp.example/agent",no-touch-required' \
	    alice.key >owners
	chmod 600 owners
	ok "$kind: sign a request of openssl's" countersign sign --yes \
	    --key file:alice.key --owner $alice agent.csr -f -o alice.approval
	ok "$kind: attach" countersign attach --key agent.key agent.csr \
	    alice.approval -f -o composite.csr
	ok "$kind: verify" v composite.csr
	ok "$kind: openssl verifies the composite" openssl req \
	    -in composite.csr -noout -verify
done
key P-256 agent.key
openssl req -new -key agent.key -out agent.csr \
    -subj '/C=DE/O=Corp/CN=mail' -addext subjectAltName=URI:$id \
    -addext keyUsage=critical,digitalSignature \
    -addext extendedKeyUsage=clientAuth,serverAuth \
    -addext basicConstraints=critical,CA:FALSE
ok "a request with a subject and the usual extensions" countersign sign \
    --yes --key file:alice.key --owner $alice agent.csr -f -o alice.approval

# Approvals: ours under openssl's eyes, openssl's under ours
for kind in P-256 P-384 rsa2048 rsa3072; do
	key $kind owner.key
	openssl pkey -in owner.key -pubout -out owner.pub
	anchor $alice 'agents="wimse://corp.example/agent",no-touch-required' \
	    owner.key >owners
	ok "$kind: sign" countersign sign --yes --key file:owner.key \
	    --owner $alice agent.csr -f -o alice.approval --tbs-out tbs.der
	ok "$kind: its CMS message" countersign show --cms alice.approval \
	    -f -o alice.cms
	ok "$kind: a certificate for CMS tools" countersign show --cms-cert \
	    owner.pub -f -o owner.crt
	ok "$kind: openssl cms -verify" openssl cms -verify -binary \
	    -noverify -inform PEM -in alice.cms -certfile owner.crt \
	    -out content
	same "$kind: finds the bytes that were signed" content tbs.der
	ok "$kind: verify ours" sh -c 'cat agent.csr alice.approval |
	    "$COUNTERSIGN" verify --owners owners \
	    --authority https://corp.example -'
	for md in default sha256 sha384 sha512; do
		set -- -md $md
		[ $md != default ] || set --
		ok "$kind: openssl cms -sign, $md" openssl cms -sign -binary \
		    -nodetach -econtent_type "$arc.1.1" "$@" -in tbs.der \
		    -signer owner.crt -inkey owner.key -outform PEM \
		    -out openssl.cms
		cat agent.csr openssl.cms >bundle
		ok "$kind: $md: verify openssl's" v bundle
		ok "$kind: $md: attach openssl's" countersign attach \
		    --key agent.key agent.csr openssl.cms -f -o composite.csr
		ok "$kind: $md: verify the composite" v composite.csr
	done
	ok "$kind: openssl cms -sign -keyid" openssl cms -sign -binary \
	    -nodetach -econtent_type "$arc.1.1" -keyid -nocerts -nosmimecap \
	    -in tbs.der -signer owner.crt -inkey owner.key -outform PEM \
	    -out openssl.cms
	cat agent.csr openssl.cms >bundle
	ok "$kind: verify that" v bundle
	case $kind in
	rsa*)
		ok "$kind: openssl cms -sign, PSS" openssl cms -sign -binary \
		    -nodetach -econtent_type "$arc.1.1" -in tbs.der \
		    -signer owner.crt -inkey owner.key -outform PEM \
		    -keyopt rsa_padding_mode:pss -keyopt rsa_pss_saltlen:32 \
		    -md sha256 -out openssl.cms
		cat agent.csr openssl.cms >bundle
		ok "$kind: verify openssl's PSS" v bundle
		ok "$kind: openssl cms -sign, the salt too short" openssl cms \
		    -sign -binary -nodetach -econtent_type "$arc.1.1" \
		    -in tbs.der -signer owner.crt -inkey owner.key \
		    -outform PEM -keyopt rsa_padding_mode:pss \
		    -keyopt rsa_pss_saltlen:31 -md sha256 -out openssl.cms
		cat agent.csr openssl.cms >bundle
		exits 1 "$kind: is not accepted" v bundle
		says "$kind: unsupported" out "refused: unsupported: "
		;;
	esac
done
ok "-md sha1" openssl cms -sign -binary -nodetach -md sha1 \
    -econtent_type "$arc.1.1" -in tbs.der -signer owner.crt \
    -inkey owner.key -outform PEM -out openssl.cms
cat agent.csr openssl.cms >bundle
exits 1 "is not accepted" v bundle
ok "another content type" openssl cms -sign -binary -nodetach \
    -in tbs.der -signer owner.crt -inkey owner.key -outform PEM \
    -out openssl.cms
cat agent.csr openssl.cms >bundle
exits 1 "is not accepted either" v bundle

done_testing

#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the countersign authors
#
# fido-model.sh FOLDER AAGUID [SUBJECT]: a maker of security keys. FOLDER/roots
# has his root, FOLDER/leaf.key and leaf.pem are what keys of this model attest
# with, as WebAuthn 8.2.1 wants it but for another SUBJECT.
set -e
subject='/C=SE/O=Countersign Tests/OU=Authenticator Attestation/CN=security key'
mkdir -p "$1/roots"
cd "$1"
cat >cnf <<END
[req]
distinguished_name = dn
prompt = no
[dn]
CN = maker of security keys
[root]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
[leaf]
basicConstraints = critical, CA:FALSE
authorityKeyIdentifier = keyid
1.3.6.1.4.1.45724.1.1.4 = ASN1:FORMAT:HEX,OCTETSTRING:$2
END
for key in root leaf; do
	openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 \
	    -out $key.key
done
openssl req -x509 -new -key root.key -days 30 -config cnf -extensions root \
    -out roots/root.pem
openssl req -new -key leaf.key -config cnf -out leaf.csr -subj "${3:-$subject}"
openssl x509 -req -in leaf.csr -CA roots/root.pem -CAkey root.key -days 30 \
    -set_serial 17 -extfile cnf -extensions leaf -out leaf.pem

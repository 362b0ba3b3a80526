# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the countersign authors
#
# Sourced after tap.sh: the attestations of a YubiKey that is not there. piv/ has
# its roots, and what its statements lead over.
# shellcheck shell=sh

# certify NAME ISSUER SUBJECT [OPTION...]: piv/NAME.pem, by ISSUER, with the
# extensions that piv/cnf has under [NAME]
certify() {
	certified=$1
	by=$2
	subject=$3
	shift 3
	openssl req -new -key "piv/$by.key" -subj "/CN=$subject" \
	    -out piv/any.csr
	openssl x509 -req -in piv/any.csr "$@" -days 30 -CA "piv/$by.pem" \
	    -CAkey "piv/$by.key" -set_serial 17 -extfile piv/cnf \
	    -extensions "$certified" -out "piv/$certified.pem" 2>>piv/log || {
		sed 's/^/# /' piv/log
		echo "Bail out! no attestation certificate"
		exit 1
	}
}

new_yubikey() {
	mkdir -m 755 piv piv/roots
	cat >piv/cnf <<'END'
[req]
distinguished_name = dn
prompt = no
[dn]
CN = Attestation Root
[root]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign
[middle]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign
[f9]
basicConstraints = critical, CA:TRUE, pathlen:0
1.3.6.1.4.1.41482.3.3 = DER:05:07:04
END
	for pair in root middle f9; do
		new_key piv/$pair.key
		openssl pkey -in piv/$pair.key -pubout -out piv/$pair.pub
	done
	openssl req -x509 -new -key piv/root.key -days 30 -config piv/cnf \
	    -extensions root -out piv/root.pem
	cp piv/root.pem piv/roots/
	certify middle root "Attestation B 1" -force_pubkey piv/middle.pub
	certify f9 middle "PIV Attestation" -force_pubkey piv/f9.pub
}

# statement NAME PUBLIC POLICY: NAME, what the YubiKey says of this key (PEM),
# with a PIN and a touch policy as 02:02, and what leads up from it
statement() {
	cat >>piv/cnf <<END
[$1]
1.3.6.1.4.1.41482.3.3 = DER:05:07:04
1.3.6.1.4.1.41482.3.7 = DER:02:03:4a:5b:6c
1.3.6.1.4.1.41482.3.8 = DER:$3
1.3.6.1.4.1.41482.3.9 = DER:01
END
	certify "$1" f9 "PIV Attestation 9c" -force_pubkey "$2"
	cat "piv/$1.pem" piv/f9.pem piv/middle.pem >"$1"
}

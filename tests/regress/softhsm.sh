# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the countersign authors
#
# Sourced after tap.sh: an empty SoftHSM in this test's own folder. $softhsm is
# the module, $at what a URI needs to load it alone (root's p11-kit reads no
# configuration of a test).
# shellcheck shell=sh

need softhsm2-util pkcs11-tool openssl

# Where packages put it: Debian, Fedora, FreeBSD, a build of one's own.
find_softhsm() {
	for softhsm in $SOFTHSM2_MODULE /usr/lib/softhsm/libsofthsm2.so \
	    /usr/lib/*/softhsm/libsofthsm2.so /usr/lib64/pkcs11/libsofthsm2.so \
	    /usr/lib64/softhsm/libsofthsm2.so \
	    /usr/local/lib/softhsm/libsofthsm2.so; do
		[ ! -e "$softhsm" ] || return 0
	done
	echo "1..0 # SKIP libsofthsm2.so is not installed"
	exit 0
}

find_softhsm
# shellcheck disable=SC2034 # for the script that sources this
at="?module-path=$softhsm"
mkdir "$top/tokens"
printf 'directories.tokendir = %s\nlog.level = ERROR\n' "$top/tokens" \
    >"$top/softhsm2.conf"
SOFTHSM2_CONF=$top/softhsm2.conf
export SOFTHSM2_CONF

quietly() {
	"$@" >"$top/log" 2>&1 || {
		sed 's/^/# /' "$top/log"
		echo "Bail out! $*"
		exit 1
	}
}

# softhsm_token LABEL
softhsm_token() {
	quietly softhsm2-util --init-token --free --label "$1" --pin 1234 \
	    --so-pin 5678
}

# softhsm_key TOKEN ID LABEL TYPE [OPTION]
softhsm_key() {
	quietly pkcs11-tool --module "$softhsm" --login --pin 1234 \
	    --token-label "$1" --keypairgen --id "$2" --label "$3" \
	    --key-type "$4" ${5:+"$5"}
}

# The slot of the token with this label that has no objects yet.
empty_slot() {
	for slot in $(softhsm2-util --show-slots |
	    sed -n 's/^Slot \([0-9]*\)$/\1/p'); do
		label=$(softhsm2-util --show-slots | awk -v s="Slot $slot" '
		    $0 == s { mine = 1; next } /^Slot / { mine = 0 }
		    mine && $1 == "Label:" { print $2 }')
		[ "$label" = "$1" ] || continue
		pkcs11-tool --module "$softhsm" --slot "$slot" -O 2>/dev/null |
		    grep -q . || echo "$slot"
	done
}

# softhsm_key_second TOKEN ID LABEL TYPE: on the empty one of two namesakes
softhsm_key_second() {
	quietly pkcs11-tool --module "$softhsm" --login --pin 1234 \
	    --slot "$(empty_slot "$1")" --keypairgen --id "$2" --label "$3" \
	    --key-type "$4"
}

# softhsm_certificate TOKEN ID: of the public key in ./spki, by some authority
softhsm_certificate() {
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
	    -keyout ca.key -out ca.pem -subj /CN=ca -days 2 2>"$top/log"
	openssl pkey -pubin -inform DER -in spki -out pub.pem
	openssl req -new -key ca.key -subj /CN=owner -out any.csr 2>"$top/log"
	openssl x509 -req -in any.csr -CA ca.pem -CAkey ca.key -days 2 \
	    -set_serial 1 -force_pubkey pub.pem -outform DER -out cert.der \
	    2>"$top/log"
	quietly pkcs11-tool --module "$softhsm" --login --pin 1234 \
	    --token-label "$1" --write-object cert.der --type cert --id "$2" \
	    --label "a certificate"
}

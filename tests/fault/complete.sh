#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the countersign authors
#
# Every call of OpenSSL that crypt/ makes is made to fail in tests/fault, or
# stands here as one that cannot, or whose failure has no effect: a hash that
# cannot be fetched once is found by OpenSSL each time. x509.c stands aside: it
# shows certificates to a person, and nothing is decided by it; so do
# ca.c, chain.c and leaf.c as long as no anchor of type x509-ca is read.

SRCDIR=${SRCDIR:-$(CDPATH='' cd -- "$(dirname -- "$0")/../.." && pwd)}
BUILDDIR=${BUILDDIR:-$SRCDIR}

never='
BIO_free BIO_s_secmem BN_free BN_is_word BN_num_bits CRYPTO_THREAD_run_once
ERR_clear_error ERR_get_error ERR_reason_error_string EVP_EncodeBlock
EVP_MD_CTX_free EVP_MD_fetch EVP_PKEY_CTX_free EVP_PKEY_free
EVP_PKEY_get0_type_name EVP_PKEY_get_bits EVP_PKEY_get_size EVP_PKEY_is_a
EVP_sha256 EVP_sha384 EVP_sha512
OSSL_PARAM_construct_BN OSSL_PARAM_construct_end
OSSL_PARAM_construct_int OSSL_PARAM_construct_octet_string
OSSL_PARAM_construct_uint
OSSL_PARAM_construct_utf8_string'

calls=$(find "$BUILDDIR/src/crypt/.libs" -name '*.o' ! -name '*-x509.o' \
    ! -name '*-ca.o' ! -name '*-chain.o' ! -name '*-leaf.o' \
    -exec nm -u {} + | awk '
	$1 == "U" && $2 ~ /^(ASN1|BIO|BN|CMS|CRYPTO|EC|ECDSA|ERR|EVP|OBJ|OPENSSL|OSSL|PEM|PKCS8|RAND|RSA|X509|d2i|i2d)_/ {
		print $2
	}' | sort -u)
memory='malloc calloc realloc strdup free'
wrapped=$(sed -n 's/^--wrap=//p' "$SRCDIR/tests/fault/wrap.ld")

n=0
failed=0
judge() {
	n=$((n + 1))
	if [ -z "$2" ]; then
		echo "ok $n - $1"
	else
		failed=1
		echo "not ok $n - $1"
		# shellcheck disable=SC2086 # words
		printf '# %s\n' $2
	fi
}

# without A B: the words of A that are not among B
without() {
	for w in $1; do
		# shellcheck disable=SC2086 # words
		printf '%s\n' $2 | grep -qx "$w" || echo "$w"
	done
}

judge "crypt/ calls OpenSSL" "$([ -n "$calls" ] || echo nothing was found)"
judge "each call fails in tests/fault, or never" \
    "$(without "$calls" "$wrapped $never")"
judge "tests/fault wraps no call that is not made" \
    "$(without "$(without "$wrapped" "$memory")" "$calls")"
echo "1..$n"
exit $failed

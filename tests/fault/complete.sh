#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the countersign authors
#
# Every call of OpenSSL that crypt/ makes is made to fail in tests/fault, or
# stands here as one that cannot, or whose failure has no effect: a hash that
# cannot be fetched once is fetched each time, and what cs_ca_current() asks of
# lists makes a warning, never a verdict. x509.c stands aside: it shows
# certificates to a person, and nothing is decided by it.

SRCDIR=${SRCDIR:-$(CDPATH='' cd -- "$(dirname -- "$0")/../.." && pwd)}
BUILDDIR=${BUILDDIR:-$SRCDIR}

never='
ASN1_OBJECT_free ASN1_STRING_get0_data ASN1_STRING_length ASN1_TIME_cmp_time_t
CRYPTO_free CRYPTO_memcmp
EXTENDED_KEY_USAGE_free GENERAL_NAMES_free GENERAL_NAME_get0_value
ISSUING_DIST_POINT_free OBJ_get0_data OBJ_length OBJ_nid2sn OBJ_obj2nid
OPENSSL_cleanse OPENSSL_sk_num OPENSSL_sk_pop_free OPENSSL_sk_value
RSA_PSS_PARAMS_free RSA_PSS_PARAMS_it
X509_CRL_free X509_CRL_get0_lastUpdate X509_CRL_get0_signature
X509_CRL_get_ext_by_NID X509_CRL_get_issuer X509_NAME_cmp
X509_OBJECT_get0_X509_CRL X509_STORE_get0_objects X509_get_subject_name
X509_EXTENSION_get_critical
X509_EXTENSION_get_data X509_EXTENSION_get_object X509_STORE_CTX_free
X509_STORE_CTX_get0_chain X509_STORE_CTX_get0_param
X509_STORE_CTX_get0_parent_ctx X509_STORE_CTX_get_error
X509_STORE_CTX_get_error_depth X509_STORE_CTX_get_ex_data
X509_STORE_CTX_set_verify_cb X509_STORE_free
X509_VERIFY_PARAM_clear_flags X509_VERIFY_PARAM_set_auth_level
X509_VERIFY_PARAM_set_depth X509_VERIFY_PARAM_set_time X509_free
X509_get0_notAfter X509_get0_notBefore X509_get_version
X509_get_X509_PUBKEY X509_get_ext X509_get_ext_by_NID X509_get_ext_count
X509_verify_cert_error_string
BIO_free BIO_s_secmem BN_free BN_is_word BN_num_bits CRYPTO_THREAD_run_once
ERR_clear_error ERR_get_error ERR_reason_error_string EVP_EncodeBlock
EVP_CIPHER_CTX_free EVP_CIPHER_free EVP_MD_CTX_free EVP_MD_fetch EVP_PKEY_CTX_free EVP_PKEY_free
EVP_PKEY_get0_type_name EVP_PKEY_get_bits EVP_PKEY_get_size EVP_PKEY_is_a
EVP_sha256 EVP_sha384 EVP_sha512 OSSL_LIB_CTX_free
OSSL_PARAM_construct_BN OSSL_PARAM_construct_end
OSSL_PARAM_construct_int OSSL_PARAM_construct_octet_string
OSSL_PARAM_construct_uint OSSL_PROVIDER_unload
OSSL_PARAM_construct_utf8_string'

calls=$(find "$BUILDDIR/src/crypt/.libs" -name '*.o' ! -name '*-x509.o' \
    -exec nm -u {} + | awk '
	$1 == "U" && $2 ~ /^(ASN1|BIO|BN|CMS|CRYPTO|EC|ECDSA|ERR|EVP|EXTENDED|GENERAL|ISSUING|OBJ|OPENSSL|OSSL|PEM|PKCS8|RAND|RSA|X509|d2i|i2d)_/ {
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

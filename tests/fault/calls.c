/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <stdarg.h>
#include <string.h>

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/provider.h>
#include <openssl/x509v3.h>

#include "tests/fault/fault.h"

/* Each call of OpenSSL that crypt/ makes and that can fail, with what it
 * returns then. tests/fault/complete.sh holds this list to the calls. */

#define WRAP(type, name, parameters, arguments, failure)                 \
	type __real_##name parameters;                                   \
	type __wrap_##name parameters;                                   \
	type __wrap_##name parameters                                    \
	{                                                                \
		return fault_now(FAULT_CALL) ? (failure) :               \
		    __real_##name arguments;                             \
	}

WRAP(int, OPENSSL_init_crypto, (uint64_t how,
    const OPENSSL_INIT_SETTINGS *with), (how, with), 0)
WRAP(int, EVP_Digest, (const void *p, size_t n, unsigned char *out,
    unsigned *len, const EVP_MD *md, ENGINE *none),
    (p, n, out, len, md, none), 0)
WRAP(int, EVP_Q_digest, (OSSL_LIB_CTX *lib, const char *name,
    const char *query, const void *p, size_t n, unsigned char *out,
    size_t *len), (lib, name, query, p, n, out, len), 0)
WRAP(OSSL_LIB_CTX *, OSSL_LIB_CTX_new, (void), (), NULL)
WRAP(OSSL_PROVIDER *, OSSL_PROVIDER_load, (OSSL_LIB_CTX *lib,
    const char *name), (lib, name), NULL)
WRAP(EVP_MD_CTX *, EVP_MD_CTX_new, (void), (), NULL)
WRAP(int, EVP_DigestSignInit_ex, (EVP_MD_CTX *c, EVP_PKEY_CTX **pc,
    const char *md, OSSL_LIB_CTX *lib, const char *query, EVP_PKEY *k,
    const OSSL_PARAM p[]), (c, pc, md, lib, query, k, p), 0)
WRAP(int, EVP_DigestSign, (EVP_MD_CTX *c, unsigned char *sig, size_t *len,
    const unsigned char *p, size_t n), (c, sig, len, p, n), 0)
WRAP(int, EVP_DigestVerifyInit_ex, (EVP_MD_CTX *c, EVP_PKEY_CTX **pc,
    const char *md, OSSL_LIB_CTX *lib, const char *query, EVP_PKEY *k,
    const OSSL_PARAM p[]), (c, pc, md, lib, query, k, p), 0)
WRAP(int, EVP_DigestVerify, (EVP_MD_CTX *c, const unsigned char *sig,
    size_t len, const unsigned char *p, size_t n), (c, sig, len, p, n), -1)

WRAP(EVP_PKEY_CTX *, EVP_PKEY_CTX_new_from_name, (OSSL_LIB_CTX *lib,
    const char *name, const char *query), (lib, name, query), NULL)
WRAP(EVP_PKEY_CTX *, EVP_PKEY_CTX_new_from_pkey, (OSSL_LIB_CTX *lib,
    EVP_PKEY *k, const char *query), (lib, k, query), NULL)
WRAP(int, EVP_PKEY_fromdata_init, (EVP_PKEY_CTX *c), (c), 0)
WRAP(int, EVP_PKEY_fromdata, (EVP_PKEY_CTX *c, EVP_PKEY **k, int selection,
    OSSL_PARAM p[]), (c, k, selection, p), 0)
WRAP(int, EVP_PKEY_public_check_quick, (EVP_PKEY_CTX *c), (c), 0)
WRAP(EVP_PKEY *, EVP_PKEY_dup, (EVP_PKEY *k), (k), NULL)
WRAP(int, EVP_PKEY_set1_encoded_public_key, (EVP_PKEY *k,
    const unsigned char *point, size_t n), (k, point, n), 0)
WRAP(int, EVP_PKEY_verify_init, (EVP_PKEY_CTX *c), (c), 0)
WRAP(int, EVP_PKEY_verify, (EVP_PKEY_CTX *c, const unsigned char *sig,
    size_t len, const unsigned char *hash, size_t n), (c, sig, len, hash, n),
    -1)
WRAP(int, EVP_PKEY_sign_init, (EVP_PKEY_CTX *c), (c), 0)
WRAP(int, EVP_PKEY_sign, (EVP_PKEY_CTX *c, unsigned char *sig, size_t *len,
    const unsigned char *hash, size_t n), (c, sig, len, hash, n), 0)
WRAP(int, EVP_PKEY_encrypt_init_ex, (EVP_PKEY_CTX *c, const OSSL_PARAM p[]),
    (c, p), 0)
WRAP(int, EVP_PKEY_encrypt, (EVP_PKEY_CTX *c, unsigned char *out,
    size_t *len, const unsigned char *p, size_t n), (c, out, len, p, n), 0)
WRAP(int, EVP_PKEY_derive_init, (EVP_PKEY_CTX *c), (c), 0)
WRAP(int, EVP_PKEY_derive_set_peer, (EVP_PKEY_CTX *c, EVP_PKEY *k), (c, k), 0)
WRAP(int, EVP_PKEY_derive, (EVP_PKEY_CTX *c, unsigned char *out, size_t *len),
    (c, out, len), 0)
WRAP(unsigned char *, EVP_Q_mac, (OSSL_LIB_CTX *lib, const char *name,
    const char *query, const char *md, const OSSL_PARAM *p, const void *key,
    size_t key_len, const unsigned char *in, size_t n, unsigned char *out,
    size_t room, size_t *len), (lib, name, query, md, p, key, key_len, in, n,
    out, room, len), NULL)
WRAP(EVP_CIPHER *, EVP_CIPHER_fetch, (OSSL_LIB_CTX *lib, const char *name,
    const char *query), (lib, name, query), NULL)
WRAP(EVP_CIPHER_CTX *, EVP_CIPHER_CTX_new, (void), (), NULL)
WRAP(int, EVP_EncryptInit_ex2, (EVP_CIPHER_CTX *c, const EVP_CIPHER *aes,
    const unsigned char *key, const unsigned char *iv, const OSSL_PARAM p[]),
    (c, aes, key, iv, p), 0)
WRAP(int, EVP_EncryptUpdate, (EVP_CIPHER_CTX *c, unsigned char *out,
    int *len, const unsigned char *p, int n), (c, out, len, p, n), 0)
WRAP(int, EVP_PKEY_get_bn_param, (const EVP_PKEY *k, const char *name,
    BIGNUM **out), (k, name, out), 0)
WRAP(int, EVP_PKEY_get_octet_string_param, (const EVP_PKEY *k,
    const char *name, unsigned char *out, size_t n, size_t *len),
    (k, name, out, n, len), 0)
WRAP(int, EVP_PKEY_get_int_param, (const EVP_PKEY *k, const char *name,
    int *out), (k, name, out), 0)
WRAP(int, EVP_PKEY_get_group_name, (const EVP_PKEY *k, char *out, size_t n,
    size_t *len), (k, out, n, len), 0)

WRAP(BIO *, BIO_new, (const BIO_METHOD *m), (m), NULL)
WRAP(BIO *, BIO_new_mem_buf, (const void *p, int n), (p, n), NULL)
WRAP(long, BIO_ctrl, (BIO *b, int cmd, long n, void *p), (b, cmd, n, p), 0)
WRAP(BIGNUM *, BN_bin2bn, (const unsigned char *p, int n, BIGNUM *out),
    (p, n, out), NULL)
WRAP(int, BN_bn2bin, (const BIGNUM *n, unsigned char *out), (n, out), 0)
WRAP(int, BN_bn2binpad, (const BIGNUM *n, unsigned char *out, int len),
    (n, out, len), -1)
WRAP(int, BN_bn2nativepad, (const BIGNUM *n, unsigned char *out, int len),
    (n, out, len), -1)
WRAP(EVP_PKEY *, PEM_read_bio_PrivateKey, (BIO *b, EVP_PKEY **k,
    pem_password_cb *cb, void *arg), (b, k, cb, arg), NULL)
WRAP(int, PEM_write_bio_PKCS8PrivateKey, (BIO *b, const EVP_PKEY *k,
    const EVP_CIPHER *c, const char *word, int n, pem_password_cb *cb,
    void *arg), (b, k, c, word, n, cb, arg), 0)

WRAP(X509 *, d2i_X509, (X509 **x, const unsigned char **p, long n), (x, p, n),
    NULL)
WRAP(X509_CRL *, d2i_X509_CRL, (X509_CRL **x, const unsigned char **p,
    long n), (x, p, n), NULL)
WRAP(int, i2d_X509, (const X509 *x, unsigned char **out), (x, out), -1)
WRAP(int, i2d_X509_PUBKEY, (const X509_PUBKEY *k, unsigned char **out),
    (k, out), -1)
WRAP(int, X509_check_ca, (X509 *x), (x), 0)
WRAP(int, X509_cmp, (const X509 *a, const X509 *b), (a, b), -2)
WRAP(int, X509_cmp_time, (const ASN1_TIME *a, time_t *b), (a, b), 0)
WRAP(void *, X509_get_ext_d2i, (const X509 *x, int nid, int *crit, int *at),
    (x, nid, crit, at), NULL)
WRAP(uint32_t, X509_get_extension_flags, (X509 *x), (x), EXFLAG_INVALID)
WRAP(uint32_t, X509_get_key_usage, (X509 *x), (x), 0)
WRAP(const ASN1_TIME *, X509_CRL_get0_nextUpdate, (const X509_CRL *x), (x),
    NULL)
WRAP(X509_STORE *, X509_STORE_new, (void), (), NULL)
WRAP(int, X509_STORE_add_cert, (X509_STORE *s, X509 *x), (s, x), 0)
WRAP(int, X509_STORE_add_crl, (X509_STORE *s, X509_CRL *x), (s, x), 0)
WRAP(X509_STORE_CTX *, X509_STORE_CTX_new_ex, (OSSL_LIB_CTX *lib,
    const char *query), (lib, query), NULL)
WRAP(X509 *, X509_new_ex, (OSSL_LIB_CTX *lib, const char *query), (lib, query),
    NULL)
WRAP(X509_CRL *, X509_CRL_new_ex, (OSSL_LIB_CTX *lib, const char *query),
    (lib, query), NULL)
WRAP(int, X509_STORE_CTX_init, (X509_STORE_CTX *c, X509_STORE *s, X509 *x,
    STACK_OF(X509) *more), (c, s, x, more), 0)
WRAP(int, X509_STORE_CTX_set_ex_data, (X509_STORE_CTX *c, int n, void *p),
    (c, n, p), 0)
WRAP(int, X509_NAME_get0_der, (const X509_NAME *x, const unsigned char **p,
    size_t *n), (x, p, n), 0)
WRAP(int, X509_VERIFY_PARAM_set_flags, (X509_VERIFY_PARAM *p,
    unsigned long f), (p, f), 0)
WRAP(int, X509_VERIFY_PARAM_set_purpose, (X509_VERIFY_PARAM *p,
    int purpose), (p, purpose), 0)
WRAP(int, X509_VERIFY_PARAM_add0_policy, (X509_VERIFY_PARAM *p,
    ASN1_OBJECT *o), (p, o), 0)
WRAP(int, X509_verify_cert, (X509_STORE_CTX *c), (c), -1)
WRAP(ASN1_OBJECT *, OBJ_nid2obj, (int nid), (nid), NULL)
WRAP(int, OBJ_find_sigid_algs, (int nid, int *md, int *key), (nid, md, key),
    0)
WRAP(void *, ASN1_TYPE_unpack_sequence, (const ASN1_ITEM *it,
    const ASN1_TYPE *t), (it, t), NULL)
WRAP(OPENSSL_STACK *, OPENSSL_sk_new_null, (void), (), NULL)
WRAP(int, OPENSSL_sk_push, (OPENSSL_STACK *s, const void *p), (s, p), 0)

void *__real_X509_CRL_get_ext_d2i(const X509_CRL *x, int nid, int *crit,
    int *at);
void *__wrap_X509_CRL_get_ext_d2i(const X509_CRL *x, int nid, int *crit,
    int *at);

/* It is there, and cannot be read: what OpenSSL says by *crit. */
void *
__wrap_X509_CRL_get_ext_d2i(const X509_CRL *x, int nid, int *crit, int *at)
{
	if (!fault_now(FAULT_CALL))
		return __real_X509_CRL_get_ext_d2i(x, nid, crit, at);
	*crit = 0;
	return NULL;
}

EVP_PKEY *__real_EVP_PKEY_Q_keygen(OSSL_LIB_CTX *lib, const char *query,
    const char *type, ...);
EVP_PKEY *__wrap_EVP_PKEY_Q_keygen(OSSL_LIB_CTX *lib, const char *query,
    const char *type, ...);

EVP_PKEY *
__wrap_EVP_PKEY_Q_keygen(OSSL_LIB_CTX *lib, const char *query,
    const char *type, ...)
{
	const bool rsa = strcmp(type, "RSA") == 0;
	const bool ec = strcmp(type, "EC") == 0;
	const char *group = NULL;
	size_t bits = 0;
	va_list ap;

	va_start(ap, type);
	if (rsa)
		bits = va_arg(ap, size_t);
	else if (ec)
		group = va_arg(ap, const char *);
	va_end(ap);
	if (fault_now(FAULT_CALL))
		return NULL;
	if (rsa)
		return __real_EVP_PKEY_Q_keygen(lib, query, type, bits);
	if (ec)
		return __real_EVP_PKEY_Q_keygen(lib, query, type, group);
	return __real_EVP_PKEY_Q_keygen(lib, query, type);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <openssl/err.h>

#include "base/file.h"
#include "crypt/chain.h"
#include "fmt/names.h"
#include "fmt/oid.h"
#include "fmt/reason.h"
#include "fuzz.h"

/* Certificates that come with an approval, behind revocation lists: two octets
 * with the lists' length, the lists, the certificates. The CA and the leaf's
 * key are those of the verdict vectors (make_ca.py). */

#define NOW INT64_C(1795262400) /* 2026-11-21T12:00:00Z */

static const uint8_t leaf[CS_SHA256_LEN] = {0xf5, 0x1a, 0x20, 0x2f, 0x04,
    0xe3, 0xe6, 0x3e, 0xeb, 0x79, 0x75, 0x0a, 0xcc, 0x63, 0xfb, 0xd6, 0x60,
    0x46, 0xaa, 0x79, 0xb6, 0x91, 0x45, 0x66, 0xc7, 0x21, 0x4d, 0xf7, 0x86,
    0x7f, 0xaf, 0x0e};

static cs_ca *
new_ca(void)
{
	static cs_buf *der;
	cs_ca *ca = NULL;

	if (der == NULL &&
	    cs_file_read(FUZZ_CA, CS_CRL_FILE_MAX, &der, NULL) != CS_OK)
		return NULL;
	CHECK(cs_ca_new(cs_buf_span(der), &ca, NULL) == CS_OK);
	CHECK(!cs_ca_has_crls(ca));
	return ca;
}

/* Every no is the certificates' own, with its reason. */
static void
check_no(int r, const cs_err *e)
{
	CHECK(r == CS_EREFUSED);
	CHECK(e->detail == CS_R_PATH_INVALID ||
	    e->detail == CS_R_WRONG_OWNER ||
	    e->detail == CS_R_UNKNOWN_OWNER_KEY);
	CHECK(e->text[0] != '\0');
}

static void
check_path(cs_chain *c, const cs_ca *ca, cs_span eku)
{
	cs_err e = {0};
	size_t n = 0;
	int r = cs_chain_path(c, ca, eku, NOW, &e);

	while (cs_chain_key_hash(c, n) != NULL)
		n++;
	if (r != CS_OK) {
		check_no(r, &e);
		CHECK(n == 0);
		return;
	}
	CHECK(n >= 2 && n <= CS_CHAIN_DEPTH_MAX + 2);
	CHECK(cs_span_eq(cs_span_of(cs_chain_key_hash(c, 0), CS_SHA256_LEN),
	    cs_span_of(leaf, sizeof(leaf))));
	CHECK(cs_span_eq(cs_span_of(cs_chain_key_hash(c, n - 1),
	    CS_SHA256_LEN), cs_span_of(cs_ca_key_hash(ca), CS_SHA256_LEN)));
}

/* Whatever the path, what is an owner's name is one of those that may be. */
static void
check_leaf(const cs_chain *c, cs_span eku, const char *san)
{
	cs_buf *owner = cs_buf_new(2048);
	cs_err e = {0};
	int r;

	CHECK(owner != NULL);
	if ((r = cs_chain_profile(c, eku, &e)) != CS_OK)
		check_no(r, &e);
	if ((r = cs_chain_owner(c, cs_span_str(san), owner, &e)) != CS_OK)
		check_no(r, &e);
	else
		CHECK(cs_owner_check(cs_buf_span(owner), NULL) == CS_OK);
	cs_buf_free(&owner);
}

static void
check_certs(const cs_ca *ca, cs_span certs)
{
	cs_span eku = cs_oid(CS_OID_KP_OWNER_APPROVAL);
	cs_chain *c = NULL;
	cs_err e = {0};
	int r = cs_chain_read(certs, cs_span_of(leaf, sizeof(leaf)), &c, &e);

	if (r != CS_OK) {
		check_no(r, &e);
		CHECK(c == NULL);
		return;
	}
	check_path(c, ca, eku);
	check_leaf(c, eku, "email:*@corp.example");
	check_leaf(c, eku, "uri:https://corp.example/people");
	cs_chain_free(&c);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	cs_ca *ca = new_ca();
	cs_span in = cs_span_of(data, n);
	size_t lists = n < 2 ? 0 : (size_t)data[0] << 8 | data[1];
	cs_err e = {0};
	int r;

	if (ca == NULL || n < 2 || lists > n - 2) {
		cs_ca_free(&ca);
		return 0;
	}
	if (lists != 0) {
		r = cs_ca_add_crls(ca, cs_span_cut(in, 2, lists), &e);
		CHECK(r == CS_OK || (r == CS_EFORMAT && e.text[0] != '\0'));
		CHECK(r != CS_OK || cs_ca_has_crls(ca));
	}
	check_certs(ca, cs_span_cut(in, 2 + lists, n - 2 - lists));
	CHECK(ERR_peek_error() == 0);
	cs_ca_free(&ca);
	return 0;
}

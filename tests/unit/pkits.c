/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "crypt/chain.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "base/file.h"
#include "tests/unit/tap.h"

/* NIST's Public Key Interoperability Test Suite, as Debian's package
 * python3-cryptography-vectors has it: every end entity's certificate, with
 * the certificates of the CAs above it and all revocation lists, RFC 5280's
 * default inputs. What should become of it stands in its name, or below. */

#define ROOT "/usr/lib/python3/dist-packages/cryptography_vectors/x509/" \
    "PKITS_data"
#define FILE_MAX (64 * 1024)
#define NOW INT64_C(1577836800) /* 2020-01-01, within all that is valid */
#define CAS_MAX 256

struct expected {
	const char *name;
	bool valid;
};

/* Not what the name says, or it does not say: why is in the comment. */
static const struct expected others[] = {
	/* any-policy and no explicit policy: valid, section 4.8 */
	{"AllCertificatesNoPoliciesTest2", true},
	{"AllCertificatesSamePoliciesTest10", true},
	{"AllCertificatesSamePoliciesTest13", true},
	{"AllCertificatesanyPolicyTest11", true},
	{"AnyPolicyTest14", true},
	{"CPSPointerQualifierTest20", true},
	{"DifferentPoliciesTest3", true},
	{"OverlappingPoliciesTest6", true},
	{"UserNoticeQualifierTest15", true},
	{"UserNoticeQualifierTest16", true},
	{"UserNoticeQualifierTest17", true},
	{"UserNoticeQualifierTest18", true},
	{"UserNoticeQualifierTest19", true},
	{"inhibitAnyPolicyTest3", true},
	/* more than three intermediates */
	{"ValidSelfIssuedinhibitAnyPolicyTest9", false},
	{"ValidSelfIssuedpathLenConstraintTest17", false},
	{"ValidpathLenConstraintTest13", false},
	{"ValidpathLenConstraintTest14", false},
	{"ValidrequireExplicitPolicyTest1", false},
	{"ValidrequireExplicitPolicyTest2", false},
	{"ValidrequireExplicitPolicyTest4", false},
	/* DSA with SHA-1 */
	{"ValidDSAParameterInheritanceTest5", false},
	{"ValidDSASignaturesTest4", false},
	/* RFC 5280 4.2.1.9: must be critical */
	{"ValidbasicConstraintsNotCriticalTest4", false},
	/* lists that another key or CA signs, or of some reasons */
	{"ValidBasicSelfIssuedCRLSigningKeyTest6", false},
	{"ValidBasicSelfIssuedNewWithOldTest4", false},
	{"ValidIDPwithindirectCRLTest22", false},
	{"ValidIDPwithindirectCRLTest24", false},
	{"ValidIDPwithindirectCRLTest25", false},
	{"ValidSeparateCertificateandCRLKeysTest19", false},
	{"ValidcRLIssuerTest28", false},
	{"ValidcRLIssuerTest29", false},
	{"ValidcRLIssuerTest30", false},
	{"ValidcRLIssuerTest33", false},
	{"ValidonlySomeReasonsTest18", false},
	{"ValidonlySomeReasonsTest19", false},
	/* without deltas the complete list says it */
	{"InvaliddeltaCRLTest4", true},
	{"ValiddeltaCRLTest5", false},
};

struct ca {
	X509 *x;
	cs_buf *der;
};

static struct ca cas[CAS_MAX];
static size_t n_cas;

static cs_buf *
load(const char *dir, const char *name)
{
	char path[512];
	cs_buf *b = NULL;
	cs_err e = {0};

	(void)snprintf(path, sizeof(path), "%s/%s/%s", ROOT, dir, name);
	if (cs_file_read(path, FILE_MAX, &b, &e) != CS_OK)
		printf("# %s\n", e.text);
	return b;
}

static X509 *
parse(const cs_buf *b)
{
	cs_span s = cs_buf_span(b);
	const unsigned char *p = s.p;

	return s.p == NULL ? NULL : d2i_X509(NULL, &p, (long)s.n);
}

static bool
ends_with(const char *s, const char *suffix)
{
	size_t n = strlen(s), m = strlen(suffix);

	return n >= m && strcmp(s + n - m, suffix) == 0;
}

/* Calls `each` for the files of a folder. */
static void
each_file(const char *dir, void (*each)(const char *name, void *arg),
    void *arg)
{
	char path[512];
	struct dirent **list = NULL;
	int i, n;

	(void)snprintf(path, sizeof(path), "%s/%s", ROOT, dir);
	n = scandir(path, &list, NULL, alphasort);
	for (i = 0; i < n; i++) {
		if (list[i]->d_name[0] != '.')
			each(list[i]->d_name, arg);
		free(list[i]);
	}
	free(list);
}

static void
add_crl(const char *name, void *arg)
{
	cs_buf *b = load("crls", name);
	cs_err e = {0};

	if (cs_ca_add_crls(arg, cs_buf_span(b), &e) != CS_OK)
		printf("# %s: %s\n", name, e.text);
	cs_buf_free(&b);
}

static void
add_ca(const char *name, void *arg)
{
	(void)arg;
	if (ends_with(name, "EE.crt") || n_cas == CAS_MAX ||
	    strcmp(name, "TrustAnchorRootCertificate.crt") == 0)
		return;
	cas[n_cas].der = load("certs", name);
	cas[n_cas].x = parse(cas[n_cas].der);
	n_cas += cas[n_cas].x != NULL;
}

/* The leaf, and every CA that could be above what is there already. */
static cs_buf *
gather(X509 *leaf, const cs_buf *der)
{
	X509 *chain[CS_CHAIN_CERTS_MAX] = {leaf};
	cs_buf *out = cs_buf_new(CS_CHAIN_CERTS_MAX * 4096);
	size_t n = 1, i, j, k;

	if (out == NULL || cs_buf_put(out, cs_buf_span(der)) != CS_OK)
		return out;
	for (i = 0; i < n; i++)
		for (j = 0; j < n_cas && n < CS_CHAIN_CERTS_MAX; j++) {
			if (X509_NAME_cmp(X509_get_issuer_name(chain[i]),
			    X509_get_subject_name(cas[j].x)) != 0)
				continue;
			for (k = 0; k < n && chain[k] != cas[j].x; k++)
				;
			if (k < n || cs_buf_put(out,
			    cs_buf_span(cas[j].der)) != CS_OK)
				continue;
			chain[n++] = cas[j].x;
		}
	return out;
}

static bool
is_expected(const char *name)
{
	size_t i;

	for (i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		if (strcmp(others[i].name, name) == 0)
			return others[i].valid;
	return strncmp(name, "Valid", 5) == 0;
}

static int
check(X509 *leaf, const cs_buf *der, const cs_ca *ca, cs_err *e)
{
	const cs_span none = {0};
	cs_buf *all = gather(leaf, der);
	unsigned char *out = NULL;
	uint8_t hash[CS_SHA256_LEN];
	cs_chain *c = NULL;
	int n = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(leaf), &out), r;

	r = n < 0 ? CS_EBUG : cs_sha256(cs_span_of(out, (size_t)n), hash, e);
	if (r == CS_OK)
		r = cs_chain_read(cs_buf_span(all),
		    cs_span_of(hash, sizeof(hash)), &c, e);
	if (r == CS_OK)
		r = cs_chain_path(c, ca, none, NOW, e);
	cs_chain_free(&c);
	OPENSSL_free(out);
	cs_buf_free(&all);
	return r;
}

static void
run_case(const char *name, void *arg)
{
	cs_buf *der = NULL;
	X509 *leaf = NULL;
	char test[128] = "";
	cs_err e = {0};
	int r;

	if (!ends_with(name, "EE.crt") || strlen(name) >= sizeof(test))
		return;
	memcpy(test, name, strlen(name) - strlen("EE.crt"));
	der = load("certs", name);
	if ((leaf = parse(der)) == NULL) {
		r = CS_EREFUSED;
		(void)snprintf(e.text, sizeof(e.text), "does not parse");
	} else
		r = check(leaf, der, arg, &e);
	ok(r == (is_expected(test) ? CS_OK : CS_EREFUSED), "%s: %s", test,
	    r == CS_OK ? "valid" : e.text);
	X509_free(leaf);
	cs_buf_free(&der);
	ERR_clear_error();
}

int
main(void)
{
	cs_buf *der;
	cs_ca *ca = NULL;
	cs_err e = {0};
	size_t i;

	if (!cs_is_dir(ROOT)) {
		skip("no " ROOT);
		return done_testing();
	}
	der = load("certs", "TrustAnchorRootCertificate.crt");
	ok(cs_ca_new(cs_buf_span(der), &ca, &e) == CS_OK, "the trust anchor: "
	    "%s", e.text);
	cs_buf_free(&der);
	if (ca == NULL)
		return done_testing();
	each_file("crls", add_crl, ca);
	each_file("certs", add_ca, NULL);
	each_file("certs", run_case, ca);
	for (i = 0; i < n_cas; i++) {
		X509_free(cas[i].x);
		cs_buf_free(&cas[i].der);
	}
	cs_ca_free(&ca);
	return done_testing();
}

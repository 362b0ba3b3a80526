/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "attest/fido.h"
#include "attest/piv.h"
#include "attest/tpm.h"
#include "base/file.h"
#include "tests/unit/tap.h"

/* Attestations that other programs made (tests/vectors/attest.py and
 * tests/tpm/evidence.c), which the fuzz targets begin with: the name says what
 * each comes to. */

#define NOW INT64_C(1800000000)

static cs_roots *roots;

static void
word_of(bool proven, int r, char *out, size_t n)
{
	(void)snprintf(out, n, "%s", r == CS_EREFUSED ? "refused" :
	    r != CS_OK ? "malformed" : proven ? "proven" : "unattested");
}

static size_t
length_at(cs_span in, size_t at)
{
	return at + 2 > in.n ? 0 : (size_t)in.p[at] << 8 | in.p[at + 1];
}

/* As tests/fuzz/fido.c says. */
static void
judge_fido(cs_span in, char *out, size_t n, cs_err *e)
{
	static const char *const formats[] = {"packed", "fido-u2f", "none"};
	size_t len = length_at(in, 2);
	cs_fido_claim c = {.rp_id = cs_span_str("approve.corp.example"),
	    .format = cs_span_str(formats[in.p[0]]),
	    .kind = (in.p[1] & 1) != 0 ? CS_KEY_ED25519 : CS_KEY_P256,
	    .verify = (in.p[1] & 2) != 0,
	    .authdata = cs_span_cut(in, 4, len),
	    .statement = cs_span_cut(in, 4 + len, in.n - 4 - len)};
	cs_fido_proof p = {0};
	int r;

	memset(c.client_data_hash, 0x5a, sizeof(c.client_data_hash));
	r = cs_fido_attest(&c, roots, NOW, &p, e);
	word_of(p.proof != CS_PROOF_NONE, r, out, n);
}

/* As tests/fuzz/piv.c says. */
static void
judge_piv(cs_span in, char *out, size_t n, cs_err *e)
{
	cs_span certs[4] = {{0}};
	cs_attcert *leaf = NULL;
	cs_piv_proof p = {0};
	cs_spki key = {0};
	size_t i, len;

	for (i = 0; in.n > 2 && i < 4; i++) {
		len = length_at(in, 0);
		certs[i] = cs_span_cut(in, 2, len);
		in = cs_span_cut(in, 2 + len, in.n - 2 - len);
	}
	if (cs_attcert_new(certs[0], &leaf, e) == CS_OK &&
	    cs_attcert_key(leaf, &key, e) == CS_OK)
		word_of(true, cs_piv_attest(certs, i, key.der, roots, NOW, &p,
		    e), out, n);
	cs_attcert_free(&leaf);
}

/* As tests/fuzz/tpm.c says. */
static void
judge_tpm(cs_span in, char *out, size_t n, cs_err *e)
{
	size_t len = length_at(in, 0);
	cs_span message = cs_span_cut(in, 2 + len, in.n - 2 - len);
	cs_tpm_proof p = {0};
	cs_tpmevidence v;
	cs_tpmsecret kept;
	cs_tpmoffer o;
	int r;

	if (len == 0) {
		if ((r = cs_tpmoffer_parse(message, &o, e)) == CS_OK)
			r = cs_tpm_offer_check(&o, roots, NOW, &p, e);
	} else if ((r = cs_tpmsecret_parse(cs_span_cut(in, 2, len), &kept,
	    e)) == CS_OK && (r = cs_tpmevidence_parse(message, &v, e)) ==
	    CS_OK)
		r = cs_tpm_evidence_check(&v, &kept, roots, NOW, &p, e);
	word_of(p.attested[0] != '\0', r, out, n);
	cs_tpm_proof_clear(&p);
}

static void
test_file(const char *dir, const char *name)
{
	char path[1024], word[16] = "";
	cs_buf *b = NULL;
	cs_err e = {0};

	(void)snprintf(path, sizeof(path), "%s/%s", dir, name);
	if (cs_file_read(path, 65536, &b, &e) == CS_OK) {
		if (strstr(dir, "piv") != NULL)
			judge_piv(cs_buf_span(b), word, sizeof(word), &e);
		else if (strstr(dir, "tpm") != NULL)
			judge_tpm(cs_buf_span(b), word, sizeof(word), &e);
		else
			judge_fido(cs_buf_span(b), word, sizeof(word), &e);
	}
	ok(strncmp(name, word, strlen(word)) == 0 && word[0] != '\0',
	    "%s is %s %s", name, word, e.text);
	cs_buf_free(&b);
}

/* Inputs that fuzzing found later have other names. */
static bool
is_ours(const char *name)
{
	return strncmp(name, "proven-", 7) == 0 ||
	    strncmp(name, "refused-", 8) == 0 ||
	    strncmp(name, "malformed-", 10) == 0 ||
	    strncmp(name, "unattested-", 11) == 0;
}

static void
test_folder(const char *srcdir, const char *name)
{
	char dir[512];
	struct dirent **names = NULL;
	int i, n, seen = 0;

	(void)snprintf(dir, sizeof(dir), "%s/tests/fuzz/corpus/%s", srcdir,
	    name);
	n = scandir(dir, &names, NULL, alphasort);
	for (i = 0; i < n; i++) {
		if (is_ours(names[i]->d_name)) {
			test_file(dir, names[i]->d_name);
			seen++;
		}
		free(names[i]);
	}
	free(names);
	ok(seen >= 8, "%d of %s", seen, name);
}

/* Folders of the corpus whose paths end at this one root. */
static void
test_root(const char *srcdir, const char *root, const char *one,
    const char *two)
{
	char dir[] = "./attest_vectors.XXXXXX", path[1024];
	cs_buf *pem = NULL;
	cs_err e = {0};

	(void)snprintf(path, sizeof(path), "%s/tests/vectors/%s/root.pem",
	    srcdir, root);
	if (!ok(mkdtemp(dir) != NULL && cs_file_read(path, 65536, &pem, &e) ==
	    CS_OK, "%s: %s", path, e.text))
		return;
	(void)snprintf(path, sizeof(path), "%s/root.pem", dir);
	ok(cs_file_write(path, cs_buf_span(pem), 0600, false, &e) == CS_OK &&
	    cs_roots_load(dir, &roots, &e) == CS_OK, "the root: %s", e.text);
	test_folder(srcdir, one);
	if (two != NULL)
		test_folder(srcdir, two);
	cs_roots_free(&roots);
	cs_buf_free(&pem);
	(void)unlink(path);
	(void)rmdir(dir);
}

int
main(void)
{
	const char *srcdir = getenv("SRCDIR");

	if (srcdir == NULL)
		srcdir = ".";
	test_root(srcdir, "attest", "fido", "piv");
	test_root(srcdir, "tpm", "tpm", NULL);
	return done_testing();
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "crypt/cmscert.h"
#include "fmt/pem.h"
#include "keys/keys.h"
#include "signer/signer.h"
#include "tests/p11/driver.h"

/*
 * Drives the pkcs11 modules, loaded as the command loads them, for the
 * regression scripts:
 *
 *	modules list URI         every usable owner key
 *	modules approve URI DIR  DIR/tbs, DIR/cms, DIR/cert.pem, DIR/spki
 *	modules key URI DIR      signs DIR/tbs: DIR/sig, DIR/spki
 *	modules twice URI DIR    the same, and once more
 *
 * PSS=1 is --pss. $BUILDDIR/.libs holds the modules; driver.h tells the rest.
 */

#define NOW 1790000000

static int
save(const char *dir, const char *name, cs_span data, cs_err *e)
{
	char path[1024];

	(void)snprintf(path, sizeof(path), "%s/%s", dir, name);
	return cs_file_write(path, data, 0600, true, e);
}

static int
put_tbs(const cs_spki *key, cs_buf *out, cs_err *e)
{
	static const uint8_t id[16] = {1}, digest[32] = {2};
	static cs_tbs t;
	uint8_t hash[CS_SHA256_LEN];
	int r;

	if ((r = cs_key_hash(key, hash, e)) != CS_OK)
		return r;
	t.approval_id = cs_span_of(id, sizeof(id));
	t.decision = CS_APPROVE;
	t.owner = cs_span_str("mailto:alice@corp.example");
	t.owner_key_hash = cs_span_of(hash, sizeof(hash));
	t.authority = cs_span_str("https://corp.example");
	t.not_before = NOW - 300;
	t.not_after = NOW + 900;
	t.n_subjects = 1;
	t.subjects[0].kind = CS_SUBJECT_REQUEST;
	t.subjects[0].agent_id = cs_span_str("wimse://corp.example/agent/a");
	t.subjects[0].agent_key_hash = cs_span_of(digest, 32);
	t.subjects[0].request_digest = cs_span_of(digest, 32);
	t.max_lifetime = 3600;
	t.max_issuances = 1;
	return cs_tbs_put(&t, out, e);
}

/* What openssl cms needs to verify the approval. */
static int
save_approval(cs_span approval, const cs_spki *key, const char *dir, cs_err *e)
{
	cs_buf *cert = cs_buf_new(4096), *text = cs_buf_new(8192);
	cs_approval *a = NULL;
	int r;

	if ((r = cs_approval_parse(approval, 0, &a, e)) == CS_OK &&
	    (r = save(dir, "cms", a->value, e)) == CS_OK &&
	    (r = cs_cms_cert(key, NOW, cert, e)) == CS_OK &&
	    (r = cs_pem_put(text, CS_PEM_CERTIFICATE, cs_buf_span(cert),
	    e)) == CS_OK)
		r = save(dir, "cert.pem", cs_buf_span(text), e);
	cs_approval_free(&a);
	cs_buf_free(&text);
	cs_buf_free(&cert);
	return r;
}

static int
approve(cs_signer *s, const char *dir, cs_err *e)
{
	cs_buf *spki = cs_buf_new(1024), *tbs = cs_buf_new(CS_TBS_MAX);
	cs_buf *out = cs_buf_new(CS_APPROVAL_MAX);
	const cs_signer_info *i = cs_signer_describe(s);
	cs_to_sign what = {.now = NOW};
	cs_spki key;
	int r;

	printf("%s; %s; key=%s login=%d software=%d\n", i->uri, i->where,
	    i->key, i->login_needed, i->is_software);
	if ((r = cs_signer_spki(s, spki, e)) == CS_OK &&
	    (r = cs_spki_parse(cs_buf_span(spki), &key, e)) == CS_OK &&
	    (r = save(dir, "spki", cs_buf_span(spki), e)) == CS_OK &&
	    (r = put_tbs(&key, tbs, e)) == CS_OK &&
	    (r = save(dir, "tbs", cs_buf_span(tbs), e)) == CS_OK &&
	    (what.tbs = cs_buf_span(tbs)).p != NULL &&
	    (r = cs_signer_sign(s, &what, out, e)) == CS_OK)
		r = save_approval(cs_buf_span(out), &key, dir, e);
	cs_buf_free(&out);
	cs_buf_free(&tbs);
	cs_buf_free(&spki);
	return r;
}

static int
key_sign(cs_key *k, const char *dir, cs_err *e)
{
	cs_buf *spki = cs_buf_new(1024), *sig = cs_buf_new(1024), *tbs = NULL;
	char path[1024];
	cs_spki key;
	int r;

	(void)snprintf(path, sizeof(path), "%s/tbs", dir);
	if ((r = cs_file_read(path, 65536, &tbs, e)) == CS_OK &&
	    (r = cs_key_spki(k, spki, e)) == CS_OK &&
	    (r = cs_spki_parse(cs_buf_span(spki), &key, e)) == CS_OK &&
	    (r = save(dir, "spki", cs_buf_span(spki), e)) == CS_OK &&
	    (r = cs_key_sign(k, cs_alg_for_key(key.kind, CS_USE_PKCS10),
	    cs_buf_span(tbs), sig, e)) == CS_OK)
		r = save(dir, "sig", cs_buf_span(sig), e);
	cs_buf_free(&tbs);
	cs_buf_free(&sig);
	cs_buf_free(&spki);
	return r;
}

static int
list_one(void *arg, const cs_signer_info *i, cs_err *e)
{
	(void)arg;
	(void)e;
	printf("%s key=%s\n", i->uri, i->key);
	return CS_OK;
}

static int
run(char **argv, const char *dir, const cs_ui *ui, cs_err *e)
{
	const cs_signer_env signer_env = {.module_dir = dir,
	    .ui = ui,
	    .allow_last_try = getenv("LAST_TRY") != NULL,
	    .pss = getenv("PSS") != NULL};
	const cs_keys_env keys_env = {dir, ui, getenv("LAST_TRY") != NULL};
	cs_signer *s = NULL;
	cs_key *k = NULL;
	int r;

	if (strcmp(argv[1], "list") == 0)
		return cs_signer_list(argv[2], &signer_env, list_one, NULL, e);
	if (strcmp(argv[1], "approve") == 0) {
		if ((r = cs_signer_open(argv[2], &signer_env, &s, e)) == CS_OK)
			r = approve(s, argv[3], e);
		cs_signer_close(&s);
		return r;
	}
	if ((r = cs_key_open(argv[2], &keys_env, &k, e)) == CS_OK)
		r = key_sign(k, argv[3], e);
	if (r == CS_OK && strcmp(argv[1], "twice") == 0)
		r = key_sign(k, argv[3], e);
	cs_key_close(&k);
	return r;
}

int
main(int argc, char **argv)
{
	const cs_ui ui = {.pin = driver_pin, .notice = driver_notice};
	const char *build = getenv("BUILDDIR");
	char dir[1024];
	cs_err e = {0};
	int r;

	if (argc < 3 || build == NULL ||
	    (argc < 4 && strcmp(argv[1], "list") != 0)) {
		fprintf(stderr, "modules: which command?\n");
		return 2;
	}
	(void)snprintf(dir, sizeof(dir), "%s/.libs", build);
	driver_configure();
	if ((r = run(argv, dir, &ui, &e)) != CS_OK)
		fprintf(stderr, "modules: %s\n", e.text);
	return -r;
}

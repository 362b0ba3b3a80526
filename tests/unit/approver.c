/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "approver.h"

#include <stdio.h>

#include "base/enc.h"
#include "crypt/pubkey.h"
#include "fmt/csr.h"
#include "fmt/message.h"
#include "fmt/pem.h"
#include "plugbed.h"
#include "signer/plain.h"

bool
approver_new(struct approver *a, const char *owner)
{
	cs_spki key;
	cs_err e = {0};

	*a = (struct approver){.owner = owner, .spki = cs_buf_new(256)};
	if (cs_privkey_generate("p256", &a->key, &e) == CS_OK &&
	    cs_privkey_spki(a->key, a->spki, &e) == CS_OK &&
	    cs_spki_parse(cs_buf_span(a->spki), &key, &e) == CS_OK &&
	    cs_key_hash(&key, a->hash, &e) == CS_OK)
		return true;
	printf("# %s\n", e.text);
	return false;
}

void
approver_free(struct approver *a)
{
	cs_privkey_free(&a->key);
	cs_buf_free(&a->spki);
}

bool
approver_line(const struct approver *a, const char *agents, cs_buf *out)
{
	return cs_buf_printf(out, "%s agents=\"%s\",no-touch-required spki ",
	    a->owner, agents) == CS_OK &&
	    cs_base64_put(out, cs_buf_span(a->spki), 0) == CS_OK &&
	    cs_buf_put_byte(out, '\n') == CS_OK;
}

static cs_buf *
put_words(const struct approver *a, cs_tbs *t)
{
	static uint8_t id[16];
	cs_buf *out = cs_buf_new(CS_TBS_MAX);
	cs_err e = {0};

	id[0]++;
	t->approval_id = cs_span_of(id, sizeof(id));
	t->owner = cs_span_str(a->owner);
	t->owner_key_hash = cs_span_of(a->hash, sizeof(a->hash));
	t->authority = cs_span_str(BED_AUTHORITY);
	if (cs_tbs_put(t, out, &e) != CS_OK) {
		printf("# %s\n", e.text);
		cs_buf_free(&out);
	}
	return out;
}

#define WORDS_MAX 2

/* The next subject of `t`. */
static bool
add_subject(cs_tbs *t, const cs_buf *request, cs_csr **c)
{
	static uint8_t digest[WORDS_MAX][CS_SHA256_LEN];
	static uint8_t key[WORDS_MAX][CS_SHA256_LEN];
	size_t n = t->n_subjects;

	if (cs_request_read(cs_buf_span(request), c, NULL) != CS_OK ||
	    cs_request_digest(*c, digest[n], NULL) != CS_OK ||
	    cs_key_hash(&(*c)->key, key[n], NULL) != CS_OK)
		return false;
	t->subjects[t->n_subjects++] = (cs_subject){
	    .kind = CS_SUBJECT_REQUEST, .agent_id = (*c)->agent_id,
	    .agent_key_hash = cs_span_of(key[n], CS_SHA256_LEN),
	    .request_digest = cs_span_of(digest[n], CS_SHA256_LEN)};
	return true;
}

cs_buf *
approver_words_both(const struct approver *a, const cs_buf *request,
    const cs_buf *other, enum cs_decision decision, int64_t from,
    int64_t until)
{
	static cs_tbs t;
	cs_csr *c[WORDS_MAX] = {NULL};
	cs_buf *out = NULL;

	t = (cs_tbs){.decision = decision, .not_before = from,
	    .not_after = until, .max_issuances = 1,
	    .max_lifetime = decision == CS_DENY ? 1 : 3600};
	if (add_subject(&t, request, &c[0]) && (other == NULL ||
	    add_subject(&t, other, &c[1])))
		out = put_words(a, &t);
	cs_csr_free(&c[0]);
	cs_csr_free(&c[1]);
	return out;
}

cs_buf *
approver_words(const struct approver *a, const cs_buf *request,
    enum cs_decision decision, int64_t from, int64_t until)
{
	return approver_words_both(a, request, NULL, decision, from, until);
}

static int
sign(void *arg, const cs_alg *alg, cs_span bytes, cs_buf *sig, cs_err *e)
{
	return cs_privkey_sign(arg, alg, bytes, sig, e);
}

cs_buf *
approver_sign(const struct approver *a, const cs_buf *words)
{
	const cs_to_sign what = {.tbs = cs_buf_span(words), .now = BED_NOON};
	const cs_plain p = {.what = &what, .spki = cs_buf_span(a->spki),
	    .sign = sign, .arg = a->key};
	cs_buf *der = cs_buf_new(CS_APPROVAL_MAX), *pem = NULL;
	cs_err e = {0};

	if (cs_plain_sign(&p, der, &e) == CS_OK &&
	    (pem = cs_buf_new(cs_pem_max(cs_buf_len(der)))) != NULL &&
	    cs_pem_put(pem, CS_PEM_APPROVAL, cs_buf_span(der), &e) != CS_OK)
		cs_buf_free(&pem);
	if (pem == NULL)
		printf("# %s\n", e.text);
	cs_buf_free(&der);
	return pem;
}

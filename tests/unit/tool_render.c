/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "tests/unit/tap.h"
#include "tests/unit/vec.h"
#include "tool/render.h"

/* Pages, of whatever width: no line too long, nothing from outside at the left
 * edge, nothing shown that was not signed. */

static const cs_signer_info signer = {.uri = "file:k", .where = "file k",
    .key = "P-256"};
static const uint8_t owner_hash[CS_SHA256_LEN] = {1};

static cs_reqfile *
request(const char *name)
{
	char path[1024];
	cs_reqfile *f = NULL;
	cs_err e = {0};

	(void)snprintf(path, sizeof(path), "%s/tests/vectors/csr/%s.der",
	    getenv("SRCDIR") == NULL ? "." : getenv("SRCDIR"), name);
	if (cs_reqfile_read(path, &f, &e) != CS_OK)
		printf("# %s\n", e.text);
	return f;
}

static cs_approve *
approval(enum cs_decision decision)
{
	cs_approve *a = calloc(1, sizeof(*a));

	if (a == NULL)
		exit(99);
	a->want.decision = decision;
	a->want.owner = cs_span_str("mailto:alice@corp.example");
	a->want.authority = cs_span_str("https://corp.example");
	a->want.not_before = 1700000000 - 300;
	a->want.not_after = 1700000000 + 8 * 3600;
	a->want.max_lifetime = decision == CS_DENY ? 1 : 3600;
	a->want.max_issuances = decision == CS_DENY ? 1 : 13;
	return a;
}

static bool
built(cs_approve *a)
{
	cs_err e = {0};

	if (cs_approve_build(a, owner_hash, &e) == CS_OK)
		return true;
	printf("# %s\n", e.text);
	return false;
}

/* Counts lines that are longer than the screen or that begin with what is
 * neither ours nor fenced: `words` are lower case or digits. */
static size_t
bad_lines(const char *page, int columns)
{
	size_t bad = 0, n;

	for (; *page != '\0'; page += n + 1) {
		n = strcspn(page, "\n");
		if (n >= (size_t)columns || memchr(page, '\033', n) != NULL ||
		    (page[0] >= 'a' && page[0] <= 'z'))
			bad++;
		if (page[n] == '\0')
			break;
	}
	return bad;
}

static void
check_widths(const cs_review *v, const char *name)
{
	cs_buf *page = cs_buf_new(CS_REVIEW_MAX);
	size_t bad = 0;
	int columns;

	for (columns = 40; columns <= 120; columns++) {
		cs_buf_reset(page);
		if (cs_review_page(v, columns, true, page, NULL) != CS_OK)
			bad++;
		else
			bad += bad_lines(cs_buf_cstr(page), columns);
	}
	ok(bad == 0, "%s, 40 to 120 columns", name);
	cs_buf_reset(page);
	ok(cs_review_page(v, 39, true, page, NULL) == CS_EREFUSED,
	    "%s, 39 columns", name);
	cs_buf_free(&page);
}

static bool
says(const cs_review *v, const char *text)
{
	cs_buf *page = cs_buf_new(CS_REVIEW_MAX);
	bool found = cs_review_page(v, 101, true, page, NULL) == CS_OK &&
	    strstr(cs_buf_cstr(page), text) != NULL;

	if (!found)
		printf("# no '%s' in\n# %s\n", text, cs_buf_cstr(page));
	cs_buf_free(&page);
	return found;
}

static void
test_one(cs_reqfile *f, enum cs_decision decision, enum cs_subject_kind kind,
    const char *word, const char *text)
{
	cs_approve *a = approval(decision);
	cs_review v = {.job = &a, .n = 1, .signer = &signer,
	    .now = 1700000000};
	char question[128];

	if (!ok(cs_approve_add(a, f, kind, NULL) == CS_OK && built(a),
	    "%s is built", word))
		return;
	check_widths(&v, word);
	ok(says(&v, text), "%s says %s", word, text);
	cs_review_question(&v, question);
	ok(strcmp(cs_review_word(&v), word) == 0 &&
	    strstr(question, word) != NULL, "%s is what to type", word);
	cs_approve_free(&a);
}

static void
test_list(cs_reqfile *f, cs_reqfile *g)
{
	cs_approve *a = approval(CS_APPROVE);
	cs_review v = {.job = &a, .n = 1, .list = true, .signer = &signer,
	    .now = 1700000000};
	cs_buf *page = cs_buf_new(CS_REVIEW_MAX);

	free(f->path);
	f->path = strdup("x\033[2J\nWHO asks    wimse://good.example/a");
	f->number = 1;
	g->number = 64;
	if (!ok(cs_approve_add(a, f, CS_SUBJECT_REQUEST, NULL) == CS_OK &&
	    cs_approve_add(a, g, CS_SUBJECT_REQUEST, NULL) == CS_OK &&
	    built(a), "a batch is built"))
		return;
	check_widths(&v, "a batch");
	ok(says(&v, "\n64          "), "numbers stay");
	ok(!says(&v, "\nWHO asks  "), "a file's name is no line of ours");
	a->req[0] = g;
	ok(cs_review_page(&v, 80, true, page, NULL) == CS_EBUG,
	    "a request beside another's subject is not shown");
	cs_buf_free(&page);
	cs_approve_free(&a);
}

static void
test_grant(const cs_reqfile *f)
{
	cs_approve *a = approval(CS_APPROVE);
	cs_review v = {.job = &a, .n = 1, .signer = &signer,
	    .now = 1700000000, .holder_path = "h\033"};

	if (!ok(cs_approve_grant(a, cs_span_str("wimse://corp.example/ci"),
	    f->csr->key.der, NULL) == CS_OK && built(a), "a grant is built"))
		return;
	check_widths(&v, "a grant");
	ok(says(&v, "whoever has this key can approve"), "a sentence");
	ok(strcmp(cs_review_word(&v), "grant") == 0, "grant is the word");
	ok(cs_approve_build(a, a->holder, NULL) == CS_EREFUSED,
	    "none to the owner's own key");
	cs_approve_free(&a);
}

/* A TPM's key says on the page what it will never prove. */
static void
test_tpm(cs_reqfile *f)
{
	cs_signer_info tpm = {.uri = "tpm2:k", .where = "TPM key k",
	    .key = "P-256", .is_tpm = true, .login_needed = true};
	cs_approve *a = approval(CS_APPROVE);
	cs_review v = {.job = &a, .n = 1, .signer = &tpm,
	    .now = 1700000000};

	if (!ok(cs_approve_add(a, f, CS_SUBJECT_REQUEST, NULL) == CS_OK &&
	    built(a), "for a TPM's key"))
		return;
	check_widths(&v, "a TPM's key");
	ok(says(&v, "it proves this device and its PIN, never that somebody "
	    "is there"), "a TPM proves no presence");
	tpm.login_needed = false;
	ok(says(&v, "it proves this device, without a PIN, never that"),
	    "nor a PIN that it has not");
	v.signer = &signer;
	ok(!says(&v, "TPM"), "of other keys that is not said");
	cs_approve_free(&a);
}

static void
test_renewals(void)
{
	ok(cs_renewals(8 * 3600, 3600) == 12, "8h of 1h");
	ok(cs_renewals(2400, 3600) == 1, "two thirds of a life");
	ok(cs_renewals(2401, 3600) == 2, "a second more");
	ok(cs_renewals(1, 31536000) == 1, "a second of a year");
	ok(cs_renewals(INT64_C(3155760000), 1) == INT64_C(4733640000),
	    "a hundred years of a second");
}

int
main(void)
{
	cs_reqfile *f = NULL, *g = NULL;

	if (!vec_has_arc())
		return 0;
	f = request("certtool-p256");
	g = request("certtool-rsa2048");
	if (ok(f != NULL && g != NULL, "requests")) {
		test_one(f, CS_APPROVE, CS_SUBJECT_REQUEST, "yes",
		    "a credential for this one request");
		test_one(f, CS_APPROVE, CS_SUBJECT_KEY, "yes",
		    "1 at once and 12 renewals");
		test_one(g, CS_DENY, CS_SUBJECT_REQUEST, "deny", "NOTHING: ");
		test_list(f, g);
		test_grant(f);
		test_tpm(f);
	}
	test_renewals();
	cs_reqfile_free(&f);
	cs_reqfile_free(&g);
	return done_testing();
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "p11/p11.h"
#include "tap.h"

/* src/p11 against a token that lies (tests/p11/hostile.c), and without memory:
 * it must refuse, and still log out, close and finalize. */

static char uri[700], log_path[] = "p11_hostile.XXXXXX";
static const char *typed;
static int asked, notices;
static bool last_try_asked;
static long allocations, allocation_to_fail;

void *__real_malloc(size_t n);
void *__real_calloc(size_t n, size_t m);
void *__wrap_malloc(size_t n);
void *__wrap_calloc(size_t n, size_t m);

void *
__wrap_malloc(size_t n)
{
	if (++allocations == allocation_to_fail)
		return NULL;
	return __real_malloc(n);
}

void *
__wrap_calloc(size_t n, size_t m)
{
	if (++allocations == allocation_to_fail)
		return NULL;
	return __real_calloc(n, m);
}

static int
pin(void *arg, const struct cs_pin_ask *ask, cs_buf **out, cs_err *e)
{
	(void)arg;
	asked++;
	last_try_asked = ask->last_try && ask->tries_left == 1;
	if (typed == NULL)
		return cs_fail(e, CS_ENEEDED, "test", "nobody");
	if ((*out = cs_secret_new(strlen(typed))) == NULL)
		return cs_nomem(e, "test");
	return cs_buf_put_str(*out, typed);
}

static void
notice(void *arg, const char *text)
{
	(void)arg;
	(void)text;
	notices++;
}

static const cs_ui ui = {.pin = pin, .notice = notice};

static void
empty_log(void)
{
	FILE *f = fopen(log_path, "w");

	if (f != NULL)
		fclose(f);
}

/* Opens, asks for the public key, signs; closes. */
static int
run_with(bool allow_last_try, const char *u, cs_err *e)
{
	const cs_p11_env env = {&ui, allow_last_try};
	cs_p11_public pub = {0};
	cs_buf *sig = cs_buf_new(64);
	cs_p11 *k = NULL;
	uint8_t hash[32] = {0};
	int r;

	asked = notices = 0;
	cs_err_clear(e);
	empty_log();
	if ((r = cs_p11_open(u, &env, &k, e)) == CS_OK &&
	    (r = cs_p11_public_key(k, &pub, e)) == CS_OK)
		r = sig == NULL ? CS_EBUG : cs_p11_sign(k, CS_P11_ECDSA,
		    cs_span_of(hash, sizeof(hash)), sig, e);
	if (r == CS_OK && cs_buf_len(sig) != 64)
		r = CS_EBUG;
	if (r != CS_OK && cs_buf_len(sig) != 0)
		r = CS_EBUG;
	cs_p11_public_clear(&pub);
	cs_p11_close(&k);
	cs_buf_free(&sig);
	return r;
}

static int
run(const char *lies, const char *flags, cs_err *e)
{
	setenv("HOSTILE", lies, 1);
	setenv("HOSTILE_FLAGS", flags, 1);
	return run_with(false, uri, e);
}

/* How often the log has this line. */
static int
logged(const char *line)
{
	char text[100];
	FILE *f = fopen(log_path, "r");
	int n = 0;

	while (f != NULL && fgets(text, sizeof(text), f) != NULL) {
		text[strcspn(text, "\n")] = 0;
		n += strcmp(text, line) == 0;
	}
	if (f != NULL)
		fclose(f);
	return n;
}

static bool
left_clean(void)
{
	int logins = logged("C_Login 0") + (logged("C_Login-NULL 0") > 0);

	return logged("C_Initialize 0") == logged("C_Finalize 0") +
	    logged("C_Finalize 30") &&
	    logged("C_OpenSession 0") <= logged("C_CloseSession 0") +
	    logged("C_CloseSession 30") &&
	    logins <= logged("C_Logout 0") + logged("C_Logout 30");
}

static void
test_lies(void)
{
	static const struct {
		const char *lies, *flags;
		const char *pin;
		int want;
		const char *says;
	} cases[] = {
		{"", "0", "1234", CS_OK, ""},
		{"raw-point", "0", "1234", CS_OK, ""},
		{"always", "0", "1234", CS_OK, ""},
		{"hidden", "0", "1234", CS_EDEVICE, "shows no public half"},
		{"nul-strings", "0", "1234", CS_OK, ""},
		{"full-strings", "0", "1234", CS_OK, ""},
		{"cant-lock", "0", "1234", CS_OK, ""},
		{"holes", "0", "1234", CS_EDEVICE, "not a whole PKCS#11"},
		{"old", "0", "1234", CS_EDEVICE, "not a whole PKCS#11"},
		{"no-list", "0", "1234", CS_EDEVICE, "not a whole PKCS#11"},
		{"closed", "0", "1234", CS_EDEVICE, "C_GetFunctionList"},
		{"no-slots", "0", "1234", CS_EDEVICE, "no token matches"},
		{"huge-slots", "0", "1234", CS_EDEVICE, "C_GetSlotList"},
		{"huge", "0", "1234", CS_EDEVICE, ""},
		{"one-by-one", "0", "1234", CS_OK, ""},
		{"many-fail", "0", "1234", CS_OK, ""},
		{"many-huge", "0", "1234", CS_OK, ""},
		{"many-long", "0", "1234", CS_OK, ""},
		{"grow", "0", "1234", CS_EDEVICE, ""},
		{"empty", "0", "1234", CS_EDEVICE, ""},
		{"unavailable", "0", "1234", CS_EDEVICE, ""},
		{"endless", "0", "1234", CS_EDEVICE, "more than 1024 objects"},
		{"too-many", "0", "1234", CS_EDEVICE, "33 objects"},
		{"bad-curve", "0", "1234", CS_EDEVICE, "shows no public half"},
		{"short-point", "0", "1234", CS_EDEVICE, "point of 66 bytes"},
		{"short-sig", "0", "1234", CS_EDEVICE, "63 bytes, expected 64"},
		{"long-sig", "0", "1234", CS_EDEVICE, "65 bytes, expected 64"},
		{"no-sig", "0", "1234", CS_EDEVICE, "0 bytes, expected 64"},
		{"huge-sig", "0", "1234", CS_EDEVICE, "expected 64"},
		{"nothing", "0", "1234", CS_EDEVICE, "no private key on token"},
		{"twins", "0", "1234", CS_EDEVICE, "2 private keys match"},
		{"odd-id", "0", "1234", CS_EDEVICE, "although a public object"},
		{"swapped", "0", "1234", CS_EDEVICE, "no longer in its slot"},
		{"no-pin", "0", "1234", CS_EAUTH, "no user PIN"},
		{"stale", "0", "1234", CS_OK, ""},
		{"stale", "0", "1235", CS_EAUTH, "wrong PIN"},
		{"stuck", "0", "1234", CS_EAUTH, "a login that is not ours"},
		{"", "0", "", CS_EAUTH, "no PIN was entered"},
		{"", "0", NULL, CS_ENEEDED, "nobody"},
		{"", "0", "1235", CS_EAUTH, "wrong PIN, fewer tries left"},
		{"one-try", "0", "1235", CS_EAUTH, "wrong PIN, 1 try left"},
		{"", "10000", "1234", CS_OK, ""},
		{"", "20000", "1234", CS_EAUTH, "--allow-last-try"},
		{"", "40000", "1234", CS_EAUTH, "is locked"},
		{"", "100", NULL, CS_OK, ""},
	};
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		cs_err e;
		int r;

		typed = cases[i].pin;
		r = run(cases[i].lies, cases[i].flags, &e);
		ok(r == cases[i].want && strstr(e.text, cases[i].says) != NULL,
		    "%s %s: %d %s", cases[i].lies, cases[i].flags, r, e.text);
		ok(left_clean(), "logged out, closed, finalized");
	}
}

static void
test_tries(void)
{
	cs_err e;

	typed = "1235";
	(void)run("", "0", &e);
	ok(asked == 1 && logged("C_Login a0") == 1,
	    "a wrong PIN is tried once, and nobody is asked again");
	typed = "1234";
	(void)run("always", "0", &e);
	ok(asked == 2 && logged("C_Login 0") == 1 &&
	    logged("C_Login-context 0") == 1,
	    "a PIN for the login and one for the signature");
	(void)run("", "20000", &e);
	ok(asked == 0 && logged("C_Login 0") == 0,
	    "nobody is asked for the last try");
	(void)run("", "40000", &e);
	ok(asked == 0 && logged("C_Login 0") == 0,
	    "nobody is asked for a locked PIN");
	(void)run("", "10000", &e);
	ok(asked == 1 && notices == 1, "earlier wrong PINs are told");
	(void)run("", "100", &e);
	ok(asked == 0 && notices == 1 && logged("C_Login-NULL 0") == 1,
	    "the reader asks, and the person is told");
	(void)run("twins", "0", &e);
	ok(logged("C_SignInit 0") == 0, "nothing is signed with one of two");
	setenv("HOSTILE_FLAGS", "20000", 1);
	setenv("HOSTILE", "", 1);
	ok(run_with(true, uri, &e) == CS_OK && last_try_asked,
	    "the last try, allowed and told");
}

/* Before anything is asked: too many candidates, or none. */
static void
test_no_login(void)
{
	char other[800];
	cs_err e;

	typed = "1234";
	setenv("HOSTILE", "", 1);
	setenv("HOSTILE_FLAGS", "0", 1);
	(void)snprintf(other, sizeof(other), "pkcs11:token=absent%s",
	    strchr(uri, '?'));
	ok(run_with(false, other, &e) == CS_EDEVICE && asked == 0,
	    "no such token: %s", e.text);
	(void)snprintf(other, sizeof(other), "pkcs11:slot-id=4711%s",
	    strchr(uri, '?'));
	ok(run_with(false, other, &e) == CS_OK && notices == 1,
	    "a slot-id is good, and frowned upon");
	(void)snprintf(other, sizeof(other),
	    "pkcs11:library-version=1.2;serial=0001;id=%%01;object=key%s",
	    strchr(uri, '?'));
	ok(run_with(false, other, &e) == CS_OK, "every attribute: %s", e.text);
	(void)snprintf(other, sizeof(other), "pkcs11:library-version=1.3%s",
	    strchr(uri, '?'));
	ok(run_with(false, other, &e) == CS_EDEVICE, "another version");
}

/* What a survey gave. */
static struct {
	int keys, tokens, troubles;
	char uri[1024], flaw[256], trouble[256];
	enum cs_p11_pin pin;
	bool is_hidden, has_public;
} seen;

static int
see(void *arg, const cs_p11_entry *k, cs_err *e)
{
	(void)arg;
	(void)e;
	seen.keys += !k->is_token;
	seen.tokens += k->is_token;
	(void)snprintf(seen.uri, sizeof(seen.uri), "%s", k->info.uri);
	(void)snprintf(seen.flaw, sizeof(seen.flaw), "%s", k->flaw);
	seen.pin = k->pin;
	seen.is_hidden = k->is_hidden;
	seen.has_public = k->pub.kind != CS_P11_NONE;
	return CS_OK;
}

static void
see_trouble(void *arg, const cs_err *why)
{
	(void)arg;
	seen.troubles++;
	(void)snprintf(seen.trouble, sizeof(seen.trouble), "%.255s",
	    why->text);
}

static int
look(const char *lies, const char *flags, bool login, cs_err *e)
{
	const cs_p11_env env = {&ui, false};
	size_t n = 0, closed = 0;
	const cs_p11_survey s = {.uri = "pkcs11:",
	    .module = strrchr(uri, '=') + 1, .login = login,
	    .n_tokens = &n, .n_closed = &closed, .each = see,
	    .trouble = see_trouble};

	setenv("HOSTILE", lies, 1);
	setenv("HOSTILE_FLAGS", flags, 1);
	memset(&seen, 0, sizeof(seen));
	asked = notices = 0;
	cs_err_clear(e);
	empty_log();
	return cs_p11_look(&s, &env, e);
}

/* One broken token is no reason to show nothing; all that it says is. */
static void
test_survey(void)
{
	static const struct {
		const char *lies, *flags;
		bool login;
		int want, keys, tokens, troubles;
		const char *flaw, *trouble;
	} cases[] = {
		{"", "0", false, CS_OK, 1, 0, 0, "", ""},
		{"", "0", true, CS_OK, 1, 0, 0, "", ""},
		{"always", "0", true, CS_OK, 1, 0, 0, "", ""},
		{"hidden", "0", false, CS_OK, 0, 1, 0, "", ""},
		{"hidden", "0", true, CS_OK, 1, 0, 0, "public half", ""},
		{"nothing", "0", true, CS_OK, 1, 0, 0, "private key is not",
		    ""},
		{"twins", "0", true, CS_OK, 2, 0, 0, "it alone", ""},
		{"no-sign", "0", true, CS_OK, 1, 0, 0, "CKA_SIGN", ""},
		{"no-mechanism", "0", false, CS_OK, 1, 0, 0, "CKM_ECDSA", ""},
		{"no-sign-mechanism", "0", true, CS_OK, 1, 0, 0, "CKM_ECDSA",
		    ""},
		{"bad-curve", "0", false, CS_OK, 1, 0, 0, "curve", ""},
		{"short-point", "0", false, CS_OK, 1, 0, 0, "66 bytes", ""},
		{"nul-strings", "0", false, CS_OK, 1, 0, 0, "", ""},
		{"full-strings", "0", false, CS_OK, 1, 0, 0, "", ""},
		{"no-slots", "0", false, CS_OK, 0, 0, 0, "", ""},
		{"huge-slots", "0", false, CS_OK, 0, 0, 1, "",
		    "hostile.so: C_GetSlotList"},
		{"endless", "0", false, CS_OK, 0, 0, 1, "",
		    "\"liar\": the token lists more than"},
		{"too-many", "0", true, CS_OK, 0, 0, 1, "", "33 objects"},
		{"swapped", "0", false, CS_OK, 0, 0, 1, "",
		    "\"liar\": it is no longer in its slot"},
		{"swapped", "0", true, CS_EDEVICE, 0, 0, 2, "",
		    "\"liar\": it is no longer in its slot"},
		{"no-pin", "0", true, CS_EAUTH, 1, 0, 1, "", "no user PIN"},
		{"stuck", "0", true, CS_EAUTH, 1, 0, 1, "",
		    "a login that is not ours"},
		{"", "20000", true, CS_EAUTH, 1, 0, 1, "", "--allow-last-try"},
		{"", "40000", true, CS_EAUTH, 1, 0, 1, "", "is locked"},
		{"", "100", true, CS_OK, 1, 0, 0, "", ""},
	};
	size_t i;

	typed = "1234";
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		cs_err e;
		int r = look(cases[i].lies, cases[i].flags, cases[i].login,
		    &e);

		ok(r == cases[i].want && seen.keys == cases[i].keys &&
		    seen.tokens == cases[i].tokens &&
		    seen.troubles == cases[i].troubles &&
		    strstr(seen.flaw, cases[i].flaw) != NULL &&
		    (seen.flaw[0] == 0) == (cases[i].flaw[0] == 0) &&
		    strstr(seen.trouble, cases[i].trouble) != NULL,
		    "survey %s %s%s: %d, %d keys, %d tokens, %s%s",
		    cases[i].lies, cases[i].flags,
		    cases[i].login ? " login" : "", r, seen.keys, seen.tokens,
		    seen.flaw, seen.trouble);
		ok(left_clean() && logged("C_SignInit 0") == 0,
		    "logged out, closed, finalized");
	}
}

static void
test_survey_pin(void)
{
	static const struct {
		const char *flags;
		enum cs_p11_pin pin;
	} states[] = {{"0", CS_P11_PIN_OK}, {"10000", CS_P11_PIN_LOW},
	    {"30000", CS_P11_PIN_LAST}, {"70000", CS_P11_PIN_LOCKED},
	    {"80000", CS_P11_PIN_EXPIRED}};
	cs_err e;
	size_t i;

	for (i = 0; i < sizeof(states) / sizeof(states[0]); i++)
		ok(look("", states[i].flags, false, &e) == CS_OK &&
		    seen.pin == states[i].pin && asked == 0 &&
		    logged("C_Login 0") == 0, "PIN flags %s, and no login",
		    states[i].flags);
	ok(look("no-pin", "0", false, &e) == CS_OK &&
	    seen.pin == CS_P11_PIN_UNSET, "no PIN yet");
	typed = "1235";
	ok(look("", "0", true, &e) == CS_EAUTH && seen.keys == 1 &&
	    seen.is_hidden && seen.pin == CS_P11_PIN_LOW && asked == 1 &&
	    logged("C_Login a0") == 1, "a wrong PIN, once, and the public key");
	typed = NULL;
	ok(look("", "0", true, &e) == CS_ENEEDED && seen.keys == 1,
	    "nobody to ask, and the public key");
	typed = "1234";
	ok(look("always", "0", true, &e) == CS_OK && !seen.is_hidden &&
	    seen.has_public && asked == 1, "one login, none for a signature");
}

/* Every function fails in turn, at every one of its calls. */
static const char *const functions[] = {"C_Initialize", "C_Finalize",
    "C_GetInfo", "C_GetSlotList", "C_GetTokenInfo", "C_OpenSession",
    "C_CloseSession", "C_Login", "C_Logout", "C_FindObjectsInit",
    "C_FindObjects", "C_FindObjectsFinal", "C_GetAttributeValue",
    "C_Login-context", "C_SignInit", "C_Sign"};
#define N_FUNCTIONS (sizeof(functions) / sizeof(functions[0]))
#define N_SURVEYED (N_FUNCTIONS - 3)

static int
survey_failing(cs_err *e)
{
	int r = look("always", "0", true, e);

	if (r == CS_OK && seen.keys + seen.tokens + seen.troubles == 0)
		return CS_EBUG; /* without a word */
	return r == CS_OK && (seen.keys != 1 || seen.flaw[0] != 0 ||
	    seen.is_hidden) ? cs_fail(e, CS_EDEVICE, "test", "less than all") :
	    r;
}

static int
sign_failing(cs_err *e)
{
	setenv("HOSTILE", "always", 1);
	setenv("HOSTILE_FLAGS", "0", 1);
	return run_with(false, uri, e);
}

static void
test_failures(const char *what, int (*act)(cs_err *e), size_t n_functions)
{
	char text[60], failed[60];
	cs_err e;
	size_t i;
	int n, r;

	typed = "1234";
	for (i = 0; i < n_functions; i++) {
		bool good = true;

		(void)snprintf(failed, sizeof(failed), "%s 30", functions[i]);
		for (n = 1; n < 200; n++) {
			(void)snprintf(text, sizeof(text), "%s %d",
			    functions[i], n);
			setenv("HOSTILE_FAIL", text, 1);
			r = act(&e);
			good = good && left_clean() &&
			    (r == CS_OK || (e.cls == r && e.text[0] != 0));
			if (logged(failed) == 0)
				break;
		}
		ok(good && n > 1 && r == CS_OK, "%s: %s fails, %d times", what,
		    functions[i], n - 1);
	}
	unsetenv("HOSTILE_FAIL");
}

/* p11-kit aborts when it has no memory, and is not what is tested: only what
 * this program was linked from is made to fail. */
static void
test_no_memory(const char *what, int (*act)(cs_err *e))
{
	cs_err e;
	bool good = true;
	long n;
	int r = CS_EBUG;

	typed = "1234";
	for (n = 1; n < 2000 && r != CS_OK; n++) {
		allocations = 0;
		allocation_to_fail = n;
		r = act(&e);
		allocation_to_fail = 0;
		good = good && left_clean() &&
		    (r == CS_OK || r == CS_EBUG || e.text[0] != 0);
		if (allocations >= n && r == CS_OK)
			r = CS_EBUG;
	}
	ok(good && r == CS_OK, "%s: %ld allocations fail in turn", what,
	    n - 1);
}

/* Opens, asks for the certificates of the key, closes. */
static int
certs_with(const char *lies, size_t room, size_t *n, cs_err *e)
{
	const cs_p11_env env = {&ui, false};
	cs_buf *out = cs_buf_new(room);
	cs_p11 *k = NULL;
	int r;

	setenv("HOSTILE", lies, 1);
	setenv("HOSTILE_FLAGS", "0", 1);
	asked = 0;
	cs_err_clear(e);
	empty_log();
	if ((r = cs_p11_open(uri, &env, &k, e)) == CS_OK)
		r = out == NULL ? CS_EBUG : cs_p11_certs(k, out, e);
	*n = cs_buf_len(out);
	cs_p11_close(&k);
	cs_buf_free(&out);
	return r;
}

static int
certs_failing(cs_err *e)
{
	size_t n = 0;
	int r = certs_with("cert hidden", 24 * 1024, &n, e);

	return r == CS_OK && n != 3000 ? cs_fail(e, CS_EBUG, "test",
	    "%zu octets", n) : r;
}

static void
test_certs(void)
{
	static const struct {
		const char *lies;
		int want, asked;
		const char *says;
	} cases[] = {
		{"cert", CS_OK, 0, ""},
		{"cert hidden", CS_OK, 1, ""},
		{"", CS_EDEVICE, 1, "no certificate of the key"},
		{"cert odd-id", CS_EDEVICE, 1, ""},
		{"cert full", CS_EDEVICE, 0, ""},
		{"cert huge", CS_EDEVICE, 0, ""},
		{"cert grow", CS_EDEVICE, 0, ""},
		{"cert empty", CS_EDEVICE, 0, ""},
		{"cert unavailable", CS_EDEVICE, 0, ""},
		{"cert endless", CS_EDEVICE, 0, "more than 1024 objects"},
	};
	size_t i, n = 0;
	cs_err e;
	int r;

	typed = "1234";
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		r = certs_with(cases[i].lies, 24 * 1024, &n, &e);
		ok(r == cases[i].want && (r != CS_OK || (n == 3000 &&
		    asked == cases[i].asked)) &&
		    strstr(e.text, cases[i].says) != NULL && left_clean(),
		    "certificates, %s: %d, %zu octets, asked %d times, %s",
		    cases[i].lies, r, n, asked, e.text);
	}
	ok(certs_with("cert", 2999, &n, &e) == CS_EDEVICE && strstr(e.text,
	    "than there is room for") != NULL, "no room: %s", e.text);
}

static void
test_uri(const char *path, const char *dir)
{
	(void)snprintf(uri, sizeof(uri),
	    "pkcs11:%s?module-path=%s/tests/p11/.libs/hostile.so", path, dir);
	test_lies();
	test_tries();
	test_no_login();
	test_failures("sign", sign_failing, N_FUNCTIONS);
	test_no_memory("sign", sign_failing);
	test_certs();
	test_failures("certificates", certs_failing, N_SURVEYED);
	test_no_memory("certificates", certs_failing);
}

int
main(void)
{
	const char *dir = getenv("BUILDDIR");
	int fd = dir == NULL ? -1 : mkstemp(log_path);

	if (fd < 0) {
		printf("Bail out! BUILDDIR is not set\n");
		return 1;
	}
	close(fd);
	setenv("HOSTILE_LOG", log_path, 1);
	test_uri("", dir);
	test_survey();
	test_survey_pin();
	test_failures("survey", survey_failing, N_SURVEYED);
	test_no_memory("survey", survey_failing);
	test_uri("id=%01", dir); /* reads the public key on the way */
	(void)unlink(log_path);
	return done_testing();
}

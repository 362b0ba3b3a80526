/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/enc.h"
#include "base/file.h"
#include "crypt/pubkey.h"
#include "fmt/pem.h"
#include "holdbed.h"
#include "server/holdkeys.h"
#include "server/msg.h"
#include "tap.h"

/* A keyholder as its issuer sees it: by questions and answers. */

#define ID UINT64_C(0x1122334455667788)

enum file { CA_KEY, CA_PEM, OLD_KEY, OLD_PEM, WIT_KEY, OLD_WIT, STATE, FILES };

static const char *const names[FILES] = {"ca.key", "ca.pem", "old.key",
    "old.pem", "wit.key", "oldwit.key", "keyholder"};
static char dir[] = "server_keyholder.XXXXXX", path[FILES][64];
static char domain[] = "corp.example", url[] = BED_URL;
static bed b;
static bed_ca ca, old, token, old_token;
static cs_server_conf conf;
static const cs_keys_env env = {.module_dir = "/nonexistent"};
static int64_t mono;

static bool
write_key(const bed_ca *c, const char *to)
{
	cs_buf *pem = NULL;
	bool good = cs_privkey_write(c->key, &pem, NULL) == CS_OK &&
	    cs_file_write(to, cs_buf_span(pem), 0600, true, NULL) == CS_OK;

	cs_buf_free(&pem);
	return good;
}

static bool
write_cert(const bed_ca *c, const char *to)
{
	cs_buf *pem = cs_buf_new(16384);
	bool good = cs_pem_put(pem, CS_PEM_CERTIFICATE, cs_buf_span(c->der),
	    NULL) == CS_OK &&
	    cs_file_write(to, cs_buf_span(pem), 0644, true, NULL) == CS_OK;

	cs_buf_free(&pem);
	return good;
}

static void
conf_start_over(void)
{
	conf = (cs_server_conf){.trust_domain = domain, .crl_url = url,
	    .crl_life = BED_CRL_LIFE, .lifetime = BED_LIFE,
	    .state = path[STATE], .n_ca = 2, .n_wit = 2,
	    .limits = {.signatures = 1000}};
	conf.ca[0] = (cs_conf_ca){.cert = path[CA_PEM], .key = path[CA_KEY]};
	conf.ca[1] = (cs_conf_ca){.cert = path[OLD_PEM],
	    .key = path[OLD_KEY], .retired = true};
	conf.wit[0] = (cs_conf_wit){.key = path[WIT_KEY]};
	conf.wit[1] = (cs_conf_wit){.key = path[OLD_WIT], .retired = true};
}

static bool
setup(void)
{
	size_t i;

	if (mkdtemp(dir) == NULL)
		return false;
	for (i = 0; i < FILES; i++)
		(void)snprintf(path[i], sizeof(path[i]), "%s/%s", dir,
		    names[i]);
	conf_start_over();
	return bed_open(&b) && bed_ca_make("p256", "Agents", &ca) &&
	    bed_ca_make("p384", "Agents of old", &old) &&
	    bed_key("p256", &token) && bed_key("p256", &old_token) &&
	    write_key(&ca, path[CA_KEY]) && write_cert(&ca, path[CA_PEM]) &&
	    write_key(&old, path[OLD_KEY]) &&
	    write_cert(&old, path[OLD_PEM]) &&
	    write_key(&token, path[WIT_KEY]) &&
	    write_key(&old_token, path[OLD_WIT]) &&
	    mkdir(path[STATE], 0700) == 0;
}

static cs_keyholder *
start(void)
{
	cs_keyholder *k = NULL;
	cs_err e = {0};

	if (cs_keyholder_new(&conf, &env, &k, &e) != CS_OK)
		printf("# %s\n", e.text);
	return k;
}

/* The file of a CA's last list. */
static void
list_path(const bed_ca *c, char out[256])
{
	cs_buf *hex = cs_buf_new(80);

	if (cs_hex_put(hex, c->cert->key_id) == CS_OK)
		(void)snprintf(out, 256, "%s/crl-%s.der", path[STATE],
		    cs_buf_cstr(hex));
	cs_buf_free(&hex);
}

static void
forget_lists(void)
{
	char file[256];

	list_path(&ca, file);
	(void)unlink(file);
	list_path(&old, file);
	(void)unlink(file);
}

/* An answer is a frame that can be sent, and its question's. */
static bool
can_travel(const cs_frame *f)
{
	cs_buf *out = cs_buf_new(CS_FRAME_MAX);
	cs_frame *back = NULL;
	bool good;

	good = f->id == ID && f->fd == -1 &&
	    cs_frame_put(f, out, NULL) == CS_OK &&
	    cs_frame_parse(cs_buf_span(out), &back, NULL) == CS_OK &&
	    back->type == f->type && back->n == f->n;
	cs_frame_free(&back);
	cs_buf_free(&out);
	return good;
}

static void
ask_at(cs_keyholder *k, uint32_t type, cs_span name, cs_span body,
    int64_t now, cs_frame *answer)
{
	cs_frame ask = {.type = type, .id = ID, .n = 2, .fd = -1};

	ask.part[0] = name;
	ask.part[1] = body;
	cs_keyholder_answer(k, &ask, now, mono, answer);
	if (!can_travel(answer))
		ok(false, "an answer that can be sent");
}

/* Signed, and by whom it should be. */
static bool
is_signed(const cs_frame *f, const bed_ca *by, cs_span body)
{
	const cs_alg *alg = cs_alg_for_key(by->spki.kind, CS_USE_PKCS10);
	cs_pubkey *pub = NULL;
	bool good;

	good = f->type == CS_MSG_SIGNED && f->n == 1 &&
	    cs_pubkey_new(&by->spki, &pub, NULL) == CS_OK &&
	    cs_pubkey_verify(pub, alg, body, f->part[0], NULL) == CS_OK;
	if (f->type == CS_MSG_NOT_SIGNED)
		printf("# %.*s\n", (int)f->part[1].n, f->part[1].p);
	cs_pubkey_free(&pub);
	return good;
}

/* Not signed: the class, and words that say so. */
static bool
is_not(const cs_frame *f, int cls, const char *words)
{
	int64_t number = 0;
	char text[2049];

	if (f->type != CS_MSG_NOT_SIGNED || f->n != 2 ||
	    cs_frame_get_number(f->part[0], &number, NULL) != CS_OK)
		return false;
	(void)snprintf(text, sizeof(text), "%.*s", (int)f->part[1].n,
	    f->part[1].p);
	if (number == -cls && strstr(text, words) != NULL)
		return true;
	printf("# %d: %s\n", (int)number, text);
	return false;
}

static void
test_keys(cs_keyholder *k)
{
	cs_frame ask = {.type = CS_MSG_KEYS, .id = ID, .fd = -1}, f;

	cs_keyholder_answer(k, &ask, BED_NOW, mono, &f);
	ok(can_travel(&f) && f.type == CS_MSG_KEYS_ARE && f.n == 8,
	    "its keys");
	ok(cs_span_is(f.part[0], "ca") &&
	    cs_span_eq(f.part[1], cs_buf_span(ca.der)) &&
	    cs_span_is(f.part[2], "retired") &&
	    cs_span_eq(f.part[3], cs_buf_span(old.der)) &&
	    cs_span_is(f.part[4], "wit") &&
	    cs_span_eq(f.part[5], token.spki.der) &&
	    cs_span_is(f.part[6], "retired-wit") &&
	    cs_span_eq(f.part[7], old_token.spki.der), "each as it is");
}

static void
test_certs(cs_keyholder *k)
{
	cs_buf *body, *other;
	cs_frame f;

	bed_fill(&b, &ca, &token, BED_NOW);
	body = bed_cert_body(&b);
	ask_at(k, CS_MSG_SIGN_CERT, ca.cert->key_id, cs_buf_span(body),
	    BED_NOW, &f);
	ok(is_signed(&f, &ca, cs_buf_span(body)), "a certificate");
	ask_at(k, CS_MSG_SIGN_CERT, ca.cert->key_id, cs_buf_span(body),
	    BED_NOW + 2 * BED_LIFE, &f);
	ok(is_not(&f, CS_EREFUSED, "longer ago"), "the same, days later");
	ask_at(k, CS_MSG_SIGN_CERT, old.cert->key_id, cs_buf_span(body),
	    BED_NOW, &f);
	ok(is_not(&f, CS_EREFUSED, "retired"), "by a retired CA");
	ask_at(k, CS_MSG_SIGN_CERT, cs_span_str("x"), cs_buf_span(body),
	    BED_NOW, &f);
	ok(is_not(&f, CS_EREFUSED, "no CA"), "by an unknown CA");
	ask_at(k, CS_MSG_SIGN_CERT, cs_span_str(""), cs_buf_span(body),
	    BED_NOW, &f);
	ok(is_not(&f, CS_EREFUSED, "no CA"), "by none");
	bed_fill(&b, &old, &token, BED_NOW);
	other = bed_cert_body(&b);
	ask_at(k, CS_MSG_SIGN_CERT, ca.cert->key_id, cs_buf_span(other),
	    BED_NOW, &f);
	ok(is_not(&f, CS_EREFUSED, "name is not"), "under another's name");
	ask_at(k, CS_MSG_SIGN_CERT, old.cert->key_id, cs_buf_span(other),
	    BED_NOW, &f);
	ok(is_not(&f, CS_EREFUSED, "retired"), "under the retired CA's own");
	cs_buf_free(&body);
	cs_buf_free(&other);
}

static void
test_own_keys(cs_keyholder *k)
{
	const bed_ca *own[] = {&ca, &old, &token, &old_token};
	cs_buf *body;
	cs_frame f;
	size_t i;

	for (i = 0; i < sizeof(own) / sizeof(own[0]); i++) {
		bed_fill(&b, &ca, &token, BED_NOW);
		b.leaf.key = own[i]->spki;
		body = bed_cert_body(&b);
		ask_at(k, CS_MSG_SIGN_CERT, ca.cert->key_id,
		    cs_buf_span(body), BED_NOW, &f);
		ok(is_not(&f, CS_EREFUSED, "one of ours"), "own key %zu", i);
		cs_buf_free(&body);
	}
}

static void
test_wits(cs_keyholder *k)
{
	cs_buf *input;
	cs_frame f;

	bed_fill(&b, &ca, &token, BED_NOW);
	input = bed_wit_input(&b);
	ask_at(k, CS_MSG_SIGN_WIT, cs_span_str(token.kid),
	    cs_buf_span(input), BED_NOW, &f);
	ok(is_signed(&f, &token, cs_buf_span(input)), "a token");
	ask_at(k, CS_MSG_SIGN_WIT, cs_span_str(ca.kid), cs_buf_span(input),
	    BED_NOW, &f);
	ok(is_not(&f, CS_EREFUSED, "no key for WITs"), "by a CA's key");
	ask_at(k, CS_MSG_SIGN_WIT, ca.cert->key_id, cs_buf_span(input),
	    BED_NOW, &f);
	ok(is_not(&f, CS_EREFUSED, "no key for WITs"), "by a CA");
	cs_buf_free(&input);
	b.wit.kid = cs_span_str(old_token.kid);
	input = bed_wit_input(&b);
	ask_at(k, CS_MSG_SIGN_WIT, cs_span_str(old_token.kid),
	    cs_buf_span(input), BED_NOW, &f);
	ok(is_not(&f, CS_EREFUSED, "retired"), "by a retired key");
	ask_at(k, CS_MSG_SIGN_WIT, cs_span_str(token.kid),
	    cs_buf_span(input), BED_NOW, &f);
	ok(is_not(&f, CS_EREFUSED, "kid names another"), "in its name");
	cs_buf_free(&input);
}

static void
test_kinds(cs_keyholder *k)
{
	cs_buf *cert, *input, *crl;
	cs_span kid = cs_span_str(token.kid), id = ca.cert->key_id;
	cs_frame f;

	bed_fill(&b, &ca, &token, BED_NOW);
	cert = bed_cert_body(&b);
	input = bed_wit_input(&b);
	crl = bed_crl_body(&b);
	ask_at(k, CS_MSG_SIGN_CERT, id, cs_buf_span(input), BED_NOW, &f);
	ok(is_not(&f, CS_EFORMAT, ""), "a token is no certificate");
	ask_at(k, CS_MSG_SIGN_CERT, id, cs_buf_span(crl), BED_NOW, &f);
	ok(is_not(&f, CS_EFORMAT, ""), "a list is no certificate");
	ask_at(k, CS_MSG_SIGN_WIT, kid, cs_buf_span(cert), BED_NOW, &f);
	ok(is_not(&f, CS_EFORMAT, ""), "a certificate is no token");
	ask_at(k, CS_MSG_SIGN_CRL, id, cs_buf_span(cert), BED_NOW, &f);
	ok(is_not(&f, CS_EFORMAT, ""), "a certificate is no list");
	cs_buf_free(&cert);
	cs_buf_free(&input);
	cs_buf_free(&crl);
}

/* Frames that are none of its questions. */
static void
test_frames(cs_keyholder *k)
{
	static const uint32_t types[] = {0, CS_MSG_CONFIG, CS_MSG_GO,
	    CS_MSG_STOP, CS_MSG_ISSUE, CS_MSG_ADMIN, CS_MSG_ISSUED,
	    CS_MSG_KEYS, CS_MSG_KEYS_ARE, CS_MSG_SIGNED, CS_MSG_NOT_SIGNED,
	    CS_MSG_SIGN_CRL + 1, UINT32_MAX};
	cs_frame ask = {.id = ID, .fd = -1}, f;
	cs_buf *body;
	size_t i;

	bed_fill(&b, &ca, &token, BED_NOW);
	body = bed_cert_body(&b);
	for (i = 0; i < CS_FRAME_PARTS; i++)
		ask.part[i] = i == 0 ? ca.cert->key_id : cs_buf_span(body);
	for (i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		ask_at(k, types[i], ca.cert->key_id, cs_buf_span(body),
		    BED_NOW, &f);
		ok(is_not(&f, CS_EFORMAT, "another kind"), "type %u",
		    (unsigned)types[i]);
	}
	ask.type = CS_MSG_SIGN_CERT;
	for (ask.n = 0; ask.n <= CS_FRAME_PARTS; ask.n++) {
		if (ask.n == 2)
			continue;
		cs_keyholder_answer(k, &ask, BED_NOW, mono, &f);
		ok(can_travel(&f) && is_not(&f, CS_EFORMAT, "a body"),
		    "%zu parts", ask.n);
	}
	ask.type = CS_MSG_KEYS;
	ask.n = 1;
	cs_keyholder_answer(k, &ask, BED_NOW, mono, &f);
	ok(is_not(&f, CS_EFORMAT, ""), "a question about keys with a part");
	cs_buf_free(&body);
}

/* Asks for what b.crl is. */
static void
ask_list(cs_keyholder *k, const bed_ca *by, int64_t now, cs_buf **body,
    cs_frame *f)
{
	cs_buf_free(body);
	*body = bed_crl_body(&b);
	ask_at(k, CS_MSG_SIGN_CRL, by->cert->key_id, cs_buf_span(*body), now,
	    f);
}

static void
test_lists(cs_keyholder *k)
{
	cs_buf *body = NULL;
	cs_frame f;

	bed_fill(&b, &ca, &token, BED_NOW);
	ask_list(k, &ca, BED_NOW, &body, &f);
	ok(is_signed(&f, &ca, cs_buf_span(body)) && bed_last_is(k, &ca, true) &&
	    bed_last_is(k, &old, false), "a list, told again; else none");
	ask_list(k, &ca, BED_NOW, &body, &f);
	ok(is_not(&f, CS_EREFUSED, "number"), "never twice");
	bed_fill(&b, &old, &token, BED_NOW);
	ask_list(k, &old, BED_NOW, &body, &f);
	ok(is_signed(&f, &old, cs_buf_span(body)),
	    "a retired CA's, of a number of its own");
	ask_list(k, &ca, BED_NOW, &body, &f);
	ok(is_not(&f, CS_EREFUSED, "name is not"), "for another CA");
	cs_buf_free(&body);
}

/* After test_lists: what was signed is still known to the next one. */
static void
test_restart(void)
{
	cs_keyholder *k = start();
	cs_buf *body = NULL;
	cs_frame f;

	if (!ok(k != NULL, "started anew"))
		return;
	bed_fill(&b, &ca, &token, BED_NOW);
	ask_list(k, &ca, BED_NOW, &body, &f);
	ok(is_not(&f, CS_EREFUSED, "number") && bed_last_is(k, &ca, true),
	    "it knows the last list, and its number");
	b.crl.number++;
	b.crl.n = 0;
	ask_list(k, &ca, BED_NOW, &body, &f);
	ok(is_not(&f, CS_EREFUSED, "gone"), "it knows the entries");
	b.crl.n = 1;
	b.at[0].revoked--;
	ask_list(k, &ca, BED_NOW, &body, &f);
	ok(is_not(&f, CS_EREFUSED, "another time"), "and their times");
	bed_fill(&b, &ca, &token, BED_NOW - BED_HOUR);
	b.crl.number = 8;
	b.at[0].revoked = BED_NOW - 30;
	ask_list(k, &ca, BED_NOW - BED_HOUR, &body, &f);
	ok(f.type == CS_MSG_NOT_SIGNED, "nothing when the clock went back");
	bed_fill(&b, &ca, &token, BED_NOW);
	b.crl.number = 8;
	ask_list(k, &ca, BED_NOW, &body, &f);
	ok(is_signed(&f, &ca, cs_buf_span(body)), "then the next");
	bed_fill(&b, &old, &token, BED_NOW);
	b.crl.number = 7;
	ask_list(k, &old, BED_NOW, &body, &f);
	ok(is_not(&f, CS_EREFUSED, "number"), "the retired CA's, too");
	cs_buf_free(&body);
	cs_keyholder_free(&k);
}

/* No signature leaves while its list cannot be kept. */
static void
test_no_place(void)
{
	char moved[80];
	cs_keyholder *k = start();
	cs_buf *body = NULL;
	cs_frame f;

	(void)snprintf(moved, sizeof(moved), "%s.away", path[STATE]);
	bed_fill(&b, &ca, &token, BED_NOW);
	b.crl.number = 20;
	ok(k != NULL && rename(path[STATE], moved) == 0, "the folder is gone");
	ask_list(k, &ca, BED_NOW, &body, &f);
	ok(is_not(&f, CS_EIO, "crl-"), "nothing leaves");
	ok(rename(moved, path[STATE]) == 0, "it is back");
	ask_list(k, &ca, BED_NOW, &body, &f);
	ok(is_signed(&f, &ca, cs_buf_span(body)), "the same one is signed");
	cs_buf_free(&body);
	cs_keyholder_free(&k);
}

static int
start_only(const char *words)
{
	cs_keyholder *k = NULL;
	cs_err e = {0};
	int ret = cs_keyholder_new(&conf, &env, &k, &e);

	if (ret == CS_OK || k != NULL || strstr(e.text, words) == NULL)
		ret = printf("# %d: %s\n", ret, e.text);
	cs_keyholder_free(&k);
	return ret;
}

/* A kept list that is not what was kept. */
static void
test_spoiled_state(void)
{
	char file[256], other[256];
	cs_buf *was = NULL, *bad, *of_other = NULL;
	cs_span s;
	uint8_t last;

	list_path(&ca, file);
	list_path(&old, other);
	if (!ok(cs_file_read(file, CS_CRL_MAX, &was, NULL) == CS_OK &&
	    cs_file_read(other, CS_CRL_MAX, &of_other, NULL) == CS_OK,
	    "what was kept"))
		return;
	s = cs_buf_span(was);
	bad = cs_buf_new(s.n + 1);
	last = s.p[s.n - 1] ^ 1;
	ok(cs_buf_put(bad, cs_span_cut(s, 0, s.n - 1)) == CS_OK &&
	    cs_file_write(file, cs_buf_span(bad), 0600, true, NULL) == CS_OK &&
	    start_only(file) == CS_EFORMAT, "cut off");
	ok(cs_buf_put_byte(bad, last) == CS_OK &&
	    cs_file_write(file, cs_buf_span(bad), 0600, true, NULL) == CS_OK &&
	    start_only(file) == CS_EREFUSED, "a wrong signature");
	ok(cs_file_write(file, cs_buf_span(of_other), 0600, true, NULL) ==
	    CS_OK && start_only(file) == CS_EFORMAT, "another CA's");
	ok(cs_file_write(file, cs_span_str(""), 0600, true, NULL) == CS_OK &&
	    start_only(file) == CS_EFORMAT, "empty");
	ok(unlink(file) == 0 && mkdir(file, 0700) == 0 &&
	    start_only(file) == CS_EIO && rmdir(file) == 0, "a folder");
	ok(symlink("nowhere", file) == 0 && start_only(file) == CS_EIO &&
	    unlink(file) == 0, "a name that leads nowhere");
	conf.state = path[CA_PEM];
	ok(start_only("crl-") == CS_EIO, "no folder, but a file");
	conf_start_over();
	cs_buf_free(&was);
	cs_buf_free(&bad);
	cs_buf_free(&of_other);
}

/* Serial numbers of 16 octets, or of 20 for the first ones. */
static cs_crl_entry *
many(size_t n, size_t longer, cs_buf *room)
{
	cs_crl_entry *at = calloc(n, sizeof(*at));
	uint8_t one[20] = {0x11};
	size_t i, len, from;

	for (i = 0; i < n; i++) {
		len = i < longer ? 20 : 16;
		from = cs_buf_len(room);
		one[1] = (uint8_t)(i >> 16);
		one[2] = (uint8_t)(i >> 8);
		one[3] = (uint8_t)i;
		if (cs_buf_put(room, cs_span_of(one, len)) != CS_OK)
			break;
		at[i] = (cs_crl_entry){.serial = cs_span_of(
		    cs_buf_span(room).p + from, len), .revoked = BED_NOW};
	}
	return at;
}

/* The longest body there may be: with its signature it is longer than a body,
 * and it is still read when the next one starts. */
static void
test_longest(void)
{
	cs_buf *room = cs_buf_new(CS_CRL_MAX), *body = NULL;
	size_t n = CS_CRL_MAX / 35 - 8, more; /* octets of an entry */
	cs_crl_entry *at = many(n, 0, room);
	cs_keyholder *k;
	cs_frame f;

	bed_fill(&b, &ca, &token, BED_NOW);
	b.crl.at = at;
	b.crl.n = n;
	if (!ok((body = bed_crl_body(&b)) != NULL, "a long list"))
		return;
	more = (CS_CRL_MAX - cs_buf_len(body)) / 4;
	free(at);
	cs_buf_reset(room);
	b.crl.at = at = many(n, more, room);
	k = start();
	ask_list(k, &ca, BED_NOW, &body, &f);
	ok(is_signed(&f, &ca, cs_buf_span(body)) &&
	    cs_buf_len(body) > CS_CRL_MAX - 40, "%zu entries, %zu octets", n,
	    cs_buf_len(body));
	cs_keyholder_free(&k);
	k = start();
	ok(k != NULL, "they are read again");
	b.crl.number++;
	b.crl.n--;
	ask_list(k, &ca, BED_NOW, &body, &f);
	ok(is_not(&f, CS_EREFUSED, "gone"), "and each is known");
	cs_keyholder_free(&k);
	cs_buf_free(&body);
	cs_buf_free(&room);
	free(at);
}

/* Two a second, four at once; each question counts, a refused one as well. */
static void
test_rate(void)
{
	cs_keyholder *k;
	cs_buf *body;
	cs_frame f;
	int i;

	conf.limits.signatures = 2;
	bed_fill(&b, &ca, &token, BED_NOW);
	body = bed_cert_body(&b);
	mono = 1000;
	if ((k = start()) == NULL)
		return;
	for (i = 0; i < 4; i++) {
		ask_at(k, CS_MSG_SIGN_CERT, i == 0 ? cs_span_str("x") :
		    ca.cert->key_id, cs_buf_span(body), BED_NOW, &f);
		ok(i == 0 ? is_not(&f, CS_EREFUSED, "no CA") :
		    is_signed(&f, &ca, cs_buf_span(body)), "signature %d", i);
	}
	ask_at(k, CS_MSG_SIGN_CERT, ca.cert->key_id, cs_buf_span(body),
	    BED_NOW, &f);
	ok(is_not(&f, CS_ETIMEOUT, "signatures"), "too fast");
	mono += 500;
	ask_at(k, CS_MSG_SIGN_CERT, ca.cert->key_id, cs_buf_span(body),
	    BED_NOW, &f);
	ok(is_signed(&f, &ca, cs_buf_span(body)), "half a second later");
	ask_at(k, CS_MSG_SIGN_CERT, ca.cert->key_id, cs_buf_span(body),
	    BED_NOW + 50, &f);
	ok(is_not(&f, CS_ETIMEOUT, "signatures"),
	    "the clock on the wall does not count");
	cs_keyholder_free(&k);
	cs_buf_free(&body);
	conf_start_over();
}

static void
test_conf(void)
{
	conf.ca[0].cert = path[OLD_PEM];
	ok(start_only("not the certificate of its key") == CS_EFORMAT,
	    "another CA's certificate");
	conf_start_over();
	conf.ca[0].cert = path[CA_KEY];
	ok(start_only(path[CA_KEY]) == CS_EFORMAT, "no certificate");
	conf_start_over();
	conf.ca[1].key = path[STATE];
	ok(start_only(path[OLD_PEM]) < 0, "no key");
	conf_start_over();
	conf.wit[1].key = path[OLD_KEY];
	ok(start_only("P-256") == CS_EFORMAT, "a P-384 key for WITs");
	conf_start_over();
	conf.wit[1].key = path[CA_KEY];
	ok(start_only("are one") == CS_EFORMAT, "a CA's key for WITs");
	conf_start_over();
	conf.wit[1].key = path[WIT_KEY];
	ok(start_only("are one") == CS_EFORMAT, "a key for WITs twice");
	conf_start_over();
	conf.ca[1] = conf.ca[0];
	ok(start_only("are one") == CS_EFORMAT, "a CA twice");
	conf_start_over();
	conf.limits.signatures = 0;
	ok(start_only("signatures") == CS_EUSAGE, "no bound");
	conf_start_over();
}

/* A key whose signatures are wrong: another's, in its place. */
static void
test_spoiled_key(void)
{
	cs_held good = {0}, bad = {0};
	cs_buf *out = cs_buf_new(1024);
	cs_key *swap;
	cs_err e = {0};

	ok(cs_held_open(path[WIT_KEY], &env, &good, &e) == CS_OK &&
	    cs_held_open(path[OLD_WIT], &env, &bad, &e) == CS_OK &&
	    cs_buf_put_str(out, "x") == CS_OK &&
	    cs_held_sign(&good, cs_span_str("bytes"), out, &e) == CS_OK,
	    "a key signs");
	cs_buf_truncate(out, 1);
	swap = good.key;
	good.key = bad.key;
	bad.key = swap;
	ok(cs_held_sign(&good, cs_span_str("bytes"), out, &e) == CS_EBUG &&
	    cs_buf_len(out) == 1 && strstr(e.text, "thrown away") != NULL,
	    "a wrong signature never leaves: %s", e.text);
	cs_held_close(&good);
	cs_held_close(&bad);
	cs_buf_free(&out);
}

static void
cleanup(void)
{
	size_t i;

	forget_lists();
	for (i = 0; i < STATE; i++)
		(void)unlink(path[i]);
	(void)rmdir(path[STATE]);
	ok(rmdir(dir) == 0, "nothing else was written");
	bed_ca_close(&ca);
	bed_ca_close(&old);
	bed_ca_close(&token);
	bed_ca_close(&old_token);
	bed_close(&b);
}

int
main(void)
{
	cs_keyholder *k = NULL;

	if (!vec_has_arc())
		return 0;
	if (!ok(setup() && (k = start()) != NULL, "a keyholder"))
		return done_testing();
	test_keys(k);
	test_certs(k);
	test_own_keys(k);
	test_wits(k);
	test_kinds(k);
	test_frames(k);
	test_lists(k);
	cs_keyholder_free(&k);
	test_restart();
	test_no_place();
	test_spoiled_state();
	forget_lists();
	test_longest();
	forget_lists();
	test_rate();
	test_conf();
	test_spoiled_key();
	cleanup();
	return done_testing();
}

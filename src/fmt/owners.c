/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "fmt/owners.h"

#include <string.h>

#include "base/enc.h"
#include "base/text.h"
#include "fmt/cert.h"
#include "fmt/names.h"
#include "fmt/owners_opt.h"
#include "fmt/reason.h"
#include "fmt/scan.h"

struct fields {
	cs_span owner, options, type, key, comment;
};

struct reader {
	const char *name;
	unsigned line;
	cs_buf *der;  /* the line's key */
	cs_buf *spki; /* the same as SubjectPublicKeyInfo, where it is made */
	cs_owners_each *each;
	cs_owners_bad *bad; /* NULL: the first bad line ends it */
	void *arg;
};

static const struct {
	const char *name;
	enum cs_anchor_type type;
	bool supported;
} types[] = {
	{"spki", CS_ANCHOR_SPKI, true},
	{"fido2", CS_ANCHOR_FIDO2, true},
	{"x509-ca", CS_ANCHOR_X509, true},
	{"ssh-ed25519", CS_ANCHOR_SSH, true},
	{"ssh-rsa", CS_ANCHOR_SSH, true},
	{"ecdsa-sha2-nistp256", CS_ANCHOR_SSH, true},
	{"ecdsa-sha2-nistp384", CS_ANCHOR_SSH, true},
	{"ecdsa-sha2-nistp521", CS_ANCHOR_SSH, false},
	{"sk-ssh-ed25519@openssh.com", CS_ANCHOR_SK, true},
	{"sk-ecdsa-sha2-nistp256@openssh.com", CS_ANCHOR_SK, true},
};
#define N_TYPES (sizeof(types) / sizeof(types[0]))

static bool
is_blank(uint8_t c)
{
	return c == ' ' || c == '\t';
}

static cs_span
trim(cs_span s)
{
	while (s.n > 0 && is_blank(s.p[s.n - 1]))
		s.n--;
	while (s.n > 0 && is_blank(s.p[0]))
		s = cs_scan_from(s, 1);
	return s;
}

/* The next line without its end, LF or CRLF. */
static cs_span
line_next(cs_span *in)
{
	const uint8_t *nl = memchr(in->p, '\n', in->n);
	size_t n = nl == NULL ? in->n : (size_t)(nl - in->p);
	size_t skip = nl == NULL ? n : n + 1;
	cs_span line = cs_span_of(in->p, n);

	if (nl != NULL && n > 0 && line.p[n - 1] == '\r')
		line.n--;
	*in = cs_scan_from(*in, skip);
	return line;
}

static bool
is_anchor_line(cs_span line)
{
	line = trim(line);
	return line.n > 0 && line.p[0] != '#';
}

/* UTF-8 without controls but tab. A BOM is U+FEFF: it would stand unseen in
 * the first owner's name. */
static int
line_check(cs_span line, cs_err *e)
{
	uint32_t cp = 0;

	if (line.n > CS_OWNERS_LINE_MAX)
		return CS_BAD(e, CS_R_TOO_LARGE, "owners",
		    "line: expected at most %d bytes, found %zu",
		    CS_OWNERS_LINE_MAX, line.n);
	while (line.n > 0) {
		if (!cs_utf8_next(&line, &cp))
			return CS_BAD(e, CS_R_MALFORMED, "owners",
			    "line: expected UTF-8, found other bytes");
		if ((cp < 0x20 && cp != '\t') || (cp >= 0x7f && cp < 0xa0) ||
		    cp == 0xfeff)
			return CS_BAD(e, CS_R_MALFORMED, "owners",
			    "line: expected no control characters and no byte "
			    "order mark, found U+%04X", (unsigned)cp);
	}
	return CS_OK;
}

cs_span
cs_owners_field(cs_span *in, bool quotes)
{
	bool within = false;
	cs_span field;
	size_t i;

	for (i = 0; i < in->n; i++) {
		if (quotes && in->p[i] == '"')
			within = !within;
		else if (!within && is_blank(in->p[i]))
			break;
	}
	field = cs_span_cut(*in, 0, i);
	while (i < in->n && is_blank(in->p[i]))
		i++;
	*in = cs_scan_from(*in, i);
	return field;
}

static int
fields_split(cs_span line, struct fields *f, cs_err *e)
{
	line = trim(line);
	f->owner = cs_owners_field(&line, false);
	f->options = cs_owners_field(&line, true);
	f->type = cs_owners_field(&line, false);
	f->key = cs_owners_field(&line, false);
	f->comment = line.n > 0 ? line : (cs_span){0};
	if (f->key.n == 0)
		return CS_BAD(e, CS_R_MALFORMED, "owners",
		    "line: expected OWNER OPTIONS KEYTYPE KEY, OPTIONS \"-\" "
		    "when there are none, found %s", f->type.n != 0 ?
		    "three fields" : f->options.n == 0 ? "one field" :
		    "two fields or a quote that does not end");
	return CS_OK;
}

static int
type_unknown(cs_span word, cs_err *e)
{
	const char *names[N_TYPES], *near = NULL;
	char s[64];
	size_t i;

	for (i = 0; i < N_TYPES; i++)
		names[i] = types[i].name;
	if (cs_scan_cstr(word, s, sizeof(s)))
		near = cs_text_nearest(s, names, N_TYPES);
	return CS_BAD(e, CS_R_MALFORMED, "owners",
	    "key type: expected spki, fido2, x509-ca or one of OpenSSH's, "
	    "found \"%.*s\"%s%s%s", CS_SHOW(word), near == NULL ? "" :
	    ", did you mean ", near == NULL ? "" : near, near == NULL ? "" :
	    "?");
}

static int
type_find(cs_span word, size_t *index, cs_err *e)
{
	size_t i;

	for (i = 0; i < N_TYPES; i++) {
		if (cs_span_is(word, types[i].name)) {
			*index = i;
			return CS_OK;
		}
	}
	return type_unknown(word, e);
}

/* "*" stands for the owners whom a CA's certificates name. */
static int
owner_check(cs_span owner, enum cs_anchor_type type, cs_err *e)
{
	bool star = cs_span_is(owner, "*");

	if (star != (type == CS_ANCHOR_X509))
		return CS_BAD(e, CS_R_BAD_IDENTIFIER, "owners",
		    "owner: expected %s for a key of type %s, found \"%.*s\"",
		    star ? "a URI" : "\"*\"", cs_anchor_type_name(type),
		    CS_SHOW(owner));
	return star ? CS_OK : cs_owner_check(owner, e);
}

static int
ca_check(const cs_anchor *a, cs_err *e)
{
	if (a->verify_required)
		return CS_BAD(e, CS_R_MALFORMED, "owners",
		    "option \"verify-required\": expected a key that can "
		    "prove verification, found an x509-ca");
	if (a->owner_san.p == NULL)
		return CS_BAD(e, CS_R_MALFORMED, "owners",
		    "option \"owner-san\": expected one for an x509-ca, found "
		    "none");
	if ((a->crl.p != NULL) == a->no_revocation)
		return CS_BAD(e, CS_R_MALFORMED, "owners",
		    "option \"crl\": expected crl= or no-revocation for an "
		    "x509-ca, found %s", a->no_revocation ? "both" : "neither");
	return CS_OK;
}

static int
spki_check(const cs_anchor *a, cs_err *e)
{
	if (!a->verify_required || a->pin_always)
		return CS_OK;
	return CS_BAD(e, CS_R_MALFORMED, "owners",
	    "option \"verify-required\": expected attested= with pin=always, "
	    "without which a key of type spki never proves verification, "
	    "found %s", a->proof == CS_PROOF_NONE ? "none" :
	    a->proof == CS_PROOF_TPM2 ? "that of a TPM" : "another");
}

static int
ssh_check(const cs_anchor *a, cs_err *e)
{
	if (!a->verify_required)
		return CS_OK;
	return CS_BAD(e, CS_R_MALFORMED, "owners",
	    "option \"verify-required\": expected a key of a security key, "
	    "for a plain OpenSSH key never proves verification");
}

static int
fido2_check(const cs_anchor *a, cs_err *e)
{
	if (a->rp_id.p == NULL)
		return CS_BAD(e, CS_R_MALFORMED, "owners",
		    "option \"rp-id\": expected one for a key of type fido2, "
		    "found none");
	return CS_OK;
}

/* What no verdict could ever fulfil is refused when it is read. */
static int
anchor_check(const cs_anchor *a, enum cs_anchor_type type, cs_err *e)
{
	if (a->has_valid_after && a->has_valid_before &&
	    a->valid_after >= a->valid_before)
		return CS_BAD(e, CS_R_MALFORMED, "owners",
		    "option \"valid-before\": expected a time behind "
		    "valid-after, found none");
	switch (type) {
	case CS_ANCHOR_SPKI:
		return spki_check(a, e);
	case CS_ANCHOR_FIDO2:
		return fido2_check(a, e);
	case CS_ANCHOR_X509:
		return ca_check(a, e);
	case CS_ANCHOR_SSH:
		return ssh_check(a, e);
	default:
		return CS_OK;
	}
}

/* The CA's key where it stands within the line's own bytes. */
static int
ca_get(cs_span der, cs_anchor *a, cs_err *e)
{
	cs_cert *c = NULL;
	cs_span key;
	int r;

	if ((r = cs_cert_parse(der, &c, e)) != CS_OK)
		return r;
	a->ca = der;
	key = cs_span_cut(der, (size_t)(c->key.der.p - c->der.p),
	    c->key.der.n);
	cs_cert_free(&c);
	return cs_spki_parse(key, &a->key, e);
}

/* The word before the key is for people, and says what the key is. */
static int
ssh_get(struct reader *r, const char *word, cs_anchor *a, cs_err *e)
{
	int rc;

	cs_buf_reset(r->spki);
	if ((rc = cs_sshkey_parse(cs_buf_span(r->der), &a->ssh, e)) != CS_OK)
		return rc;
	if (strcmp(a->ssh.type, word) != 0)
		return CS_BAD(e, CS_R_MALFORMED, "owners",
		    "key: expected one of type %s, found %s", word,
		    a->ssh.type);
	if ((rc = cs_sshkey_spki(&a->ssh, r->spki, e)) != CS_OK)
		return rc;
	return cs_spki_parse(cs_buf_span(r->spki), &a->key, e);
}

static int
key_get(struct reader *r, const char *word, cs_span base64, cs_anchor *a,
    cs_err *e)
{
	cs_buf_truncate(r->der, 0);
	if (cs_base64_get(r->der, base64, false, NULL) != CS_OK)
		return CS_BAD(e, CS_R_MALFORMED, "owners",
		    "key: expected base64 with its padding, found \"%.*s\"",
		    CS_SHOW(base64));
	switch (a->type) {
	case CS_ANCHOR_X509:
		return ca_get(cs_buf_span(r->der), a, e);
	case CS_ANCHOR_SSH:
	case CS_ANCHOR_SK:
		return ssh_get(r, word, a, e);
	default:
		return cs_spki_parse(cs_buf_span(r->der), &a->key, e);
	}
}

static int
anchor_get(struct reader *r, cs_span line, cs_anchor *a, cs_err *e)
{
	struct fields f = {0};
	size_t t = 0;
	int rc;

	a->file = r->name;
	a->line = r->line;
	if ((rc = fields_split(line, &f, e)) != CS_OK ||
	    (rc = type_find(f.type, &t, e)) != CS_OK ||
	    (rc = owner_check(f.owner, types[t].type, e)) != CS_OK ||
	    (rc = cs_owners_options(f.options, types[t].type, a, e)) !=
	    CS_OK ||
	    (rc = anchor_check(a, types[t].type, e)) != CS_OK)
		return rc;
	if (!types[t].supported)
		return CS_BAD(e, CS_R_UNSUPPORTED, "owners",
		    "key type: expected a curve of P-256 or P-384, found %s",
		    types[t].name);
	a->type = types[t].type;
	a->owner = f.owner;
	a->comment = f.comment;
	return key_get(r, types[t].name, f.key, a, e);
}

static int
line_get(struct reader *r, cs_span line, cs_err *e)
{
	cs_anchor a = {0};
	int rc;

	if ((rc = line_check(line, e)) != CS_OK || !is_anchor_line(line) ||
	    (rc = anchor_get(r, line, &a, e)) != CS_OK || r->each == NULL)
		return rc;
	return r->each(r->arg, &a, e);
}

static int
lines_get(struct reader *r, cs_span in, cs_err *e)
{
	cs_err why = {0};
	int rc;

	while (in.n > 0) {
		cs_span line = line_next(&in);

		r->line++;
		if ((rc = line_get(r, line, &why)) == CS_OK)
			continue;
		(void)cs_wrap(&why, "%s:%u", r->name, r->line);
		if (rc != CS_EFORMAT || r->bad == NULL) {
			if (e != NULL)
				*e = why;
			return rc;
		}
		if ((rc = r->bad(r->arg, r->line, &why, e)) != CS_OK)
			return rc;
		cs_err_clear(&why);
	}
	return CS_OK;
}

static int
file_get(struct reader *r, cs_span in, cs_err *e)
{
	int rc;

	if (in.n > CS_OWNERS_FILE_MAX)
		return CS_BAD(e, CS_R_TOO_LARGE, "owners",
		    "%s: expected at most %d bytes, found %zu", r->name,
		    CS_OWNERS_FILE_MAX, in.n);
	r->der = cs_buf_new(in.n < CS_OWNERS_LINE_MAX ? in.n :
	    CS_OWNERS_LINE_MAX);
	r->spki = cs_buf_new(CS_SSHKEY_MAX);
	rc = r->der == NULL || r->spki == NULL ? cs_nomem(e, "owners") :
	    lines_get(r, in, e);
	cs_buf_free(&r->der);
	cs_buf_free(&r->spki);
	return rc;
}

int
cs_owners_parse(const char *name, cs_span in, cs_owners_each *each, void *arg,
    cs_err *e)
{
	struct reader r = {.name = name, .each = each, .arg = arg};

	return file_get(&r, in, e);
}

int
cs_owners_check(const char *name, cs_span in, cs_owners_each *each,
    cs_owners_bad *bad, void *arg, cs_err *e)
{
	struct reader r = {.name = name, .each = each, .bad = bad, .arg = arg};

	return file_get(&r, in, e);
}

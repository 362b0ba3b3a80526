/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/time.h"
#include "crypt/cmscert.h"
#include "crypt/x509.h"
#include "fmt/der.h"
#include "fmt/message.h"
#include "fmt/pem.h"
#include "fmt/tsskey.h"
#include "tool/describe.h"
#include "tool/describetpm.h"
#include "tool/document.h"
#include "tool/ownerspub.h"
#include "tool/tool.h"
#include "verify/anchors.h"

struct opts {
	struct cs_common common;
	struct cs_document_opts document;
	const char *owners;
	bool cms, cms_cert;
};

static const struct cs_opt rows[] = {
    {"cms", 0, CS_OPT_FLAG, offsetof(struct opts, cms), NULL,
	"write the CMS message of an approval, PEM", 0, 0, CS_COMPLETE_NONE},
    {"cms-cert", 0, CS_OPT_FLAG, offsetof(struct opts, cms_cert), NULL,
	"write a certificate around an owner's key, for CMS tools", 0, 0,
	CS_COMPLETE_NONE},
    {"owners", 0, CS_OPT_STRING, offsetof(struct opts, owners), "PATH",
	"where --cms-cert finds the key of an approval", 0, 0,
	CS_COMPLETE_FILE},
    CS_DOCUMENT_ROWS(struct opts),
    CS_COMMON_ROWS(struct opts),
};

static const struct cs_opt_spec spec = {
    .verb = "show",
    .synopsis = "FILE",
    .summary = "show what is in a file",
    .rows = rows,
    .n = sizeof(rows) / sizeof(rows[0]),
    .min_operands = 1,
    .max_operands = 1,
    .operand_complete = CS_COMPLETE_FILE,
};

#define SPKI_ROOM (64 * 1024)
#define CERT_ROOM (64 * 1024)

enum kind {
	KIND_NONE,
	KIND_REQUEST,
	KIND_APPROVAL,
	KIND_CMS,
	KIND_TBS,
	KIND_CERT,
	KIND_KEY,
	KIND_TPM_OFFER,
	KIND_TPM_CHALLENGE,
	KIND_TPM_SECRET,
	KIND_TPM_EVIDENCE,
	KIND_TSSKEY
};

/* What PEM calls it. */
static enum kind
kind_of_label(cs_span label)
{
	static const struct {
		const char *label;
		enum kind kind;
	} known[] = {{CS_PEM_REQUEST, KIND_REQUEST},
	    {CS_PEM_NEW_REQUEST, KIND_REQUEST},
	    {CS_PEM_APPROVAL, KIND_APPROVAL}, {CS_PEM_CMS, KIND_CMS},
	    {CS_PEM_CERTIFICATE, KIND_CERT},
	    {"X509 CERTIFICATE", KIND_CERT}, {CS_PEM_PUBLIC_KEY, KIND_KEY},
	    {CS_PEM_TPM_OFFER, KIND_TPM_OFFER},
	    {CS_PEM_TPM_CHALLENGE, KIND_TPM_CHALLENGE},
	    {CS_PEM_TPM_SECRET, KIND_TPM_SECRET},
	    {CS_PEM_TPM_EVIDENCE, KIND_TPM_EVIDENCE},
	    {CS_PEM_TSSKEY, KIND_TSSKEY}};
	size_t i;

	for (i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (cs_span_is(label, known[i].label))
			return known[i].kind;
	return KIND_NONE;
}

static void
no_name(void *arg, const char *what, cs_span name)
{
	(void)arg;
	(void)what;
	(void)name;
}

static void
no_time(void *arg, const char *what, int64_t t)
{
	(void)arg;
	(void)what;
	(void)t;
}

/* What bare DER is, by who takes it. */
static enum kind
kind_of_der(cs_span der)
{
	const cs_x509_each none = {NULL, no_name, no_name, no_time, no_name};
	cs_span in = der, seq = {0};
	cs_spki key = {0};

	if (cs_spki_parse(der, &key, NULL) == CS_OK)
		return KIND_KEY;
	if (cs_cert_read(der, &none, NULL) == CS_OK)
		return KIND_CERT;
	if (cs_req_read(der, &none, NULL) == CS_OK)
		return KIND_REQUEST;
	if (cs_der_get(&in, CS_DER_SEQ, &seq, NULL) == CS_OK)
		return cs_der_peek(seq, CS_DER_OID) ? KIND_APPROVAL : KIND_TBS;
	return KIND_NONE;
}

/* One OwnerApproval, or the one within a ContentInfo. */
static int
read_approval(enum kind kind, cs_span der, cs_approval **out, cs_err *e)
{
	cs_buf *own[CS_APPROVALS_MAX] = {NULL};
	cs_buf *wrapped = NULL;
	size_t n = 0;
	int r;

	*out = NULL;
	if (kind == KIND_CMS) {
		if ((wrapped = cs_buf_new(der.n + 32)) == NULL)
			return cs_nomem(e, "show");
		r = cs_approval_put_cms(der, wrapped, e);
		if (r == CS_OK)
			r = cs_approval_parse(cs_buf_span(wrapped), 0, out, e);
		cs_buf_free(&wrapped);
		return r;
	}
	if ((r = cs_approvals_read(der, own, &n, e)) == CS_OK)
		r = cs_approval_parse(cs_buf_span(own[0]), 0, out, e);
	cs_buf_free(&own[0]);
	return r;
}

/* A request of ours or any other. */
static int
show_request(cs_span der, cs_out *out, cs_err *e)
{
	cs_csr *c = NULL;
	cs_err why = {0};
	int r;

	if (cs_csr_parse(der, &c, &why) == CS_OK) {
		cs_out_object(out, NULL, c->n_approvals == 0 ? "request" :
		    "composite request");
		cs_out_str(out, "object", NULL, c->n_approvals == 0 ?
		    "request" : "composite request");
		r = cs_describe_request(c, out, e);
	} else {
		cs_out_object(out, NULL, "certificate request");
		cs_out_str(out, "object", NULL, "certificate request");
		cs_out_str(out, "not_ours", "no agent's request", why.text);
		r = cs_describe_foreign(der, out, e);
	}
	cs_out_close(out);
	cs_csr_free(&c);
	return r;
}

static int
show_approval(enum kind kind, cs_span der, cs_out *out, cs_err *e)
{
	cs_approval *a = NULL;
	int r = read_approval(kind, der, &a, e);

	if (r != CS_OK)
		return r;
	cs_out_object(out, NULL, "approval, its signature not checked");
	cs_out_str(out, "object", NULL, "approval");
	r = cs_describe_approval(a, out, e);
	cs_out_close(out);
	cs_approval_free(&a);
	return r;
}

static int
show_tbs(cs_span der, cs_out *out, cs_err *e)
{
	cs_tbs t = {0};
	int r = cs_tbs_parse(der, 0, &t, e);

	if (r != CS_OK)
		return r;
	cs_out_object(out, NULL, "approval, not signed yet");
	cs_out_str(out, "object", NULL, "tbs");
	r = cs_describe_tbs(&t, out, e);
	cs_out_close(out);
	return r;
}

static int
show_tpm(enum kind kind, cs_span der, cs_out *out, cs_err *e)
{
	static const struct {
		enum kind kind;
		const char *object, *title;
		int (*describe)(cs_span der, cs_out *out, cs_err *e);
	} known[] = {{KIND_TPM_OFFER, "tpm offer",
	    "offer of a key in a TPM, not checked", cs_describe_tpmoffer},
	    {KIND_TPM_CHALLENGE, "tpm challenge", "challenge to a TPM",
		cs_describe_tpmchallenge},
	    {KIND_TPM_EVIDENCE, "tpm evidence",
		"evidence of a key in a TPM, not checked",
		cs_describe_tpmevidence},
	    {KIND_TSSKEY, "tpm key file", "key that a TPM can load",
		cs_describe_tsskey}};
	size_t i;
	int r;

	for (i = 0; known[i].kind != kind; i++)
		continue;
	cs_out_object(out, NULL, known[i].title);
	cs_out_str(out, "object", NULL, known[i].object);
	r = known[i].describe(der, out, e);
	cs_out_close(out);
	return r;
}

/* What is in it is not for a screen. */
static void
show_secret(cs_out *out)
{
	cs_out_object(out, NULL, "secret of a challenge to a TPM: who reads it "
	    "can answer without that TPM");
	cs_out_str(out, "object", NULL, "tpm challenge secret");
	cs_out_close(out);
}

static int
show_one(enum kind kind, cs_span der, cs_out *out, cs_err *e)
{
	int r;

	switch (kind) {
	case KIND_REQUEST:
		return show_request(der, out, e);
	case KIND_APPROVAL:
	case KIND_CMS:
		return show_approval(kind, der, out, e);
	case KIND_TBS:
		return show_tbs(der, out, e);
	case KIND_CERT:
		cs_out_object(out, NULL, "certificate");
		cs_out_str(out, "object", NULL, "certificate");
		r = cs_describe_cert(der, out, e);
		cs_out_close(out);
		return r;
	case KIND_KEY:
		cs_out_object(out, NULL, "public key");
		cs_out_str(out, "object", NULL, "public key");
		r = cs_describe_owner_key(der, out, e);
		cs_out_close(out);
		return r;
	case KIND_TPM_OFFER:
	case KIND_TPM_CHALLENGE:
	case KIND_TPM_EVIDENCE:
	case KIND_TSSKEY:
		return show_tpm(kind, der, out, e);
	case KIND_TPM_SECRET:
		show_secret(out);
		return CS_OK;
	case KIND_NONE:
		break;
	}
	return cs_fail(e, CS_EFORMAT, "show", "nothing that can be shown");
}

static int
show_anchor(void *arg, const cs_anchor *a, cs_err *e)
{
	cs_out *out = arg;
	int r;

	cs_out_object(out, NULL, "anchor");
	cs_out_str(out, "object", NULL, "anchor");
	r = cs_describe_anchor(a, out, e);
	cs_out_close(out);
	return r;
}

/* A file with a bad line is not shown as far as it goes. */
static int
show_owners(const char *path, cs_span in, cs_out *out, cs_err *e)
{
	int r = cs_owners_parse(path, in, NULL, NULL, e);

	return r == CS_OK ? cs_owners_parse(path, in, show_anchor, out, e) : r;
}

/* The .pub file of an OpenSSH key; an owners file has it as it stands. */
static int
show_ssh(const char *path, cs_span in, cs_out *out, cs_err *e)
{
	cs_buf *spki = cs_buf_new(SPKI_ROOM);
	cs_ownerspub pub = {0};
	cs_sshkey k = {0};
	int r;

	if (spki == NULL)
		return cs_nomem(e, "show");
	if ((r = cs_ownerspub_parse(path, in, &pub, e)) != CS_OK ||
	    (r = cs_sshkey_parse(cs_buf_span(pub.key), &k, e)) != CS_OK ||
	    (r = cs_sshkey_spki(&k, spki, e)) != CS_OK)
		goto out;
	cs_out_object(out, NULL, "public key");
	cs_out_str(out, "object", NULL, "public key");
	if ((r = cs_describe_key(cs_buf_span(spki), out, e)) == CS_OK)
		r = cs_describe_sshkey(&k, out, e);
	if (pub.comment != NULL)
		cs_out_span(out, "comment", "comment",
		    cs_buf_span(pub.comment));
	cs_out_close(out);
out:
	cs_ownerspub_clear(&pub);
	cs_buf_free(&spki);
	return r;
}

/* What to do with each object of a file. */
struct job {
	const struct opts *o;
	const cs_anchors *anchors; /* --cms-cert, or NULL */
	cs_buf *document;          /* --cms, --cms-cert: PEM */
	cs_out *out;
};

static int
put_block(struct job *j, const char *label, cs_span der, cs_err *e)
{
	if (cs_buf_len(j->document) != 0)
		return cs_fail(e, CS_EFORMAT, "show",
		    "more than one object to write");
	return cs_pem_put(j->document, label, der, e);
}

static int
write_cms(struct job *j, enum kind kind, cs_span der, cs_err *e)
{
	cs_approval *a = NULL;
	int r;

	if (kind != KIND_APPROVAL && kind != KIND_CMS)
		return cs_fail(e, CS_EFORMAT, "show", "--cms is of approvals");
	if ((r = read_approval(kind, der, &a, e)) == CS_OK)
		r = put_block(j, CS_PEM_CMS, a->value, e);
	cs_approval_free(&a);
	return r;
}

static int
approval_key(const struct job *j, enum kind kind, cs_span der, cs_buf *spki,
    cs_err *e)
{
	cs_anchor anchor = {0};
	cs_approval *a = NULL;
	bool found = false;
	int r = read_approval(kind, der, &a, e);

	if (r != CS_OK)
		return r;
	if (j->anchors == NULL)
		r = cs_fail(e, CS_EUSAGE, "show", "an approval names its key "
		    "by hash alone: --owners says where the key is");
	else if ((r = cs_anchors_find(j->anchors, a->tbs.owner_key_hash.p,
		      &anchor, &found, e)) == CS_OK && !found)
		r = cs_fail(e, CS_EREFUSED, "show",
		    "%s has no line with this key", j->o->owners);
	else if (r == CS_OK && cs_buf_put(spki, anchor.key.der) != CS_OK)
		r = cs_nomem(e, "show");
	cs_approval_free(&a);
	return r;
}

static int
find_spki(const struct job *j, enum kind kind, cs_span der, cs_buf *spki,
    cs_err *e)
{
	switch (kind) {
	case KIND_KEY:
		return cs_buf_put(spki, der) == CS_OK ? CS_OK :
		    cs_nomem(e, "show");
	case KIND_CERT:
		return cs_cert_spki(der, spki, e);
	case KIND_REQUEST:
		return cs_req_spki(der, spki, e);
	case KIND_APPROVAL:
	case KIND_CMS:
		return approval_key(j, kind, der, spki, e);
	default:
		break;
	}
	return cs_fail(e, CS_EFORMAT, "show", "no public key in it");
}

static int
write_cms_cert(struct job *j, enum kind kind, cs_span der, cs_err *e)
{
	cs_buf *spki = cs_buf_new(SPKI_ROOM), *cert = cs_buf_new(CERT_ROOM);
	cs_spki key = {0};
	int r;

	if (spki == NULL || cert == NULL)
		r = cs_nomem(e, "show");
	else if ((r = find_spki(j, kind, der, spki, e)) == CS_OK &&
	    (r = cs_spki_parse(cs_buf_span(spki), &key, e)) == CS_OK &&
	    (r = cs_cms_cert(&key, cs_time_now(), cert, e)) == CS_OK)
		r = put_block(j, CS_PEM_CERTIFICATE, cs_buf_span(cert), e);
	cs_buf_free(&spki);
	cs_buf_free(&cert);
	return r;
}

static int
do_one(struct job *j, enum kind kind, cs_span der, cs_err *e)
{
	if (j->o->cms)
		return write_cms(j, kind, der, e);
	if (j->o->cms_cert)
		return write_cms_cert(j, kind, der, e);
	return show_one(kind, der, j->out, e);
}

static int
do_pem(struct job *j, cs_span in, size_t *n, cs_err *e)
{
	cs_span label = {0};
	cs_buf *der = NULL;
	int r;

	for (*n = 0;; (*n)++) {
		if ((r = cs_pem_next(&in, &label, &der, e)) != CS_OK)
			return r;
		if (der == NULL)
			return CS_OK;
		r = do_one(j, kind_of_label(label), cs_buf_span(der), e);
		cs_buf_free(&der);
		if (r != CS_OK)
			return cs_wrap(e, "%.*s (block %zu)",
			    (int)(label.n > 64 ? 64 : label.n),
			    (const char *)label.p, *n + 1);
	}
}

static bool
is_der(cs_span in)
{
	return in.n > 1 && in.p[0] == CS_DER_SEQ &&
	    (in.p[1] >= 0x80 || in.n == (size_t)in.p[1] + 2);
}

static int
do_file(struct job *j, const char *path, cs_span in, cs_err *e)
{
	size_t n = 0;
	int r;

	if (is_der(in))
		return do_one(j, kind_of_der(in), in, e);
	if ((r = do_pem(j, in, &n, e)) != CS_OK || n != 0)
		return r;
	if (j->o->cms || j->o->cms_cert)
		return cs_fail(e, CS_EFORMAT, "show", "no PEM, no DER");
	if (cs_ownerspub_is_ssh(in))
		return show_ssh(path, in, j->out, e);
	return show_owners(path, in, j->out, e);
}

static int
run_job(const cs_tool *t, struct job *j, const char *path, cs_err *e)
{
	bool document = j->o->cms || j->o->cms_cert;
	cs_buf *b = NULL;
	int r;

	if ((r = cs_file_read(path, CS_MESSAGE_MAX, &b, e)) != CS_OK)
		return r;
	if (!document)
		cs_out_list(j->out, "objects", NULL);
	if ((r = do_file(j, path, cs_buf_span(b), e)) != CS_OK)
		(void)cs_wrap(e, "%s", path);
	cs_out_close(j->out);
	cs_buf_free(&b);
	if (r != CS_OK || !document)
		return r;
	return cs_document_put(t, &j->o->document, j->o->cms ? "cms" :
	    "certificate", cs_buf_span(j->document), j->out, e);
}

static int
run(const cs_tool *t, const void *opts, const cs_words *w, cs_out *out,
    cs_err *e)
{
	const struct opts *o = opts;
	struct job j = {.o = o, .out = out};
	cs_anchors *anchors = NULL;
	int r;

	if (o->cms && o->cms_cert)
		return cs_fail(e, CS_EUSAGE, "show",
		    "--cms and --cms-cert are two things");
	if (o->owners != NULL && !o->cms_cert)
		return cs_fail(e, CS_EUSAGE, "show",
		    "--owners goes with --cms-cert");
	if (o->document.path != NULL && !o->cms && !o->cms_cert)
		return cs_fail(e, CS_EUSAGE, "show",
		    "--out goes with --cms or --cms-cert");
	r = cs_document_check(o->document.path, o->document.force, e);
	if (r == CS_OK && o->owners != NULL)
		r = cs_anchors_load(o->owners, geteuid(), &anchors, e);
	if (r != CS_OK)
		return r;
	j.anchors = anchors;
	if ((j.document = cs_buf_new(cs_pem_max(CS_MESSAGE_MAX))) == NULL)
		r = cs_nomem(e, "show");
	else
		r = run_job(t, &j, w->v[0], e);
	cs_buf_free(&j.document);
	cs_anchors_free(&anchors);
	return r;
}

const struct cs_verb cs_cmd_show = {&spec, sizeof(struct opts), NULL, run};

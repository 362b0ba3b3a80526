/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "tool/ownersline.h"

#include "base/time.h"

/* The server's last step of an attested enrolment: the answer, held against
 * what was kept of the challenge. */

struct answer {
	cs_buf *der;
	cs_tpmevidence evidence;
	cs_tpmsecret kept;
	cs_roots *roots;
};

static int
read_all(const struct cs_owners_add_opts *o, cs_owners_line *line,
    struct answer *a, cs_err *e)
{
	int r;

	if ((r = cs_roots_load(o->ek_roots, &a->roots, e)) != CS_OK)
		return cs_wrap(e, "--ek-roots");
	if ((r = cs_tpmfile_read(o->evidence, CS_PEM_TPM_EVIDENCE, &a->der,
	    e)) != CS_OK)
		return r;
	if ((r = cs_tpmevidence_parse(cs_buf_span(a->der), &a->evidence,
	    e)) != CS_OK)
		return cs_wrap(e, "%s", o->evidence);
	if ((r = cs_tpmkept_open(o->challenge, &line->kept, e)) != CS_OK)
		return r;
	if ((r = cs_tpmsecret_parse(cs_buf_span(line->kept.der), &a->kept,
	    e)) != CS_OK)
		return cs_wrap(e, "%s", o->challenge);
	return CS_OK;
}

int
cs_owners_evidence(const struct cs_owners_add_opts *o, cs_ownerspub *out,
    cs_owners_line *line, cs_err *e)
{
	struct answer a = {0};
	int r;

	*out = (cs_ownerspub){.type = CS_ANCHOR_SPKI, .is_tpm = true};
	if ((r = read_all(o, line, &a, e)) != CS_OK)
		goto out;
	if ((r = cs_tpm_evidence_check(&a.evidence, &a.kept, a.roots,
	    cs_time_now(), &line->proof, e)) != CS_OK) {
		r = cs_wrap(e, "%s", o->evidence);
		goto out;
	}
	if ((out->key = cs_buf_dup(cs_buf_span(line->proof.spki))) == NULL)
		r = cs_nomem(e, "owners");
out:
	cs_roots_free(&a.roots);
	cs_buf_free(&a.der);
	return r;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "tool/enroll.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "attest/fido.h"
#include "base/enc.h"
#include "base/file.h"
#include "fmt/cose.h"
#include "fmt/origin.h"
#include "fmt/ownersput.h"
#include "signer/fido2file.h"

#define SPKI_ROOM 1024
#define SCHEME "fido2:"
#define FOLDER_MODE 0700
#define FILE_MODE 0600

static const char where[] = "enroll";

static enum cs_key_kind
kind_asked(const struct cs_enroll_opts *o)
{
	return o->alg != NULL && strcmp(o->alg, "eddsa") == 0 ?
	    CS_KEY_ED25519 : CS_KEY_P256;
}

/* All folders above a file's name that are missing. */
static int
make_folders(const char *path, cs_err *e)
{
	char *copy = strdup(path), *slash;
	int r = CS_OK;

	if (copy == NULL)
		return cs_nomem(e, where);
	slash = strchr(copy + 1, '/');
	for (; slash != NULL && r == CS_OK; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (mkdir(copy, FOLDER_MODE) != 0 && errno != EEXIST)
			r = cs_fail(e, CS_EIO, where, "make folder %s: %s",
			    copy, strerror(errno));
		*slash = '/';
	}
	free(copy);
	return r;
}

/* The folder has to be one that the signer will trust. */
static int
check_place(cs_enrolment *n, cs_err *e)
{
	const struct cs_enroll_opts *o = n->o;
	const char *name = o->name != NULL ? o->name : o->rp_id;
	char *folder = NULL;
	int fd = -1, r;

	if (strncmp(name, SCHEME, sizeof(SCHEME) - 1) == 0)
		return cs_fail(e, CS_EUSAGE, where, "--name: expected what "
		    "comes behind " SCHEME ", found \"%s\"", name);
	if ((r = cs_fido_path(name, n->access->key_dir, &n->path, e)) !=
	    CS_OK)
		return cs_tool_usage(e, "--name");
	if ((r = cs_document_apart(o->document.path, n->path, e)) != CS_OK ||
	    (r = cs_document_check(n->path, o->document.force, e)) != CS_OK ||
	    (strchr(name, '/') == NULL &&
	    (r = make_folders(n->path, e)) != CS_OK))
		return r;
	if ((folder = cs_path_directory(n->path)) == NULL)
		return cs_nomem(e, where);
	if ((r = cs_dir_open_trusted(folder, geteuid(), &fd, e)) == CS_OK)
		(void)close(fd);
	free(folder);
	return r;
}

/* The line with a key that is none, to hear of words that make no line. */
static int
check_line(cs_enrolment *n, cs_err *e)
{
	static const uint8_t point[65] = {0x04};
	cs_anchor kept = n->a;
	cs_spki none = {0};
	int r;

	if ((n->key = cs_buf_new(SPKI_ROOM)) == NULL)
		return cs_nomem(e, where);
	if ((r = cs_spki_put_ec(n->key, CS_KEY_P256,
	    cs_span_of(point, sizeof(point)), e)) != CS_OK ||
	    (r = cs_spki_parse(cs_buf_span(n->key), &none, e)) != CS_OK)
		return r;
	n->a.key = none;
	r = cs_enroll_line(n, e);
	n->a = kept;
	cs_buf_free(&n->key);
	return r;
}

int
cs_enroll_fido2_check(cs_enrolment *n, cs_err *e)
{
	const struct cs_enroll_opts *o = n->o;
	int r;

	if (o->rp_id == NULL)
		return cs_fail(e, CS_EUSAGE, where, "--rp-id is missing");
	if (cs_rp_id_check(cs_span_str(o->rp_id), e) != CS_OK)
		return cs_tool_usage(e, "--rp-id");
	n->a.type = CS_ANCHOR_FIDO2;
	n->a.rp_id = cs_span_str(o->rp_id);
	if ((r = check_line(n, e)) != CS_OK)
		return r;
	return check_place(n, e);
}

/* What an owner gets to know of the key, from the answer that was checked. */
static int
take_key(cs_enrolment *n, cs_span authdata, cs_err *e)
{
	cs_authdata auth = {0};
	int r;

	if ((n->key = cs_buf_new(SPKI_ROOM)) == NULL ||
	    (n->credential_id = cs_buf_new(CS_AUTHDATA_MAX * 2)) == NULL)
		return cs_nomem(e, where);
	if ((r = cs_authdata_parse(authdata, CS_AUTHDATA_CREDENTIAL, &auth,
	    e)) != CS_OK ||
	    (r = cs_cose_spki(auth.cose_key, n->key, e)) != CS_OK ||
	    (r = cs_spki_parse(cs_buf_span(n->key), &n->a.key, e)) != CS_OK)
		return r;
	if (cs_base64url_put(n->credential_id, auth.credential_id) != CS_OK)
		return cs_nomem(e, where);
	n->a.credential_id = cs_buf_span(n->credential_id);
	return CS_OK;
}

static int
attest(cs_enrolment *n, const cs_enroll *what, const cs_enrolled *got,
    cs_err *e)
{
	cs_fido_claim c = {.authdata = cs_buf_span(got->authdata),
	    .format = cs_span_str(got->format),
	    .statement = cs_buf_span(got->statement),
	    .rp_id = cs_span_str(what->rp_id), .kind = what->kind,
	    .verify = what->verify};
	cs_fido_proof proof = {0};
	int r;

	memcpy(c.client_data_hash, what->client_data_hash,
	    sizeof(c.client_data_hash));
	if ((r = cs_fido_attest(&c, n->roots, n->now, &proof, e)) != CS_OK)
		return cs_wrap(e, "%s is not to be trusted", got->where);
	(void)snprintf(n->attested, sizeof(n->attested), "%s",
	    proof.attested);
	(void)snprintf(n->why, sizeof(n->why), "%s", proof.why);
	(void)snprintf(n->format, sizeof(n->format), "%s", got->format);
	(void)snprintf(n->where, sizeof(n->where), "%s", got->where);
	if (proof.proof != CS_PROOF_NONE)
		n->a.proof_text = cs_span_str(n->attested);
	return take_key(n, c.authdata, e);
}

/* The hash of the client data is random, of no data at all: it makes the
 * attestation that of this moment, and nobody looks at it again. */
int
cs_enroll_fido2(cs_enrolment *n, cs_err *e)
{
	const struct cs_enroll_opts *o = n->o;
	cs_enroll what = {.rp_id = o->rp_id, .user = o->owner,
	    .device = o->device, .kind = kind_asked(o),
	    .resident = o->resident, .verify = o->verify_required};
	cs_enrolled got = {0};
	int r;

	if (what.user == NULL)
		what.user = n->access->settings.owner;
	if ((r = cs_random(what.client_data_hash,
	    sizeof(what.client_data_hash), e)) != CS_OK)
		return r;
	if ((r = cs_signer_enroll("fido2:", &what, &n->access->signer, &got,
	    e)) == CS_OK) {
		n->made = true;
		r = attest(n, &what, &got, e);
	}
	cs_enrolled_clear(&got);
	return r;
}

int
cs_enroll_fido2_write(const cs_enrolment *n, cs_err *e)
{
	const cs_anchor own = {.type = CS_ANCHOR_FIDO2, .owner = n->a.owner,
	    .rp_id = n->a.rp_id, .credential_id = n->a.credential_id,
	    .verify_required = n->a.verify_required, .key = n->a.key,
	    .comment = n->a.comment};
	cs_buf *line = cs_buf_new(CS_OWNERS_LINE_ROOM);
	int r;

	if (line == NULL)
		return cs_nomem(e, where);
	if ((r = cs_owners_put(line, &own, e)) == CS_OK)
		r = cs_buf_put_str(line, "\n") == CS_OK ?
		    cs_file_write(n->path, cs_buf_span(line), FILE_MODE,
			n->o->document.force, e) : cs_nomem(e, where);
	cs_buf_free(&line);
	return r;
}

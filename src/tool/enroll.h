/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_TOOL_ENROLL_H
#define CS_TOOL_ENROLL_H

#include "attest/roots.h"
#include "fmt/owners.h"
#include "tool/access.h"
#include "tool/document.h"
#include "tool/ownerspub.h"

/* Enrolment: from an owner's key, a new one on a device or one that is there,
 * to the line of an owners file, with what is proven of it. */

struct cs_enroll_opts {
	struct cs_common common;
	struct cs_key_opts access;
	struct cs_document_opts document;
	const char *key, *owner, *rp_id, *device, *alg, *name, *comment;
	const char *roots, *piv; /* of attestations; what a YubiKey says */
	const char *evidence, *respond, *ek_cert; /* of a key in a TPM */
	cs_opt_list agents;
	bool fido2, resident, verify_required, no_touch_required;
};

typedef struct cs_enrolment {
	const struct cs_enroll_opts *o;
	const cs_tool *t;
	const cs_access *access;
	cs_roots *roots; /* NULL: none are given */
	int64_t now;
	/* The line, and what it borrows from beside the options. */
	cs_anchor a;
	cs_ownerspub pub; /* of a key that is there */
	cs_buf *agents, *key, *credential_id, *text;
	char attested[80];
	/* What else there is to tell; unescaped. */
	char *path;         /* of the key file; NULL: none */
	char where[128];    /* the device, or the key's place */
	char format[33];    /* of a FIDO2 attestation */
	char why[256];      /* nothing is attested; empty: nobody asked */
	bool made;          /* a device has made the key */
	bool no_pin;        /* and whoever has the device can use it */
} cs_enrolment;

/* Everything that can be wrong before somebody touches a key: the words, the
 * places of both files, the line as it will be. */
CS_USE int cs_enroll_fido2_check(cs_enrolment *n, cs_err *e);
/* Has the key made, and holds it to its attestation. */
CS_USE int cs_enroll_fido2(cs_enrolment *n, cs_err *e);
/* Writes the key file, where the signer finds it. */
CS_USE int cs_enroll_fido2_write(const cs_enrolment *n, cs_err *e);

/* A key that is there, with --piv-attestation where it is given. */
CS_USE int cs_enroll_key(cs_enrolment *n, cs_err *e);

/* The offer of a key in a TPM, or the answer to a challenge: no line. */
CS_USE int cs_enroll_tpm(const cs_tool *t, const struct cs_enroll_opts *o,
    const cs_access *x, cs_out *out, cs_err *e);

/* Composes the line for the server. Words that make none are CS_EUSAGE. */
CS_USE int cs_enroll_line(cs_enrolment *n, cs_err *e);
/* The line and what is to be said of it: comments before it, or where the line
 * goes to a file or there is none, fields. */
CS_USE int cs_enroll_tell(const cs_enrolment *n, cs_out *out, cs_err *e);

void cs_enroll_clear(cs_enrolment *n);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_FMT_OWNERS_H
#define CS_FMT_OWNERS_H

#include "fmt/sshkey.h"

/* The owners file: countersign-owners(5); countersign-formats(5), section 8. */

#define CS_OWNERS_FILE_MAX (512 * 1024 * 1024)
#define CS_OWNERS_LINE_MAX (64 * 1024)

/* Key types, also as a set: an option names those that it fits. */
enum cs_anchor_type {
	CS_ANCHOR_NONE = 0,
	CS_ANCHOR_SPKI = 1,
	CS_ANCHOR_FIDO2 = 2,
	CS_ANCHOR_X509 = 4,
	CS_ANCHOR_SSH = 8,
	CS_ANCHOR_SK = 16 /* OpenSSH's security keys */
};

enum cs_proof { /* what attested= proved at enrolment */
	CS_PROOF_NONE = 0,
	CS_PROOF_FIDO2,
	CS_PROOF_U2F,
	CS_PROOF_YUBIKEY_PIV,
	CS_PROOF_TPM2
};

/* One line; borrows. What is added here is added to fmt/anchor.c, too. */
typedef struct cs_anchor {
	const char *file;
	unsigned line;
	enum cs_anchor_type type;
	cs_span owner;
	cs_span agents;    /* space-separated; absent or empty matches nothing */
	cs_span group;
	cs_span comment;
	bool grants, shared_key, hardware, hardware_required;
	bool verify_required, no_touch_required;
	enum cs_proof proof;
	cs_span proof_text; /* the attested= value */
	bool touch_always;  /* proven by a PIV attestation */
	bool pin_always;    /* likewise */
	int64_t max_lifetime, max_issuances, max_window; /* 0: not given */
	bool has_valid_after, has_valid_before, has_revoked;
	int64_t valid_after, valid_before, revoked;
	cs_spki key;        /* of x509-ca: the CA's */
	cs_span ca;         /* x509-ca: the certificate, DER */
	cs_span owner_san;  /* whom it may name, fmt/ownersan.h */
	cs_span eku;        /* dotted; absent: ours */
	cs_span crl;        /* a file's name; absent: no_revocation */
	bool no_revocation;
	cs_span rp_id;      /* fido2; of an OpenSSH key ssh.application */
	cs_span credential_id; /* fido2: base64url; a help for the owner */
	cs_span origins;    /* fido2: space-separated; absent: https://RP-ID */
	bool counter_strict; /* fido2, sk-: a counter that does not grow is
			      * refused */
	cs_sshkey ssh;      /* of an OpenSSH key type; key is made of it */
} cs_anchor;

/* Takes one line's anchor, which lives until it returns; anything but CS_OK ends
 * the reading. */
typedef int cs_owners_each(void *arg, const cs_anchor *a, cs_err *e);

/* Reads one file and hands its anchors out in the order of the lines; `each`
 * may be NULL, to check the file. A file is good as a whole or not at all: who
 * gets a failure drops what was handed out. `name` is what complaints and
 * anchors call the file. The first bad line is CS_EFORMAT "NAME:LINE: ...",
 * with a did-you-mean for an unknown option or key type; so is what `each`
 * complains of. */
CS_USE int cs_owners_parse(const char *name, cs_span in, cs_owners_each *each,
    void *arg, cs_err *e);

/* A line that is wrong; `why` names file and line, too. Anything but CS_OK ends
 * the reading. */
typedef int cs_owners_bad(void *arg, unsigned line, const cs_err *why,
    cs_err *e);
/* The same reader, for one who wants to hear of every bad line: they go to
 * `bad`, the others to `each`, and CS_OK says only that the end was reached. */
CS_USE int cs_owners_check(const char *name, cs_span in, cs_owners_each *each,
    cs_owners_bad *bad, void *arg, cs_err *e);

/* Is the agent identifier one of the anchor's, by whole segments? */
bool cs_anchor_allows(const cs_anchor *a, cs_span agent_id);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_FMT_TBS_H
#define CS_FMT_TBS_H

#include "fmt/spki.h"

/* OwnerApprovalTBS, countersign-formats(5), section 4. */

#define CS_TBS_MAX (16 * 1024)
#define CS_SUBJECTS_MAX 64

enum cs_decision { CS_DENY = 0, CS_APPROVE = 1 };
enum cs_subject_kind { CS_SUBJECT_REQUEST = 0, CS_SUBJECT_KEY, CS_SUBJECT_GRANT };

typedef struct cs_subject {
	enum cs_subject_kind kind;
	cs_span agent_id;       /* request, key; grant: agentPrefix */
	cs_span agent_key_hash; /* request, key: 32 bytes */
	cs_span request_digest; /* request: 32 bytes */
	cs_span holder_key;     /* grant: SubjectPublicKeyInfo, whole */
} cs_subject;

typedef struct cs_tbs { /* borrows from the parsed bytes */
	cs_span der;
	cs_span approval_id;    /* 16 bytes */
	enum cs_decision decision;
	cs_span owner;
	cs_span owner_key_hash; /* 32 bytes */
	cs_span authority;
	int64_t not_before, not_after;
	size_t n_subjects;
	cs_subject subjects[CS_SUBJECTS_MAX];
	int64_t max_lifetime;   /* seconds */
	int64_t max_issuances;
	cs_span nonce;          /* absent when not there, as the next three */
	cs_span purpose;
	cs_span extensions;     /* content of the SEQUENCE */
	bool critical_extension; /* one that is critical: none is known */
	cs_span under_grant;    /* 32 bytes */
} cs_tbs;

/* Parses the whole grammar. `depth`: nesting of `in` within its message. The
 * rules between fields (a grant stands alone, no two subjects alike, a deny
 * has one request, nonce with one subject, ...) are checked here too:
 * CS_R_GRANT_INVALID or CS_R_MALFORMED. notBefore <= notAfter. */
CS_USE int cs_tbs_parse(cs_span in, unsigned depth, cs_tbs *out, cs_err *e);
/* Appends the DER; `der` of the input is ignored. What it writes parses. */
CS_USE int cs_tbs_put(const cs_tbs *t, cs_buf *out, cs_err *e);

#endif

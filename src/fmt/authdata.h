/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_FMT_AUTHDATA_H
#define CS_FMT_AUTHDATA_H

#include "base/buf.h"

/* Authenticator data of FIDO2: WebAuthn section 6.1; countersign-formats(5),
 * section 5. */

#define CS_AUTHDATA_MAX 4096

enum cs_authdata_kind {
	CS_AUTHDATA_ASSERTION, /* no attested credential data */
	CS_AUTHDATA_CREDENTIAL /* of an enrolment: it must be there */
};

typedef struct cs_authdata { /* borrows */
	cs_span der;         /* all of it: what is hashed */
	cs_span rp_id_hash;  /* 32 octets */
	bool present, verified;
	bool backup_eligible; /* the key may leave its device */
	bool backed_up;
	uint32_t counter;     /* 0: the authenticator may have none */
	cs_span aaguid;       /* 16 octets; absent: no credential data */
	cs_span credential_id;
	cs_span cose_key;     /* one CBOR item, whole */
	cs_span extensions;   /* a CBOR map, whole; absent: none */
} cs_authdata;

/* CS_R_MALFORMED: reserved flags, a backup of what is not eligible, credential
 * data where there must be none or none where there must be, CBOR that
 * fmt/cbor.h refuses, octets missing or behind the end. CS_R_TOO_LARGE beyond
 * CS_AUTHDATA_MAX. */
CS_USE int cs_authdata_parse(cs_span in, enum cs_authdata_kind kind,
    cs_authdata *out, cs_err *e);

#endif

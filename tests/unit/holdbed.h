/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_TESTS_HOLDBED_H
#define CS_TESTS_HOLDBED_H

#include "crypt/privkey.h"
#include "issue/wit.h"
#include "server/keyholder.h"
#include "vec.h"

/* CAs as they are made, and what they are asked to sign. */

#define BED_NOW INT64_C(1795262400) /* 2026-11-21T12:00:00Z */
#define BED_HOUR 3600
#define BED_LIFE (24 * BED_HOUR)
#define BED_CRL_LIFE (2 * BED_HOUR)
#define BED_URL "http://crl.corp.example/crl"

typedef struct bed_ca {
	cs_privkey *key;
	cs_buf *spki_der, *der;
	cs_spki spki;
	cs_authority *cert; /* NULL for a key of WITs */
	char kid[44];
	char url[512];      /* where its list is */
} bed_ca;

bool bed_key(const char *kind, bed_ca *out);
/* A key and a certificate of a year, from a month ago. */
bool bed_ca_make(const char *kind, const char *name, bed_ca *out);
void bed_ca_close(bed_ca *c);

/* A credential's content, of a vector; fields may be changed. */
typedef struct bed {
	struct vec v[VEC_FILES_MAX];
	size_t n;
	cs_leaf *from;
	cs_bindings *bindings;
	cs_leaf leaf;
	cs_wit wit;
	cs_crl crl;
	cs_crl_entry at[8];
} bed;
bool bed_open(bed *b);
void bed_close(bed *b);
/* Sets all three anew: an hour of this CA's, a token of that key's, a list with
 * one entry. */
void bed_fill(bed *b, const bed_ca *ca, const bed_ca *wit, int64_t now);
cs_buf *bed_cert_body(const bed *b); /* NULL, with a line that says why */
cs_buf *bed_wit_input(const bed *b);
cs_buf *bed_crl_body(const bed *b);

/* Does the keyholder tell its last list of this CA, or that there is none? */
bool bed_last_is(cs_keyholder *k, const bed_ca *of, bool there);

#endif

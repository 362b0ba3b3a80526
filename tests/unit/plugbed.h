/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_TESTS_PLUGBED_H
#define CS_TESTS_PLUGBED_H

#include "base/buf.h"
#include "include/countersign/verifier.h"

/* A host of the built verifier-owner.so, and what it is opened with: a folder of
 * its own with owners, a policy and, when it is asked for, a store. Messages
 * are the verdict's vectors. */

#define BED_NOON INT64_C(1795262400) /* 2026-11-21T12:00:00Z, the vectors' */
#define BED_AUTHORITY "https://corp.example"
#define BED_AGENT "wimse://corp.example/agent/alice"
#define BED_ALICE "mailto:alice@corp.example"

extern const char bed_policy[]; /* lets the vectors be as they are */

struct bed {
	const countersign_verifier *p;
	char dir[64], owners[128], policy[128], store[128];
	const char *modules; /* where the modules of this build are */
};

/* The folder alone; false when something is not there. */
bool bed_start(struct bed *b);
/* And the module; false, and said why, when it is none. */
bool bed_load(struct bed *b);
/* Makes the store; false where there is no SQLite. */
bool bed_store(struct bed *b);
void bed_stop(struct bed *b); /* removes all that is in the folder */
/* Replaces a file, as an administrator would: all of it at once. */
bool bed_put(const char *path, cs_span data);
bool bed_put_str(const char *path, const char *text);
/* A file of tests/vectors/verdict; NULL when it is not there. */
cs_buf *bed_vector(const char *name);
countersign_bytes bed_bytes(const cs_buf *b);
/* What it is opened with; no store. */
countersign_verifier_config bed_config(const struct bed *b);
/* Opens; prints why not. */
countersign_instance *bed_open(const struct bed *b,
    const countersign_verifier_config *c);
/* To issue by this message at noon. */
countersign_verifier_input bed_input(const cs_buf *message);

#endif

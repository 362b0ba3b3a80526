/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_FMT_OWNERS_OPT_H
#define CS_FMT_OWNERS_OPT_H

#include "fmt/owners.h"

/* The OPTIONS field of the owners file. */

/* Reads the whole field into *a; spans borrow from `in`. The complaints name
 * the option, not the file and line. */
CS_USE int cs_owners_options(cs_span in, enum cs_anchor_type type,
    cs_anchor *a, cs_err *e);
/* The value of attested=: what enrolment saw proved of the key. */
CS_USE int cs_owners_attested(cs_span value, enum cs_anchor_type type,
    cs_anchor *a, cs_err *e);
/* "spki", as complaints name the type. */
const char *cs_anchor_type_name(enum cs_anchor_type type);

#endif

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
/* Appends the field as it was read into *a; what could end it within a value is
 * CS_R_MALFORMED. The failure of `out` is CS_EBUG, without a text. */
CS_USE int cs_owners_options_put(const cs_anchor *a, cs_buf *out, cs_err *e);
/* The option of this name within a field that was read, with its value; absent
 * when it is not there. */
cs_span cs_owners_option_find(cs_span in, const char *name);
/* Takes one field and the blanks behind it off *in. `quotes`: blanks between
 * double quotes belong to the field. */
cs_span cs_owners_field(cs_span *in, bool quotes);
/* The value of attested=: what enrolment saw proved of the key. */
CS_USE int cs_owners_attested(cs_span value, enum cs_anchor_type type,
    cs_anchor *a, cs_err *e);
/* Those of options of fido2 keys. */
CS_USE int cs_owners_rp_id(cs_span value, enum cs_anchor_type type,
    cs_anchor *a, cs_err *e);
CS_USE int cs_owners_origins(cs_span value, enum cs_anchor_type type,
    cs_anchor *a, cs_err *e);
CS_USE int cs_owners_credential_id(cs_span value, enum cs_anchor_type type,
    cs_anchor *a, cs_err *e);
/* "spki", as complaints name the type. */
const char *cs_anchor_type_name(enum cs_anchor_type type);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_FMT_SCAN_H
#define CS_FMT_SCAN_H

#include "base/buf.h"

/* Taking text apart. Sets are ASCII, as strings; a NUL is in none. */

bool cs_scan_all(cs_span s, const char *set);      /* true when empty */
size_t cs_scan_find(cs_span s, const char *set);   /* s.n when none is there */
bool cs_scan_starts(cs_span s, const char *prefix);
cs_span cs_scan_from(cs_span s, size_t at);        /* absent beyond the end */
/* Takes the next word of a list with blanks between off *in; false at its
 * end. */
bool cs_scan_word(cs_span *in, cs_span *word);
/* A word as a C string. False when it is longer than n - 1 or has a NUL. */
bool cs_scan_cstr(cs_span s, char *out, size_t n);

/* For "%.*s" in an error's text: not more than its beginning. */
int cs_scan_shown(cs_span s);
#define CS_SHOW(s) \
	cs_scan_shown(s), (s).p == NULL ? "" : (const char *)(s).p

#endif

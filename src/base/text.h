/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_BASE_TEXT_H
#define CS_BASE_TEXT_H

#include "base/buf.h"

/* Text from outside, on its way to a person. Allow-list: printable ASCII and
 * the letters of scripts that are written left to right without combining
 * marks; everything else (controls, bidi, zero-width, combining, private use,
 * unassigned, malformed) appears as \u{HEX} or \x{HH}, a backslash as \\. */

/* Strict UTF-8 (RFC 3629): no overlong forms, surrogates, above 10FFFF.
 * Decodes one code point and advances *in; false when malformed or empty. */
CS_USE bool cs_utf8_next(cs_span *in, uint32_t *cp);
bool cs_utf8_valid(cs_span in);
/* May this code point be shown as it is? */
bool cs_text_shown(uint32_t cp);
/* No control, bidi, zero-width or other invisible code point, valid UTF-8:
 * what formats section 4 asks of the owner's own words. */
bool cs_text_plain(cs_span in);
/* Escapes `in` for a terminal. `ascii`: escape all that is not ASCII (the
 * terminal's character set is not UTF-8). */
CS_USE int cs_text_escape(cs_buf *out, cs_span in, bool ascii);
/* Bytes that cs_text_escape needs at most for `n` bytes. */
size_t cs_text_escape_max(size_t n);
/* The candidate of `n` names nearest to `word`, for "did you mean"; NULL when
 * none is near. */
const char *cs_text_nearest(const char *word, const char *const *names,
    size_t n);

#endif

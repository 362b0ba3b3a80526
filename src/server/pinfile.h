/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_SERVER_PINFILE_H
#define CS_SERVER_PINFILE_H

#include "base/ui.h"

/* The one who answers where nobody is asked: a PIN from a file, or none. */
typedef struct cs_pinfile {
	cs_ui ui;         /* of which arg is this struct: it must not move */
	const char *path; /* borrowed; NULL: there is no PIN */
} cs_pinfile;

/* The file holds the PIN, and perhaps a line end; root's or ours, nobody else
 * may read it. It is read again whenever a PIN is asked for. */
void cs_pinfile_set(cs_pinfile *p, const char *path);

#endif

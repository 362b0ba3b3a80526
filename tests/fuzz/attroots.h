/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_TESTS_FUZZ_ATTROOTS_H
#define CS_TESTS_FUZZ_ATTROOTS_H

#include <unistd.h>

#include "attest/roots.h"
#include "base/file.h"
#include "fuzz.h"

#define NOW INT64_C(1800000000) /* 2027-01-15T08:00:00Z, as in attcerts.h */

/* The one root below FUZZ_ATTEST, in a folder that others cannot write
 * to, whoever keeps the source tree. */
static const cs_roots *
fuzz_roots(void)
{
	static cs_roots *roots;
	char dir[] = "./fuzz-roots.XXXXXX", path[64];
	cs_buf *pem = NULL;

	if (roots != NULL)
		return roots;
	CHECK(cs_file_read(FUZZ_ATTEST "/root.pem", 65536, &pem, NULL) ==
	    CS_OK);
	CHECK(mkdtemp(dir) != NULL);
	(void)snprintf(path, sizeof(path), "%s/root.pem", dir);
	CHECK(cs_file_write(path, cs_buf_span(pem), 0600, false, NULL) ==
	    CS_OK);
	CHECK(cs_roots_load(dir, &roots, NULL) == CS_OK);
	CHECK(unlink(path) == 0 && rmdir(dir) == 0);
	cs_buf_free(&pem);
	return roots;
}

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "attest/tpm.h"
#include "base/file.h"

/*
 * usage: judge ROOT TIME
 * For each frame of standard input, two lengths of four octets, what a server
 * has kept (nothing: an offer follows), and what it was sent, a line: proven
 * and the manufacturer, refused or malformed.
 */

#define MAX (64 * 1024 + 16)

static bool
frame_read(uint8_t *buf, cs_span *kept, cs_span *message)
{
	uint8_t head[8];
	size_t n, m;

	if (fread(head, 1, sizeof(head), stdin) != sizeof(head))
		return false;
	n = (size_t)head[2] << 8 | head[3];
	m = (size_t)head[5] << 16 | (size_t)head[6] << 8 | head[7];
	if (m > MAX || fread(buf, 1, n + m, stdin) != n + m)
		return false;
	*kept = cs_span_of(buf, n);
	*message = cs_span_of(buf + n, m);
	return true;
}

static int
judge(cs_span kept, cs_span message, const cs_roots *roots, int64_t now,
    cs_tpm_proof *p)
{
	cs_tpmevidence v;
	cs_tpmsecret k;
	cs_tpmoffer o;
	cs_err e = {0};
	int r;

	memset(p, 0, sizeof(*p));
	if (kept.n == 0) {
		if ((r = cs_tpmoffer_parse(message, &o, &e)) == CS_OK)
			r = cs_tpm_offer_check(&o, roots, now, p, &e);
		return r;
	}
	if ((r = cs_tpmsecret_parse(kept, &k, &e)) == CS_OK &&
	    (r = cs_tpmevidence_parse(message, &v, &e)) == CS_OK)
		r = cs_tpm_evidence_check(&v, &k, roots, now, p, &e);
	return r;
}

static cs_roots *
roots_load(const char *path)
{
	char dir[] = "./judge.XXXXXX", copy[64];
	cs_roots *roots = NULL;
	cs_buf *pem = NULL;

	if (mkdtemp(dir) == NULL)
		return NULL;
	(void)snprintf(copy, sizeof(copy), "%s/root.pem", dir);
	if (cs_file_read(path, MAX, &pem, NULL) != CS_OK ||
	    cs_file_write(copy, cs_buf_span(pem), 0600, false, NULL) !=
	    CS_OK || cs_roots_load(dir, &roots, NULL) != CS_OK)
		roots = NULL;
	(void)unlink(copy);
	(void)rmdir(dir);
	cs_buf_free(&pem);
	return roots;
}

int
main(int argc, char **argv)
{
	static uint8_t buf[2 * MAX];
	cs_roots *roots = argc == 3 ? roots_load(argv[1]) : NULL;
	cs_span kept, message;
	cs_tpm_proof p;
	int64_t now;
	int r;

	if (roots == NULL)
		return 2;
	now = strtoll(argv[2], NULL, 10);
	while (frame_read(buf, &kept, &message)) {
		r = judge(kept, message, roots, now, &p);
		if (r == CS_OK)
			printf("proven %s\n", p.attested + strlen("tpm2:"));
		else
			printf("%s\n", r == CS_EREFUSED ? "refused" :
			    r == CS_EFORMAT ? "malformed" : "broken");
		cs_tpm_proof_clear(&p);
	}
	cs_roots_free(&roots);
	return 0;
}

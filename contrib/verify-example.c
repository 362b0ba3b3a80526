/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

/*
 * usage: verify-example COMPOSITE OWNERS TRUST-DOMAIN [SECONDS]
 * Prints the verdict on a composite request, and exits with 0 only for a yes.
 * It needs the installed library alone:
 *     cc verify-example.c $(pkg-config --cflags --libs countersign)
 */

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <countersign/countersign.h>

static uint8_t message[1024 * 1024 + 1];

static size_t
read_file(const char *path)
{
	FILE *f = fopen(path, "rb");
	size_t n = 0;

	if (f != NULL) {
		n = fread(message, 1, sizeof(message), f);
		(void)fclose(f);
	}
	return n;
}

static void
print_verdict(const countersign_verdict *v)
{
	countersign_bytes owner;
	size_t i;

	if (countersign_verdict_state(v) != COUNTERSIGN_APPROVED) {
		printf("not approved: %s: %s\n", countersign_verdict_reason(v),
		    countersign_verdict_text(v));
		return;
	}
	for (i = 0; i < countersign_verdict_count(v); i++) {
		owner = countersign_verdict_owner(v, i);
		printf("approved by %.*s\n", (int)owner.len,
		    (const char *)owner.ptr);
	}
	printf("for %" PRId64 " seconds, %" PRId64 " times\n",
	    countersign_verdict_max_lifetime(v),
	    countersign_verdict_max_issuances(v));
}

int
main(int argc, char **argv)
{
	countersign_error *error = countersign_error_new();
	countersign_anchors *owners = NULL;
	countersign_verdict *v = NULL;
	countersign_question q = {0};
	int state = COUNTERSIGN_REFUSED;

	if (argc < 4)
		return 2;
	q.size = sizeof(q);
	q.message.ptr = message;
	q.message.len = read_file(argv[1]);
	q.trust_domain = argv[3];
	q.now = argc > 4 ? strtoll(argv[4], NULL, 10) : (int64_t)time(NULL);
	if (countersign_anchors_load(argv[2], &owners, error) ==
	    COUNTERSIGN_OK) {
		q.anchors = owners;
		if (countersign_verify(&q, &v, error) == COUNTERSIGN_OK) {
			print_verdict(v);
			state = countersign_verdict_state(v);
		}
	}
	if (v == NULL)
		fprintf(stderr, "no verdict: %s\n",
		    countersign_error_text(error));
	countersign_verdict_free(&v);
	countersign_anchors_free(&owners);
	countersign_error_free(&error);
	return state == COUNTERSIGN_APPROVED ? 0 : 1;
}

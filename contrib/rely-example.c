/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

/*
 * usage: rely-example CERTIFICATE BUNDLE TRUST-DOMAIN [OWNERS]
 * Prints whose a credential is, and exits with 0 only for one to rely on: with
 * OWNERS for one that its owners have signed. It needs the installed library
 * alone:
 *     cc rely-example.c $(pkg-config --cflags --libs countersign)
 * That the peer has the agent's key TLS has to prove.
 */

#include <stdio.h>
#include <time.h>

#include <countersign/countersign.h>

static uint8_t certificate[65536], bundle[262144];

static countersign_bytes
read_file(const char *path, uint8_t *to, size_t room)
{
	countersign_bytes b = {to, 0};
	FILE *f = fopen(path, "rb");

	if (f != NULL) {
		b.len = fread(to, 1, room, f);
		(void)fclose(f);
	}
	return b;
}

static int
print(const countersign_credential *c, int want)
{
	countersign_bytes agent, owner;

	if (countersign_credential_state(c) != want) {
		printf("no: %s: %s\n", countersign_credential_reason(c),
		    countersign_credential_text(c));
		return 1;
	}
	agent = countersign_credential_agent(c);
	owner = countersign_credential_owner(c, 0);
	printf("%.*s of %.*s, by the %s\n", (int)agent.len,
	    (const char *)agent.ptr, (int)owner.len, (const char *)owner.ptr,
	    want == COUNTERSIGN_CREDENTIAL_PROVEN ? "owner's signature" :
	    "issuer's word");
	return 0;
}

int
main(int argc, char **argv)
{
	int want = COUNTERSIGN_CREDENTIAL_ISSUER_ONLY, status = 1;
	countersign_bundle_source source = {.size = sizeof(source)};
	countersign_presented p = {.size = sizeof(p)};
	countersign_error *error = countersign_error_new();
	countersign_anchors *owners = NULL;
	countersign_credential *c = NULL;
	countersign_bundle *trusted = NULL;

	if (argc < 4)
		return 2;
	source.bundle = read_file(argv[2], bundle, sizeof(bundle));
	source.trust_domain = argv[3];
	p.certificate = read_file(argv[1], certificate, sizeof(certificate));
	p.now = (int64_t)time(NULL);
	if (countersign_bundle_read(&source, &trusted, error) !=
	    COUNTERSIGN_OK)
		goto out;
	p.bundle = trusted;
	if (argc > 4) {
		want = COUNTERSIGN_CREDENTIAL_PROVEN;
		if (countersign_anchors_load(argv[4], &owners, error) !=
		    COUNTERSIGN_OK)
			goto out;
		p.anchors = owners;
	}
	if (countersign_credential_verify(&p, &c, error) == COUNTERSIGN_OK)
		status = print(c, want);
out:
	if (c == NULL)
		fprintf(stderr, "no answer: %s\n",
		    countersign_error_text(error));
	countersign_credential_free(&c);
	countersign_anchors_free(&owners);
	countersign_bundle_free(&trusted);
	countersign_error_free(&error);
	return status;
}

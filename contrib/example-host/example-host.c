/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

/*
 * usage: example-host PLUGIN OWNERS POLICY STORE AUTHORITY MESSAGE
 *     [SECONDS [MODULES]]
 * An identity server without a network and without a key: it asks the verifier
 * plugin, claims, "signs", records and prints. Exits with 0 only for a
 * credential. It needs installed headers alone, countersign-verifier(7):
 *     cc -o example-host example-host.c
 */

#define _GNU_SOURCE
#include <countersign/verifier.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static char why[512];

/* What the plugin says may hold bytes that an agent chose. */
static int
complain(const char *what)
{
	fputs("no credential: ", stderr);
	for (; *what != '\0'; what++)
		fputc(*what < ' ' || *what > '~' ? '?' : *what, stderr);
	fputc('\n', stderr);
	return 1;
}

/* What is checked is what is loaded: the file behind the descriptor. */
static const countersign_verifier *
load(const char *path)
{
	countersign_verifier_entry_fn *entry = NULL;
	char by_fd[32];
	struct stat st;
	void *module;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (path[0] != '/' || fd < 0 || fstat(fd, &st) != 0 ||
	    !S_ISREG(st.st_mode) || (st.st_mode & (S_IWGRP | S_IWOTH)) != 0 ||
	    (st.st_uid != 0 && st.st_uid != geteuid()))
		return NULL;
	(void)snprintf(by_fd, sizeof(by_fd), "/proc/self/fd/%d", fd);
	if ((module = dlopen(by_fd, RTLD_NOW | RTLD_LOCAL)) == NULL)
		return NULL;
	*(void **)&entry = dlsym(module, COUNTERSIGN_VERIFIER_SYMBOL);
	return entry == NULL ? NULL : entry(COUNTERSIGN_VERIFIER_ABI);
}

/* Where a server has a CA. `fields` is all that it needs, the same for the same
 * claim, so that a crash between claim and record loses nothing. */
static countersign_bytes
sign(countersign_bytes fields)
{
	static char credential[4096];
	int n = snprintf(credential, sizeof(credential), "credential: %.*s\n",
	    (int)fields.len, (const char *)fields.ptr);

	return (countersign_bytes){(const uint8_t *)credential, (size_t)n};
}

static int
issue(const countersign_verifier *v, countersign_instance *i,
    const countersign_verifier_answer *a, int64_t now)
{
	const countersign_verifier_claim *c = NULL, *done = NULL;
	countersign_verifier_terms t = {.size = sizeof(t), .time = now,
	    .kind = COUNTERSIGN_KIND_X509};
	countersign_verifier_record r = {.size = sizeof(r), .time = now};
	uint8_t serial[16];
	char body[3072];
	int good = 0;

	if (getrandom(serial, sizeof(serial), 0) != (ssize_t)sizeof(serial))
		return 0;
	serial[0] = (serial[0] & 0x7f) | 0x40; /* of an INTEGER, positive */
	t.serial = (countersign_bytes){serial, sizeof(serial)};
	t.not_before = now - 60 < a->not_before ? a->not_before : now - 60;
	t.not_after = t.not_before +
	    (a->max_lifetime < 3600 ? a->max_lifetime : 3600);
	t.fields.len = (size_t)snprintf(body, sizeof(body),
	    "%.*s of %.*s until %lld", (int)a->agent.len,
	    (const char *)a->agent.ptr, (int)a->owner.len,
	    (const char *)a->owner.ptr, (long long)t.not_after);
	t.fields.ptr = (const uint8_t *)body;
	t.digest = a->request_digest; /* a server: of the TBSCertificate */
	if (v->claim(i, a, &t, &c, why, sizeof(why)) == 0) {
		if (c->state == COUNTERSIGN_CLAIM_REFUSED)
			(void)snprintf(why, sizeof(why), "%s", c->text);
		r.credential = c->state == COUNTERSIGN_CLAIM_STORED ?
		    c->credential : sign(c->fields);
		if (c->state != COUNTERSIGN_CLAIM_REFUSED &&
		    v->record(i, c, &r, &done, why, sizeof(why)) == 0 &&
		    done->state == COUNTERSIGN_CLAIM_STORED)
			good = fwrite(done->credential.ptr, 1,
			    done->credential.len, stdout) > 0;
	}
	v->release(i, done);
	v->release(i, c);
	return good;
}

int
main(int argc, char **argv)
{
	static uint8_t message[1024 * 1024];
	countersign_verifier_config c = {.size = sizeof(c)};
	countersign_verifier_input in = {.size = sizeof(in),
	    .operation = COUNTERSIGN_OP_ISSUE};
	const countersign_verifier *v = argc < 7 ? NULL : load(argv[1]);
	const countersign_verifier_answer *a = NULL;
	countersign_instance *i = NULL;
	FILE *f = argc < 7 ? NULL : fopen(argv[6], "rb");
	int good = 0;

	if (v == NULL || f == NULL)
		return complain("no plugin or no message");
	c.owners = argv[2];
	c.policy = argv[3];
	c.store = argv[4];
	c.authority = argv[5];
	c.modules = argc > 8 ? argv[8] : NULL; /* as installed */
	in.message.ptr = message;
	in.message.len = fread(message, 1, sizeof(message), f);
	in.time = argc > 7 ? strtoll(argv[7], NULL, 10) : (int64_t)time(NULL);
	if (v->open(&c, &i, why, sizeof(why)) == 0 &&
	    v->verify(i, &in, &a, why, sizeof(why)) == 0) {
		if (a->state == COUNTERSIGN_APPROVED)
			good = issue(v, i, a, in.time);
		else
			(void)snprintf(why, sizeof(why), "%s", a->text);
		v->release(i, a);
	}
	if (i != NULL)
		v->close(i);
	(void)fclose(f);
	return good ? 0 : complain(why);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "p11/p11.h"
#include "tests/p11/driver.h"

/*
 * Drives src/p11 for the regression scripts, without the command around it:
 *
 *	drive list URI           every key, a line each
 *	drive look URI           the same with all that is known, and what is
 *	                         broken; LOGIN=1 logs in
 *	drive open URI           the one key
 *	drive public URI         its public parts, hexadecimal
 *	drive sign URI MECH HEX  a raw signature, hexadecimal
 *
 * LAST_TRY=1 is --allow-last-try; driver.h tells the rest.
 */

static int
put_info(void *arg, const cs_p11_info *i, cs_err *e)
{
	static const char *const kinds[] = {"hidden", "P-256", "P-384", "RSA",
	    "Ed25519"};

	(void)arg;
	(void)e;
	printf("%s kind=%s bits=%u login=%d always=%d software=%d\n", i->uri,
	    kinds[i->kind], i->bits, i->login_needed, i->always_authenticate,
	    i->is_software);
	return CS_OK;
}

static int
put_entry(void *arg, const cs_p11_entry *k, cs_err *e)
{
	printf("pin=%d token=%d hidden=%d public=%d flaw=\"%s\" ", k->pin,
	    k->is_token, k->is_hidden, k->pub.kind != CS_P11_NONE, k->flaw);
	return put_info(arg, &k->info, e);
}

static void
put_trouble(void *arg, const cs_err *why)
{
	(void)arg;
	printf("trouble: %s\n", why->text);
}

static int
cmd_look(const char *uri, const cs_p11_env *env, cs_err *e)
{
	size_t n = 0, closed = 0;
	const cs_p11_survey s = {.uri = uri, .login = getenv("LOGIN") != NULL,
	    .n_tokens = &n, .n_closed = &closed, .each = put_entry,
	    .trouble = put_trouble};

	return cs_p11_look(&s, env, e);
}

static void
put_hex(cs_span s)
{
	size_t i;

	for (i = 0; i < s.n; i++)
		printf("%02x", s.p[i]);
	printf("\n");
}

static int
get_hex(const char *s, cs_buf *out)
{
	unsigned v;
	int r = CS_OK;

	for (; *s != 0 && r == CS_OK; s += 2) {
		if (sscanf(s, "%2x", &v) != 1)
			return CS_EUSAGE;
		r = cs_buf_put_byte(out, (uint8_t)v);
	}
	return r;
}

static int
cmd_public(cs_p11 *k, cs_err *e)
{
	cs_p11_public p = {0};
	int r = cs_p11_public_key(k, &p, e);

	if (r == CS_OK)
		put_hex(cs_buf_span(p.kind == CS_P11_RSA ? p.modulus :
		    p.point));
	cs_p11_public_clear(&p);
	return r;
}

static int
cmd_sign(cs_p11 *k, const char *mech, const char *hex, cs_err *e)
{
	static const char *const names[] = {
		[CS_P11_ECDSA] = "ecdsa",
		[CS_P11_RSA_PKCS] = "rsa",
		[CS_P11_RSA_PSS] = "rsa-pss",
		[CS_P11_EDDSA] = "eddsa",
	};
	cs_buf *in = cs_buf_new(4096), *out = cs_buf_new(4096);
	unsigned m = CS_P11_ECDSA;
	int r = CS_EBUG;

	while (m < CS_P11_EDDSA && strcmp(mech, names[m]) != 0)
		m++;
	if (in != NULL && out != NULL && (r = get_hex(hex, in)) == CS_OK &&
	    (r = cs_p11_sign(k, m, cs_buf_span(in), out, e)) == CS_OK)
		put_hex(cs_buf_span(out));
	cs_buf_free(&out);
	cs_buf_free(&in);
	return r;
}

static int
run(int argc, char **argv, const cs_p11_env *env, cs_err *e)
{
	cs_p11 *k = NULL;
	int r;

	if (argc == 3 && strcmp(argv[1], "list") == 0)
		return cs_p11_list(argv[2], put_info, NULL, e);
	if (argc == 3 && strcmp(argv[1], "look") == 0)
		return cmd_look(argv[2], env, e);
	if (argc < 3)
		return cs_fail(e, CS_EUSAGE, "drive", "which command?");
	if ((r = cs_p11_open(argv[2], env, &k, e)) != CS_OK)
		return r;
	if (strcmp(argv[1], "open") == 0)
		r = put_info(NULL, cs_p11_describe(k), e);
	else if (strcmp(argv[1], "public") == 0)
		r = cmd_public(k, e);
	else if (strcmp(argv[1], "sign") == 0 && argc == 5)
		r = cmd_sign(k, argv[3], argv[4], e);
	else
		r = cs_fail(e, CS_EUSAGE, "drive", "which command?");
	cs_p11_close(&k);
	return r;
}

int
main(int argc, char **argv)
{
	const cs_ui ui = {.pin = driver_pin, .notice = driver_notice};
	const cs_p11_env env = {&ui, getenv("LAST_TRY") != NULL};
	cs_err e = {0};
	int r;

	driver_configure();
	r = run(argc, argv, &env, &e);
	if (r != CS_OK)
		fprintf(stderr, "drive: %s\n", e.text);
	return -r;
}

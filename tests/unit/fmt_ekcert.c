/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "fmt/ekcert.h"

#include <string.h>

#include "fmt/reason.h"
#include "tap.h"
#include "vec.h"

/* tpmManufacturer "id:00001014", tpmModel "swtpm", tpmVersion
 * "id:20191023", as AttributeTypeAndValue. */
#define MANUFACTURER "3014 060567810502010c0b 69643a3030303031303134"
#define MODEL "300e 060567810502020c05 737774706d"
#define EDITION "3014 060567810502030c0b 69643a3230313931303233"
/* One RDN each; all in one, as DER sorts them; and as the profile lists
 * them. */
#define EACH "3046 a444 3042 3116" MANUFACTURER "3110" MODEL "3116" EDITION
#define SORTED "3042 a440 303e 313c" MODEL MANUFACTURER EDITION
#define LISTED "3042 a440 303e 313c" MANUFACTURER MODEL EDITION
#define EK "0605 6781050801"
#define CLIENT_AUTH "0608 2b06010505070302"

static bool
is_word(const char *s)
{
	size_t n = strlen(s);

	return n >= 1 && n <= 8 && strspn(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	    "abcdefghijklmnopqrstuvwxyz0123456789._-") == n;
}

static bool
is_refusal(const cs_err *e)
{
	return e->cls == CS_EFORMAT && (e->detail == CS_R_MALFORMED ||
	    e->detail == CS_R_NOT_DER);
}

static enum vec_answer
probe_name(cs_span in)
{
	cs_ekname n;
	cs_err e = {0};

	if (cs_ekcert_name(in, &n, &e) != CS_OK)
		return n.manufacturer[0] == '\0' && is_refusal(&e) ?
		    VEC_REFUSED : VEC_BROKEN;
	return is_word(n.manufacturer) ? VEC_ACCEPTED : VEC_BROKEN;
}

static enum vec_answer
probe_usage(cs_span in)
{
	bool is_ek = true;
	cs_err e = {0};

	if (cs_ekcert_usage(in, &is_ek, &e) != CS_OK)
		return !is_ek && is_refusal(&e) ? VEC_REFUSED : VEC_BROKEN;
	return VEC_ACCEPTED;
}

static void
sweep(const char *name, const char *hex, vec_probe *p)
{
	cs_buf *b = vec_hex(hex);
	cs_span in = cs_buf_span(b);

	ok(p(in) == VEC_ACCEPTED, "%s", name);
	ok(vec_prefixes(in, p) == 0, "%s: prefixes", name);
	ok(vec_trailing(in, p) == 0, "%s: trailing", name);
	ok(vec_flips(in, p) == 0, "%s: flips", name);
	ok(vec_trees(in, p) == 0, "%s: elements", name);
	cs_buf_free(&b);
}

static void
name_is(const char *what, const char *hex, const char *want)
{
	cs_buf *b = vec_hex(hex);
	cs_ekname n;
	cs_err e = {0};
	int r = cs_ekcert_name(cs_buf_span(b), &n, &e);

	if (!ok(want == NULL ? r == CS_EFORMAT && is_refusal(&e) &&
	    n.manufacturer[0] == '\0' :
	    r == CS_OK && strcmp(n.manufacturer, want) == 0, "%s", what))
		printf("# %d %s: %s\n", r, n.manufacturer, e.text);
	cs_buf_free(&b);
}

static void
test_names(void)
{
	name_is("one RDN each", EACH, "00001014");
	name_is("all in one, sorted", SORTED, "00001014");
	name_is("all in one, as listed", LISTED, "00001014");
	name_is("beside a dNSName", "3047 8203782e79 a440303e313c"
	    MODEL MANUFACTURER EDITION, "00001014");
	name_is("no directoryName", "3005 8203782e79", NULL);
	name_is("no name at all", "3000", NULL);
	name_is("beside no name", "3045 020105 a440303e313c" MODEL MANUFACTURER
	    EDITION, NULL);
	name_is("two directoryNames", "308184 a440303e313c" MODEL MANUFACTURER
	    EDITION "a440303e313c" MODEL MANUFACTURER EDITION, NULL);
	name_is("manufacturer twice", "3058 a456 3054 3152" MODEL MANUFACTURER
	    MANUFACTURER EDITION, NULL);
	name_is("no manufacturer", "302c a42a 3028 3126" MODEL EDITION, NULL);
	name_is("no model", "3032 a430 302e 312c" MANUFACTURER EDITION, NULL);
	name_is("no version", "302c a42a 3028 3126" MODEL MANUFACTURER, NULL);
	name_is("an empty RDN", "3044 a442 3040 313c" MODEL MANUFACTURER
	    EDITION "3100", NULL);
	name_is("an attribute of another type", "304e a44c 304a 313c" MODEL
	    MANUFACTURER EDITION "310a 3008 0603 550403 0c0161", "00001014");
	name_is("an attribute with two values", "3050 a44e 304c 313c" MODEL
	    MANUFACTURER EDITION "310c 300a 0603 550403 0c0161 0500", NULL);
	name_is("more in a directoryName", "3044 a442 303e 313c" MODEL
	    MANUFACTURER EDITION "0500", NULL);
	name_is("a digit too many", "3043 a441 303f 313d" MODEL "3015"
	    "060567810502010c0c 69643a303030303130313430" EDITION, NULL);
}

/* With these eleven octets as tpmManufacturer, under this tag. */
static void
id_is(const char *tag, const char *id, const char *want)
{
	char hex[512], text[64] = "";
	size_t i;

	for (i = 0; i < strlen(id) && i < 11; i++)
		(void)snprintf(text + 2 * i, sizeof(text) - 2 * i, "%02x",
		    (unsigned)(unsigned char)id[i]);
	(void)snprintf(hex, sizeof(hex), "3042a440303e313c" MODEL
	    "301406056781050201%s0b%s" EDITION, tag, text);
	name_is(id, hex, want);
}

static void
test_ids(void)
{
	id_is("0c", "id:494E5443", "INTC");
	id_is("0c", "id:494e5443", "INTC");
	id_is("13", "id:494E5443", "INTC");
	id_is("0c", "id:53544D20", "STM");
	id_is("0c", "id:49465800", "IFX");
	id_is("0c", "id:414D4400", "AMD");
	id_is("0c", "id:00000000", "00000000");
	id_is("0c", "id:20202020", "20202020");
	id_is("0c", "id:00414243", "00414243");
	id_is("0c", "id:41224243", "41224243");
	id_is("0c", "id:412C4243", "412c4243");
	id_is("0c", "id:41204243", "41204243");
	id_is("0c", "id:C3A94243", "c3a94243");
	id_is("0c", "ID:494E5443", NULL);
	id_is("0c", "id:494E544g", NULL);
	id_is("0c", "id: 94E5443", NULL);
	id_is("0c", "id-494E5443", NULL);
	id_is("04", "id:494E5443", NULL);
	id_is("02", "id:494E5443", NULL);
}

static void
usage_is(const char *what, const char *hex, int want)
{
	cs_buf *b = vec_hex(hex);
	bool is_ek = want != 1;
	cs_err e = {0};
	int r = cs_ekcert_usage(cs_buf_span(b), &is_ek, &e);

	ok(want < 0 ? r == CS_EFORMAT && !is_ek && is_refusal(&e) :
	    r == CS_OK && is_ek == (want == 1), "%s", what);
	cs_buf_free(&b);
}

static void
test_usages(void)
{
	usage_is("EK", "3007" EK, 1);
	usage_is("EK behind another", "3011" CLIENT_AUTH EK, 1);
	usage_is("EK before another", "3011" EK CLIENT_AUTH, 1);
	usage_is("another", "300a" CLIENT_AUTH, 0);
	usage_is("longer than EK", "3008 0606 678105080101", 0);
	usage_is("none", "3000", -1);
	usage_is("no purpose", "3003 020105", -1);
	usage_is("EK, then no purpose", "300a" EK "020105", -1);
}

int
main(void)
{
	sweep("one RDN each", EACH, probe_name);
	sweep("one RDN", LISTED, probe_name);
	sweep("purposes", "3011" CLIENT_AUTH EK, probe_usage);
	test_names();
	test_ids();
	test_usages();
	return done_testing();
}

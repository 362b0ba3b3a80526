/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "conf/conf.h"
#include "fuzz.h"

#define CAP 65536

static const cs_conf_word inner[] = {{"size", CS_CONF_VALUE, NULL},
    {"list", CS_CONF_LIST, NULL}, {NULL, 0, NULL}};
static const cs_conf_word middle[] = {{"leaf", CS_CONF_TITLED, inner},
    {"once", CS_CONF_BLOCK, inner}, {"time", CS_CONF_VALUE, NULL},
    {NULL, 0, NULL}};
static const cs_conf_word words[] = {{"node", CS_CONF_TITLED, middle},
    {"block", CS_CONF_BLOCK, middle}, {"text", CS_CONF_VALUE, NULL},
    {"path", CS_CONF_VALUE, NULL}, {"number", CS_CONF_VALUE, NULL},
    {"flag", CS_CONF_VALUE, NULL}, {"items", CS_CONF_LIST, NULL},
    {NULL, 0, NULL}};

static cs_span file;

static unsigned
lines(cs_span in)
{
	unsigned n = 1;
	size_t i;

	for (i = 0; i < in.n; i++)
		n += in.p[i] == '\n';
	return n;
}

/* Stands in the file as it is: nothing was unescaped, expanded or taken from
 * several lines. */
static void
check_text(const char *v)
{
	CHECK(v != NULL);
	CHECK(*v == '\0' || memmem(file.p, file.n, v, strlen(v)) != NULL);
	CHECK(strpbrk(v, "\n\\") == NULL && strstr(v, "${") == NULL);
}

static void
check_word(const cs_conf_block *b, const cs_conf_word *w)
{
	size_t i, n = cs_conf_count(b, w->name);

	CHECK(cs_conf_where(b, w->name) <= lines(file));
	if (cs_conf_where(b, w->name) == 0) {
		CHECK(cs_conf_text(b, w->name) == NULL && n == 0);
		CHECK(cs_conf_next(b, w->name, NULL) == NULL);
		return;
	}
	CHECK(memmem(file.p, file.n, w->name, strlen(w->name)) != NULL);
	if (w->kind == CS_CONF_VALUE)
		check_text(cs_conf_text(b, w->name));
	for (i = 0; w->kind == CS_CONF_LIST && i < n; i++)
		check_text(cs_conf_item(b, w->name, i));
}

/* How many blocks there are in this one, itself included. */
static unsigned
check_block(const cs_conf_block *b, const cs_conf_word *w)
{
	const cs_conf_block *k;
	unsigned n = 1;

	CHECK(cs_conf_line(b) >= 1 && cs_conf_line(b) <= lines(file));
	for (; w->name != NULL; w++) {
		check_word(b, w);
		for (k = NULL; (w->kind == CS_CONF_BLOCK || w->kind ==
		    CS_CONF_TITLED) && (k = cs_conf_next(b, w->name, k)) !=
		    NULL;) {
			CHECK((cs_conf_title(k) != NULL) ==
			    (w->kind == CS_CONF_TITLED));
			if (w->kind == CS_CONF_TITLED)
				check_text(cs_conf_title(k));
			n += check_block(k, w->inner);
		}
	}
	return n;
}

static void
check_values(const cs_conf_block *b)
{
	int64_t number = -1, size = -1, time = -1;
	char *text = NULL, *path = NULL;
	bool flag = false;
	cs_err e = {0};

	(void)!cs_conf_flag(b, "flag", &flag, &e);
	(void)!cs_conf_number(b, "number", 1, 1000, &number, &e);
	CHECK(number == -1 || (number >= 1 && number <= 1000));
	(void)!cs_conf_size(b, "number", 1, 1 << 20, &size, &e);
	CHECK(size == -1 || (size >= 1 && size <= 1 << 20));
	CHECK(number == -1 || number == size);
	(void)!cs_conf_duration(b, "text", 3600, &time, &e);
	CHECK(time == -1 || (time >= 1 && time <= 3600));
	CHECK(cs_conf_string(b, "text", &text, &e) == CS_OK || text == NULL);
	CHECK(cs_conf_path(b, "path", &path, &e) == CS_OK || path == NULL);
	CHECK(path == NULL || path[0] == '/');
	free(text);
	free(path);
}

/* Read to its end: what stands behind is seen. */
static void
check_end(void)
{
	static const char *const behind[] = {"\n}", "\n{", "\nx", "\n=", "\n,",
	    "\nnode", "\nnode x {", "\n\"", "\n${X}", "\n\\"};
	cs_buf *b = cs_buf_new(file.n + 64);
	cs_conf *c = NULL;
	size_t i;

	for (i = 0; i < sizeof(behind) / sizeof(behind[0]); i++) {
		cs_buf_reset(b);
		CHECK(cs_buf_put(b, file) == CS_OK &&
		    cs_buf_put_str(b, behind[i]) == CS_OK);
		CHECK(cs_conf_parse("conf", cs_buf_span(b), CAP, words, &c,
		    NULL) == CS_EFORMAT && c == NULL);
	}
	cs_buf_free(&b);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	cs_conf *c = NULL;
	cs_err e = {0};

	if (n > CAP - 64)
		return 0;
	file = cs_span_of(data, n);
	if (cs_conf_parse("conf", file, CAP, words, &c, &e) == CS_OK) {
		CHECK(check_block(cs_conf_root(c), words) <= n + 1);
		check_values(cs_conf_root(c));
		check_end();
	} else {
		CHECK(c == NULL && e.cls == CS_EFORMAT && e.text[0] != '\0');
	}
	cs_conf_free(&c);
	return 0;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "conf/conf.h"

#include <confuse.h>
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "conf/scan.h"

/* libconfuse's lexer is one for the whole process, and cfg_free() ends it. What
 * it is asked for here is short, and nobody holds it for longer. */
static pthread_mutex_t lexer = PTHREAD_MUTEX_INITIALIZER;

/* Its complaints would go to standard error: what it does not like was refused
 * before. */
CS_PRINTF(2, 0) static void
keep_quiet(cfg_t *cfg, const char *fmt, va_list ap)
{
	(void)cfg;
	(void)fmt;
	(void)ap;
}

static void
options_free(cfg_opt_t *all)
{
	cfg_opt_t *o;

	for (o = all; o != NULL && o->name != NULL; o++)
		options_free(o->subopts);
	free(all);
}

static cfg_opt_t *
options(const cs_conf_word *words)
{
	size_t i, n = cs_conf_words(words);
	cfg_opt_t *all = calloc(n + 1, sizeof(*all)), *inner = NULL;

	for (i = 0; all != NULL && i < n; i++) {
		if (words[i].kind == CS_CONF_VALUE) {
			all[i] = (cfg_opt_t)CFG_STR(words[i].name, NULL,
			    CFGF_NODEFAULT);
		} else if (words[i].kind == CS_CONF_LIST) {
			all[i] = (cfg_opt_t)CFG_STR_LIST(words[i].name, NULL,
			    CFGF_NODEFAULT);
		} else if ((inner = options(words[i].inner)) == NULL) {
			options_free(all);
			return NULL;
		} else {
			all[i] = (cfg_opt_t)CFG_SEC(words[i].name, inner,
			    words[i].kind != CS_CONF_TITLED ? CFGF_MULTI :
			    CFGF_MULTI | CFGF_TITLE | CFGF_NO_TITLE_DUPES);
		}
	}
	return all;
}

static int
disagree(const struct cs_conf *c, cs_err *e)
{
	return cs_fail(e, CS_EBUG, "conf", "%s: libconfuse reads it otherwise",
	    c->name);
}

/* Which of libconfuse's sections is which block. */
static int
bind(struct cs_conf *c, cs_err *e)
{
	struct cs_conf_block *b;
	const char *title;
	size_t i;

	c->blocks[0].values = c->values;
	for (i = 1; i < c->n; i++) {
		b = &c->blocks[i];
		b->values = cfg_getnsec(b->in->values, b->word->name, b->nth);
		if (b->values == NULL)
			return disagree(c, e);
		if (b->word->kind != CS_CONF_TITLED)
			continue;
		title = cfg_title(b->values);
		if (title == NULL || !cs_span_is(b->title, title))
			return disagree(c, e);
		b->title = cs_span_str(title);
	}
	return CS_OK;
}

static int
read_values(struct cs_conf *c, const char *text, const cs_conf_word *words,
    cs_err *e)
{
	cfg_opt_t *o = options(words);
	int r;

	c->values = o == NULL ? NULL : cfg_init(o, CFGF_NONE);
	options_free(o);
	if (c->values == NULL)
		return cs_nomem(e, "conf");
	(void)cfg_set_error_function(c->values, keep_quiet);
	errno = 0;
	(void)pthread_mutex_lock(&lexer);
	r = cfg_parse_buf(c->values, text);
	(void)pthread_mutex_unlock(&lexer);
	if (r == CFG_SUCCESS)
		return bind(c, e);
	return errno == ENOMEM ? cs_nomem(e, "conf") : disagree(c, e);
}

static size_t
widest(const cs_conf_word *words)
{
	size_t n = cs_conf_words(words), k;

	for (; words != NULL && words->name != NULL; words++)
		if ((k = widest(words->inner)) > n)
			n = k;
	return n;
}

static struct cs_conf *
new_file(const char *name, cs_span in, const cs_conf_word *words)
{
	struct cs_conf *c = calloc(1, sizeof(*c));
	size_t i;

	if (c == NULL)
		return NULL;
	c->name = strdup(name);
	c->room = 1;
	for (i = 0; i < in.n && c->room <= CS_CONF_BLOCKS_MAX; i++)
		c->room += in.p[i] == '{';
	c->width = widest(words) + 1;
	c->blocks = calloc(c->room, sizeof(*c->blocks));
	c->slots = calloc(c->room * c->width, sizeof(*c->slots));
	if (c->name == NULL || c->blocks == NULL || c->slots == NULL)
		cs_conf_free(&c);
	return c;
}

int
cs_conf_parse(const char *name, cs_span in, size_t cap,
    const cs_conf_word *words, cs_conf **out, cs_err *e)
{
	struct cs_conf *c = NULL;
	cs_buf *text = NULL;
	int r;

	*out = NULL;
	if (in.n > cap)
		return cs_fail(e, CS_EFORMAT, "conf",
		    "%s: expected at most %zu bytes, found %zu", name, cap,
		    in.n);
	c = new_file(name, in, words);
	text = cs_buf_new(cs_conf_scan_room(in.n));
	if (c == NULL || text == NULL)
		r = cs_nomem(e, "conf");
	else if ((r = cs_conf_scan(c, in, words, text, e)) == CS_OK)
		r = read_values(c, cs_buf_cstr(text), words, e);
	if (r == CS_OK) {
		*out = c;
		c = NULL; /* transferred */
	}
	cs_buf_free(&text);
	cs_conf_free(&c);
	return r;
}

int
cs_conf_load(const char *path, uid_t reader, size_t cap,
    const cs_conf_word *words, cs_conf **out, cs_err *e)
{
	cs_buf *b = NULL;
	int r;

	*out = NULL;
	r = cs_file_read_trusted(path, reader, cap, &b, e);
	if (r == CS_OK)
		r = cs_conf_parse(path, cs_buf_span(b), cap, words, out, e);
	cs_buf_free(&b);
	return r;
}

void
cs_conf_free(cs_conf **c)
{
	if (c == NULL || *c == NULL)
		return;
	if ((*c)->values != NULL) {
		(void)pthread_mutex_lock(&lexer);
		(void)cfg_free((*c)->values);
		(void)pthread_mutex_unlock(&lexer);
	}
	free((*c)->blocks);
	free((*c)->slots);
	free((*c)->name);
	free(*c);
	*c = NULL;
}

const char *
cs_conf_text(const cs_conf_block *b, const char *name)
{
	return cs_conf_where(b, name) == 0 ? NULL : cfg_getstr(b->values, name);
}

size_t
cs_conf_count(const cs_conf_block *b, const char *name)
{
	return cs_conf_where(b, name) == 0 ? 0 : cfg_size(b->values, name);
}

const char *
cs_conf_item(const cs_conf_block *b, const char *name, size_t i)
{
	return i < cs_conf_count(b, name) ?
	    cfg_getnstr(b->values, name, (unsigned)i) : NULL;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "tool/subject.h"

#include "base/text.h"
#include "fmt/dn.h"
#include "fmt/reason.h"

#define TYPE_MAX 256 /* dotted */

struct list {
	cs_out *out;
	const char *label; /* NULL: for --json alone */
};

static int
put_attribute(void *arg, cs_span type, cs_span value, cs_err *e)
{
	struct list *l = arg;
	cs_buf *name = cs_buf_new(TYPE_MAX), *line = NULL;
	int r;

	if (name == NULL)
		return cs_nomem(e, "subject");
	if ((r = cs_dn_type(type, name, e)) != CS_OK)
		goto out;
	if ((line = cs_buf_new(TYPE_MAX + value.n + 2)) == NULL ||
	    cs_buf_put(line, cs_buf_span(name)) != CS_OK ||
	    cs_buf_put_str(line, "=") != CS_OK ||
	    cs_buf_put(line, value) != CS_OK) {
		r = cs_nomem(e, "subject");
		goto out;
	}
	cs_out_object(l->out, NULL, NULL);
	cs_out_span(l->out, "type", NULL, cs_buf_span(name));
	cs_out_span(l->out, "value", NULL, value);
	cs_out_close(l->out);
	if (l->label != NULL)
		cs_out_text(l->out, l->label, cs_buf_span(line));
out:
	cs_buf_free(&line);
	cs_buf_free(&name);
	return r;
}

int
cs_subject_list(const char *key, const char *label, cs_span name, cs_out *out,
    cs_err *e)
{
	struct list l = {out, label};
	int r;

	cs_out_list(out, key, NULL);
	r = cs_dn_each(name, put_attribute, &l, e);
	cs_out_close(out);
	return r;
}

void
cs_subject_put(const char *key, cs_span name, cs_out *out)
{
	cs_err why = {0};

	if (cs_subject_list(key, key, name, out, &why) != CS_OK)
		cs_out_text(out, key, cs_span_str(why.text));
}

static int
count_attribute(void *arg, cs_span type, cs_span value, cs_err *e)
{
	size_t *left = arg;
	cs_buf *b = cs_buf_new(cs_text_escape_max(value.n) + TYPE_MAX);
	int r;

	if (b == NULL)
		return cs_nomem(e, "subject");
	if ((r = cs_dn_type(type, b, e)) == CS_OK &&
	    cs_text_escape(b, value, true) != CS_OK)
		r = cs_nomem(e, "subject");
	if (r == CS_OK && cs_buf_len(b) > *left)
		r = cs_fail_detail(e, CS_EREFUSED, CS_R_TOO_LARGE, "subject",
		    "more than %d characters", CS_SUBJECT_SHOWN_MAX);
	if (r == CS_OK)
		*left -= cs_buf_len(b);
	cs_buf_free(&b);
	return r;
}

int
cs_subject_check(cs_span name, cs_err *e)
{
	size_t left = CS_SUBJECT_SHOWN_MAX;
	int r = cs_dn_each(name, count_attribute, &left, e);

	if (r == CS_OK || r == CS_EBUG)
		return r;
	/* Well-formed, but nobody can be asked about it. */
	if (e != NULL)
		e->cls = CS_EREFUSED;
	(void)cs_wrap(e, "the subject cannot be shown");
	return CS_EREFUSED;
}

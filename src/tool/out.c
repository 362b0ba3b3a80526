/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "tool/out.h"

#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/enc.h"
#include "base/text.h"
#include "base/time.h"
#include "crypt/hash.h"
#include "fmt/reason.h"

#define DEPTH 16

struct cs_out {
	json_t *at[DEPTH]; /* at[0] owns the rest */
	bool titled[DEPTH];
	unsigned depth, indent;
	FILE *text;
	char *text_bytes;
	size_t text_len;
	enum cs_out_failure on_failure;
	bool ascii, failed;
};

cs_out *
cs_out_new(bool ascii)
{
	cs_out *o = calloc(1, sizeof(*o));

	if (o == NULL)
		return NULL;
	o->ascii = ascii;
	o->at[0] = json_object();
	o->text = open_memstream(&o->text_bytes, &o->text_len);
	if (o->at[0] == NULL || o->text == NULL)
		cs_out_free(&o);
	return o;
}

void
cs_out_free(cs_out **op)
{
	cs_out *o;

	if (op == NULL || (o = *op) == NULL)
		return;
	json_decref(o->at[0]);
	if (o->text != NULL)
		(void)fclose(o->text);
	free(o->text_bytes);
	free(o);
	*op = NULL;
}

void
cs_out_on_failure(cs_out *o, enum cs_out_failure how)
{
	o->on_failure = how;
}

/* Takes `v`. */
static void
add_json(cs_out *o, const char *key, json_t *v)
{
	json_t *to = o->at[o->depth];
	int bad;

	if (json_is_array(to))
		bad = json_array_append_new(to, v);
	else if (key != NULL)
		bad = json_object_set_new(to, key, v);
	else {
		json_decref(v);
		return;
	}
	if (bad != 0)
		o->failed = true;
}

static void
put_text(cs_out *o, cs_span s)
{
	if (s.n != 0 && fwrite(s.p, 1, s.n, o->text) != s.n)
		o->failed = true;
}

static void
put_str(cs_out *o, const char *s)
{
	put_text(o, cs_span_str(s));
}

static void
put_indent(cs_out *o)
{
	unsigned i;

	for (i = 0; i < o->indent; i++)
		put_str(o, "  ");
}

/* Gives the escaped form, NULL when out of memory. */
static cs_buf *
escaped(cs_span v, bool ascii)
{
	cs_buf *b = cs_buf_new(cs_text_escape_max(v.n));

	if (b != NULL && cs_text_escape(b, v, ascii) != CS_OK)
		cs_buf_free(&b);
	return b;
}

/* A line of ours: nothing in `v` comes from outside. */
static void
add_line(cs_out *o, const char *label, cs_span v)
{
	if (label == NULL)
		return;
	put_indent(o);
	put_str(o, label);
	if (label[0] != '\0')
		put_str(o, ": ");
	put_text(o, v);
	put_str(o, "\n");
}

void
cs_out_span(cs_out *o, const char *key, const char *label, cs_span v)
{
	cs_buf *b = escaped(v, o->ascii);
	json_t *j;

	if (b == NULL) {
		o->failed = true;
		return;
	}
	/* What is not UTF-8 has no JSON string of its own: its escaped form. */
	j = json_stringn((const char *)v.p, v.n);
	if (j == NULL)
		j = json_stringn(cs_buf_cstr(b), cs_buf_len(b));
	add_json(o, key, j);
	add_line(o, label, cs_buf_span(b));
	cs_buf_free(&b);
}

void
cs_out_text(cs_out *o, const char *label, cs_span v)
{
	cs_buf *b = escaped(v, o->ascii);

	if (b == NULL)
		o->failed = true;
	else
		add_line(o, label, cs_buf_span(b));
	cs_buf_free(&b);
}

void
cs_out_str(cs_out *o, const char *key, const char *label, const char *v)
{
	cs_out_span(o, key, label, cs_span_str(v));
}

void
cs_out_printf(cs_out *o, const char *key, const char *label, const char *fmt,
    ...)
{
	va_list ap;
	char *s = NULL;
	int n;

	va_start(ap, fmt);
	n = vasprintf(&s, fmt, ap);
	va_end(ap);
	if (n < 0) {
		o->failed = true;
		return;
	}
	cs_out_span(o, key, label, cs_span_of(s, (size_t)n));
	free(s);
}

void
cs_out_int(cs_out *o, const char *key, const char *label, int64_t v)
{
	char s[24];

	(void)snprintf(s, sizeof(s), "%lld", (long long)v);
	add_json(o, key, json_integer(v));
	add_line(o, label, cs_span_str(s));
}

void
cs_out_bool(cs_out *o, const char *key, const char *label, bool v)
{
	add_json(o, key, json_boolean(v));
	add_line(o, label, cs_span_str(v ? "yes" : "no"));
}

void
cs_out_null(cs_out *o, const char *key)
{
	add_json(o, key, json_null());
}

void
cs_out_time(cs_out *o, const char *key, const char *label, int64_t v)
{
	char s[24];

	if (cs_rfc3339_put(v, s))
		cs_out_str(o, key, label, s);
	else
		cs_out_int(o, key, label, v);
}

void
cs_out_duration(cs_out *o, const char *key, const char *label, int64_t v)
{
	char s[24];

	cs_duration_put(v, s);
	add_json(o, key, json_integer(v));
	add_line(o, label, cs_span_str(s));
}

void
cs_out_hex(cs_out *o, const char *key, const char *label, cs_span v)
{
	cs_buf *b = cs_buf_new(2 * v.n);

	if (b == NULL || cs_hex_put(b, v) != CS_OK)
		o->failed = true;
	else
		cs_out_span(o, key, label, cs_buf_span(b));
	cs_buf_free(&b);
}

void
cs_out_hash(cs_out *o, const char *key, const char *label, cs_span v)
{
	char s[52];

	if (v.n != CS_SHA256_LEN) {
		cs_out_hex(o, key, label, v);
		return;
	}
	cs_fingerprint(v.p, s);
	cs_out_str(o, key, label, s);
}

void
cs_out_document(cs_out *o, const char *key, cs_span text)
{
	add_json(o, key, json_stringn((const char *)text.p, text.n));
	put_text(o, text);
}

void
cs_out_raw(cs_out *o, cs_span bytes)
{
	put_text(o, bytes);
}

/* Takes `v`, an empty object or list, and goes into it. */
static void
enter(cs_out *o, const char *key, const char *title, json_t *v)
{
	json_t *to = o->at[o->depth];

	if (o->depth + 1 >= DEPTH || v == NULL) {
		json_decref(v);
		o->failed = true;
		return;
	}
	if (json_is_array(to) ? json_array_append_new(to, v) != 0
			      : json_object_set_new(to, key, v) != 0) {
		o->failed = true;
		return;
	}
	o->at[++o->depth] = v;
	o->titled[o->depth] = title != NULL;
	if (title == NULL)
		return;
	put_indent(o);
	put_str(o, title);
	put_str(o, "\n");
	o->indent++;
}

void
cs_out_object(cs_out *o, const char *key, const char *title)
{
	enter(o, key, title, json_object());
}

void
cs_out_list(cs_out *o, const char *key, const char *title)
{
	enter(o, key, title, json_array());
}

void
cs_out_close(cs_out *o)
{
	if (o->depth == 0)
		return;
	if (o->titled[o->depth])
		o->indent--;
	o->depth--;
}

const char *
cs_class_name(int cls)
{
	static const char *const names[] = {"ok", "refused", "usage", "format",
	    "auth", "device", "timeout", "needed", "pending", "io", "internal"};

	if (cls == CS_EINTR)
		return "interrupted";
	if (cls > 0 || -cls >= (int)(sizeof(names) / sizeof(names[0])))
		return "internal";
	return names[-cls];
}

/* Rooms below fmt/ put other things into the detail of other classes. */
static bool
has_reason(int cls, const cs_err *e)
{
	if (cls == CS_EIO)
		return e->detail == CS_R_STORE_UNAVAILABLE;
	return (cls == CS_EREFUSED || cls == CS_EFORMAT) &&
	    e->detail > CS_R_NONE && e->detail < CS_R_END;
}

static void
add_error(cs_out *o, int cls, const cs_err *e)
{
	o->depth = 0;
	cs_out_object(o, "error", NULL);
	cs_out_str(o, "class", NULL, cs_class_name(cls));
	cs_out_int(o, "exit", NULL, -cls);
	if (has_reason(cls, e))
		cs_out_str(o, "reason", NULL, cs_reason_name(e->detail));
	else
		cs_out_null(o, "reason");
	cs_out_str(o, "text", NULL, e->text);
	cs_out_close(o);
}

/* One error, one line: a line end in its text came from outside. */
void
cs_out_trouble(const cs_out *o, const char *name, const cs_err *e)
{
	cs_buf *b = escaped(cs_span_str(e->text), o->ascii);

	(void)fprintf(stderr, "countersign%s%s: %s\n",
	    name == NULL ? "" : " ", name == NULL ? "" : name,
	    b == NULL ? "out of memory" : cs_buf_cstr(b));
	cs_buf_free(&b);
}

/* DEL is the one character that neither JSON nor "ASCII only" takes care of;
 * it can only stand inside a string. */
static bool
write_json(json_t *root)
{
	char *s = json_dumps(root, JSON_INDENT(2) | JSON_ENSURE_ASCII);
	size_t i;

	if (s == NULL)
		return false;
	for (i = 0; s[i] != '\0'; i++)
		if (s[i] == 0x7f)
			(void)fputs("\\u007f", stdout);
		else
			(void)putchar(s[i]);
	free(s);
	(void)putchar('\n');
	return true;
}

static bool
write_object(cs_out *o, const char *name, int cls)
{
	json_t *root = json_object();
	bool good = root != NULL &&
	    json_object_set_new(root, "ok", json_boolean(cls == CS_OK)) == 0 &&
	    json_object_set_new(root, "status", json_integer(-cls)) == 0 &&
	    json_object_set_new(root, "verb",
		name == NULL ? json_null() : json_string(name)) == 0 &&
	    json_object_update(root, o->at[0]) == 0 && write_json(root);

	json_decref(root);
	return good;
}

static int
flush(const cs_out *o, const char *name, int cls)
{
	cs_err e = {0};

	/* Its error may be an earlier write's: both are asked. */
	if (ferror(stdout) == 0 && fclose(stdout) == 0)
		return -cls;
	(void)cs_fail(&e, CS_EIO, "tool", "standard output: %m");
	cs_out_trouble(o, name, &e);
	return -CS_EIO;
}

static int
finish_bug(cs_out *o, const char *name)
{
	cs_err e = {0};

	(void)cs_nomem(&e, "tool");
	cs_out_trouble(o, name, &e);
	return -CS_EBUG;
}

int
cs_out_finish(cs_out *o, const char *name, bool json, int cls,
    const cs_err *e)
{
	bool answer = cls == CS_OK || o->on_failure == CS_OUT_ANSWER;

	if (fflush(o->text) != 0)
		o->failed = true;
	if (cls != CS_OK)
		add_error(o, cls, e);
	if (o->failed)
		return finish_bug(o, name);
	if (!answer)
		cs_out_trouble(o, name, e);
	if (!answer && o->on_failure == CS_OUT_ADVICE)
		(void)fwrite(o->text_bytes, 1, o->text_len, stderr);
	if (json && !write_object(o, name, cls))
		return finish_bug(o, name);
	if (!json && (answer || o->on_failure == CS_OUT_RESULT))
		(void)fwrite(o->text_bytes, 1, o->text_len, stdout);
	return flush(o, name, cls);
}

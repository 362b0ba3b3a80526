/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/module.h"
#include "base/scheme.h"
#include "base/time.h"
#include "store/storep.h"

/*
 * An engine, step by step, for scripts that do something to it in between:
 * steps MODULES URI STEP... prints a line for each, and ends with the status
 * of the first that fails. `wait` goes on with the next line of standard input.
 */

static const cs_db_stmt stmt[] = {
	{0, "INSERT INTO s (id) VALUES ($1)"},
	{1, "SELECT count(*) FROM s"},
	{2, "SELECT current_setting($1)"},
};

struct steps {
	const cs_db_ops *ops;
	const char *where;
	cs_db *db;
	int64_t ms; /* each step's deadline from its start */
};

static int
show(void *arg, const cs_db_value *col, size_t n, cs_err *e)
{
	(void)arg;
	(void)e;
	for (size_t i = 0; i < n; i++)
		if (col[i].type == CS_DB_INT)
			printf("%lld\n", (long long)col[i].i);
		else
			printf("%.*s\n", (int)col[i].s.n,
			    (const char *)col[i].s.p);
	return CS_OK;
}

static int
open_as(struct steps *s, enum cs_db_mode mode, cs_err *e)
{
	return s->ops->open(s->where, mode, cs_time_mono_ms() + s->ms, &s->db,
	    e);
}

static int
place(struct steps *s, cs_err *e)
{
	cs_buf *b = cs_buf_new(512);
	int r = s->ops->place(s->db, b, e);

	if (r == CS_OK)
		printf("%s\n", cs_buf_cstr(b));
	cs_buf_free(&b);
	return r;
}

static int
await(void)
{
	char line[64];

	return fgets(line, sizeof(line), stdin) != NULL ? CS_OK : CS_EUSAGE;
}

static int
without_value(struct steps *s, const char *step, cs_err *e)
{
	if (strcmp(step, "read") == 0)
		return open_as(s, CS_DB_READ, e);
	if (strcmp(step, "write") == 0)
		return open_as(s, CS_DB_WRITE, e);
	if (strcmp(step, "create") == 0)
		return open_as(s, CS_DB_CREATE, e);
	if (strcmp(step, "wait") == 0)
		return await();
	if (strcmp(step, "begin") == 0)
		return s->ops->begin(s->db, e);
	if (strcmp(step, "begin-read") == 0)
		return s->ops->begin_read(s->db, e);
	if (strcmp(step, "schema") == 0)
		return s->ops->script(s->db,
		    "CREATE TABLE s (id BIGINT PRIMARY KEY)", e);
	if (strcmp(step, "commit") == 0)
		return s->ops->commit(s->db, e);
	if (strcmp(step, "rows") == 0)
		return s->ops->run(s->db, &stmt[1], NULL, 0, show, NULL, NULL,
		    e);
	if (strcmp(step, "place") == 0)
		return place(s, e);
	if (strcmp(step, "backup") == 0)
		return s->ops->backup(s->db, "copy", "", e);
	return cs_fail(e, CS_EBUG, "steps", "no step '%s'", step);
}

static int
one(struct steps *s, const char *step, cs_err *e)
{
	const char *value = strchr(step, '=');
	cs_db_value in;

	if (s->db != NULL)
		s->ops->deadline(s->db, cs_time_mono_ms() + s->ms);
	if (value == NULL)
		return without_value(s, step, e);
	value++;
	if (strncmp(step, "ms=", 3) == 0) {
		s->ms = strtol(value, NULL, 10);
		return CS_OK;
	}
	if (strncmp(step, "show=", 5) == 0) {
		in = cs_db_text(cs_span_str(value));
		return s->ops->run(s->db, &stmt[2], &in, 1, show, NULL, NULL,
		    e);
	}
	in = cs_db_int(strtol(value, NULL, 10)); /* add= */
	return s->ops->run(s->db, &stmt[0], &in, 1, NULL, NULL, NULL, e);
}

static int
engine(char **argv, struct steps *s, cs_err *e)
{
	cs_db_entry_fn *entry = NULL;
	cs_scheme u = {0};
	void *symbol = NULL;
	int r;

	if ((r = cs_scheme_split(argv[2], &u, e)) != CS_OK ||
	    (r = cs_module_load(argv[1], "store", u.name, CS_DB_SYMBOL, "",
	    &symbol, e)) != CS_OK)
		return r;
	memcpy(&entry, &symbol, sizeof(entry));
	s->ops = entry(CS_DB_ABI);
	s->where = u.rest;
	s->ms = 10000;
	return CS_OK;
}

int
main(int argc, char **argv)
{
	struct steps s = {0};
	cs_err e = {0};
	int r;

	setvbuf(stdout, NULL, _IOLBF, 0);
	r = argc < 4 ? CS_EBUG : engine(argv, &s, &e);
	for (int i = 3; r == CS_OK && i < argc; i++) {
		printf("%s\n", argv[i]);
		r = one(&s, argv[i], &e);
	}
	if (r != CS_OK)
		printf("failed: %s\n", e.text);
	if (s.db != NULL) {
		s.ops->rollback(s.db);
		s.ops->close(s.db);
	}
	return -r;
}

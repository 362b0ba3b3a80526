/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fmt/reason.h"
#include "server/adminroutes.h"
#include "tap.h"
#include "webbed.h"

/* contrib/openapi/countersign.json has what the routes have, and nothing else:
 * paths, methods, media types, statuses, reasons. */

#define LABEL "{label}/"

static json_t *doc;
static size_t refs[512], n_seen; /* components that something refers to */
static const json_t *seen[512];

static json_t *
at(const json_t *o, const char *name)
{
	return json_object_get(o, name);
}

static json_t *
resolve(json_t *o)
{
	const char *ref = json_string_value(at(o, "$ref")), *name;
	char kind[32];

	if (ref == NULL)
		return o;
	if (sscanf(ref, "#/components/%31[^/]", kind) != 1 ||
	    (name = strrchr(ref, '/')) == NULL)
		return NULL;
	return at(at(at(doc, "components"), kind), name + 1);
}

/* The route's path, with its holes as the document names them. */
static bool
is_path(const cs_web_route *t, const char *path, bool *label)
{
	const char *hole = strstr(t->path, CS_WEB_PARAM);
	size_t n = strlen(CS_EST_PREFIX);

	*label = false;
	if (t->family == CS_WEB_EST) {
		if (strncmp(path, CS_EST_PREFIX, n) != 0)
			return false;
		path += n;
		*label = strncmp(path, LABEL, strlen(LABEL)) == 0;
		return strcmp(path + (*label ? strlen(LABEL) : 0), t->path) ==
		    0;
	}
	if (hole == NULL)
		return strcmp(path, t->path) == 0;
	n = (size_t)(hole - t->path);
	return strncmp(path, t->path, n) == 0 && path[n] == '{' &&
	    strchr(path + n, '}') != NULL && strchr(path + n, '}')[1] == '\0';
}

static bool
is_method(const cs_web_route *t, const char *method)
{
	return strcmp(method, strcmp(t->method, "GET") == 0 ? "get" :
	    "post") == 0;
}

/* The object's names are these. */
static bool
has_names(const json_t *o, const char *const *names, size_t most)
{
	size_t n = 0;

	while (n < most && names[n] != NULL)
		if (at(o, names[n++]) == NULL)
			return false;
	return json_object_size(o) == n;
}

static bool
has_statuses(json_t *answers, const cs_web_route *t)
{
	char name[8];
	size_t i, n = 0;

	for (i = 0; i < sizeof(t->statuses) / sizeof(t->statuses[0]) &&
	    t->statuses[i] != 0; i++) {
		(void)snprintf(name, sizeof(name), "%d", t->statuses[i]);
		n += resolve(at(answers, name)) != NULL;
	}
	return n == i && json_object_size(answers) == i;
}

/* What is not 200: of the family's kind. */
static bool
fails_well(json_t *answers, const cs_web_route *t)
{
	const char *key, *type = t->family == CS_WEB_EST ? "text/plain" :
	    CS_TYPE_PROBLEM;
	json_t *v;
	bool retry, good = true;
	int status;

	json_object_foreach(answers, key, v) {
		status = atoi(key);
		v = resolve(v);
		retry = at(at(v, "headers"), "Retry-After") != NULL;
		if (status >= 400)
			good = good && has_names(at(v, "content"), &type, 1) &&
			    retry == (status >= 500 || status == 429);
		else if (status == 304)
			good = good && at(v, "content") == NULL;
		else
			good = good && retry == (status == 202);
	}
	return good;
}

static void
test_operation(const cs_web_route *t, json_t *o, const char *path)
{
	json_t *answers = at(o, "responses");
	json_t *body = resolve(at(o, "requestBody"));

	ok(has_statuses(answers, t), "%s: statuses", path);
	ok(fails_well(answers, t), "%s: failures", path);
	ok(has_names(at(resolve(at(answers, "200")), "content"), t->gives, 4),
	    "%s: what it gives", path);
	ok((body == NULL) == (t->takes[0] == NULL) && (body == NULL ||
	    (has_names(at(body, "content"), t->takes, 4) &&
	    json_is_true(at(body, "required")))), "%s: what it takes", path);
}

/* By what it asks of the issuer: each of these once. */
static const char *const verbs[] = {"health", "ready", "metrics",
    "revocations", "revoke", "lift", "status", "audit", "reload"};
#define VERBS (sizeof(verbs) / sizeof(verbs[0]))
static size_t by_verb[VERBS];

static bool
is_admin(json_t *o)
{
	const char *tag = json_string_value(json_array_get(at(o, "tags"), 0));

	return tag != NULL && strcmp(tag, "admin") == 0;
}

static void
test_admin(const char *path, const char *method, json_t *o)
{
	cs_web_request q = {.method = strcmp(method, "get") == 0 ? "GET" :
	    "POST", .path = cs_span_str(path)};
	cs_admin_ask ask;
	cs_web_answer ans;
	size_t i;

	if (at(o, "requestBody") != NULL) {
		q.type = cs_span_str("application/json");
		q.body = cs_span_str("{}");
	}
	cs_admin_hear(&q, &ask, &ans);
	ok(ans.status == 0 && ask.verb != NULL, "%s %s is the admin's",
	    method, path);
	for (i = 0; i < VERBS; i++)
		by_verb[i] += ask.verb != NULL &&
		    strcmp(ask.verb, verbs[i]) == 0;
	cs_web_answer_clear(&ans);
	cs_admin_ask_clear(&ask);
}

static void
test_path(const char *path, json_t *methods, size_t *found)
{
	const cs_web_route *t;
	const char *method;
	json_t *o;
	bool label, any;

	json_object_foreach(methods, method, o) {
		any = is_admin(o);
		if (any) {
			test_admin(path, method, o);
			continue;
		}
		for (t = cs_web_routes; t->method != NULL; t++) {
			if (!is_path(t, path, &label) || !is_method(t, method))
				continue;
			any = true;
			found[t - cs_web_routes] += label ? 16 : 1;
			test_operation(t, o, path);
		}
		ok(any, "%s %s is a route", method, path);
	}
}

static void
test_routes(void)
{
	size_t found[32] = {0}, want, i;
	const cs_web_route *t;
	const char *path;
	json_t *methods;

	json_object_foreach(at(doc, "paths"), path, methods)
		test_path(path, methods, found);
	for (t = cs_web_routes; t->method != NULL; t++) {
		want = t->family == CS_WEB_EST ? 17 : 1;
		ok(found[t - cs_web_routes] == want, "%s %s is there",
		    t->method, t->path);
	}
	for (i = 0; i < VERBS; i++)
		ok(by_verb[i] == 1, "the admin's %s is there", verbs[i]);
}

static void
test_reasons(void)
{
	json_t *list = at(at(at(at(doc, "components"), "schemas"), "Reason"),
	    "enum"), *v;
	const char *word;
	size_t i, n, wrong = 0;

	for (n = 0; (word = cs_problem_reason(n)) != NULL; n++) {
		v = json_array_get(list, n);
		if (v == NULL || strcmp(json_string_value(v), word) != 0)
			wrong++;
	}
	ok(wrong == 0 && json_array_size(list) == n, "%zu reasons", n);
	for (i = CS_R_NONE + 1, wrong = 0; i < CS_R_END; i++)
		wrong += strcmp(cs_problem_reason(i - 1),
		    cs_reason_name((int)i)) != 0;
	ok(wrong == 0, "those of a verdict first");
}

static void
note(const json_t *target)
{
	size_t i;

	for (i = 0; i < n_seen; i++)
		if (seen[i] == target)
			refs[i]++;
}

static size_t
broken(json_t *o)
{
	const char *key;
	json_t *v;
	size_t i, n = 0;

	if (at(o, "$ref") != NULL) {
		n += resolve(o) == NULL;
		note(resolve(o));
	}
	json_object_foreach(o, key, v)
		n += broken(v);
	json_array_foreach(o, i, v)
		n += broken(v);
	return n;
}

static void
test_refs(void)
{
	const char *kind, *name;
	json_t *of, *v;
	size_t i, unused = 0;

	json_object_foreach(at(doc, "components"), kind, of) {
		if (strcmp(kind, "securitySchemes") == 0)
			continue;
		json_object_foreach(of, name, v)
			seen[n_seen++] = v;
	}
	ok(broken(doc) == 0, "every reference leads somewhere");
	for (i = 0; i < n_seen; i++)
		unused += refs[i] == 0;
	ok(n_seen > 20 && unused == 0, "all of %zu components are used",
	    n_seen);
}

int
main(void)
{
	const char *src = getenv("SRCDIR");
	char path[512];
	json_error_t e;

	(void)snprintf(path, sizeof(path),
	    "%s/contrib/openapi/countersign.json", src == NULL ? "." : src);
	doc = json_load_file(path, JSON_REJECT_DUPLICATES, &e);
	if (!ok(doc != NULL, "JSON")) {
		printf("# %s:%d: %s\nBail out!\n", path, e.line, e.text);
		return 1;
	}
	test_routes();
	test_reasons();
	test_refs();
	json_decref(doc);
	return done_testing();
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "tool/lookout.h"

#include <stdio.h>
#include <string.h>

#include "tool/hosts.h"

#define TEXT_MAX 1100

/* How a host could deceive; false when it does not. */
static bool
host_warning(cs_span host, cs_span known, char text[TEXT_MAX])
{
	int h = (int)host.n, k = (int)known.n;

	switch (cs_host_compare(host, known)) {
	case CS_HOST_PUNYCODE:
		(void)snprintf(text, TEXT_MAX, "%.*s is written in xn-- form; "
		    "what it spells is not shown", h, host.p);
		return true;
	case CS_HOST_CONFUSABLE:
		(void)snprintf(text, TEXT_MAX, "%.*s only looks like %.*s", h,
		    host.p, k, known.p);
		return true;
	case CS_HOST_PREFIX:
		(void)snprintf(text, TEXT_MAX, "%.*s begins like %.*s but is "
		    "another host", h, host.p, k, known.p);
		return true;
	case CS_HOST_PLAIN:
		break;
	}
	return false;
}

void
cs_lookout(cs_span agent_id, cs_span owner_uri, cs_span authority_uri,
    void (*each)(void *arg, const char *text), void *arg)
{
	cs_span agent = cs_host_of(agent_id), owner = cs_host_of(owner_uri);
	cs_span authority = cs_host_of(authority_uri);
	const struct {
		cs_span host, known;
	} pairs[] = {{agent, owner}, {agent, authority}, {authority, owner},
	    {owner, owner}};
	char text[TEXT_MAX], last[TEXT_MAX] = "";
	size_t i;

	for (i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		if (pairs[i].host.p == NULL ||
		    !host_warning(pairs[i].host, pairs[i].known, text) ||
		    strcmp(text, last) == 0)
			continue;
		each(arg, text);
		memcpy(last, text, sizeof(last));
	}
}

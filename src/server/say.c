/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "server/role.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/time.h"
#include "server/msg.h"

#define WAIT_MS 1000 /* a master that does not read is as good as gone */

static const char *const names[CS_ROLES] = {
    [CS_ROLE_FRONT] = "front",
    [CS_ROLE_ADMIN] = "admin",
    [CS_ROLE_ISSUER] = "issuer",
    [CS_ROLE_KEYHOLDER] = "keyholder",
    [CS_ROLE_WEBHOOK] = "webhook",
};

const char *
cs_role_name(enum cs_role r)
{
	return (size_t)r < CS_ROLES ? names[r] : "?";
}

int
cs_role_parse(cs_span name, enum cs_role *out, cs_err *e)
{
	size_t i;

	for (i = 0; i < CS_ROLES; i++)
		if (cs_span_is(name, names[i])) {
			*out = (enum cs_role)i;
			return CS_OK;
		}
	return cs_fail(e, CS_EFORMAT, "server/role", "expected front, admin, "
	    "issuer, keyholder or webhook, found %.*s", (int)(name.n > 64 ? 64 :
	    name.n), (const char *)name.p);
}

static int
send_words(cs_channel *control, uint32_t type, const char *words, cs_err *e)
{
	cs_frame f = {.type = type, .n = words == NULL ? 0 : 1, .fd = -1};

	f.part[0] = cs_span_str(words);
	return cs_channel_send(control, &f, cs_time_mono_ms() + WAIT_MS, e);
}

int
cs_say_ready(cs_channel *control, const char *had, cs_err *e)
{
	return send_words(control, CS_MSG_READY, had, e);
}

int
cs_say_reloaded(cs_channel *control, const char *why, cs_err *e)
{
	return send_words(control, CS_MSG_RELOADED, why == NULL ? "" : why, e);
}

int
cs_say_alive(cs_channel *control, cs_err *e)
{
	return send_words(control, CS_MSG_ALIVE, NULL, e);
}

void
cs_say(cs_channel *control, int level, const char *fmt, ...)
{
	cs_frame f = {.type = CS_MSG_SAY, .n = 2, .fd = -1};
	char text[2048] = "";
	uint8_t room[8];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	f.part[0] = cs_frame_number(level, room);
	f.part[1] = cs_span_str(text);
	/* Who cannot hear it will end us. */
	(void)!cs_channel_send(control, &f, cs_time_mono_ms() + WAIT_MS, NULL);
}

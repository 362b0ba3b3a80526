/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_TOOL_HOSTS_H
#define CS_TOOL_HOSTS_H

#include "base/buf.h"

/* Host names that a person could take for another one. */

/* The host within a name of countersign-formats(5), section 2: an agent
 * identifier, an owner, an authority. Absent when it has none. Borrows. */
cs_span cs_host_of(cs_span uri);

enum cs_lookalike {
	CS_HOST_PLAIN = 0,
	CS_HOST_PUNYCODE,   /* a label in xn-- form: what it spells is not shown */
	CS_HOST_CONFUSABLE, /* another name, but looks like it: corp, c0rp */
	CS_HOST_PREFIX      /* begins with the other name, ends elsewhere */
};

/* How could `host` deceive a person who knows `known`? Both absent is fine. */
enum cs_lookalike cs_host_compare(cs_span host, cs_span known);

#endif

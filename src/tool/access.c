/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "tool/access.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/time.h"

/* "60" are seconds, as people write them; "2m" has its unit. */
static int
read_timeout(const char *s, int64_t *out, cs_err *e)
{
	char with_unit[16];
	int r;

	if (s[strspn(s, "0123456789")] == '\0' && strlen(s) < 8) {
		(void)snprintf(with_unit, sizeof(with_unit), "%ss", s);
		s = with_unit;
	}
	if ((r = cs_duration_parse(s, out, e)) != CS_OK)
		return cs_wrap(e, "--timeout");
	if (*out > CS_TIMEOUT_MAX)
		return cs_fail(e, CS_EUSAGE, "access",
		    "--timeout: at most %d seconds", CS_TIMEOUT_MAX);
	return CS_OK;
}

static const char *
not_empty(const char *s)
{
	return s == NULL || s[0] == '\0' ? NULL : s;
}

static const char *
find_tcti(const struct cs_key_opts *o)
{
	const char *tcti = o->tcti;

	if (tcti == NULL)
		tcti = not_empty(getenv("COUNTERSIGN_TCTI"));
	if (tcti == NULL)
		tcti = not_empty(getenv("TPM2TOOLS_TCTI"));
	return tcti;
}

int
cs_access_open(const cs_tool *t, const struct cs_key_opts *o,
    const char *verb, bool json, cs_access *a, cs_err *e)
{
	int64_t timeout = 0;
	int rc;

	memset(a, 0, sizeof(*a));
	/* The TPM's library prints whatever it comes across, unless it is told
	 * not to; what fails is said by us. */
	(void)setenv("TSS2_LOG", "all+none", 0);
	if (o->timeout != NULL &&
	    (rc = read_timeout(o->timeout, &timeout, e)) != CS_OK)
		return rc;
	if ((rc = cs_settings_load(&a->settings, e)) != CS_OK)
		return rc;
	if (timeout == 0)
		timeout = a->settings.timeout;
	if (timeout == 0)
		timeout = CS_TIMEOUT_DEFAULT;
	a->deadline_ms = cs_time_mono_ms() + timeout * 1000;
	a->source = (cs_pin_source){.pin_fd = (int)o->pin_fd,
	    .pinentry = a->settings.pinentry,
	    .deadline_ms = a->deadline_ms,
	    .verb = verb,
	    .json = json};
	cs_pin_ui(&a->source, &a->ui);
	a->key_dir = cs_config_path("keys");
	a->signer = (cs_signer_env){.module_dir = t->module_dir,
	    .key_dir = a->key_dir, .ui = &a->ui,
	    .allow_last_try = o->allow_last_try, .pss = o->pss,
	    .verify = o->verify};
	a->signer.agent_socket = not_empty(getenv("SSH_AUTH_SOCK"));
	a->signer.tcti = find_tcti(o);
	a->signer.deadline_ms = a->deadline_ms;
	a->keys = (cs_keys_env){.module_dir = t->module_dir, .ui = &a->ui,
	    .allow_last_try = o->allow_last_try};
	if ((rc = cs_watchdog_start(a->deadline_ms, verb, json, &a->watchdog,
		 e)) != CS_OK)
		cs_access_close(a);
	return rc;
}

void
cs_access_close(cs_access *a)
{
	cs_watchdog_stop(&a->watchdog);
	cs_settings_clear(&a->settings);
	free(a->key_dir);
	memset(a, 0, sizeof(*a));
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "tool/ownerswarn.h"

#include <stdio.h>
#include <string.h>

#include "fmt/cert.h"
#include "fmt/scan.h"
#include "verify/authorities.h"

struct teller {
	const cs_anchor *a;
	cs_owners_warn *warn;
	void *arg;
};

static void
tell(const struct teller *t, bool is_so, const char *warning,
    const char *text)
{
	if (is_so)
		t->warn(t->arg, t->a, warning, text);
}

const char *
cs_owners_status(const cs_anchor *a, int64_t now)
{
	if (a->has_revoked && a->revoked <= now)
		return "revoked";
	if (a->has_valid_before && a->valid_before <= now)
		return "expired";
	if (a->has_valid_after && a->valid_after > now)
		return "not yet valid";
	return "valid";
}

static bool
has_agents(const cs_anchor *a)
{
	size_t i;

	for (i = 0; i < a->agents.n; i++)
		if (a->agents.p[i] != ' ')
			return true;
	return false;
}

static void
tell_touch(const struct teller *t)
{
	const cs_anchor *a = t->a;

	tell(t, (a->type & (CS_ANCHOR_FIDO2 | CS_ANCHOR_SK)) == 0 &&
	    !a->no_touch_required && !a->touch_always, "touch-missing",
	    a->proof == CS_PROOF_TPM2 ? "a TPM never proves a touch: without "
	    "no-touch-required all approvals of the key are refused, "
	    "touch-missing" : "no such key proves a touch: without "
	    "no-touch-required its approvals are refused, touch-missing");
}

static void
tell_key(const struct teller *t, int64_t now)
{
	const cs_anchor *a = t->a;
	const char *status = cs_owners_status(a, now);

	tell(t, strcmp(status, "revoked") == 0, "revoked",
	    "the key is revoked");
	tell(t, strcmp(status, "expired") == 0, "expired",
	    "the key has expired");
	tell(t, !has_agents(a), "no-agents",
	    "no agents: the key can approve nothing");
	tell_touch(t);
	tell(t, a->shared_key, "shared-key",
	    "shared-key: the key signs other things, too");
	tell(t, a->hardware && a->proof == CS_PROOF_NONE,
	    "hardware-asserted", "hardware: said, not proven");
	tell(t, a->hardware_required && a->proof == CS_PROOF_NONE,
	    "not-hardware", "hardware-required without attested=: its "
	    "approvals are refused, not-hardware");
}

/* Is it a page of the RP ID's own host, or of one below it? Others cannot ask
 * a browser for its credentials: WebAuthn section 5.1.4. */
static bool
is_of_rp(cs_span origin, cs_span rp_id)
{
	static const char https[] = "https://", http[] = "http://";
	cs_span host = cs_scan_starts(origin, https) ?
	    cs_scan_from(origin, sizeof(https) - 1) :
	    cs_scan_from(origin, sizeof(http) - 1);

	host.n = cs_scan_find(host, ":/");
	if (host.n <= rp_id.n)
		return cs_span_eq(host, rp_id);
	return host.p[host.n - rp_id.n - 1] == '.' &&
	    cs_span_eq(cs_scan_from(host, host.n - rp_id.n), rp_id);
}

static bool
is_own(cs_span origin, cs_span rp_id)
{
	static const char https[] = "https://";

	return cs_scan_starts(origin, https) &&
	    cs_span_eq(cs_scan_from(origin, sizeof(https) - 1), rp_id);
}

static void
tell_origins(const struct teller *t)
{
	const cs_anchor *a = t->a;
	cs_span list = a->origins, one = {0};
	bool own = false, foreign = false;

	while (cs_scan_word(&list, &one)) {
		own |= is_own(one, a->rp_id);
		foreign |= !is_of_rp(one, a->rp_id);
	}
	tell(t, !own, "origins-own", "origins: without https:// and the RP ID "
	    "itself, what countersign sign makes is refused, "
	    "signature-invalid");
	tell(t, foreign, "origins-foreign", "origins: one is not of the RP ID; "
	    "no browser lets its page ask for this key");
}

static void
tell_device(const struct teller *t)
{
	const cs_anchor *a = t->a;

	tell(t, a->no_touch_required, "touch-waived", "no-touch-required: a "
	    "security key proves a touch, and need not");
	tell(t, a->counter_strict && (a->grants || a->max_issuances > 1),
	    "counter-strict-uses", "counter-strict: approvals of a key, and "
	    "approvals and grants for more than one credential, are refused, "
	    "policy-refused");
	if (a->origins.p != NULL)
		tell_origins(t);
}

/* The namespace within the signature keeps an approval apart from a login: no
 * signature is one for the other. The key is asked in one place for both. */
static void
tell_agent(const struct teller *t)
{
	const cs_anchor *a = t->a;

	tell(t, a->type == CS_ANCHOR_SSH, "login-key", "an OpenSSH key: where "
	    "it opens logins, too, every machine that its agent is forwarded "
	    "to can have approvals signed by it");
	tell(t, a->type == CS_ANCHOR_SK && cs_span_is(a->ssh.application,
	    "ssh:"), "login-key", "application ssh: is that of logins: a touch "
	    "meant for a login can be taken for an approval, by every machine "
	    "that its agent is forwarded to");
}

static void
tell_lists(const struct teller *t, const cs_ca *ca, int64_t now)
{
	char text[128];
	bool own = false;
	size_t stale = 0;

	cs_ca_current(ca, now, &own, &stale);
	tell(t, !own, "crl-missing", "crl: no current list of the authority "
	    "itself: its approvals are refused, path-invalid");
	(void)snprintf(text, sizeof(text), "crl: of %zu %s every list has run "
	    "out, or is of the future", stale,
	    stale == 1 ? "authority" : "authorities");
	tell(t, stale != 0, "crl-stale", text);
}

/* What others complain of is no warning. */
static int
tell_authority(const struct teller *t, uid_t reader, int64_t now, cs_err *e)
{
	const cs_anchor *a = t->a;
	cs_authorities l = {0};
	cs_cert *c = NULL;
	cs_err why = {0};
	int r;

	tell(t, a->eku.p != NULL, "other-eku",
	    "eku: certificates that are made for another purpose count");
	tell(t, a->no_revocation, "no-revocation",
	    "no-revocation: a revoked certificate goes unnoticed");
	if ((r = cs_cert_parse(a->ca, &c, e)) != CS_OK)
		return r;
	tell(t, now > c->not_after, "ca-expired", "the authority's certificate "
	    "has expired: its approvals are refused, path-invalid");
	tell(t, now < c->not_before, "ca-not-yet-valid",
	    "the authority's certificate is not valid yet: its approvals are "
	    "refused, path-invalid");
	cs_cert_free(&c);
	r = cs_authorities_add(&l, a, reader, &why);
	if (r == CS_OK && !a->no_revocation)
		tell_lists(t, l.v[0].ca, now);
	cs_authorities_free(&l);
	if (r == CS_EBUG && e != NULL)
		*e = why;
	return r == CS_EBUG ? r : CS_OK;
}

int
cs_owners_warnings(const cs_anchor *a, uid_t reader, int64_t now,
    cs_owners_warn *warn, void *arg, cs_err *e)
{
	const struct teller t = {a, warn, arg};

	tell_key(&t, now);
	if ((a->type & (CS_ANCHOR_FIDO2 | CS_ANCHOR_SK)) != 0)
		tell_device(&t);
	if (a->ssh.blob.p != NULL)
		tell_agent(&t);
	return a->type == CS_ANCHOR_X509 ?
	    tell_authority(&t, reader, now, e) : CS_OK;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "verify/step.h"

#include "base/time.h"
#include "fmt/bindings.h"

#define MAX_WINDOW (24 * 3600) /* formats section 8, for one without its own */
#define MAX_GRANT_WINDOW (90 * INT64_C(86400))

int
cs_step_life(const cs_anchor *k, int64_t now, cs_err *e)
{
	if (k->has_valid_after && now < k->valid_after)
		return CS_REFUSE(e, CS_R_NOT_YET_VALID,
		    "the key is not valid yet, %s:%u", CS_ANCHOR_AT(k));
	if (k->has_valid_before && now >= k->valid_before)
		return CS_REFUSE(e, CS_R_EXPIRED,
		    "the key is valid no more, %s:%u", CS_ANCHOR_AT(k));
	if (k->has_revoked && now >= k->revoked)
		return CS_REFUSE(e, CS_R_REVOKED, "the key is revoked, %s:%u",
		    CS_ANCHOR_AT(k));
	return CS_OK;
}

static int64_t
max_window(const cs_approved *a)
{
	if (a->anchor.max_window != 0)
		return a->anchor.max_window;
	return a->role == CS_ROLE_GRANT ? MAX_GRANT_WINDOW : MAX_WINDOW;
}

/* Section 8: who wants each signature to count wants one for each act. */
static int
check_strict(const cs_anchor *k, const cs_tbs *t, cs_err *e)
{
	bool renewable = t->subjects[0].kind == CS_SUBJECT_KEY;

	if (!k->counter_strict || (t->max_issuances == 1 && !renewable))
		return CS_OK;
	return CS_REFUSE(e, CS_R_POLICY_REFUSED,
	    "expected an approval for one issuance by a key with "
	    "counter-strict, found one for %s, %s:%u",
	    renewable ? "renewals" : "several", CS_ANCHOR_AT(k));
}

static int
check_limits(const cs_approved *a, cs_err *e)
{
	const cs_anchor *k = &a->anchor;
	const cs_tbs *t = &a->approval->tbs;
	int64_t window = t->not_after - t->not_before, most = max_window(a);
	char want[24], found[24];

	if (window > most) {
		cs_duration_put(most, want);
		cs_duration_put(window, found);
		return CS_REFUSE(e, CS_R_WINDOW_TOO_LONG,
		    "expected at most %s, found %s, %s:%u", want, found,
		    CS_ANCHOR_AT(k));
	}
	if (k->max_lifetime != 0 && t->max_lifetime > k->max_lifetime) {
		cs_duration_put(k->max_lifetime, want);
		cs_duration_put(t->max_lifetime, found);
		return CS_REFUSE(e, CS_R_LIFETIME_EXCEEDED,
		    "expected at most %s, found %s, %s:%u", want, found,
		    CS_ANCHOR_AT(k));
	}
	if (k->max_issuances != 0 && t->max_issuances > k->max_issuances)
		return CS_REFUSE(e, CS_R_POLICY_REFUSED,
		    "expected at most %lld issuances, found %lld, %s:%u",
		    (long long)k->max_issuances, (long long)t->max_issuances,
		    CS_ANCHOR_AT(k));
	return check_strict(k, t, e);
}

/* What a plain key can prove comes from its attestation alone: nothing in a
 * cms approval tells of a touch or a PIN (formats section 8). */
static void
add_attested(const cs_anchor *k, cs_assurance *s)
{
	s->present = k->proof == CS_PROOF_YUBIKEY_PIV && k->touch_always;
	s->verified = k->proof == CS_PROOF_YUBIKEY_PIV && k->pin_always;
	s->by_policy = s->present;
}

/* What may leave its device is no hardware's, whoever says so. */
static bool
may_leave(const cs_approved *a)
{
	return a->approval->carrier == CS_CARRIER_WEBAUTHN &&
	    a->approval->webauthn.auth.backup_eligible;
}

static void
add_assertion(const cs_approved *a, cs_assurance *s)
{
	s->present = a->approval->webauthn.auth.present;
	s->verified = a->approval->webauthn.auth.verified;
	if (may_leave(a))
		s->hardware = s->asserted = false;
}

static cs_assurance
assurance_of(const cs_approved *a)
{
	const cs_anchor *k = &a->anchor;
	cs_assurance s = {
		.hardware = k->proof != CS_PROOF_NONE,
		.asserted = k->hardware,
	};

	switch (a->approval->carrier) {
	case CS_CARRIER_CMS:
		add_attested(k, &s);
		break;
	case CS_CARRIER_WEBAUTHN:
		add_assertion(a, &s);
		break;
	case CS_CARRIER_SSHSIG: /* of a plain key, neither */
		s.present = a->approval->sshsig.present;
		s.verified = a->approval->sshsig.verified;
		break;
	case CS_CARRIER_NONE:
		break;
	}
	return s;
}

/* Whose signature tells of a touch and of a PIN. */
static bool
is_security_key(const cs_anchor *k)
{
	return k->type == CS_ANCHOR_FIDO2 || k->type == CS_ANCHOR_SK;
}

static const char *
no_touch(const cs_anchor *k)
{
	if (is_security_key(k))
		return "a signature made without one";
	if (k->proof == CS_PROOF_TPM2)
		return "a key in a TPM, which never proves one, and no "
		    "no-touch-required";
	return "a key that proves none and no no-touch-required";
}

static int
check_person(const cs_anchor *k, const cs_assurance *s, cs_err *e)
{
	bool sk = is_security_key(k);

	if (!k->no_touch_required && !s->present)
		return CS_REFUSE(e, CS_R_TOUCH_MISSING,
		    "expected a proven touch, found %s, %s:%u", no_touch(k),
		    CS_ANCHOR_AT(k));
	if (k->verify_required && !s->verified)
		return CS_REFUSE(e, CS_R_VERIFICATION_MISSING,
		    "expected a verified owner, found %s, %s:%u",
		    sk ? "a signature made without PIN or fingerprint" :
		    "no proof", CS_ANCHOR_AT(k));
	return CS_OK;
}

int
cs_step_person(const cs_approved *a, cs_err *e)
{
	const cs_assurance s = assurance_of(a);

	if (a->role == CS_ROLE_USE || !is_security_key(&a->anchor))
		return CS_OK;
	return check_person(&a->anchor, &s, e);
}

int
cs_step_bound(const cs_approved *a, unsigned bits, cs_err *e)
{
	const cs_assurance s = assurance_of(a);
	unsigned most = (s.present ? CS_BOUND_PRESENT : 0u) |
	    (s.verified ? CS_BOUND_VERIFIED : 0u);

	if (a->role == CS_ROLE_USE)
		most = 0;
	else if (a->approval->carrier == CS_CARRIER_CMS)
		return CS_OK;
	else if (!may_leave(a))
		most |= CS_BOUND_HARDWARE | CS_BOUND_ASSERTED;
	if ((bits & ~most) == 0)
		return CS_OK;
	return CS_REFUSE(e, CS_R_BINDING_MISMATCH, "the binding says more of "
	    "a touch, a PIN or hardware than what was signed");
}

static int
check_assurance(const cs_anchor *k, const cs_assurance *s, cs_err *e)
{
	int r;

	if ((r = check_person(k, s, e)) != CS_OK)
		return r;
	if (k->hardware_required && !s->hardware)
		return CS_REFUSE(e, CS_R_NOT_HARDWARE,
		    "expected proven hardware, found %s, %s:%u",
		    s->asserted ? "only the operator's word" : "no proof",
		    CS_ANCHOR_AT(k));
	return CS_OK;
}

int
cs_step_use(const struct cs_step *s, cs_approved *a, cs_err *e)
{
	cs_anchor k = {0};
	bool known = false;
	int r;

	if (a->role != CS_ROLE_USE)
		return CS_OK;
	if ((r = cs_anchors_find(s->in->anchors,
	    a->approval->tbs.owner_key_hash.p, &k, &known, e)) != CS_OK)
		return r;
	if (known && k.has_revoked && s->in->now >= k.revoked)
		return CS_REFUSE(e, CS_R_REVOKED,
		    "the holder's key is revoked, %s:%u", CS_ANCHOR_AT(&k));
	if (known)
		a->holder = k.owner;
	return CS_OK;
}

int
cs_step_policy(const struct cs_step *s, cs_approved *a, cs_err *e)
{
	const cs_anchor *k = &a->anchor;
	int r;

	if (a->role == CS_ROLE_USE) {
		if ((r = cs_step_use(s, a, e)) != CS_OK)
			return r;
		return cs_step_revoked(s, a, e);
	}
	if (!cs_anchor_allows(k, s->csr->agent_id))
		return CS_REFUSE(e, CS_R_AGENT_NOT_ALLOWED,
		    "expected one of agents=\"%.*s\", found %.*s, %s:%u",
		    CS_SHOW(k->agents), CS_SHOW(s->csr->agent_id),
		    CS_ANCHOR_AT(k));
	if ((r = check_limits(a, e)) != CS_OK ||
	    (r = cs_step_life(k, s->in->now, e)) != CS_OK ||
	    (r = cs_step_revoked(s, a, e)) != CS_OK)
		return r;
	a->assurance = assurance_of(a);
	return check_assurance(k, &a->assurance, e);
}

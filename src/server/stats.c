/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "server/stats.h"

#include <inttypes.h>
#include <stdatomic.h>
#include <stdlib.h>

#define OUTCOMES ((int)CS_OUTCOME_UNKNOWN + 1)
#define BUCKETS 12

struct cs_stats {
	atomic_ullong outcome[OUTCOMES];
	atomic_ullong reason[CS_R_END];
	atomic_ullong credential[2]; /* X.509, WIT */
	atomic_ullong signatures, not_signed, store_errors;
	atomic_ullong bucket[BUCKETS + 1]; /* the last: longer than all */
	atomic_ullong micros;
};

static const int64_t bounds[BUCKETS] = { /* microseconds */
	500, 1000, 2000, 5000, 10000, 20000, 50000, 100000, 200000, 500000,
	1000000, 5000000
};

#define ADD(counter) \
	(void)atomic_fetch_add_explicit(&(counter), 1, memory_order_relaxed)
#define GET(counter) \
	((uint64_t)atomic_load_explicit(&(counter), memory_order_relaxed))

const char *
cs_outcome_name(enum cs_outcome o)
{
	static const char *const names[OUTCOMES] = {
		[CS_OUTCOME_REFUSED] = "refused",
		[CS_OUTCOME_ISSUED] = "issued",
		[CS_OUTCOME_PENDING] = "pending",
		[CS_OUTCOME_DENIED] = "denied",
		[CS_OUTCOME_READY] = "ready",
		[CS_OUTCOME_NOTED] = "noted",
		[CS_OUTCOME_KEPT] = "kept",
		[CS_OUTCOME_BUSY] = "busy",
		[CS_OUTCOME_UNKNOWN] = "unknown",
	};

	return (int)o >= 0 && (int)o < OUTCOMES ? names[o] : "refused";
}

int
cs_stats_new(cs_stats **out, cs_err *e)
{
	if ((*out = calloc(1, sizeof(**out))) == NULL)
		return cs_nomem(e, "server/stats");
	return CS_OK;
}

void
cs_stats_free(cs_stats **s)
{
	free(*s);
	*s = NULL;
}

void
cs_stats_told(cs_stats *s, const cs_told_issue *t)
{
	if ((int)t->outcome >= 0 && (int)t->outcome < OUTCOMES)
		ADD(s->outcome[t->outcome]);
	if (t->reason > CS_R_NONE && t->reason < CS_R_END)
		ADD(s->reason[t->reason]);
	if (t->reason == CS_R_STORE_UNAVAILABLE)
		ADD(s->store_errors);
	if (t->cert.p != NULL)
		ADD(s->credential[0]);
	if (t->wit.p != NULL)
		ADD(s->credential[1]);
}

void
cs_stats_signed(cs_stats *s, bool gave)
{
	if (gave)
		ADD(s->signatures);
	else
		ADD(s->not_signed);
}

void
cs_stats_took(cs_stats *s, int64_t micros)
{
	size_t i;

	for (i = 0; i < BUCKETS && micros > bounds[i]; i++)
		;
	ADD(s->bucket[i]);
	(void)atomic_fetch_add_explicit(&s->micros,
	    micros < 0 ? 0 : (unsigned long long)micros,
	    memory_order_relaxed);
}

/* Failures stick to the buf. */
static void
head(cs_buf *out, const char *name, const char *type, const char *help)
{
	if (cs_buf_printf(out, "# HELP countersign_%s %s\n"
	    "# TYPE countersign_%s %s\n", name, help, name, type) != CS_OK)
		cs_buf_fail(out);
}

static void
line(cs_buf *out, const char *name, const char *label, const char *value,
    int64_t n)
{
	int rc;

	if (label == NULL)
		rc = cs_buf_printf(out, "countersign_%s %" PRId64 "\n", name,
		    n);
	else
		rc = cs_buf_printf(out, "countersign_%s{%s=\"%s\"} %" PRId64
		    "\n", name, label, value, n);
	if (rc != CS_OK)
		cs_buf_fail(out);
}

static void
put_outcomes(cs_stats *s, cs_buf *out)
{
	static const char *const kinds[] = {"x509", "wit"};
	int i;

	head(out, "requests_total", "counter",
	    "Questions that were answered, by outcome.");
	for (i = 0; i < OUTCOMES; i++)
		line(out, "requests_total", "outcome",
		    cs_outcome_name((enum cs_outcome)i),
		    (int64_t)GET(s->outcome[i]));
	head(out, "refusals_total", "counter", "Refusals, by reason.");
	for (i = CS_R_NONE + 1; i < CS_R_END; i++)
		line(out, "refusals_total", "reason", cs_reason_name(i),
		    (int64_t)GET(s->reason[i]));
	head(out, "credentials_total", "counter",
	    "Credentials that were answered, by kind.");
	for (i = 0; i < 2; i++)
		line(out, "credentials_total", "kind", kinds[i],
		    (int64_t)GET(s->credential[i]));
}

static void
put_counters(cs_stats *s, cs_buf *out)
{
	head(out, "signatures_total", "counter",
	    "Signatures that the keyholder gave.");
	line(out, "signatures_total", NULL, NULL,
	    (int64_t)GET(s->signatures));
	head(out, "signatures_refused_total", "counter",
	    "Signatures that the keyholder did not give.");
	line(out, "signatures_refused_total", NULL, NULL,
	    (int64_t)GET(s->not_signed));
	head(out, "store_errors_total", "counter",
	    "Questions that the store could not answer.");
	line(out, "store_errors_total", NULL, NULL,
	    (int64_t)GET(s->store_errors));
}

static void
put_seconds(cs_stats *s, cs_buf *out)
{
	uint64_t n = 0, micros = GET(s->micros);
	size_t i;
	int rc = CS_OK;

	head(out, "request_seconds", "histogram",
	    "From the queue to the answer.");
	for (i = 0; i < BUCKETS && rc == CS_OK; i++) {
		n += GET(s->bucket[i]);
		rc = cs_buf_printf(out, "countersign_request_seconds_bucket"
		    "{le=\"%" PRId64 ".%04" PRId64 "\"} %" PRIu64 "\n",
		    bounds[i] / 1000000, bounds[i] % 1000000 / 100, n);
	}
	n += GET(s->bucket[BUCKETS]);
	if (rc != CS_OK || cs_buf_printf(out,
	    "countersign_request_seconds_bucket{le=\"+Inf\"} %" PRIu64 "\n"
	    "countersign_request_seconds_sum %" PRIu64 ".%06" PRIu64 "\n"
	    "countersign_request_seconds_count %" PRIu64 "\n", n,
	    micros / 1000000, micros % 1000000, n) != CS_OK)
		cs_buf_fail(out);
}

static void
gauge(cs_buf *out, const char *name, const char *help, int64_t n)
{
	if (n < 0)
		return;
	head(out, name, "gauge", help);
	line(out, name, NULL, NULL, n);
}

int
cs_stats_put(cs_stats *s, const cs_stats_now *now, cs_buf *out, cs_err *e)
{
	put_outcomes(s, out);
	put_counters(s, out);
	put_seconds(s, out);
	gauge(out, "queue", "Questions that wait for a thread.",
	    now->queued);
	gauge(out, "workers", "Threads that answer.", now->workers);
	gauge(out, "pending", "Requests that wait for their owners.",
	    now->pending);
	gauge(out, "live", "Credentials that live.", now->live);
	gauge(out, "crl_age_seconds", "Since the last CRL was made.",
	    now->crl_made == 0 ? -1 : now->now > now->crl_made ?
	    now->now - now->crl_made : 0);
	gauge(out, "crl_number", "Of the last CRL.",
	    now->crl_made == 0 ? -1 : now->crl_number);
	gauge(out, "crl_entries", "Of the longest CRL.",
	    now->crl_made == 0 ? -1 : now->crl_entries);
	gauge(out, "crl_failing", "CRLs that cannot be made anew.",
	    now->crl_failing);
	return cs_buf_failed(out) ? cs_nomem(e, "server/stats") : CS_OK;
}

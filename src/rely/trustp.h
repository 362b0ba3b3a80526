/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_RELY_TRUSTP_H
#define CS_RELY_TRUSTP_H

#include "crypt/ca.h"
#include "issue/authority.h"
#include "issue/bundle.h"
#include "issue/crl.h"
#include "rely/trust.h"
#include "verify/anchors.h"

/* Inside of this room only. */

#define CS_TRUST_LISTS_MAX 32

struct cs_trusted { /* one CA, for our reader and for OpenSSL */
	cs_authority *its;
	cs_ca *ca;
};

struct cs_trust {
	cs_buf *domain, *authority;
	cs_bundle *bundle;
	struct cs_trusted cas[CS_BUNDLE_MAX];
	size_t n_cas;
	bool has_lists;
	cs_crl *lists[CS_TRUST_LISTS_MAX];
	const struct cs_trusted *list_by[CS_TRUST_LISTS_MAX];
	size_t n_lists;
	cs_anchors *nobody; /* who pins no owner */
};

#endif

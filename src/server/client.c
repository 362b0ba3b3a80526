/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "server/client.h"

#include <arpa/inet.h>
#include <string.h>

#include "base/enc.h"
#include "crypt/hash.h"

static const char where[] = "server/client";

#define NAME_MAX_LEN 256
#define PREFIX_LEN 8 /* octets: who has one address of IPv6 has a /64 */

static bool
is_v4(const struct in6_addr *a)
{
	return IN6_IS_ADDR_V4MAPPED(a);
}

/* False when it is no address of IPv6. */
static bool
put_v6(cs_span address, cs_buf *out)
{
	char text[INET6_ADDRSTRLEN] = "", prefix[INET6_ADDRSTRLEN];
	struct in6_addr a;

	if (address.n >= sizeof(text))
		return false;
	memcpy(text, address.p, address.n);
	if (inet_pton(AF_INET6, text, &a) != 1 || is_v4(&a))
		return false;
	memset(a.s6_addr + PREFIX_LEN, 0, sizeof(a.s6_addr) - PREFIX_LEN);
	return inet_ntop(AF_INET6, &a, prefix, sizeof(prefix)) != NULL &&
	    cs_buf_printf(out, "%s/64", prefix) == CS_OK;
}

static int
put_cert(cs_span cert, cs_buf *out, cs_err *e)
{
	uint8_t hash[CS_SHA256_LEN];
	int rc;

	if ((rc = cs_sha256(cert, hash, e)) != CS_OK)
		return rc;
	if (cs_buf_put_str(out, "cert:") != CS_OK ||
	    cs_hex_put(out, cs_span_of(hash, sizeof(hash))) != CS_OK)
		return cs_nomem(e, where);
	return CS_OK;
}

int
cs_client_name(cs_span address, cs_span cert, cs_buf **out, cs_err *e)
{
	cs_buf *b = cs_buf_new(NAME_MAX_LEN);
	int rc = CS_OK;

	*out = NULL;
	if (b == NULL)
		return cs_nomem(e, where);
	if (cert.n != 0)
		rc = put_cert(cert, b, e);
	else if (address.n != 0 && !put_v6(address, b) &&
	    cs_buf_put(b, address) != CS_OK)
		rc = cs_fail(e, CS_EUSAGE, where,
		    "an address of %zu octets", address.n);
	if (rc == CS_OK) {
		*out = b;
		b = NULL; /* transferred */
	}
	cs_buf_free(&b);
	return rc;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "hookbed.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/enc.h"
#include "base/time.h"
#include "fmt/oid.h"

#define ROOM (512 * 1024)

#define TIMESTAMP "\"timestamp\":\"2026-11-21T12:00:00.123456789Z\"," \
	"\"provisionerName\":\"agents\","

/* Puts text with $r, $k, $b, $a, $f, $t, $o and $p in it. */
static cs_buf *
fill(const char *text, const hookbed_cert *c, cs_span request)
{
	cs_buf *b = cs_buf_new(ROOM);
	char at[24];
	int bad = b == NULL;

	for (; !bad && *text != '\0'; text++) {
		if (*text != '$') {
			bad = cs_buf_put_byte(b, (uint8_t)*text);
			continue;
		}
		text++;
		if (*text == 'r')
			bad = cs_base64_put(b, request, 0);
		else if (*text == 'k')
			bad = cs_base64_put(b, c->key, 0);
		else if (*text == 'b')
			bad = cs_base64_put(b, c->bindings, 0);
		else if (*text == 'a')
			bad = cs_buf_put_str(b, c->agent);
		else if (*text == 'o')
			bad = cs_oid_text(b, cs_oid(CS_OID_PE_OWNER_BINDINGS));
		else if (*text == 'p')
			bad = cs_oid_text(b, cs_oid(CS_OID_CP_OWNER_APPROVED));
		else
			bad = !cs_rfc3339_put(*text == 'f' ? c->not_before :
			    c->not_after, at) || cs_buf_put_str(b, at);
	}
	if (bad)
		cs_buf_free(&b);
	return b;
}

cs_buf *
hookbed_enrich(cs_span request)
{
	return fill("{" TIMESTAMP "\"x509CertificateRequest\":{"
	    "\"version\":0,\"subject\":{\"commonName\":\"some words\"},"
	    "\"rawSubject\":\"MAA=\",\"dnsNames\":[\"evil.example\"],"
	    "\"emailAddresses\":null,\"ipAddresses\":null,"
	    "\"uris\":[\"wimse://corp.example/agent/mallory\"],\"sans\":null,"
	    "\"extensions\":[{\"id\":\"2.5.29.17\",\"critical\":true,"
	    "\"value\":\"MAA=\"}],\"keyUsage\":null,\"extKeyUsage\":[],"
	    "\"unknownExtKeyUsage\":null,\"basicConstraints\":null,"
	    "\"signatureAlgorithm\":\"\",\"publicKey\":\"MAA=\","
	    "\"publicKeyAlgorithm\":\"ECDSA\",\"raw\":\"$r\"}}",
	    NULL, request);
}

cs_buf *
hookbed_authorize(const hookbed_cert *c)
{
	return fill("{" TIMESTAMP "\"x509Certificate\":{"
	    "\"version\":0,\"subject\":{},\"rawSubject\":null,\"issuer\":{},"
	    "\"serialNumber\":170141183460469231731687303715884105727,"
	    "\"dnsNames\":null,\"emailAddresses\":null,\"ipAddresses\":null,"
	    "\"uris\":[\"$a\"],\"sans\":null,"
	    "\"extensions\":[{\"id\":\"$o\",\"critical\":false,"
	    "\"value\":\"$b\"}],\"keyUsage\":[\"digitalSignature\"],"
	    "\"extKeyUsage\":[\"serverAuth\",\"clientAuth\"],"
	    "\"unknownExtKeyUsage\":null,\"subjectKeyId\":null,"
	    "\"authorityKeyId\":null,\"ocspServer\":null,"
	    "\"issuingCertificateURL\":null,\"crlDistributionPoints\":null,"
	    "\"policyIdentifiers\":[\"$p\"],"
	    "\"basicConstraints\":{\"isCA\":false,\"maxPathLen\":0},"
	    "\"nameConstraints\":null,\"signatureAlgorithm\":\"\","
	    "\"publicKey\":\"$k\",\"publicKeyAlgorithm\":\"ECDSA\","
	    "\"notBefore\":\"$f\",\"notAfter\":\"$t\",\"raw\":null}}", c,
	    (cs_span){0});
}

cs_buf *
hookbed_swap(const cs_buf *body, const char *from, const char *to)
{
	cs_span s = cs_buf_span(body);
	const uint8_t *at = memmem(s.p, s.n, from, strlen(from));
	size_t before;
	cs_buf *b = cs_buf_new(s.n + strlen(to));

	if (at == NULL || b == NULL) {
		printf("# there is no %s\n", from);
		exit(99);
	}
	before = (size_t)(at - s.p);
	if (cs_buf_put(b, cs_span_cut(s, 0, before)) != CS_OK ||
	    cs_buf_put_str(b, to) != CS_OK || cs_buf_put(b, cs_span_cut(s,
	    before + strlen(from), s.n - before - strlen(from))) != CS_OK)
		exit(99);
	return b;
}

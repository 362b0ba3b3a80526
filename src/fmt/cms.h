/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_FMT_CMS_H
#define CS_FMT_CMS_H

#include "base/buf.h"
#include "fmt/signingcert.h"

/* The cms carrier: countersign-formats(5), section 5; RFC 5652 sections 3, 5
 * and 11. */

typedef struct cs_cms { /* borrows from the parsed bytes */
	cs_span tbs;            /* eContent */
	cs_span digest_alg;     /* AlgorithmIdentifier, whole */
	cs_span certs;          /* one behind the other; absent: none */
	cs_span signed_attrs;   /* the [0] element, whole */
	cs_span message_digest; /* the attribute's octets */
	cs_span sig_alg;        /* AlgorithmIdentifier, whole */
	cs_span sig;
	cs_span signing_cert; /* signingCertificateV2, whole; absent: none */
	cs_span protected_digest; /* cmsAlgorithmProtection: whole; */
	cs_span protected_sig;    /* content of its [1]; absent: none */
} cs_cms;

/* Parses one ContentInfo; `depth` is its nesting within the message. Holds it
 * to the section's list: one signer, version, attributes, no CRLs. Signature
 * and digest are not checked; equal digest algorithms are. */
CS_USE int cs_cms_parse(cs_span in, unsigned depth, cs_cms *out, cs_err *e);
/* The same of octets that cs_der_walk() has passed, as a whole or a part. */
CS_USE int cs_cms_read(cs_span walked, cs_cms *out, cs_err *e);
/* RFC 6211: does cmsAlgorithmProtection, when there, name the algorithms that
 * the SignerInfo has? CS_R_SIGNATURE_INVALID otherwise. */
CS_USE int cs_cms_check_protection(const cs_cms *c, cs_err *e);

/* The bytes that were signed: the attributes as an explicit SET OF (RFC 5652
 * 5.4). Appends. */
CS_USE int cs_cms_signed_bytes(const cs_cms *c, cs_buf *out, cs_err *e);

/* Appends the signed attributes as SET OF: contentType, signingTime,
 * messageDigest and, where `cert` is not NULL, signingCertificateV2, sorted. */
CS_USE int cs_cms_put_attrs(cs_span digest, int64_t signing_time,
    const cs_signing_cert *cert, cs_buf *out, cs_err *e);

typedef struct cs_cms_new {
	cs_span tbs;
	cs_span key_hash;   /* subjectKeyIdentifier of the signer, or */
	cs_span issuer;     /* of his certificate, Name, whole, if there */
	cs_span serial;     /* and its number, content of the INTEGER */
	cs_span certs;      /* one behind the other, in any order */
	cs_span attrs;      /* what cs_cms_put_attrs wrote */
	cs_span digest_alg; /* AlgorithmIdentifiers, whole */
	cs_span sig_alg;
	cs_span sig;
} cs_cms_new;
/* Appends the ContentInfo. */
CS_USE int cs_cms_put(const cs_cms_new *n, cs_buf *out, cs_err *e);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_TOOL_DESCRIBE_H
#define CS_TOOL_DESCRIBE_H

#include "fmt/approval.h"
#include "fmt/csr.h"
#include "fmt/owners.h"
#include "tool/out.h"

/* Objects as fields, inside an object that the caller has opened. Nothing is
 * judged but what a line says itself. */

/* A request of ours, with the approvals of a composite one; whether its own
 * signature holds is one of the fields. */
CS_USE int cs_describe_request(const cs_csr *c, cs_out *out, cs_err *e);
CS_USE int cs_describe_approval(const cs_approval *a, cs_out *out, cs_err *e);
CS_USE int cs_describe_tbs(const cs_tbs *t, cs_out *out, cs_err *e);
/* A public key of ours or of a kind that we do not use. */
CS_USE int cs_describe_key(cs_span spki_der, cs_out *out, cs_err *e);
/* The same, and what an owners file has of it. */
CS_USE int cs_describe_owner_key(cs_span spki_der, cs_out *out, cs_err *e);
CS_USE int cs_describe_anchor(const cs_anchor *a, cs_out *out, cs_err *e);
/* What a CMS message has beside what is signed: which certificate its signer
 * meant, and the certificates. */
CS_USE int cs_describe_carried(const cs_cms *c, cs_out *out, cs_err *e);
/* What a security key says beside its signature, and whether its client data
 * is that of this approval. */
CS_USE int cs_describe_webauthn(const cs_webauthn *w, cs_out *out, cs_err *e);
CS_USE int cs_describe_sshsig(const cs_sshsig *s, cs_out *out, cs_err *e);
/* Type, fingerprint and application in OpenSSH's words. */
CS_USE int cs_describe_sshkey(const cs_sshkey *k, cs_out *out, cs_err *e);
/* Any certificate; a request that is not ours. */
CS_USE int cs_describe_cert(cs_span der, cs_out *out, cs_err *e);
CS_USE int cs_describe_foreign(cs_span der, cs_out *out, cs_err *e);

#endif

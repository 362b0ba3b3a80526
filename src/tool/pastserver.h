/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_TOOL_PASTSERVER_H
#define CS_TOOL_PASTSERVER_H

#include "store/audit.h"
#include "store/memory.h"
#include "store/revoke.h"
#include "tool/server.h"

/* A server's memory, of tool/past.h: CS_EFORMAT for an answer that is not of
 * the shape of countersign-api(7), beside what cs_server_ask_json() returns.
 * Long lists are asked for in parts. */
CS_USE int cs_pastserver_look(cs_server *s, cs_store_info *out, cs_err *e);
CS_USE int cs_pastserver_claims(cs_server *s, const cs_claim_ask *ask,
    cs_claim_fn *each, void *arg, cs_err *e);
CS_USE int cs_pastserver_revocations(cs_server *s, cs_revocation_fn *each,
    void *arg, cs_err *e);
CS_USE int cs_pastserver_denials(cs_server *s, cs_denial_fn *each, void *arg,
    cs_err *e);
CS_USE int cs_pastserver_walk(cs_server *s, int64_t from, int64_t to,
    cs_audit_row_fn *each, void *arg, cs_err *e);
CS_USE int cs_pastserver_revoke(cs_server *s, cs_revocation *r,
    int64_t *ended, cs_buf **own, cs_err *e);
CS_USE int cs_pastserver_lift(cs_server *s, cs_revocation *r, cs_buf **own,
    cs_err *e);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_SERVER_CLIENT_H
#define CS_SERVER_CLIENT_H

#include "base/buf.h"

/* Who counts as one beside others: "cert:" and the SHA-256 of a certificate in
 * hex; without one an address as it is, of IPv6 "2001:db8:0:1::/64"; and nothing
 * where there is none, which is one of its own. Gives. */
CS_USE int cs_client_name(cs_span address, cs_span cert, cs_buf **out,
    cs_err *e);

#endif

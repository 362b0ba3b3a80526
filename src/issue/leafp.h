/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_ISSUE_LEAFP_H
#define CS_ISSUE_LEAFP_H

#include "fmt/oid.h"
#include "issue/leaf.h"

/* Between the readers and the writer of a credential. */

#define CS_LEAF_POLICIES 4

enum cs_oid cs_leaf_policy(int i); /* of bit i of enum cs_policy_bit */
/* keyUsage of a credential: the content of its BIT STRING. */
cs_span cs_leaf_usage(void);
/* certificatePolicies, of enum cs_policy_bit. */
void cs_leaf_put_policies(cs_buf *out, unsigned policies);
/* Appends the body of what is there, whatever it is. */
CS_USE int cs_leaf_write(const cs_leaf *l, cs_buf *out, cs_err *e);
/* What extensions say, with the key that is in *l already. */
CS_USE int cs_leaf_read_extensions(cs_span list, cs_leaf *l, cs_err *e);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_PLUGIN_POLICYFILE_H
#define CS_PLUGIN_POLICYFILE_H

#include <sys/types.h>

#include "conf/conf.h"
#include "verify/rule.h"

/* countersign-policy(5), by conf/. */

#define CS_POLICY_FILE_MAX (1024 * 1024)

extern const cs_conf_word cs_policy_words[]; /* of a path */

/* Reads it under the rules of base/file.h for trusted files. CS_EFORMAT with
 * FILE:LINE. */
CS_USE int cs_policy_load(const char *path, uid_t reader, cs_policy **out,
    cs_err *e);
/* From bytes at hand. */
CS_USE int cs_policy_parse(const char *name, cs_span in, cs_policy **out,
    cs_err *e);

#endif

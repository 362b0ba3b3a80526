/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_SIGNER_TPM2LOOK_H
#define CS_SIGNER_TPM2LOOK_H

#include "signer/tpm2key.h"

/* Which keys there are: "tpm2:" is every persistent key to sign with; a key by
 * its name is that one, and a file needs no TPM to be shown. */

CS_USE int cs_tpm2_key_describe(const cs_tpm2_key *k, cs_signer_info *out,
    cs_err *e);
CS_USE int cs_tpm2_keys_list(const char *uri, const cs_signer_env *env,
    int (*each)(void *arg, const cs_signer_info *info, cs_err *e), void *arg,
    cs_err *e);
CS_USE int cs_tpm2_keys_look(const cs_signer_survey *s,
    const cs_signer_env *env, cs_err *e);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_TOOL_PENDING_H
#define CS_TOOL_PENDING_H

#include "tool/out.h"

/* A request that waits for its owner: exit code 7. */

/* One line a person can paste, made word by word. */
typedef struct cs_command cs_command;
cs_command *cs_command_new(const char *verb); /* gives; NULL no memory */
void cs_command_free(cs_command **c);
/* --name VALUE, quoted for the shell where need be; NULL value: a flag. */
void cs_command_option(cs_command *c, const char *name, const char *value);
void cs_command_word(cs_command *c, const char *word);

/* Saves the request as $XDG_RUNTIME_DIR/countersign/CODE.req, readable for
 * this user alone, and puts code and saved into `out`, its name behind the
 * command. Where it cannot be saved the reason stands there instead, and the
 * command names the file that it was read from; that is no failure. */
void cs_pending_save(const char *code, cs_span request_der, const char *from,
    cs_command *c, cs_out *out);
/* The whole line, as the field command. CS_EBUG only. */
CS_USE int cs_pending_command(cs_command *c, cs_out *out, cs_err *e);

#endif

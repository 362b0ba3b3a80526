/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_TOOL_PIN_H
#define CS_TOOL_PIN_H

#include "base/ui.h"

/*
 * Where a PIN or passphrase comes from, first that is there: --pin-fd N (the
 * first line), the terminal, SSH_ASKPASS (ssh-add(1)'s rules with
 * SSH_ASKPASS_REQUIRE never|prefer|force), pinentry by its Assuan protocol.
 * Never argv, never the environment. Helpers run by execve with a clean
 * environment, no shell, are killed at the deadline. Nobody: CS_ENEEDED.
 */
typedef struct cs_pin_source {
	int pin_fd;           /* -1: none */
	const char *pinentry; /* absolute path from the configuration, or NULL */
	int64_t deadline_ms;  /* cs_time_mono_ms(); 0: none */
	bool fd_used;         /* the descriptor gave its PIN already */
	const char *verb;     /* who waits for a touch: "sign" */
	bool json;            /* nothing is rewritten on the terminal */
} cs_pin_source;

/* Fills *ui, touch included; `s` must outlive it. The prompt escapes what the
 * token says. A new PIN is asked for twice where a person enters it. */
void cs_pin_ui(cs_pin_source *s, cs_ui *ui);

/* The question: what is asked for, escaped, and how many tries are left. */
CS_USE int cs_pin_prompt(const struct cs_pin_ask *ask, bool ascii,
    cs_buf **out, cs_err *e);

enum cs_askpass {
	CS_ASKPASS_NEVER,
	CS_ASKPASS_LATER,  /* when there is no terminal */
	CS_ASKPASS_FIRST,  /* before the terminal */
	CS_ASKPASS_MISSING /* it must be used, and is not set */
};

/* By SSH_ASKPASS and SSH_ASKPASS_REQUIRE (NULL: not set), and by whether
 * DISPLAY or WAYLAND_DISPLAY is set. */
enum cs_askpass cs_askpass_choose(const char *program, const char *require,
    bool display);

#endif

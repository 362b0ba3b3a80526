/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_SIGNER_TPM2TCTI_H
#define CS_SIGNER_TPM2TCTI_H

#include "signer/tpm2uri.h"

#include <tss2/tss2_tcti.h>

/*
 * A TCTI around the one that reaches the TPM. It waits no longer than the
 * deadline and sees signals that are blocked; sends again what the TPM had no
 * time for; and knows every handle that the TPM gave, so that none stays.
 */

typedef struct cs_tpm2_wire cs_tpm2_wire;

enum cs_tpm2_stop { /* why a wire takes no more commands, but to flush */
	CS_TPM2_RUNS = 0,
	CS_TPM2_SIGNAL,
	CS_TPM2_LATE,
	CS_TPM2_BUSY,   /* it said so too often */
	CS_TPM2_BROKEN, /* no answer came */
	CS_TPM2_GARBLED /* what came is none */
};

/* Loads the TCTI. `signals` is a signalfd() of blocked signals, borrowed; the
 * deadline is one of cs_time_mono_ms(), 0: none. *rc is the library's answer
 * when that is what failed (CS_EDEVICE), in which case no text is written. */
CS_USE int cs_tpm2_wire_new(const cs_tpm2_way *way, int64_t deadline_ms,
    cs_tpm2_wire **out, TSS2_RC *rc, cs_err *e);
void cs_tpm2_wire_watch(cs_tpm2_wire *w, int signals);
/* Flushes what is left, newest first. */
/* A wire that is mute refuses what is sent. */
void cs_tpm2_wire_mute(cs_tpm2_wire *w, bool mute);
void cs_tpm2_wire_free(cs_tpm2_wire **w);
TSS2_TCTI_CONTEXT *cs_tpm2_wire_tcti(cs_tpm2_wire *w);
enum cs_tpm2_stop cs_tpm2_wire_stopped(const cs_tpm2_wire *w);
/* The answer to the last command, whole; lends. */
cs_span cs_tpm2_wire_answer(const cs_tpm2_wire *w);

#endif

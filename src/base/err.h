/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_BASE_ERR_H
#define CS_BASE_ERR_H

/* Caller-owned, fixed size: reporting an error can never fail. */

#define CS_PRINTF(f, a) __attribute__((format(printf, f, a)))
#define CS_USE __attribute__((warn_unused_result))

/* Negated exit codes of the command, countersign-exit(7). */
enum cs_class {
	CS_OK = 0,
	CS_EREFUSED = -1,  /* refused by a rule, or declined by a person */
	CS_EUSAGE = -2,    /* the call's words are off */
	CS_EFORMAT = -3,   /* malformed input */
	CS_EAUTH = -4,     /* PIN or passphrase wrong, locked, missing */
	CS_EDEVICE = -5,   /* device, token or key absent or ambiguous */
	CS_ETIMEOUT = -6,
	CS_ENEEDED = -7,   /* a person must approve, none is here */
	CS_EPENDING = -8,
	CS_EIO = -9,       /* input, output, network */
	CS_EBUG = -10,     /* internal: no memory, impossible state */
	CS_EINTR = -130    /* interrupted by a signal */
};

typedef struct cs_err {
	int cls;           /* enum cs_class; 0 = no error */
	int detail;        /* meaning belongs to the room that set it; 0 = none */
	const char *where; /* static string: the room and noun that failed */
	char text[2048];   /* one sentence, may hold bytes from outside: escape
			    * it before a terminal (base/text.h) */
} cs_err;

/* Writes *e and returns cls. `e` may be NULL (the text is lost). */
int cs_fail(cs_err *e, int cls, const char *where, const char *fmt, ...)
    CS_PRINTF(4, 5);
/* As cs_fail, and sets the detail. */
int cs_fail_detail(cs_err *e, int cls, int detail, const char *where,
    const char *fmt, ...) CS_PRINTF(5, 6);
/* Puts "context: " before the text; returns e->cls. */
int cs_wrap(cs_err *e, const char *fmt, ...) CS_PRINTF(2, 3);
/* cs_fail with CS_EBUG and "out of memory". */
int cs_nomem(cs_err *e, const char *where);
void cs_err_clear(cs_err *e);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_TESTS_FIDO_BED_H
#define CS_TESTS_FIDO_BED_H

#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <umockdev.h>

/* umockdev's test bed: nodes of /dev, and who plays the devices behind them. */

#define MAX_PORTS 8
#define REPORT_LEN 64

struct port {
	const char *node, *socket;
	int number;
	int pty;   /* the other end of the node */
	int key;   /* softkey's socket while somebody has the node open */
	uint8_t in[1 + REPORT_LEN];
	size_t have;
};

struct bed {
	UMockdevTestbed *testbed;
	struct port port[MAX_PORTS];
	size_t n;
	const char *product; /* NULL: a name with its number */
	int mode; /* of the nodes; -1: as they are */
	int epoll, signals;
	sigset_t mask;
	pid_t child;
};

void bed_open(struct bed *b);
void bed_close(struct bed *b);
void port_add(struct bed *b, struct port *p);
void port_ready(struct bed *b, struct port *p);
void bed_die(const char *fmt, ...)
    __attribute__((format(printf, 1, 2), noreturn));

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_UNIT_MASTERCHILD_H
#define CS_UNIT_MASTERCHILD_H

#include "server/role.h"

/* Lines of one that is to flood: those that it writes by itself, and then those
 * that it says. */
#define FLOOD_WRITTEN 150000
#define FLOOD_SAID 40000

/* What the test of the master is as its own child: it says what it was given,
 * and does what a file in the modules' directory is named after. Gives the exit
 * status. */
int master_child(enum cs_role role);

#endif

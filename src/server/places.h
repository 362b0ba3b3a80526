/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_SERVER_PLACES_H
#define CS_SERVER_PLACES_H

#include "server/conf.h"

/* Where it may read when its store is no file, as that library does. */
#define CS_ISSUER_SYSTEM "/etc", "/run", "/lib", "/usr/lib"

/* An issuer's sandbox has the directories of the owners and the policy, to
 * read, and that of the store, to write. CS_EREFUSED with file and line when a
 * key lies there, or where such a library reads and is the issuer's user's, or
 * in the store's what others than the issuer go by; CS_EIO for what is not
 * there. Links count by where they are and where they lead. */
CS_USE int cs_places_check(const cs_server_conf *c, cs_err *e);

#endif

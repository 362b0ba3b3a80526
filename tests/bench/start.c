/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <openssl/crypto.h>
#include <stdio.h>

/* The least that a command on libcrypto does: starts it, as cs_ossl_start()
 * does, and prints a line. */

int
main(void)
{
	if (OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, NULL) != 1)
		return 1;
	return puts("start") < 0;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <string.h>

#include "fmt/ekcert.h"
#include "fuzz.h"

/* As it would stand behind tpm2: in an owners line. */
static void
check_word(const char *s)
{
	static const char set[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	    "abcdefghijklmnopqrstuvwxyz0123456789._-";
	size_t n = strlen(s);

	CHECK(n == 8 || (n >= 1 && n <= 4));
	CHECK(strspn(s, n == 8 ? "0123456789abcdef" : set) == n);
}

/* Each input is read as both extensions. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	cs_span in = cs_span_of(data, n);
	bool is_ek = true;
	cs_ekname name;
	int r = cs_ekcert_name(in, &name, NULL);

	if (r == CS_OK)
		check_word(name.manufacturer);
	else
		CHECK(name.manufacturer[0] == '\0');
	if (cs_ekcert_usage(in, &is_ek, NULL) == CS_OK)
		CHECK(r != CS_OK);
	else
		CHECK(!is_ek);
	return 0;
}

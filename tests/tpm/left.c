/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Preloaded: says at the end of a process where in its memory a text still is.
 * LEFT has it backwards, so as not to be found itself. */

#define TEXT_MAX 128

static char text[TEXT_MAX];
static size_t length;
static FILE *maps;

/* A process that is not dumpable may not open it later. */
__attribute__((constructor)) static void
begin(void)
{
	const char *backwards = getenv("LEFT");
	size_t i, n = backwards == NULL ? 0 : strlen(backwards);

	if (n == 0 || n > sizeof(text) ||
	    (maps = fopen("/proc/self/maps", "re")) == NULL)
		return;
	length = n;
	for (i = 0; i < n; i++)
		text[i] = backwards[n - 1 - i];
}

static void
look(const char *from, const char *end, const char *name)
{
	const char *at;

	for (; (at = memmem(from, (size_t)(end - from), text, length)) !=
	    NULL; from = at + 1)
		if (at != text)
			(void)fprintf(stderr, "left: in %s\n", name);
}

__attribute__((destructor)) static void
finish(void)
{
	char line[512], mode[5], name[256];
	const void *from, *end;

	if (maps == NULL)
		return;
	while (fgets(line, sizeof(line), maps) != NULL) {
		(void)snprintf(name, sizeof(name), "an anonymous map");
		if (sscanf(line, "%p-%p %4s %*s %*s %*s %255s", (void **)&from,
		    (void **)&end, mode, name) >= 3 && mode[0] == 'r' &&
		    mode[1] == 'w')
			look(from, end, name);
	}
	(void)fprintf(stderr, "left: looked\n");
	(void)fclose(maps);
}

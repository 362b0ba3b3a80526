/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <dirent.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "fuzz.h"

/* A target without a fuzzing engine: runs the files that are named, or those
 * of $SRCDIR/tests/fuzz/corpus/TARGET, and says so in TAP. */

#define INPUT_MAX (1024 * 1024 + 1)
#define PATH_ROOM 4096

static unsigned run, bad;

static void
replay(const char *path)
{
	cs_buf *b = NULL;
	cs_err e = {0};
	uint8_t *exact = NULL; /* a byte behind it belongs to nobody */
	cs_span in = {0};

	printf("# %s\n", path);
	fflush(stdout);
	if (cs_file_read(path, INPUT_MAX, &b, &e) != CS_OK) {
		printf("# %s\n", e.text);
		bad++;
		return;
	}
	in = cs_buf_span(b);
	if ((exact = malloc(in.n + 1)) != NULL) {
		if (in.n > 0)
			memcpy(exact + 1, in.p, in.n);
		(void)LLVMFuzzerTestOneInput(exact + 1, in.n);
		run++;
	}
	free(exact);
	cs_buf_free(&b);
}

static void
replay_all(const char *dir)
{
	char path[PATH_ROOM + 256 + 2];
	struct dirent **names = NULL;
	int i, n = scandir(dir, &names, NULL, alphasort);

	for (i = 0; i < n; i++) {
		if (names[i]->d_name[0] != '.') {
			(void)snprintf(path, sizeof(path), "%s/%s", dir,
			    names[i]->d_name);
			replay(path);
		}
		free(names[i]);
	}
	free(names);
}

int
main(int argc, char **argv)
{
	const char *srcdir = getenv("SRCDIR"), *slash = strrchr(argv[0], '/');
	const char *name = slash == NULL ? argv[0] : slash + 1;
	char dir[PATH_ROOM];
	int i;

	if (strncmp(name, "lt-", 3) == 0)
		name += 3;
	(void)snprintf(dir, sizeof(dir), "%s/tests/fuzz/corpus/%s",
	    srcdir == NULL ? "." : srcdir, name);
	for (i = 1; i < argc; i++)
		replay(argv[i]);
	if (argc == 1)
		replay_all(dir);
	printf("%s 1 - %s: %u inputs replayed\n1..1\n",
	    run > 0 && bad == 0 ? "ok" : "not ok", name, run);
	return run > 0 && bad == 0 ? 0 : 1;
}

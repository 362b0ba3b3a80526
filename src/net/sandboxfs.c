/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/landlock.h>

#include "net/sandboxp.h"

/* What later kernels know, by the numbers of their interface: what was built
 * with older headers uses it all the same. */
#define FS_TRUNCATE (UINT64_C(1) << 14)  /* 3 */
#define FS_IOCTL_DEV (UINT64_C(1) << 15) /* 5 */
#define NET_BIND UINT64_C(1)             /* 4 */
#define NET_CONNECT UINT64_C(2)
#define SCOPE_ABSTRACT UINT64_C(1)       /* 6 */
#define SCOPE_SIGNAL UINT64_C(2)

#define FS_FIRST (LANDLOCK_ACCESS_FS_MAKE_SYM * 2 - 1) /* all of 1 */
#define FS_OF_FILES (LANDLOCK_ACCESS_FS_EXECUTE | \
	LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE | \
	FS_TRUNCATE | FS_IOCTL_DEV)
#define FS_READ (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)
#define FS_WRITE (LANDLOCK_ACCESS_FS_WRITE_FILE | FS_TRUNCATE | \
	FS_IOCTL_DEV | LANDLOCK_ACCESS_FS_MAKE_REG | \
	LANDLOCK_ACCESS_FS_REMOVE_FILE)

static const char where[] = "net/sandbox";

typedef struct ruleset { /* struct landlock_ruleset_attr as of 6 */
	uint64_t fs, net, scoped;
} ruleset;

static void
handled(unsigned may, int abi, ruleset *out)
{
	*out = (ruleset){.fs = FS_FIRST};
	if (abi >= 2)
		out->fs |= LANDLOCK_ACCESS_FS_REFER;
	if (abi >= 3)
		out->fs |= FS_TRUNCATE;
	if (abi >= 5)
		out->fs |= FS_IOCTL_DEV;
	if (abi >= 4)
		out->net = NET_BIND |
		    ((may & CS_MAY_CONNECT) != 0 ? 0 : NET_CONNECT);
	if (abi >= 6)
		out->scoped = SCOPE_SIGNAL |
		    ((may & CS_MAY_CONNECT) != 0 ? 0 : SCOPE_ABSTRACT);
}

static int
add_rule(int rules, int fd, uint64_t access)
{
	struct landlock_path_beneath_attr a = {.allowed_access = access,
	    .parent_fd = fd};

	return (int)syscall(SYS_landlock_add_rule, rules,
	    LANDLOCK_RULE_PATH_BENEATH, &a, 0);
}

static int
allow(int rules, const ruleset *all, unsigned may, const cs_sandbox_path *p,
    cs_err *e)
{
	uint64_t access = FS_READ;
	struct stat st;
	int fd, rc = CS_OK;

	fd = open(p->path, O_PATH | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT && p->may_miss)
		return CS_OK;
	if (p->may_write)
		access |= FS_WRITE;
	if ((may & CS_MAY_PROCESS) != 0)
		access |= LANDLOCK_ACCESS_FS_EXECUTE;
	if (fd >= 0 && fstat(fd, &st) == 0 && !S_ISDIR(st.st_mode))
		access &= FS_OF_FILES;
	if (fd < 0 || add_rule(rules, fd, access & all->fs) != 0)
		rc = cs_fail(e, CS_EIO, where, "%s: %s", p->path,
		    strerror(errno));
	if (fd >= 0)
		(void)close(fd);
	return rc;
}

int
cs_sandbox_files(const cs_sandbox *s, int *abi, cs_err *e)
{
	ruleset all;
	int rules, rc = CS_OK;
	size_t i;

	*abi = (int)syscall(SYS_landlock_create_ruleset, NULL, 0,
	    LANDLOCK_CREATE_RULESET_VERSION);
	if (*abi <= 0) {
		*abi = 0; /* not built, or not switched on */
		return CS_OK;
	}
	handled(s->may, *abi, &all);
	/* What is behind the struct that a kernel knows has to be zero. */
	rules = (int)syscall(SYS_landlock_create_ruleset, &all, sizeof(all), 0);
	if (rules < 0)
		return cs_fail(e, CS_EIO, where, "landlock: %s",
		    strerror(errno));
	for (i = 0; i < s->n_paths && rc == CS_OK; i++)
		rc = allow(rules, &all, s->may, &s->paths[i], e);
	if (rc == CS_OK && syscall(SYS_landlock_restrict_self, rules, 0) != 0)
		rc = cs_fail(e, CS_EIO, where, "landlock: %s",
		    strerror(errno));
	(void)close(rules);
	return rc;
}

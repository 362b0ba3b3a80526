/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "net/process.h"
#include "server/initp.h"

static const char where[] = "server/init";

#define ENTRY_ROOM 16384

enum who { ROOT, ISSUER, KEYHOLDER, WHOS };

/* Of an instance that root starts. The issuer and the fronts reach what they
 * read by their group; keys are opened by root. */
static const struct {
	const char *name;
	enum who who;
	mode_t mode;
} all[] = {
    {"owners.d", ROOT, 0750},
    {"policy", ROOT, 0750},
    {"policy/policy.conf", ROOT, 0640},
    {"store", ISSUER, 0700},
    {"store/store.db", ISSUER, 0600},
    {"keyholder", KEYHOLDER, 0700},
    {".", ROOT, 0750},
};

static int
find(const cs_init *i, uid_t uid[WHOS], gid_t *gid, cs_err *e)
{
	gid_t other = 0;
	int rc;

	uid[ROOT] = 0;
	if ((rc = cs_process_uid(i->user, &uid[ISSUER], gid, e)) != CS_OK)
		return cs_wrap(e, "--user");
	uid[KEYHOLDER] = uid[ISSUER];
	if (*gid == (gid_t)-1)
		return cs_fail(e, CS_EUSAGE, where, "--user: %s has no group",
		    i->user);
	if (i->keyholder_user != NULL &&
	    (rc = cs_process_uid(i->keyholder_user, &uid[KEYHOLDER], &other,
		 e)) != CS_OK)
		return cs_wrap(e, "--keyholder-user");
	return CS_OK;
}

/* What is there: an engine may have more than one file, or none. */
static int
give_one(int dir, const char *name, uid_t uid, gid_t gid, mode_t mode,
    cs_err *e)
{
	if ((fchownat(dir, name, uid, gid, AT_SYMLINK_NOFOLLOW) == 0 &&
		fchmodat(dir, name, mode, 0) == 0) || errno == ENOENT)
		return CS_OK;
	return cs_fail(e, CS_EIO, where, "%s: %s", name, strerror(errno));
}

int
cs_init_give(const cs_init *i, const char *dir, cs_err *e)
{
	uid_t uid[WHOS];
	gid_t gid = 0;
	size_t k;
	int fd, rc;

	if (i->user == NULL)
		return CS_OK;
	if (geteuid() != 0)
		return cs_fail(e, CS_EREFUSED, where, "--user: only root can "
		    "start a server that becomes another user");
	if ((rc = find(i, uid, &gid, e)) != CS_OK)
		return rc;
	if ((fd = open(dir, O_DIRECTORY | O_CLOEXEC)) < 0)
		return cs_fail(e, CS_EIO, where, "%s: %s", dir,
		    strerror(errno));
	for (k = 0; rc == CS_OK && k < sizeof(all) / sizeof(all[0]); k++)
		rc = give_one(fd, all[k].name, uid[all[k].who], gid,
		    all[k].mode, e);
	(void)close(fd);
	return rc;
}

int
cs_init_group(const cs_init *i, cs_buf *out, cs_err *e)
{
	struct group room, *found = NULL;
	char text[ENTRY_ROOM];
	uid_t uid[WHOS];
	gid_t gid = 0;
	int rc;

	if ((rc = find(i, uid, &gid, e)) != CS_OK)
		return rc;
	if (getgrgid_r(gid, &room, text, sizeof(text), &found) == 0 &&
	    found != NULL)
		rc = cs_buf_put_str(out, found->gr_name);
	else
		rc = cs_buf_printf(out, "%u", (unsigned)gid);
	return rc == CS_OK ? CS_OK : cs_nomem(e, where);
}

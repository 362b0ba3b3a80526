/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "net/process.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/capability.h>

#define ENTRY_ROOM (64 * 1024)
#define ID_NONE UINT32_MAX /* (uid_t)-1, "leave it" to the kernel */

static const char where[] = "net/process";

/* Who it will be. */
typedef struct target {
	uid_t uid;
	gid_t gid;
	char *name; /* as the groups are looked up; NULL: a number alone */
} target;

static int
fail_errno(cs_err *e, const char *what)
{
	return cs_fail(e, CS_EIO, where, "%s: %s", what, strerror(errno));
}

static bool
is_number(const char *s, uint32_t *out)
{
	uint64_t v = 0;

	if (*s == '\0')
		return false;
	for (; *s != '\0'; s++) {
		if (*s < '0' || *s > '9')
			return false;
		v = v * 10 + (uint64_t)(*s - '0');
		if (v >= ID_NONE)
			return false;
	}
	*out = (uint32_t)v;
	return true;
}

static int
find_user(const char *user, target *t, cs_err *e)
{
	struct passwd pw, *found = NULL;
	char *room = malloc(ENTRY_ROOM);
	uint32_t number = 0;
	bool numeric = is_number(user, &number);
	int err, rc = CS_OK;

	if (room == NULL)
		return cs_nomem(e, where);
	err = numeric ?
	    getpwuid_r(number, &pw, room, ENTRY_ROOM, &found) :
	    getpwnam_r(user, &pw, room, ENTRY_ROOM, &found);
	if (found != NULL) {
		t->uid = found->pw_uid;
		t->gid = found->pw_gid;
		if ((t->name = strdup(found->pw_name)) == NULL)
			rc = cs_nomem(e, where);
	} else if (numeric) {
		t->uid = number;
		t->gid = (gid_t)-1;
	} else
		rc = cs_fail(e, CS_EUSAGE, where, "no user %s%s%s", user,
		    err == 0 ? "" : ": ", err == 0 ? "" : strerror(err));
	free(room);
	return rc;
}

static int
find_group(const char *group, gid_t *out, cs_err *e)
{
	struct group gr, *found = NULL;
	char *room = NULL;
	uint32_t number = 0;
	int err, rc = CS_OK;

	if (is_number(group, &number)) {
		*out = number;
		return CS_OK;
	}
	if ((room = malloc(ENTRY_ROOM)) == NULL)
		return cs_nomem(e, where);
	err = getgrnam_r(group, &gr, room, ENTRY_ROOM, &found);
	if (found != NULL)
		*out = found->gr_gid;
	else
		rc = cs_fail(e, CS_EUSAGE, where, "no group %s%s%s", group,
		    err == 0 ? "" : ": ", err == 0 ? "" : strerror(err));
	free(room);
	return rc;
}

int
cs_process_uid(const char *user, uid_t *uid, gid_t *gid, cs_err *e)
{
	target t = {.uid = (uid_t)-1, .gid = (gid_t)-1};
	int rc;

	rc = find_user(user, &t, e);
	*uid = t.uid;
	*gid = t.gid;
	free(t.name);
	return rc;
}

static int
find_target(const char *user, const char *group, target *t, cs_err *e)
{
	int rc = CS_OK;

	*t = (target){.uid = geteuid(), .gid = getegid()};
	if (user != NULL)
		rc = find_user(user, t, e);
	if (rc == CS_OK && group != NULL)
		rc = find_group(group, &t->gid, e);
	if (rc == CS_OK && t->gid == (gid_t)-1)
		rc = cs_fail(e, CS_EUSAGE, where,
		    "user %s has no entry: name a group, too", user);
	return rc;
}

/* While it may: what is executed later gets none, either. Who may not has
 * none that could be had anew, as there are no new privileges. */
static int
drop_bounds(cs_err *e)
{
	int cap;

	for (cap = 0; prctl(PR_CAPBSET_READ, cap) >= 0; cap++)
		if (prctl(PR_CAPBSET_DROP, cap) != 0 && errno != EPERM)
			return fail_errno(e, "the capabilities' bounds");
	return CS_OK;
}

static int
drop_capabilities(cs_err *e)
{
	struct __user_cap_header_struct head = {
	    .version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct none[2] = {{0}}, now[2] = {{0}};
	size_t i;

	if (syscall(SYS_capset, &head, none) != 0 ||
	    syscall(SYS_capget, &head, now) != 0)
		return fail_errno(e, "capset");
	for (i = 0; i < 2; i++)
		if ((now[i].permitted | now[i].effective |
		    now[i].inheritable) != 0)
			return cs_fail(e, CS_EBUG, where,
			    "has capabilities still");
	return CS_OK;
}

static int
change(const target *t, bool group_named, cs_err *e)
{
	if (group_named || t->name == NULL) {
		if (setgroups(1, &t->gid) != 0)
			return fail_errno(e, "setgroups");
	} else if (initgroups(t->name, t->gid) != 0)
		return fail_errno(e, "initgroups");
	if (setresgid(t->gid, t->gid, t->gid) != 0)
		return fail_errno(e, "setresgid");
	if (setresuid(t->uid, t->uid, t->uid) != 0)
		return fail_errno(e, "setresuid");
	return CS_OK;
}

/* That it is done, and that there is no way back. */
static int
check(const target *t, cs_err *e)
{
	uid_t r = 0, s = 0, f = 0;
	gid_t rg = 0, sg = 0, fg = 0;

	if (getresuid(&r, &f, &s) != 0 || getresgid(&rg, &fg, &sg) != 0 ||
	    r != t->uid || f != t->uid || s != t->uid || rg != t->gid ||
	    fg != t->gid || sg != t->gid)
		return cs_fail(e, CS_EBUG, where, "is not user %u, group %u",
		    (unsigned)t->uid, (unsigned)t->gid);
	if (t->uid != 0 && (setresuid((uid_t)-1, 0, (uid_t)-1) == 0 ||
	    setuid(0) == 0))
		return cs_fail(e, CS_EBUG, where, "could be root again");
	return CS_OK;
}

/* Another user's process is dumpable anew, and outlives its parent. */
static int
keep_ways(int signo, pid_t parent, cs_err *e)
{
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0 ||
	    (signo != 0 && prctl(PR_SET_PDEATHSIG, signo) != 0))
		return fail_errno(e, "prctl");
	if (signo != 0 && getppid() != parent)
		return cs_fail(e, CS_EIO, where, "the parent is gone");
	return CS_OK;
}

static int
become_as_root(const target *t, bool group_named, cs_err *e)
{
	pid_t parent = getppid();
	int signo = 0, rc;

	if (prctl(PR_GET_PDEATHSIG, &signo) != 0)
		return fail_errno(e, "prctl");
	if ((rc = change(t, group_named, e)) != CS_OK)
		return rc;
	return keep_ways(signo, parent, e);
}

static int
become(const char *user, const char *group, cs_err *e)
{
	target t = {0};
	int rc;

	if ((rc = find_target(user, group, &t, e)) != CS_OK)
		goto out;
	if (geteuid() == 0)
		rc = become_as_root(&t, group != NULL, e);
	else if (t.uid != geteuid() || (group != NULL && t.gid != getegid()))
		rc = cs_fail(e, CS_EREFUSED, where, "only root can become "
		    "user %u, group %u; this is user %u, group %u",
		    (unsigned)t.uid, (unsigned)t.gid, (unsigned)geteuid(),
		    (unsigned)getegid());
	else
		t.gid = getegid();
	if (rc == CS_OK)
		rc = drop_capabilities(e);
	if (rc == CS_OK)
		rc = check(&t, e);
out:
	free(t.name);
	return rc;
}

int
cs_process_become(const char *user, const char *group, cs_err *e)
{
	int rc = drop_bounds(e);

	if (rc != CS_OK)
		return rc;
	return user == NULL && group == NULL ? drop_capabilities(e) :
	    become(user, group, e);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <termios.h>
#include <unistd.h>

#include <seccomp.h>

#include "net/sandboxp.h"

#define FILES (CS_MAY_READ | CS_MAY_WRITE)
#define BOTH (CS_MAY_THREADS | CS_MAY_PROCESS)
#define ANY 0U /* whatever a process may */

/* Flags of open() that change something, and the bit of O_TMPFILE that
 * O_DIRECTORY has not. */
#define O_CHANGES (O_ACCMODE | O_CREAT | O_TRUNC | (O_TMPFILE & ~O_DIRECTORY))
#define WX (PROT_WRITE | PROT_EXEC)
#define NAMESPACES (CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | \
	CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET)
#define SOCK_TYPE 0xf /* the rest are flags */

static const char where[] = "net/sandbox";

/* Whatever its arguments are. A name that this machine or libseccomp does not
 * know is left out. */
static const struct call {
	unsigned may; /* one of these, or ANY */
	const char *names;
} calls[] = {
	/* descriptors that are open */
	{ANY, "read readv pread64 write writev lseek close dup fstat newfstatat "
	    "stat lstat recvfrom recvmsg sendto sendmsg shutdown getsockname "
	    "getpeername getsockopt poll ppoll select pselect6 epoll_create1 "
	    "epoll_ctl epoll_wait epoll_pwait epoll_pwait2 eventfd2 pipe2 "
	    "timerfd_create timerfd_settime"},
	/* memory, locks, signals to itself */
	{ANY, "munmap mremap brk madvise mlock mlock2 munlock futex "
	    "set_robust_list rseq membarrier restart_syscall rt_sigaction "
	    "rt_sigprocmask rt_sigreturn rt_sigpending rt_sigtimedwait "
	    "rt_sigsuspend sigaltstack pause"},
	/* time, and who one is */
	{ANY, "clock_gettime clock_getres clock_nanosleep nanosleep "
	    "gettimeofday time getpid gettid getppid getuid geteuid getgid "
	    "getegid getresuid getresgid getgroups getrandom getrlimit "
	    "getrusage times uname sysinfo sched_yield sched_getaffinity "
	    "getcpu exit exit_group"},
	{CS_MAY_ACCEPT, "accept accept4"},
	{CS_MAY_CONNECT, "connect sendmmsg recvmmsg"},
	{CS_MAY_ACCEPT | CS_MAY_CONNECT, "setsockopt"},
	{CS_MAY_READ, "access faccessat faccessat2 readlink readlinkat getcwd "
	    "getdents64 statx statfs fstatfs fadvise64 flock"},
	{CS_MAY_WRITE, "openat pwrite64 pwritev ftruncate fallocate fsync "
	    "fdatasync sync_file_range msync rename renameat renameat2 link "
	    "linkat unlink unlinkat mkdir mkdirat fchmod fchmodat fchown umask "
	    "utimensat"},
	{CS_MAY_THREADS, "sched_getparam sched_getscheduler"},
	{CS_MAY_PROCESS, "fork vfork execve wait4 waitid dup2 dup3 pipe kill "
	    "tgkill setpgid getpgid getpgrp setsid getsid chdir close_range "
	    "set_tid_address arch_prctl prlimit64 umask"},
};

/* A call by its arguments. IS and BITS compare 32 bits, which is all that the
 * kernel looks at of an int, and flags that it has in a long are among them; an
 * address is NONE with all of its bits. */
typedef struct rule {
	const char *name;
	unsigned may;   /* one of these, or ANY */
	unsigned never; /* none of these */
	int refused;    /* 0: allowed; else the call fails with this */
	struct {
		unsigned arg;
		uint64_t mask, value;
	} of[2];        /* a mask of 0: no more */
} rule;

#define IS(arg, value) {arg, UINT32_MAX, value}
#define BITS(arg, mask, value) {arg, (uint32_t)(mask), (uint32_t)(value)}
#define NONE(arg) {arg, UINT64_MAX, 0}

static const rule rules[] = {
	{"fcntl", ANY, 0, 0, {IS(1, F_DUPFD)}},
	{"fcntl", ANY, 0, 0, {IS(1, F_DUPFD_CLOEXEC)}},
	{"fcntl", ANY, 0, 0, {IS(1, F_GETFD)}},
	{"fcntl", ANY, 0, 0, {IS(1, F_SETFD)}},
	{"fcntl", ANY, 0, 0, {IS(1, F_GETFL)}},
	{"fcntl", ANY, 0, 0, {IS(1, F_SETFL)}},
	{"fcntl", FILES, 0, 0, {IS(1, F_GETLK)}},
	{"fcntl", FILES, 0, 0, {IS(1, F_SETLK)}},
	{"fcntl", FILES, 0, 0, {IS(1, F_SETLKW)}},
	{"ioctl", ANY, 0, 0, {IS(1, FIONREAD)}},
	{"ioctl", ANY, 0, 0, {IS(1, FIONBIO)}},
	{"ioctl", ANY, 0, 0, {IS(1, TCGETS)}},
	{"prctl", ANY, 0, 0, {IS(0, PR_SET_NAME)}},
	{"prctl", ANY, 0, 0, {IS(0, PR_GET_NAME)}},
	{"socketpair", ANY, 0, 0, {IS(0, AF_UNIX)}},
	/* limits are read, not set */
	{"prlimit64", ANY, CS_MAY_PROCESS, 0, {IS(0, 0), NONE(2)}},
	/* what is written is not executed */
	{"mmap", ANY, 0, 0, {BITS(2, PROT_EXEC, 0)}},
	{"mmap", ANY, CS_MAY_LOAD, EACCES, {BITS(2, PROT_EXEC, PROT_EXEC)}},
	{"mmap", CS_MAY_LOAD, 0, 0, {BITS(2, WX, PROT_EXEC)}},
	{"mmap", CS_MAY_LOAD, 0, EACCES, {BITS(2, WX, WX)}},
	{"mprotect", ANY, 0, 0, {BITS(2, PROT_EXEC, 0)}},
	{"mprotect", ANY, 0, EACCES, {BITS(2, PROT_EXEC, PROT_EXEC)}},
	{"openat", CS_MAY_READ, CS_MAY_WRITE, 0, {BITS(2, O_CHANGES, 0)}},
	/* the C library looks for files of its own, and does without */
	{"openat", ANY, CS_MAY_READ, EACCES, {BITS(2, O_CHANGES, 0)}},
	{"socket", CS_MAY_CONNECT, 0, 0, {IS(0, AF_UNIX),
	    BITS(1, SOCK_TYPE, SOCK_STREAM)}},
	{"socket", CS_MAY_CONNECT, 0, 0, {IS(0, AF_UNIX),
	    BITS(1, SOCK_TYPE, SOCK_DGRAM)}},
	{"socket", CS_MAY_CONNECT, 0, 0, {IS(0, AF_INET),
	    BITS(1, SOCK_TYPE, SOCK_STREAM)}},
	{"socket", CS_MAY_CONNECT, 0, 0, {IS(0, AF_INET),
	    BITS(1, SOCK_TYPE, SOCK_DGRAM)}},
	{"socket", CS_MAY_CONNECT, 0, 0, {IS(0, AF_INET6),
	    BITS(1, SOCK_TYPE, SOCK_STREAM)}},
	{"socket", CS_MAY_CONNECT, 0, 0, {IS(0, AF_INET6),
	    BITS(1, SOCK_TYPE, SOCK_DGRAM)}},
	/* getaddrinfo() asks for interfaces, and does without */
	{"socket", CS_MAY_CONNECT, 0, EAFNOSUPPORT, {IS(0, AF_NETLINK)}},
	{"clone", CS_MAY_THREADS, CS_MAY_PROCESS, 0,
	    {BITS(0, CLONE_THREAD | NAMESPACES, CLONE_THREAD)}},
	{"clone", CS_MAY_PROCESS, 0, 0, {BITS(0, NAMESPACES, 0)}},
	/* its flags lie in memory; who gets this takes clone */
	{"clone3", BOTH, 0, ENOSYS, {{0, 0, 0}}},
	{"access", ANY, CS_MAY_READ, EACCES, {{0, 0, 0}}},
	{"faccessat", ANY, CS_MAY_READ, EACCES, {{0, 0, 0}}},
	{"faccessat2", ANY, CS_MAY_READ, EACCES, {{0, 0, 0}}},
	{"readlink", ANY, CS_MAY_READ, EACCES, {{0, 0, 0}}},
	{"readlinkat", ANY, CS_MAY_READ, EACCES, {{0, 0, 0}}},
};

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static bool
applies(unsigned may, unsigned wants, unsigned never)
{
	return (wants == ANY || (may & wants) != 0) && (may & never) == 0;
}

/* 0 or -errno */
static int
add(scmp_filter_ctx f, uint32_t action, const char *name, unsigned n,
    const struct scmp_arg_cmp *of)
{
	int nr = seccomp_syscall_resolve_name(name);

	return nr < 0 ? 0 : seccomp_rule_add_array(f, action, nr, n, of);
}

static int
add_names(scmp_filter_ctx f, const char *names)
{
	char name[32];
	size_t n;
	int rc = 0;

	for (; rc == 0 && *names != '\0'; names += n) {
		n = strcspn(names, " ");
		if (n >= sizeof(name))
			return -ENAMETOOLONG;
		memcpy(name, names, n);
		name[n] = '\0';
		rc = add(f, SCMP_ACT_ALLOW, name, 0, NULL);
		n += strspn(names + n, " ");
	}
	return rc;
}

static int
add_rule(scmp_filter_ctx f, const rule *r)
{
	struct scmp_arg_cmp c[2] = {{0}};
	unsigned n;

	for (n = 0; n < 2 && r->of[n].mask != 0; n++)
		c[n] = (struct scmp_arg_cmp){.arg = r->of[n].arg,
		    .op = SCMP_CMP_MASKED_EQ, .datum_a = r->of[n].mask,
		    .datum_b = r->of[n].value};
	return add(f, r->refused == 0 ? SCMP_ACT_ALLOW :
	    SCMP_ACT_ERRNO((uint32_t)r->refused), r->name, n, c);
}

/* Signals of a thread to its own process: raise(), abort(). */
static int
add_own_signals(scmp_filter_ctx f)
{
	struct scmp_arg_cmp own = {.arg = 0, .op = SCMP_CMP_MASKED_EQ,
	    .datum_a = UINT32_MAX, .datum_b = (uint32_t)getpid()};

	return add(f, SCMP_ACT_ALLOW, "tgkill", 1, &own);
}

static int
fill(scmp_filter_ctx f, unsigned may)
{
	size_t i;
	int rc;

	/* A tree instead of a list, where libseccomp can; and a call by another
	 * machine's numbers ends the process, too. */
	(void)seccomp_attr_set(f, SCMP_FLTATR_CTL_OPTIMIZE, 2);
	rc = seccomp_attr_set(f, SCMP_FLTATR_ACT_BADARCH,
	    SCMP_ACT_KILL_PROCESS);
	for (i = 0; rc == 0 && i < COUNT(calls); i++) {
		if (applies(may, calls[i].may, 0))
			rc = add_names(f, calls[i].names);
	}
	for (i = 0; rc == 0 && i < COUNT(rules); i++) {
		if (applies(may, rules[i].may, rules[i].never))
			rc = add_rule(f, &rules[i]);
	}
	if (rc == 0 && (may & CS_MAY_PROCESS) == 0)
		rc = add_own_signals(f);
	return rc;
}

int
cs_sandbox_calls(unsigned may, bool log_only, cs_err *e)
{
	scmp_filter_ctx f;
	int rc;

	f = seccomp_init(log_only ? SCMP_ACT_LOG : SCMP_ACT_KILL_PROCESS);
	if (f == NULL)
		return cs_nomem(e, where);
	if ((rc = fill(f, may)) == 0)
		rc = seccomp_load(f);
	seccomp_release(f);
	return rc == 0 ? CS_OK : cs_fail(e, CS_EIO, where, "seccomp: %s",
	    strerror(-rc));
}

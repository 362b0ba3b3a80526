/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"
#include "tests/fido/bed.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <termios.h>
#include <unistd.h>

/* Report descriptors, USB HID 6.2.2: the FIDO usage page with 64 bytes in and
 * out; a mouse with three buttons. */
#define KEY \
	"06d0f10901a1010920150026ff007508" \
	"954081020921150026ff007508954091" \
	"02c0"
#define MOUSE \
	"05010902a1010901a100050919012903" \
	"15002501950375018102950175058101" \
	"c0c0"
#define DESCRIPTOR_MAX 4096 /* struct hidraw_report_descriptor */

void
bed_die(const char *fmt, ...)
{
	va_list ap;

	(void)fputs("plug: ", stderr);
	va_start(ap, fmt);
	(void)vfprintf(stderr, fmt, ap);
	va_end(ap);
	(void)fputc('\n', stderr);
	exit(99);
}

static void
watch(struct bed *b, int fd, uint32_t events, struct port *p)
{
	struct epoll_event ev = {.events = events, .data.ptr = p};

	if (epoll_ctl(b->epoll, EPOLL_CTL_ADD, fd, &ev) != 0)
		bed_die("epoll: %s", strerror(errno));
}

void
bed_open(struct bed *b)
{
	b->testbed = umockdev_testbed_new();
	if ((b->epoll = epoll_create1(EPOLL_CLOEXEC)) < 0)
		bed_die("epoll: %s", strerror(errno));
	watch(b, b->signals, EPOLLIN, NULL);
}

void
bed_close(struct bed *b)
{
	g_clear_object(&b->testbed);
}

/* What a hidraw node looks like below /sys: itself, its HID device, its
 * interface and its USB device. */
static void
describe(struct bed *b, const struct port *p, const char *descriptor)
{
	const char *name = strrchr(p->node, '/') + 1;
	gchar *product = b->product != NULL ? g_strdup(b->product) :
	    g_strdup_printf("Soft %s %d", p->socket != NULL ? "Key" : "Mouse",
	    p->number);
	GError *e = NULL;
	gchar *usb = g_strdup_printf("/devices/pci0000:00/0000:00:14.0/usb1/"
	    "1-%d", p->number);
	gchar *hid = g_strdup_printf("%s/1-%d:1.0/0003:1209:F1D0.%04X", usb,
	    p->number, p->number);
	gchar *all = g_strdup_printf(
	    "P: %s/hidraw/%s\nN: %s\nE: DEVNAME=/dev/%s\nE: SUBSYSTEM=hidraw\n"
	    "E: MAJOR=240\nE: MINOR=%d\nA: dev=240:%d\\n\n"
	    "L: device=../../../0003:1209:F1D0.%04X\n\n"
	    "P: %s\nE: SUBSYSTEM=hid\nE: DRIVER=hid-generic\n"
	    "E: HID_ID=0003:00001209:0000F1D0\nE: HID_NAME=Countersign %s\n"
	    "H: report_descriptor=%s\n\n"
	    "P: %s/1-%d:1.0\nE: SUBSYSTEM=usb\nE: DEVTYPE=usb_interface\n"
	    "E: DRIVER=usbhid\n\n"
	    "P: %s\nE: SUBSYSTEM=usb\nE: DEVTYPE=usb_device\n"
	    "A: idVendor=1209\\n\nA: idProduct=f1d0\\n\n"
	    "A: manufacturer=Countersign\\n\nA: product=%s\\n\n\n",
	    hid, name, name, name, p->number, p->number, p->number, hid,
	    product, descriptor, usb, p->number, usb, product);

	if (!umockdev_testbed_add_from_string(b->testbed, all, &e))
		bed_die("%s: %s", p->node, e->message);
	g_free(all);
	g_free(hid);
	g_free(usb);
	g_free(product);
}

/* HIDIOCGRDESCSIZE and HIDIOCGRDESC, in umockdev's format: a 32-bit number;
 * a 32-bit number and 4096 bytes. */
static void
answer_ioctls(struct bed *b, const struct port *p, const char *descriptor)
{
	size_t i, n = strlen(descriptor) / 2;
	GError *e = NULL;
	gchar *path = NULL;
	int fd = g_file_open_tmp(NULL, &path, &e);
	FILE *f = fd < 0 ? NULL : fdopen(fd, "w");

	if (f == NULL)
		bed_die("%s", e != NULL ? e->message : strerror(errno));
	(void)fprintf(f, "@DEV %s\nHIDIOCGRDESCSIZE 0 %02zX000000\n"
	    "HIDIOCGRDESC 0 %02zX000000%s", p->node, n, n, descriptor);
	for (i = n; i < DESCRIPTOR_MAX; i++)
		(void)fputs("00", f);
	(void)fputs("\n", f);
	if (fclose(f) != 0 ||
	    !umockdev_testbed_load_ioctl(b->testbed, p->node, path, &e))
		bed_die("%s: %s", p->node, e == NULL ? strerror(errno) :
		    e->message);
	(void)unlink(path);
	g_free(path);
}

void
port_add(struct bed *b, struct port *p)
{
	const char *descriptor = p->socket != NULL ? KEY : MOUSE;

	describe(b, p, descriptor);
	answer_ioctls(b, p, descriptor);
	p->key = -1;
	p->pty = umockdev_testbed_get_dev_fd(b->testbed, p->node);
	if (p->pty < 0 || fcntl(p->pty, F_SETFD, FD_CLOEXEC) != 0 ||
	    fcntl(p->pty, F_SETFL, O_RDWR | O_NONBLOCK) != 0)
		bed_die("%s: no pty", p->node);
	if (b->mode >= 0 && chmod(ptsname(p->pty), (mode_t)b->mode) != 0)
		bed_die("%s: %s", p->node, strerror(errno));
	/* Edges: a pty that nobody has open hangs up all the time */
	watch(b, p->pty, EPOLLIN | EPOLLET, p);
}

static void
unplug(struct port *p)
{
	if (p->key >= 0)
		(void)close(p->key);
	(void)close(p->pty);
	p->key = p->pty = -1;
}

static void
connect_key(struct bed *b, struct port *p)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};

	(void)snprintf(a.sun_path, sizeof(a.sun_path), "%s", p->socket);
	p->key = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (p->key < 0 || connect(p->key, (struct sockaddr *)&a, sizeof(a))) {
		unplug(p);
		return;
	}
	watch(b, p->key, EPOLLIN, p);
}

/* hidraw takes the number of the report, 0, and 64 bytes. */
static void
from_command(struct bed *b, struct port *p)
{
	if (p->socket == NULL)
		return;
	if (p->key < 0)
		connect_key(b, p);
	if (p->key >= 0 && send(p->key, p->in + 1, REPORT_LEN,
	    MSG_NOSIGNAL) != REPORT_LEN)
		unplug(p);
}

/* The last one has closed it: what he has not read is gone, as with hidraw. */
static void
closed(struct port *p)
{
	if (p->key >= 0)
		(void)close(p->key);
	p->key = -1;
	p->have = 0;
	(void)tcflush(p->pty, TCOFLUSH);
}

static void
read_pty(struct bed *b, struct port *p)
{
	ssize_t n;

	while (p->pty >= 0 && (n = read(p->pty, p->in + p->have,
	    sizeof(p->in) - p->have)) > 0) {
		p->have += (size_t)n;
		if (p->have == sizeof(p->in)) {
			p->have = 0;
			from_command(b, p);
		}
	}
	if (p->pty >= 0 && n < 0 && errno == EIO)
		closed(p);
}

static void
read_key(struct port *p)
{
	uint8_t r[REPORT_LEN];
	ssize_t n = recv(p->key, r, sizeof(r), MSG_DONTWAIT);

	if (n < 0 && errno == EAGAIN)
		return;
	if (n != REPORT_LEN || write(p->pty, r, sizeof(r)) != sizeof(r))
		unplug(p);
}

void
port_ready(struct bed *b, struct port *p)
{
	if (p->pty >= 0)
		read_pty(b, p);
	if (p->key >= 0)
		read_key(p);
}

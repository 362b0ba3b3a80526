/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "signer/fido2node.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"

#define SYS_MAX 4096 /* of a report descriptor, and of uevent */

bool
cs_fido_is_descriptor(cs_span d)
{
	/* HID 1.11 section 6.2.2.7: Usage Page, two octets, 0xF1D0 */
	static const uint8_t page[] = {0x06, 0xd0, 0xf1};

	return cs_span_eq(cs_span_cut(d, 0, sizeof(page)),
	    cs_span_of(page, sizeof(page)));
}

/* A number of 16 bits out of eight hexadecimal digits, in lowercase, as udev
 * reads it in sysfs. */
static bool
take_id(cs_span digits, char out[5])
{
	size_t i;
	char c;

	for (i = 0; i < digits.n; i++) {
		c = (char)digits.p[i];
		if (c >= 'A' && c <= 'F')
			c = (char)(c - 'A' + 'a');
		if ((c < '0' || c > '9') && (c < 'a' || c > 'f'))
			return false;
		if (i < 4 && c != '0')
			return false;
		if (i >= 4)
			out[i - 4] = c;
	}
	out[4] = '\0';
	return digits.n == 8;
}

/* The line HID_ID=BUS:VENDOR:PRODUCT, of 4, 8 and 8 digits. */
static bool
find_id(cs_span in, char vendor[5], char product[5])
{
	static const char name[] = "HID_ID=";
	const size_t at = sizeof(name) - 1;
	size_t i;

	for (i = 0; i < in.n; i++) {
		if ((i == 0 || in.p[i - 1] == '\n') &&
		    cs_span_is(cs_span_cut(in, i, at), name))
			return take_id(cs_span_cut(in, i + at + 5, 8),
			    vendor) &&
			    take_id(cs_span_cut(in, i + at + 14, 8), product);
	}
	return false;
}

int
cs_fido_rule(cs_span uevent, cs_buf *out)
{
	char vendor[5] = "", product[5] = "";

	if (!find_id(uevent, vendor, product))
		return cs_buf_put_str(out, "SUBSYSTEM==\"hidraw\", "
		    "ENV{ID_SECURITY_TOKEN}==\"1\", TAG+=\"uaccess\"");
	return cs_buf_printf(out, "SUBSYSTEM==\"hidraw\", "
	    "ATTRS{idVendor}==\"%s\", ATTRS{idProduct}==\"%s\", "
	    "TAG+=\"uaccess\"", vendor, product);
}

/* Two folders up from where the link leads is the HID device. */
static cs_buf *
read_sys(const char *node, const char *file)
{
	char path[320];
	cs_buf *b = NULL;

	(void)snprintf(path, sizeof(path), "/sys/class/hidraw/%s/../../%s",
	    node, file);
	if (cs_file_read(path, SYS_MAX, &b, NULL) != CS_OK)
		return NULL;
	return b;
}

static bool
is_denied_key(const char *node)
{
	char path[320];
	cs_buf *b;
	bool is_key;
	int fd;

	if (strncmp(node, "hidraw", 6) != 0)
		return false;
	(void)snprintf(path, sizeof(path), "/dev/%s", node);
	fd = open(path, O_RDWR | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (fd >= 0)
		(void)close(fd);
	if (fd >= 0 || (errno != EACCES && errno != EPERM))
		return false;
	b = read_sys(node, "report_descriptor");
	is_key = cs_fido_is_descriptor(cs_buf_span(b));
	cs_buf_free(&b);
	return is_key;
}

static int
put_sentence(const char *node, cs_buf *out)
{
	cs_buf *uevent = read_sys(node, "uevent");
	int rc;

	rc = cs_buf_printf(out, "/dev/%s is a security key that this user may "
	    "not open; let root write the line ", node);
	if (rc == CS_OK)
		rc = cs_fido_rule(cs_buf_span(uevent), out);
	if (rc == CS_OK)
		rc = cs_buf_put_str(out, " to "
		    "/etc/udev/rules.d/70-security-key.rules, run udevadm "
		    "control --reload, and plug the key in again; uaccess "
		    "lets whoever sits at this machine use the key, so for "
		    "logins over ssh add MODE=\"0660\", GROUP=\"plugdev\", "
		    "which lets everybody in that group");
	cs_buf_free(&uevent);
	return rc;
}

int
cs_fido_denied(cs_buf *out)
{
	const struct dirent *d;
	DIR *dir = opendir("/dev");
	int rc = CS_OK;

	if (dir == NULL)
		return CS_OK;
	while ((d = readdir(dir)) != NULL) {
		if (is_denied_key(d->d_name)) {
			rc = put_sentence(d->d_name, out);
			break;
		}
	}
	(void)closedir(dir);
	return rc;
}

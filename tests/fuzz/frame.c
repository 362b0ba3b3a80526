/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <sys/socket.h>
#include <unistd.h>

#include "fuzz.h"
#include "net/frame.h"

/* The first octet: 0, a frame follows; else packets do, each behind two octets
 * of its length, as a hostile process sends them. */

static void
check_frame(const cs_frame *f, cs_span in)
{
	cs_buf *b = cs_buf_new(CS_FRAME_MAX);
	cs_err e = {0};
	size_t i;

	CHECK(f != NULL && f->n <= CS_FRAME_PARTS && f->fd == -1);
	for (i = 0; i < CS_FRAME_PARTS; i++)
		CHECK((f->part[i].p != NULL) == (i < f->n));
	if (b != NULL) {
		CHECK(cs_frame_put(f, b, &e) == CS_OK);
		CHECK(in.p == NULL || cs_span_eq(cs_buf_span(b), in));
	}
	cs_buf_free(&b);
}

static void
parse(cs_span in)
{
	cs_frame *f = NULL;
	cs_err e = {0};
	int rc;

	rc = cs_frame_parse(in, &f, &e);
	CHECK(rc == CS_OK || (rc == CS_EFORMAT && f == NULL));
	if (rc == CS_OK)
		check_frame(f, in);
	cs_frame_free(&f);
}

/* False when the channel is over. */
static bool
receive_all(cs_channel *c)
{
	cs_frame *f = NULL;
	bool end = false, more = true;
	cs_err e = {0};
	int rc;

	while (more && !end) {
		rc = cs_channel_try(c, &f, &end, &e);
		CHECK(rc == CS_OK || (rc == CS_EFORMAT && end && f == NULL));
		more = f != NULL;
		if (more)
			check_frame(f, cs_span_of(NULL, 0));
		cs_frame_free(&f);
	}
	return !end;
}

static void
packets(cs_span in)
{
	cs_channel *c = NULL;
	int fd[2];
	cs_err e = {0};
	size_t n;

	if (cs_channel_pair(fd, &e) != CS_OK)
		return;
	if (cs_channel_new(fd[1], &c, &e) == CS_OK) {
		while (in.n >= 2) {
			n = (size_t)in.p[0] << 8 | in.p[1];
			n = n > in.n - 2 ? in.n - 2 : n;
			if (send(fd[0], in.p + 2, n, MSG_NOSIGNAL) < 0 ||
			    !receive_all(c))
				break;
			in = cs_span_of(in.p + 2 + n, in.n - 2 - n);
		}
	}
	cs_channel_free(&c);
	(void)close(fd[0]);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size == 0)
		return 0;
	if (data[0] == 0)
		parse(cs_span_of(data + 1, size - 1));
	else
		packets(cs_span_of(data + 1, size - 1));
	return 0;
}

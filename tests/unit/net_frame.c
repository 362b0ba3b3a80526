/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "net/frame.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "tap.h"

/* The bytes of a frame. */

static const uint8_t golden[] = {
	0x43, 0x53, 0x46, 0x31,                         /* magic */
	0x00, 0x00, 0x00, 0x64,                         /* type 100 */
	0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08, /* id */
	0x00, 0x00, 0x00, 0x03,                         /* parts */
	0x00, 0x00, 0x00, 0x03, 'a', 'b', 'c',
	0x00, 0x00, 0x00, 0x00,
	0x00, 0x00, 0x00, 0x01, 0xff
};
#define GOLDEN cs_span_of(golden, sizeof(golden))

static bool
puts_back(const cs_frame *f, cs_span want)
{
	cs_buf *b = cs_buf_new(want.n);
	cs_err e = {0};
	bool same;

	same = b != NULL && cs_frame_put(f, b, &e) == CS_OK &&
	    cs_span_eq(cs_buf_span(b), want);
	cs_buf_free(&b);
	return same;
}

static void
test_golden(cs_err *e)
{
	cs_frame *f = NULL, g = {.type = 100, .id = 0x0102030405060708,
	    .n = 3, .fd = -1};

	g.part[0] = cs_span_str("abc");
	g.part[2] = cs_span_of("\xff", 1);
	ok(puts_back(&g, GOLDEN), "put: an absent part is an empty one");
	ok(cs_frame_parse(GOLDEN, &f, e) == CS_OK && f->type == 100 &&
	    f->id == 0x0102030405060708 && f->n == 3 && f->fd == -1 &&
	    cs_span_is(f->part[0], "abc") && f->part[1].n == 0 &&
	    f->part[1].p != NULL && f->part[2].n == 1, "parsed");
	ok(f != NULL && puts_back(f, GOLDEN), "and put again");
	cs_frame_free(&f);
	ok(f == NULL, "freed");
}

static void
test_broken(cs_err *e)
{
	uint8_t bad[sizeof(golden) + 1];
	cs_frame *f = NULL;
	size_t i, taken = 0, wrong = 0;

	for (i = 0; i < sizeof(golden); i++)
		taken += cs_frame_parse(cs_span_of(golden, i), &f, e) !=
		    CS_EFORMAT || f != NULL;
	ok(taken == 0, "no prefix is a frame");
	memcpy(bad, golden, sizeof(golden));
	bad[sizeof(golden)] = 0;
	ok(cs_frame_parse(cs_span_of(bad, sizeof(bad)), &f, e) == CS_EFORMAT &&
	    f == NULL, "nor with a byte behind it");
	for (i = 0; i < sizeof(golden) * 8; i++) {
		memcpy(bad, golden, sizeof(golden));
		bad[i / 8] ^= (uint8_t)(1 << i % 8);
		if (cs_frame_parse(cs_span_of(bad, sizeof(golden)), &f, e) ==
		    CS_OK)
			wrong += !puts_back(f, cs_span_of(bad,
			    sizeof(golden)));
		else
			wrong += f != NULL;
		wrong += f != NULL && (i < 32 || (i >= 128 && i < 160 &&
		    f->n == 3));
		cs_frame_free(&f);
	}
	ok(wrong == 0, "every bit turned: refused, or a frame of these bytes");
}

static void
test_limits(cs_err *e)
{
	static uint8_t octets[CS_FRAME_LONG];
	cs_buf *b = cs_buf_new(CS_FRAME_LONG + 64);
	cs_frame *f = NULL, g = {.fd = -1};
	uint8_t many[20 + 4 * (CS_FRAME_PARTS + 1)] = {'C', 'S', 'F', '1'};

	ok(cs_frame_put(&g, b, e) == CS_OK && cs_buf_len(b) == 20 &&
	    cs_frame_parse(cs_buf_span(b), &f, e) == CS_OK && f->n == 0,
	    "no part at all");
	cs_frame_free(&f);
	cs_buf_reset(b);
	g.n = 1;
	g.part[0] = cs_span_of(octets, CS_FRAME_LONG - 24);
	ok(cs_frame_put(&g, b, e) == CS_OK && cs_buf_len(b) == CS_FRAME_LONG &&
	    cs_frame_parse(cs_buf_span(b), &f, e) == CS_OK &&
	    f->part[0].n == CS_FRAME_LONG - 24, "as long as can be");
	cs_frame_free(&f);
	g.part[0].n++;
	ok(cs_frame_put(&g, b, e) == CS_EFORMAT, "one octet more: not put");
	ok(cs_buf_put_byte(b, 0) == CS_OK &&
	    cs_frame_parse(cs_buf_span(b), &f, e) == CS_EFORMAT &&
	    strstr(e->text, "at most") != NULL, "and not parsed");
	g.n = CS_FRAME_PARTS + 1;
	ok(cs_frame_put(&g, b, e) == CS_EFORMAT, "too many parts: not put");
	many[19] = CS_FRAME_PARTS;
	ok(cs_frame_parse(cs_span_of(many, sizeof(many) - 4), &f, e) == CS_OK &&
	    f->n == CS_FRAME_PARTS, "as many parts as can be");
	cs_frame_free(&f);
	many[19]++;
	ok(cs_frame_parse(cs_span_of(many, sizeof(many)), &f, e) == CS_EFORMAT,
	    "one part more");
	cs_buf_free(&b);
}

static bool
number_is(int64_t v, cs_err *e)
{
	uint8_t room[8];
	int64_t back = -1;

	return cs_frame_get_number(cs_frame_number(v, room), &back, e) ==
	    CS_OK && back == v;
}

static void
test_numbers(cs_err *e)
{
	uint8_t room[9] = {0};
	int64_t v = 7;

	ok(number_is(0, e) && number_is(1, e) && number_is(256, e) &&
	    number_is(INT64_MAX, e), "numbers there and back");
	(void)cs_frame_number(0x0102, room);
	ok(room[6] == 1 && room[7] == 2, "big-endian");
	ok(cs_frame_get_number(cs_span_of(room, 7), &v, e) == CS_EFORMAT &&
	    v == 0 && cs_frame_get_number(cs_span_of(room, 9), &v, e) ==
	    CS_EFORMAT && cs_frame_get_number(cs_span_of(room, 0), &v, e) ==
	    CS_EFORMAT, "of 8 octets alone");
	room[0] = 0x80;
	ok(cs_frame_get_number(cs_span_of(room, 8), &v, e) == CS_EFORMAT,
	    "never negative");
	ok(cs_frame_number(-1, room).n == 8 && room[0] == 0 && room[7] == 0,
	    "a negative one is put as zero");
}

static void
test_descriptor(cs_err *e)
{
	cs_frame *f = NULL;
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

	if (!ok(cs_frame_parse(GOLDEN, &f, e) == CS_OK && fd >= 0, "a frame"))
		return;
	f->fd = fd;
	cs_frame_free(&f);
	ok(fcntl(fd, F_GETFD) < 0, "a descriptor that nobody took is closed");
	cs_frame_free(&f);
	cs_frame_free(NULL);
}

int
main(void)
{
	cs_err e = {0};

	test_golden(&e);
	test_broken(&e);
	test_limits(&e);
	test_numbers(&e);
	test_descriptor(&e);
	return done_testing();
}

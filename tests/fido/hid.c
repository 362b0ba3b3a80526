/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "tests/fido/softkey.h"

/*
 * CTAPHID, CTAP 2.1, 11.2, one report a packet of a unix socket. As with
 * hidraw, who has the key open sees every report.
 */

enum {
	HID_PING = 0x81,
	HID_MSG = 0x83,
	HID_INIT = 0x86,
	HID_WINK = 0x88,
	HID_CBOR = 0x90,
	HID_CANCEL = 0x91,
	HID_KEEPALIVE = 0xbb,
	HID_ERROR = 0xbf
};
enum { /* CTAPHID_ERROR */
	BAD_COMMAND = 1,
	BAD_LENGTH = 3,
	BAD_SEQUENCE = 4,
	CHANNEL_BUSY = 6,
	BAD_CHANNEL = 11
};
enum { WINK = 0x01, CBOR = 0x04, NO_MSG = 0x08 }; /* capabilities */

#define BROADCAST 0xffffffffU
#define INIT_DATA (REPORT_LEN - 7)
#define CONT_DATA (REPORT_LEN - 5)

static void
report(struct softkey *k, const uint8_t *r)
{
	size_t i;

	for (i = 0; i < k->n_clients; i++)
		(void)send(k->client[i], r, REPORT_LEN, MSG_NOSIGNAL);
}

static void
put_channel(uint8_t *r, uint32_t channel)
{
	r[0] = (uint8_t)(channel >> 24);
	r[1] = (uint8_t)(channel >> 16);
	r[2] = (uint8_t)(channel >> 8);
	r[3] = (uint8_t)channel;
}

void
hid_send(struct softkey *k, uint32_t channel, int command, const void *p,
    size_t n)
{
	size_t at = n < INIT_DATA ? n : INIT_DATA, len;
	uint8_t r[REPORT_LEN] = {0}, sequence;

	put_channel(r, channel);
	r[4] = (uint8_t)command;
	r[5] = (uint8_t)(n >> 8);
	r[6] = (uint8_t)n;
	if (at > 0)
		memcpy(r + 7, p, at);
	report(k, r);
	for (sequence = 0; at < n; at += len, sequence++) {
		len = n - at < CONT_DATA ? n - at : CONT_DATA;
		memset(r + 4, 0, sizeof(r) - 4);
		r[4] = sequence;
		memcpy(r + 5, (const uint8_t *)p + at, len);
		report(k, r);
	}
}

static void
refuse(struct softkey *k, uint32_t channel, uint8_t why)
{
	note("error %d", why);
	hid_send(k, channel, HID_ERROR, &why, 1);
}

void
hid_keepalive(struct softkey *k)
{
	uint8_t wants_touch = 2;

	hid_send(k, k->busy, HID_KEEPALIVE, &wants_touch, 1);
}

/* INIT is answered at any time, so that others can wait for their turn. */
static void
init(struct softkey *k, uint32_t channel, const uint8_t *nonce)
{
	uint8_t r[17];

	memcpy(r, nonce, 8);
	put_channel(r + 8, channel == BROADCAST ? ++k->last_channel : channel);
	r[12] = 2; /* the protocol's version, then three of the device */
	r[13] = 1;
	r[14] = r[15] = 0;
	r[16] = k->opt.u2f ? WINK : k->attestation_key == NULL ?
	    WINK | CBOR | NO_MSG : WINK | CBOR;
	hid_send(k, channel, HID_INIT, r, sizeof(r));
}

static void
first(struct softkey *k, uint32_t channel, const uint8_t *r)
{
	struct message *m = &k->in;

	if (m->active && m->channel != channel) {
		refuse(k, channel, CHANNEL_BUSY);
		return;
	}
	m->channel = channel;
	m->command = r[4];
	m->n = (size_t)r[5] << 8 | r[6];
	m->sequence = 0;
	m->have = m->n < INIT_DATA ? m->n : INIT_DATA;
	m->active = m->n <= sizeof(m->b);
	if (m->active)
		memcpy(m->b, r + 7, m->have);
	else
		refuse(k, channel, BAD_LENGTH);
}

static void
more(struct softkey *k, uint32_t channel, const uint8_t *r)
{
	struct message *m = &k->in;
	size_t n;

	if (!m->active || m->channel != channel || m->have == m->n)
		return;
	if (r[4] != m->sequence++) {
		m->active = false;
		refuse(k, channel, BAD_SEQUENCE);
		return;
	}
	n = m->n - m->have < CONT_DATA ? m->n - m->have : CONT_DATA;
	memcpy(m->b + m->have, r + 5, n);
	m->have += n;
}

/* While a touch is waited for: cancel, or another who has to wait. */
static void
meanwhile(struct softkey *k, uint32_t channel, const uint8_t *r)
{
	if (channel == k->busy && (r[4] == HID_CANCEL || r[4] == HID_INIT))
		k->cancelled = true;
	else if (r[4] & 0x80)
		refuse(k, channel, CHANNEL_BUSY);
}

static void
received(struct softkey *k, const uint8_t *r)
{
	uint32_t channel = (uint32_t)r[0] << 24 | (uint32_t)r[1] << 16 |
	    (uint32_t)r[2] << 8 | r[3];

	if (r[4] == HID_INIT && (channel == BROADCAST || !k->busy)) {
		if (k->in.channel == channel)
			k->in.active = false;
		init(k, channel, r + 7);
	} else if (channel == 0 || channel > k->last_channel) {
		refuse(k, channel, BAD_CHANNEL);
	} else if (k->busy) {
		meanwhile(k, channel, r);
	} else if (r[4] & 0x80) {
		first(k, channel, r);
	} else {
		more(k, channel, r);
	}
}

static void
signalled(struct softkey *k)
{
	struct signalfd_siginfo s;

	if (read(k->signals, &s, sizeof(s)) != sizeof(s))
		return;
	if (s.ssi_signo != SIGUSR1) {
		note("unplugged");
		exit(0);
	}
	k->touched = true;
}

static void
drop_client(struct softkey *k, size_t i)
{
	(void)close(k->client[i]);
	k->client[i] = k->client[--k->n_clients];
}

static void
add_client(struct softkey *k)
{
	int fd = accept(k->listener, NULL, NULL);

	if (fd < 0)
		return;
	if (k->n_clients == MAX_CLIENTS)
		(void)close(fd);
	else
		k->client[k->n_clients++] = fd;
}

static bool
is_whole(const struct softkey *k)
{
	return k->in.active && k->in.have == k->in.n;
}

bool
hid_round(struct softkey *k, int ms)
{
	struct pollfd p[2 + MAX_CLIENTS] = {
	    {.fd = k->listener, .events = POLLIN},
	    {.fd = k->signals, .events = POLLIN}};
	uint8_t r[REPORT_LEN + 1];
	size_t i, n = k->n_clients;

	for (i = 0; i < n; i++)
		p[2 + i] = (struct pollfd){.fd = k->client[i],
		    .events = POLLIN};
	if (poll(p, 2 + n, ms) <= 0)
		return false;
	if (p[1].revents != 0)
		signalled(k);
	for (i = n; i-- > 0 && (k->busy || !is_whole(k));) {
		ssize_t len = p[2 + i].revents == 0 ? -1 :
		    recv(k->client[i], r, sizeof(r), 0);

		if (len == REPORT_LEN)
			received(k, r);
		else if (p[2 + i].revents != 0)
			drop_client(k, i);
	}
	if (p[0].revents != 0)
		add_client(k);
	return !k->busy && is_whole(k);
}

static void
answer_cbor(struct softkey *k, const struct message *m)
{
	struct out o = {.n = 0};
	uint8_t b[1 + sizeof(o.b)];
	int status = ctap(k, (struct span){m->b, m->n}, &o);

	if (status == CTAP_SILENCE)
		return;
	b[0] = (uint8_t)status;
	memcpy(b + 1, o.b, o.n);
	hid_send(k, m->channel, HID_CBOR, b, status == CTAP_OK ? 1 + o.n : 1);
}

static void
answer_msg(struct softkey *k, const struct message *m)
{
	struct out o = {.n = 0};

	u2f(k, (struct span){m->b, m->n}, &o);
	if (!has_fault(k, "drop", true))
		hid_send(k, m->channel, HID_MSG, o.b, o.n);
}

static void
answer(struct softkey *k)
{
	struct message m = k->in;

	k->in.active = false;
	k->busy = m.channel;
	if (m.command == HID_CBOR && m.n > 0 && !k->opt.u2f)
		answer_cbor(k, &m);
	else if (m.command == HID_MSG && k->attestation_key != NULL)
		answer_msg(k, &m);
	else if (m.command == HID_PING || m.command == HID_WINK)
		hid_send(k, m.channel, m.command, m.b, m.n);
	else if (m.command != HID_CANCEL)
		refuse(k, m.channel, BAD_COMMAND);
	k->busy = 0;
}

void
hid_listen(struct softkey *k)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	sigset_t set;

	if (strlen(k->opt.socket) >= sizeof(a.sun_path))
		die("%s: too long", k->opt.socket);
	memcpy(a.sun_path, k->opt.socket, strlen(k->opt.socket) + 1);
	(void)unlink(a.sun_path);
	k->listener = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (k->listener < 0 || bind(k->listener, (struct sockaddr *)&a,
	    sizeof(a)) != 0 || listen(k->listener, 8) != 0)
		die("%s: %s", a.sun_path, strerror(errno));
	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGUSR1);
	(void)sigaddset(&set, SIGTERM);
	if (sigprocmask(SIG_BLOCK, &set, NULL) != 0 ||
	    (k->signals = signalfd(-1, &set, SFD_CLOEXEC)) < 0)
		die("no signals: %s", strerror(errno));
}

void
hid_serve(struct softkey *k)
{
	for (;;) {
		if (hid_round(k, -1))
			answer(k);
	}
}

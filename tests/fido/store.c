/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/fido/softkey.h"

/*
 * The file of --state, a word and its values a line, for scripts to read and to
 * edit:
 *
 *	master HEX
 *	counter N
 *	tries N
 *	pin HEX                  the left half of its hash; none: no PIN is set
 *	resident ID RPHASH USER  hexadecimal
 */

#define MAX_LINE 1024

static void
put_hex(FILE *f, const uint8_t *p, size_t n)
{
	size_t i;

	(void)fputc(' ', f);
	for (i = 0; i < n; i++)
		(void)fprintf(f, "%02x", p[i]);
}

/* Takes the next word off, as bytes. */
static size_t
get_hex(char **s, uint8_t *out, size_t max)
{
	unsigned v;
	int used;
	size_t n = 0;

	*s += strspn(*s, " ");
	while (n < max && sscanf(*s, "%2x%n", &v, &used) == 1 && used == 2) {
		out[n++] = (uint8_t)v;
		*s += 2;
		if (**s == ' ')
			break;
	}
	return n;
}

static void
get_resident(struct store *st, char *s)
{
	struct resident *r = &st->resident[st->n_resident];

	if (st->n_resident == MAX_RESIDENT ||
	    get_hex(&s, r->id, ID_LEN) != ID_LEN ||
	    get_hex(&s, r->rp, HASH_LEN) != HASH_LEN)
		die("bad resident credential");
	r->n_user = get_hex(&s, r->user, sizeof(r->user));
	st->n_resident++;
}

static void
get_line(struct store *st, char *s)
{
	char *value = strchr(s, ' ');

	if (value == NULL)
		die("bad line of state: %s", s);
	*value++ = 0;
	if (strcmp(s, "master") == 0)
		(void)get_hex(&value, st->master, HASH_LEN);
	else if (strcmp(s, "counter") == 0)
		st->counter = (uint32_t)strtoul(value, NULL, 10);
	else if (strcmp(s, "tries") == 0)
		st->tries = (int)strtol(value, NULL, 10);
	else if (strcmp(s, "pin") == 0)
		st->pin_set = get_hex(&value, st->pin, sizeof(st->pin)) > 0;
	else if (strcmp(s, "resident") == 0)
		get_resident(st, value);
	else
		die("unknown word in state: %s", s);
}

void
store_load(struct softkey *k)
{
	char line[MAX_LINE];
	FILE *f;

	store_reset(k);
	if (k->opt.seed != NULL)
		sha256(k->opt.seed, strlen(k->opt.seed), k->store.master);
	if (k->opt.state == NULL || (f = fopen(k->opt.state, "r")) == NULL)
		return;
	while (fgets(line, sizeof(line), f) != NULL) {
		line[strcspn(line, "\n")] = 0;
		get_line(&k->store, line);
	}
	(void)fclose(f);
}

static void
put_store(const struct store *st, FILE *f)
{
	size_t i;

	(void)fputs("master", f);
	put_hex(f, st->master, HASH_LEN);
	(void)fprintf(f, "\ncounter %u\ntries %d\n", (unsigned)st->counter,
	    st->tries);
	if (st->pin_set) {
		(void)fputs("pin", f);
		put_hex(f, st->pin, sizeof(st->pin));
		(void)fputc('\n', f);
	}
	for (i = 0; i < st->n_resident; i++) {
		(void)fputs("resident", f);
		put_hex(f, st->resident[i].id, ID_LEN);
		put_hex(f, st->resident[i].rp, HASH_LEN);
		put_hex(f, st->resident[i].user, st->resident[i].n_user);
		(void)fputc('\n', f);
	}
}

void
store_save(const struct softkey *k)
{
	char new[1024];
	FILE *f;

	if (k->opt.state == NULL)
		return;
	(void)snprintf(new, sizeof(new), "%s.new", k->opt.state);
	if ((f = fopen(new, "w")) == NULL)
		die("%s: cannot be written", new);
	put_store(&k->store, f);
	if (fclose(f) != 0 || rename(new, k->opt.state) != 0)
		die("%s: cannot be written", k->opt.state);
}

/* As from the factory. */
void
store_reset(struct softkey *k)
{
	memset(&k->store, 0, sizeof(k->store));
	k->store.tries = MAX_PIN_TRIES;
	if (RAND_bytes(k->store.master, HASH_LEN) != 1)
		die("no random bytes");
}

/* Of every signature, wanted or not. */
uint32_t
store_count(struct softkey *k)
{
	if (has_fault(k, "zerocounter", true))
		return 0;
	if (!has_fault(k, "stuckcounter", true))
		k->store.counter++;
	store_save(k);
	return k->store.counter;
}

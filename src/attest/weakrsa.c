/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "attest/weakrsa.h"

/* The primes below 160 of which 65537 does not generate every residue. */
static const unsigned primes[] = {11, 13, 17, 19, 37, 53, 61, 71, 73, 79, 97,
    103, 107, 109, 127, 151, 157};
#define GENERATOR 65537

static unsigned
residue(cs_span number, unsigned p)
{
	unsigned r = 0;
	size_t i;

	for (i = 0; i < number.n; i++)
		r = (r << 8 | number.p[i]) % p;
	return r;
}

static bool
is_power(unsigned r, unsigned p)
{
	unsigned x = 1;

	do {
		if (x == r)
			return true;
		x = x * (GENERATOR % p) % p;
	} while (x != 1);
	return false;
}

/* M. Nemec, M. Sys et al., "The Return of Coppersmith's Attack", section 3:
 * each prime is a power of 65537 modulo the product of small ones, and so is
 * what they multiply to. */
bool
cs_rsa_is_weak(cs_span modulus)
{
	size_t i;

	for (i = 0; i < sizeof(primes) / sizeof(primes[0]); i++)
		if (!is_power(residue(modulus, primes[i]), primes[i]))
			return false;
	return true;
}

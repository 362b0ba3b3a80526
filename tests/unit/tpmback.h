/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_TESTS_TPMBACK_H
#define CS_TESTS_TPMBACK_H

#include "fmt/tpmattest.h"
#include "fmt/tpmpub.h"

/* Is what was read all that was there? Writes it again and compares. */

/* The exponent of an RSA key is 0 or 65537. */
bool tpmpub_goes_back(const cs_tpmpub *p, uint32_t exponent);
bool tpmsig_goes_back(const cs_tpmsig *s, cs_span in);
/* What a TPMS_ATTEST has beside the four fields has one length. */
bool tpmattest_fills(const cs_tpmattest *a);

#endif

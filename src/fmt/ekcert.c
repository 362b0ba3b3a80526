/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "fmt/ekcert.h"

#include <stdio.h>
#include <string.h>

#include "fmt/der.h"
#include "fmt/oid.h"
#include "fmt/reason.h"
#include "fmt/scan.h"

#define BAD(e, ...) CS_BAD(e, CS_R_MALFORMED, "ekcert", __VA_ARGS__)

#define DIRECTORY_NAME CS_DER_CTXC(4)
#define ID "id:"
#define ID_OCTETS 4

static const char text_set[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    "abcdefghijklmnopqrstuvwxyz0123456789._-";

/* The three attributes of 3.2.9; absent until one is met. */
struct name {
	cs_span manufacturer, model, version;
};

static cs_span *
place_of(struct name *n, cs_span type)
{
	switch (cs_oid_find(type)) {
	case CS_OID_TPM_MANUFACTURER:
		return &n->manufacturer;
	case CS_OID_TPM_MODEL:
		return &n->model;
	case CS_OID_TPM_VERSION:
		return &n->version;
	default:
		return NULL;
	}
}

/* AttributeTypeAndValue; others than the three are passed over. */
static int
read_attribute(cs_span *in, struct name *n, cs_err *e)
{
	cs_span seq = {0}, type = {0}, value = {0}, *place;
	unsigned tag = 0;
	int r;

	if ((r = cs_der_get(in, CS_DER_SEQ, &seq, e)) != CS_OK ||
	    (r = cs_der_get(&seq, CS_DER_OID, &type, e)) != CS_OK ||
	    (r = cs_der_any(&seq, &tag, &value, NULL, e)) != CS_OK ||
	    (r = cs_der_end(seq, "an attribute", e)) != CS_OK)
		return r;
	if ((place = place_of(n, type)) == NULL)
		return CS_OK;
	if (tag != CS_DER_UTF8 && tag != CS_DER_PRINTABLE)
		return BAD(e, "%s: expected text, found tag 0x%02x",
		    cs_oid_name(type), tag);
	if (place->p != NULL)
		return BAD(e, "%s: there twice", cs_oid_name(type));
	*place = value;
	return CS_OK;
}

/* Elements of a SET are taken in any order: not every manufacturer sorts them
 * as DER wants, and the name that counts is there once. */
static int
read_directory(cs_span in, struct name *n, cs_err *e)
{
	cs_span rdns = {0}, rdn = {0};
	int r;

	if ((r = cs_der_get(&in, CS_DER_SEQ, &rdns, e)) != CS_OK ||
	    (r = cs_der_end(in, "directoryName", e)) != CS_OK)
		return r;
	while (rdns.n != 0) {
		if ((r = cs_der_get(&rdns, CS_DER_SET, &rdn, e)) != CS_OK)
			return r;
		if (rdn.n == 0)
			return BAD(e, "an empty RelativeDistinguishedName");
		while (rdn.n != 0)
			if ((r = read_attribute(&rdn, n, e)) != CS_OK)
				return r;
	}
	return CS_OK;
}

static int
read_names(cs_span in, struct name *n, cs_err *e)
{
	cs_span names = {0}, body = {0}, directory = {0};
	unsigned tag = 0;
	int r;

	if ((r = cs_der_get(&in, CS_DER_SEQ, &names, e)) != CS_OK ||
	    (r = cs_der_end(in, "the names", e)) != CS_OK)
		return r;
	while (names.n != 0) {
		if ((r = cs_der_any(&names, &tag, &body, NULL, e)) != CS_OK)
			return r;
		if ((tag & 0xc0) != 0x80)
			return BAD(e, "expected a name, found tag 0x%02x",
			    tag);
		if (tag != DIRECTORY_NAME)
			continue;
		if (directory.p != NULL)
			return BAD(e, "directoryName is there twice");
		directory = body;
	}
	if (directory.p == NULL)
		return BAD(e, "expected a directoryName, found none");
	return read_directory(directory, n, e);
}

static int
digit(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static int
read_id(cs_span in, uint8_t out[ID_OCTETS], cs_err *e)
{
	const size_t skip = strlen(ID);
	int hi = -1, lo = -1;
	size_t i;

	if (in.n == skip + 2 * ID_OCTETS && cs_scan_starts(in, ID))
		for (i = 0; i < ID_OCTETS; i++) {
			hi = digit(in.p[skip + 2 * i]);
			lo = digit(in.p[skip + 2 * i + 1]);
			if (hi < 0 || lo < 0)
				break;
			out[i] = (uint8_t)(hi << 4 | lo);
		}
	return hi >= 0 && lo >= 0 ? CS_OK :
	    BAD(e, "expected a tpmManufacturer of \"" ID "\" and eight "
	    "hexadecimal digits, found \"%.*s\"", CS_SHOW(in));
}

/* What attested= of an owners line can say as one word. */
static void
put_id(const uint8_t id[ID_OCTETS], cs_ekname *out)
{
	size_t n = ID_OCTETS;

	while (n > 0 && (id[n - 1] == ' ' || id[n - 1] == '\0'))
		n--;
	if (n > 0 && cs_scan_all(cs_span_of(id, n), text_set))
		(void)snprintf(out->manufacturer, sizeof(out->manufacturer),
		    "%.*s", (int)n, (const char *)id);
	else
		(void)snprintf(out->manufacturer, sizeof(out->manufacturer),
		    "%02x%02x%02x%02x", id[0], id[1], id[2], id[3]);
}

int
cs_ekcert_name(cs_span value, cs_ekname *out, cs_err *e)
{
	uint8_t id[ID_OCTETS] = {0};
	struct name n = {0};
	int r;

	memset(out, 0, sizeof(*out));
	if ((r = read_names(value, &n, e)) != CS_OK)
		return cs_wrap(e, "subjectAltName of the EK certificate");
	if (n.manufacturer.p == NULL || n.model.p == NULL ||
	    n.version.p == NULL)
		return BAD(e, "subjectAltName of the EK certificate: expected "
		    "tpmManufacturer, tpmModel and tpmVersion, found no %s",
		    n.manufacturer.p == NULL ? "tpmManufacturer" :
		    n.model.p == NULL ? "tpmModel" : "tpmVersion");
	if ((r = read_id(n.manufacturer, id, e)) != CS_OK)
		return cs_wrap(e, "subjectAltName of the EK certificate");
	put_id(id, out);
	return CS_OK;
}

static int
read_purposes(cs_span in, bool *is_ek, cs_err *e)
{
	cs_span purposes = {0}, purpose = {0};
	int r;

	if ((r = cs_der_get(&in, CS_DER_SEQ, &purposes, e)) != CS_OK ||
	    (r = cs_der_end(in, "the purposes", e)) != CS_OK)
		return r;
	if (purposes.n == 0)
		return BAD(e, "no purpose");
	while (purposes.n != 0) {
		if ((r = cs_der_get(&purposes, CS_DER_OID, &purpose, e)) !=
		    CS_OK)
			return r;
		if (cs_oid_is(purpose, CS_OID_TCG_KP_EK_CERTIFICATE))
			*is_ek = true;
	}
	return CS_OK;
}

int
cs_ekcert_usage(cs_span value, bool *is_ek, cs_err *e)
{
	bool found = false;
	int r;

	*is_ek = false;
	if ((r = read_purposes(value, &found, e)) != CS_OK)
		return cs_wrap(e, "extendedKeyUsage of the EK certificate");
	*is_ek = found;
	return CS_OK;
}

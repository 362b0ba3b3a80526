/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "signer/tpm2nv.h"

#include <string.h>

#define PIECE 512 /* of a TPM that does not say; 1024 is common */

static const char where[] = "signer/tpm2";

int
cs_tpm2_in_use(cs_tpm2 *t, uint32_t first, uint32_t last, cs_tpm2_handles *out,
    cs_err *e)
{
	TPMS_CAPABILITY_DATA *found = NULL;
	const TPML_HANDLE *h;
	TSS2_RC answer;
	size_t i;
	int rc;

	memset(out, 0, sizeof(*out));
	answer = Esys_GetCapability(cs_tpm2_esys(t), ESYS_TR_NONE,
	    ESYS_TR_NONE, ESYS_TR_NONE, TPM2_CAP_HANDLES, first,
	    sizeof(out->v) / sizeof(out->v[0]), NULL, &found);
	if ((rc = cs_tpm2_rc(t, answer, "list what it keeps", e)) != CS_OK)
		return rc;
	h = &found->data.handles;
	for (i = 0; i < h->count && i < sizeof(out->v) / sizeof(out->v[0]);
	    i++)
		if (h->handle[i] >= first && h->handle[i] <= last)
			out->v[out->n++] = h->handle[i];
	Esys_Free(found);
	return CS_OK;
}

bool
cs_tpm2_is_in_use(const cs_tpm2_handles *h, uint32_t handle)
{
	size_t i;

	for (i = 0; i < h->n; i++)
		if (h->v[i] == handle)
			return true;
	return false;
}

/* TPM2_PT_NV_BUFFER_MAX: a read of more fails. */
static int
piece_of(cs_tpm2 *t, size_t *out, cs_err *e)
{
	TPMS_CAPABILITY_DATA *found = NULL;
	const TPML_TAGGED_TPM_PROPERTY *p;
	TSS2_RC answer;
	int rc;

	*out = PIECE;
	answer = Esys_GetCapability(cs_tpm2_esys(t), ESYS_TR_NONE,
	    ESYS_TR_NONE, ESYS_TR_NONE, TPM2_CAP_TPM_PROPERTIES,
	    TPM2_PT_NV_BUFFER_MAX, 1, NULL, &found);
	if ((rc = cs_tpm2_rc(t, answer, "tell how much it reads at once",
	    e)) != CS_OK)
		return rc;
	p = &found->data.tpmProperties;
	if (p->count == 1 &&
	    p->tpmProperty[0].property == TPM2_PT_NV_BUFFER_MAX &&
	    p->tpmProperty[0].value > 0 &&
	    p->tpmProperty[0].value <= TPM2_MAX_NV_BUFFER_SIZE)
		*out = p->tpmProperty[0].value;
	Esys_Free(found);
	return CS_OK;
}

/* Who may read it with an empty auth value, and how much there is. One that
 * counts wrong auth values is read as the owner, where that is allowed. */
static int
describe(cs_tpm2 *t, ESYS_TR nv, uint32_t index, ESYS_TR *reader, size_t *n,
    cs_err *e)
{
	TPM2B_NV_PUBLIC *area = NULL;
	TSS2_RC answer;
	TPMA_NV may;
	int rc;

	answer = Esys_NV_ReadPublic(cs_tpm2_esys(t), nv, ESYS_TR_NONE,
	    ESYS_TR_NONE, ESYS_TR_NONE, &area, NULL);
	if ((rc = cs_tpm2_rc(t, answer, "describe an NV index", e)) != CS_OK)
		return rc;
	may = area->nvPublic.attributes;
	*n = area->nvPublic.dataSize;
	Esys_Free(area);
	*reader = ESYS_TR_RH_OWNER;
	if ((may & TPMA_NV_AUTHREAD) != 0 && ((may & TPMA_NV_NO_DA) != 0 ||
	    (may & TPMA_NV_OWNERREAD) == 0))
		*reader = nv;
	if ((may & (TPMA_NV_AUTHREAD | TPMA_NV_OWNERREAD)) == 0)
		return cs_fail(e, CS_EDEVICE, where, "NV index 0x%08x wants "
		    "a policy to be read", index);
	if ((may & TPMA_NV_WRITTEN) == 0)
		return cs_fail(e, CS_EDEVICE, where, "nothing was written to "
		    "NV index 0x%08x", index);
	return CS_OK;
}

static int
read_piece(cs_tpm2 *t, ESYS_TR reader, ESYS_TR nv, size_t n, size_t at,
    cs_buf *out, cs_err *e)
{
	TPM2B_MAX_NV_BUFFER *data = NULL;
	TSS2_RC answer, code;
	int rc;

	answer = Esys_NV_Read(cs_tpm2_esys(t), reader, nv, ESYS_TR_PASSWORD,
	    ESYS_TR_NONE, ESYS_TR_NONE, (UINT16)n, (UINT16)at, &data);
	code = cs_tpm2_code(answer);
	if (code == TPM2_RC_BAD_AUTH || code == TPM2_RC_AUTH_FAIL)
		return cs_fail(e, CS_EDEVICE, where, "it has an auth value, "
		    "which countersign does not ask for");
	if ((rc = cs_tpm2_rc(t, answer, "read an NV index", e)) != CS_OK)
		return rc;
	if (data->size != n)
		rc = cs_fail(e, CS_EDEVICE, where, "expected %zu octets of an "
		    "NV index, found %u", n, data->size);
	else if (cs_buf_put(out, cs_span_of(data->buffer, n)) != CS_OK)
		rc = cs_fail(e, CS_EBUG, where, "no room for an NV index");
	Esys_Free(data);
	return rc;
}

static int
read_all(cs_tpm2 *t, ESYS_TR nv, uint32_t index, cs_buf *out, cs_err *e)
{
	ESYS_TR reader = ESYS_TR_NONE;
	size_t piece, at, n, all = 0;
	int rc;

	if ((rc = describe(t, nv, index, &reader, &all, e)) != CS_OK ||
	    (rc = piece_of(t, &piece, e)) != CS_OK)
		return rc;
	if (all > cs_buf_room(out))
		return cs_fail(e, CS_EDEVICE, where, "NV index 0x%08x holds "
		    "%zu octets, expected at most %zu", index, all,
		    cs_buf_room(out));
	for (at = 0; rc == CS_OK && at < all; at += n) {
		n = all - at < piece ? all - at : piece;
		rc = read_piece(t, reader, nv, n, at, out, e);
	}
	return rc;
}

int
cs_tpm2_nv_read(cs_tpm2 *t, uint32_t index, cs_buf *out, cs_err *e)
{
	ESYS_TR nv = ESYS_TR_NONE;
	int rc;

	rc = cs_tpm2_rc(t, Esys_TR_FromTPMPublic(cs_tpm2_esys(t), index,
	    ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, &nv),
	    "find an NV index", e);
	if (rc != CS_OK)
		return rc;
	if ((rc = read_all(t, nv, index, out, e)) != CS_OK)
		rc = cs_wrap(e, "NV index 0x%08x", index);
	(void)Esys_TR_Close(cs_tpm2_esys(t), &nv);
	return rc;
}

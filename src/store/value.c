/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "store/storep.h"

cs_db_value
cs_db_int(int64_t i)
{
	cs_db_value v = {.type = CS_DB_INT, .i = i};

	return v;
}

static cs_db_value
bytes(enum cs_db_type type, cs_span s)
{
	cs_db_value v = {.type = s.p == NULL ? CS_DB_NULL : type, .s = s};

	return v;
}

cs_db_value
cs_db_blob(cs_span s)
{
	return bytes(CS_DB_BLOB, s);
}

cs_db_value
cs_db_text(cs_span s)
{
	return bytes(CS_DB_TEXT, s);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <langinfo.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>

#include "tool/tool.h"

int
main(int argc, char **argv)
{
	static const struct cs_verb *const verbs[] = {&cs_cmd_request,
	    &cs_cmd_keys, &cs_cmd_enroll, &cs_cmd_sign, &cs_cmd_attach, &cs_cmd_verify,
	    &cs_cmd_show, &cs_cmd_owners_check, &cs_cmd_owners_list,
	    &cs_cmd_owners_challenge, &cs_cmd_owners_add,
	    &cs_cmd_owners_revoke,
	    &cs_cmd_owners_compile, &cs_cmd_store_init, &cs_cmd_store_check,
	    &cs_cmd_store_backup, &cs_cmd_store_restore, &cs_cmd_revoke,
	    &cs_cmd_status, &cs_cmd_audit_list, &cs_cmd_audit_show,
	    &cs_cmd_audit_verify, &cs_cmd_audit_export, &cs_cmd_completion};
	cs_tool t = {
	    .module_dir = CS_MODULE_DIR,
	    .verbs = verbs,
	    .n_verbs = sizeof(verbs) / sizeof(verbs[0]),
	};

	t.doc_mode = cs_process_harden();
	/* libcurl makes that file when it begins, if nothing is written. */
	(void)unsetenv("SSLKEYLOGFILE");
	(void)setlocale(LC_CTYPE, "");
	t.ascii = strcmp(nl_langinfo(CODESET), "UTF-8") != 0;
	return cs_tool_run(&t, argc, argv);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/time.h"
#include "fmt/ownersput.h"
#include "tool/describe.h"
#include "tool/describetpm.h"
#include "tool/ownersedit.h"
#include "tool/ownersline.h"
#include "tool/ownerswarn.h"

typedef struct cs_owners_add_opts opts;

static const opts defaults = {.access = CS_KEY_DEFAULTS,
    .valid_after = -1, .valid_before = -1};

static const struct cs_opt rows[] = {
    {"key", 0, CS_OPT_STRING, offsetof(opts, key), "URI",
	"the owner's key, by its URI", 0, 0, CS_COMPLETE_KEY},
    {"public-key", 0, CS_OPT_STRING, offsetof(opts, public_key), "FILE",
	"or its public half, a certificate or a .pub file", 0, 0,
	CS_COMPLETE_FILE},
    {"evidence", 0, CS_OPT_STRING, offsetof(opts, evidence), "FILE",
	"or of a key in a TPM what proves that it is there", 0, 0,
	CS_COMPLETE_FILE},
    {"challenge", 0, CS_OPT_STRING, offsetof(opts, challenge), "SECRET",
	"--evidence: what owners challenge has kept; it is removed", 0, 0,
	CS_COMPLETE_FILE},
    {"ek-roots", 0, CS_OPT_STRING, offsetof(opts, ek_roots), "DIR",
	"--evidence: manufacturers' certificates that vouch for TPMs", 0, 0,
	CS_COMPLETE_DIR},
    {"ca", 0, CS_OPT_STRING, offsetof(opts, ca), "FILE",
	"or an authority whose certificates name owners", 0, 0,
	CS_COMPLETE_FILE},
    {"owner", 0, CS_OPT_STRING, offsetof(opts, owner), "OWNER",
	"whose key it is, such as mailto:alice@corp.example", 0, 0,
	CS_COMPLETE_NONE},
    {"agents", 0, CS_OPT_LIST, offsetof(opts, agents), "ID...",
	"agents that it may approve, and what is below them", 0, 0,
	CS_COMPLETE_NONE},
    {"file", 0, CS_OPT_STRING, offsetof(opts, file), "NAME",
	"which file, where PATH is a directory", 0, 0, CS_COMPLETE_NONE},
    {"no-touch-required", 0, CS_OPT_FLAG, offsetof(opts, no_touch_required),
	NULL, "do without proof of presence", 0, 0, CS_COMPLETE_NONE},
    {"verify-required", 0, CS_OPT_FLAG, offsetof(opts, verify_required), NULL,
	"want proof of PIN or fingerprint", 0, 0, CS_COMPLETE_NONE},
    {"hardware", 0, CS_OPT_FLAG, offsetof(opts, hardware), NULL,
	"your word that the key is in hardware", 0, 0, CS_COMPLETE_NONE},
    {"hardware-required", 0, CS_OPT_FLAG, offsetof(opts, hardware_required),
	NULL, "want proof that it is", 0, 0, CS_COMPLETE_NONE},
    {"attested", 0, CS_OPT_STRING, offsetof(opts, attested), "PROOF",
	"what was found proven of the key", 0, 0, CS_COMPLETE_NONE},
    {"grants", 0, CS_OPT_FLAG, offsetof(opts, grants), NULL,
	"it may sign grants", 0, 0, CS_COMPLETE_NONE},
    {"shared-key", 0, CS_OPT_FLAG, offsetof(opts, shared_key), NULL,
	"it signs other things, too", 0, 0, CS_COMPLETE_NONE},
    {"max-lifetime", 0, CS_OPT_DURATION, offsetof(opts, max_lifetime),
	"DURATION", "how long a credential may live", 0, 0, CS_COMPLETE_NONE},
    {"max-issuances", 0, CS_OPT_COUNT, offsetof(opts, max_issuances), "N",
	"how many credentials an approval may allow", 1, 1000000,
	CS_COMPLETE_NONE},
    {"max-window", 0, CS_OPT_DURATION, offsetof(opts, max_window), "DURATION",
	"how long an approval may be used (24h; grants 90d)", 0, 0,
	CS_COMPLETE_NONE},
    {"valid-after", 0, CS_OPT_TIME, offsetof(opts, valid_after), "TIME",
	"the key counts from then on", 0, 0, CS_COMPLETE_NONE},
    {"valid-before", 0, CS_OPT_TIME, offsetof(opts, valid_before), "TIME",
	"the key counts until just before then", 0, 0, CS_COMPLETE_NONE},
    {"group", 0, CS_OPT_STRING, offsetof(opts, group), "NAME",
	"the group of owners that it belongs to", 0, 0, CS_COMPLETE_NONE},
    {"comment", 0, CS_OPT_STRING, offsetof(opts, comment), "TEXT",
	"a note at the end of the line", 0, 0, CS_COMPLETE_NONE},
    {"rp-id", 0, CS_OPT_STRING, offsetof(opts, rp_id), "NAME",
	"the key is a FIDO2 credential for this RP ID", 0, 0,
	CS_COMPLETE_NONE},
    {"credential-id", 0, CS_OPT_STRING, offsetof(opts, credential_id),
	"BASE64URL", "the credential's identifier, a help for its owner", 0, 0,
	CS_COMPLETE_NONE},
    {"origins", 0, CS_OPT_STRING, offsetof(opts, origins), "URL...",
	"web pages that may ask it, instead of https://RP-ID", 0, 0,
	CS_COMPLETE_NONE},
    {"counter-strict", 0, CS_OPT_FLAG, offsetof(opts, counter_strict), NULL,
	"refuse a counter that does not grow", 0, 0, CS_COMPLETE_NONE},
    {"owner-san", 0, CS_OPT_STRING, offsetof(opts, owner_san), "PATTERN",
	"--ca: owners that it may name, email:*@DOMAIN or uri:PREFIX", 0, 0,
	CS_COMPLETE_NONE},
    {"crl", 0, CS_OPT_STRING, offsetof(opts, crl), "FILE",
	"--ca: its revocation lists, relative to the owners file", 0, 0,
	CS_COMPLETE_FILE},
    {"no-revocation", 0, CS_OPT_FLAG, offsetof(opts, no_revocation), NULL,
	"--ca: or do without them", 0, 0, CS_COMPLETE_NONE},
    {"eku", 0, CS_OPT_STRING, offsetof(opts, eku), "OID",
	"--ca: the purpose of its certificates, instead of ours", 0, 0,
	CS_COMPLETE_NONE},
    CS_TCTI_ROW(opts),
    CS_KEY_ROWS(opts),
    CS_COMMON_ROWS(opts),
};

static const struct cs_opt_spec spec = {
    .verb = "owners add",
    .synopsis = "PATH",
    .summary = "write the line of an owner's key into an owners file",
    .rows = rows,
    .n = sizeof(rows) / sizeof(rows[0]),
    .min_operands = 1,
    .max_operands = 1,
    .operand_complete = CS_COMPLETE_FILE,
};

/* As the line before it ends, and after that has an end. */
static int
append(cs_span old, cs_span line, cs_buf *out, cs_err *e)
{
	const char *end = "\n";

	if (old.n > 1 && old.p[old.n - 1] == '\n' && old.p[old.n - 2] == '\r')
		end = "\r\n";
	if ((old.n != 0 && cs_buf_put(out, old) != CS_OK) ||
	    (old.n != 0 && old.p[old.n - 1] != '\n' &&
	    cs_buf_put_str(out, end) != CS_OK) ||
	    cs_buf_put(out, line) != CS_OK || cs_buf_put_str(out, end) !=
	    CS_OK)
		return cs_nomem(e, "owners");
	return CS_OK;
}

static void
warn(void *arg, const cs_anchor *a, const char *warning, const char *text)
{
	cs_out *out = arg;

	cs_out_object(out, NULL, NULL);
	cs_out_str(out, "file", NULL, a->file);
	cs_out_int(out, "line", NULL, a->line);
	cs_out_str(out, "warning", NULL, warning);
	cs_out_printf(out, "text", "warning", "%s:%u: %s", a->file, a->line,
	    text);
	cs_out_close(out);
}

/* What the file now says of this key. */
static int
tell(const cs_anchors *all, const cs_owners_line *line, bool is_new,
    cs_out *out, cs_err *e)
{
	cs_anchor a = {0};
	bool found = false;
	int r;

	if ((r = cs_anchors_find(all, line->hash, &a, &found, e)) != CS_OK)
		return r;
	if (!found)
		return cs_fail(e, CS_EBUG, "owners",
		    "the line that was written is not found");
	if (line->proof.spki != NULL &&
	    (r = cs_describe_tpmproof(&line->proof, out, e)) != CS_OK)
		return r;
	cs_out_bool(out, "created", NULL, is_new);
	cs_out_object(out, "anchor", is_new ? "added to a new file" : "added");
	cs_out_str(out, "file", "file", a.file);
	r = cs_describe_anchor(&a, out, e);
	cs_out_close(out);
	if (r != CS_OK)
		return r;
	cs_out_list(out, "warnings", NULL);
	r = cs_owners_warnings(&a, geteuid(), cs_time_now(), warn, out, e);
	cs_out_close(out);
	return r;
}

/* It has counted once: the line stands. */
static int
end_challenge(const cs_owners_line *line, cs_err *e)
{
	int r;

	if (line->kept.path == NULL || (r = cs_tpmkept_end(&line->kept, e)) ==
	    CS_OK)
		return CS_OK;
	return cs_wrap(e, "the line is written, but");
}

static int
write_line(cs_owners_edit *x, const cs_owners_line *line, cs_out *out,
    cs_err *e)
{
	cs_span old = cs_edit_text(x->edit), add = cs_buf_span(line->text);
	cs_buf *text = cs_buf_new(old.n + add.n + 4);
	bool is_new = cs_edit_is_new(x->edit);
	cs_anchors *all = NULL;
	int r;

	if (text == NULL)
		return cs_nomem(e, "owners");
	if ((r = append(old, add, text, e)) == CS_OK &&
	    (r = cs_owners_edit_put(x, cs_buf_span(text), &all, e)) == CS_OK &&
	    (r = end_challenge(line, e)) == CS_OK)
		r = tell(all, line, is_new, out, e);
	cs_anchors_free(&all);
	cs_buf_free(&text);
	return r;
}

static int
run(const cs_tool *t, const void *options, const cs_words *words, cs_out *out,
    cs_err *e)
{
	const opts *o = options;
	const char *path = words->v[0];
	cs_owners_line line = {0};
	cs_owners_edit x = {0};
	char *file = NULL;
	int r;

	if ((r = cs_owners_edit_file(path, o->file, &file, e)) == CS_OK &&
	    (r = cs_owners_line_make(t, o, &line, e)) == CS_OK &&
	    (r = cs_owners_edit_open(path, file, true, &x, e)) == CS_OK) {
		cs_out_str(out, "path", NULL, path);
		if ((r = write_line(&x, &line, out, e)) == CS_OK)
			r = cs_owners_edit_index(&x, out, e);
	}
	cs_owners_edit_close(&x);
	cs_owners_line_clear(&line);
	free(file);
	return r;
}

const struct cs_verb cs_cmd_owners_add = {&spec, sizeof(opts), &defaults, run};

/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef COUNTERSIGN_VERIFIER_H
#define COUNTERSIGN_VERIFIER_H

#include <countersign/countersign.h>

/*
 * Verifier plugins: countersign-verifier(7) is the manual,
 * countersign-verifier(3) has every call.
 *
 * An identity server (the host) loads a plugin by its absolute path and asks it
 * before it signs a credential. Whatever is missing, failing or late is no
 * approval. A plugin exports one symbol, countersign_verifier_entry, and the
 * host links nothing of ours: enumerations and countersign_bytes alone are
 * taken from countersign.h.
 *
 * Every struct begins with its size, which its maker sets; who reads takes no
 * more than that, and what is not there counts as zero. Memory is freed by its
 * maker. Calls on one instance may come from many threads at once, but close,
 * which is the last.
 */

#ifdef __cplusplus
extern "C" {
#endif

#define COUNTERSIGN_VERIFIER_ABI 1u
#define COUNTERSIGN_VERIFIER_SYMBOL "countersign_verifier_entry"

typedef struct countersign_instance countersign_instance;

enum countersign_operation {
	COUNTERSIGN_OP_NONE = 0,
	COUNTERSIGN_OP_ISSUE = 1,   /* a new credential */
	COUNTERSIGN_OP_RENEW = 2,   /* of an agent that has one */
	COUNTERSIGN_OP_WEBHOOK = 3, /* another CA asks, and issues */
	COUNTERSIGN_OP_CHECK = 4    /* somebody wants to know: nothing is
				     * stored, claim refuses the answer, and
				     * approvals may lie beside the request */
};

enum countersign_appraisal { /* of the evidence, by who appraised it */
	COUNTERSIGN_APPRAISAL_NONE = 0,
	COUNTERSIGN_APPRAISAL_AFFIRMED = 1,
	COUNTERSIGN_APPRAISAL_REFUSED = 2
};

enum countersign_credential_kind { /* each is counted for itself */
	COUNTERSIGN_KIND_NONE = 0,
	COUNTERSIGN_KIND_X509 = 1,
	COUNTERSIGN_KIND_WIT = 2
};

enum countersign_log_level {
	COUNTERSIGN_LOG_ERROR = 0,
	COUNTERSIGN_LOG_WARNING = 1,
	COUNTERSIGN_LOG_INFO = 2
};

typedef struct countersign_verifier_config {
	size_t size;
	const char *owners;    /* owners file, or a directory of them */
	const char *policy;    /* countersign-policy(5) */
	const char *store;     /* sqlite:PATH, postgresql:...; NULL: none, and
				* so no claim, no memory of what was used */
	const char *authority; /* the URI that approvals have to name */
	const char *modules;   /* where store-*.so are; NULL: as installed */
	/* One line of text, unescaped bytes from outside within; any thread.
	 * NULL: nobody listens. */
	void (*log)(void *arg, int level, const char *text);
	void *log_arg;
	uint32_t skip_watch;   /* 1: reload when told, never by itself */
	uint32_t check_only;   /* 1: the store is only read, and nothing but
				* COUNTERSIGN_OP_CHECK is answered */
} countersign_verifier_config;

typedef struct countersign_verifier_input {
	size_t size;
	uint32_t operation;  /* enum countersign_operation */
	uint32_t appraisal;  /* enum countersign_appraisal, of `evidence` */
	countersign_bytes message;  /* what came, as countersign_request_read
				     * takes it */
	const char *authority;      /* NULL: the instance's; another one is
				     * refused */
	countersign_bytes nonce;    /* of the pending request; none: absent */
	countersign_bytes evidence; /* CMW, beside the request; none: absent */
	int64_t time;        /* seconds since 1970, the host's clock */
	int64_t deadline_ms; /* of CLOCK_MONOTONIC; 0: ten seconds from now */
	uint32_t composite;  /* 1: of a CHECK, what an issuer would say: no
			      * approvals beside the request */
} countersign_verifier_input;

enum countersign_role {
	COUNTERSIGN_ROLE_OWN = 0,
	COUNTERSIGN_ROLE_GRANT = 1,
	COUNTERSIGN_ROLE_USE = 2
};

enum countersign_remark { /* bits: of what the owner's line says of the key */
	COUNTERSIGN_BY_POLICY = 1 << 0,  /* presence, by its attestation */
	COUNTERSIGN_SHARED_KEY = 1 << 1, /* shared-key */
	COUNTERSIGN_OTHER_EKU = 1 << 2,  /* eku= */
	COUNTERSIGN_REGRESSED = 1 << 3   /* the counter did not grow */
};

typedef struct countersign_verifier_approval {
	size_t size;
	uint32_t role;      /* enum countersign_role */
	uint32_t assurance; /* of enum countersign_assurance */
	countersign_bytes owner, key_hash, approval_id, tbs_hash;
	const char *type;   /* "cms", "webauthn", "sshsig" */
	int64_t not_before, not_after; /* as this one says */
	int64_t max_lifetime, max_issuances;
	uint32_t remarks;   /* of enum countersign_remark */
	uint32_t anchor_line;
	const char *anchor_file; /* where the owner's line is */
	countersign_bytes attested; /* the line's attested=; or none */
	int64_t counter;      /* of a security key; of another -1 */
	int64_t last_counter; /* that was remembered; -1: none */
} countersign_verifier_approval;

/* What verify gives. All that it points to lives until release. */
typedef struct countersign_verifier_answer {
	size_t size;
	uint32_t state;  /* enum countersign_state: one of them is a yes */
	uint32_t reason; /* enum countersign_reason */
	const char *text; /* why not, unescaped bytes from outside within */
	countersign_bytes agent, agent_key, agent_key_hash, request_digest;
	/* From here on: of an approval; of a denial owner, key and not_after. */
	countersign_bytes owner, owner_key_hash; /* the principal's */
	uint32_t assurance; /* what holds for every approval */
	uint32_t n_approvals;
	const countersign_verifier_approval *const *approvals;
	int64_t not_before, not_after; /* in which the host may issue */
	int64_t max_lifetime;  /* seconds, of the credential */
	int64_t max_issuances;
	/* The value of id-pe-ownerBindings, formats section 7: with the
	 * approvals where that may be, and with their digests alone. */
	countersign_bytes bindings, bindings_digest;
} countersign_verifier_answer;

typedef struct countersign_verifier_terms { /* of the credential to be */
	size_t size;
	uint32_t kind;       /* enum countersign_credential_kind */
	int64_t time;        /* as in the input, now */
	int64_t deadline_ms;
	countersign_bytes serial; /* 1 to 20 octets; of a WIT its jti */
	int64_t not_before, not_after;
	countersign_bytes digest; /* SHA-256 of what is going to be signed */
	countersign_bytes fields; /* whatever the host needs to make the same
				   * again, at most 64 KiB */
} countersign_verifier_terms;

enum countersign_claim_state {
	COUNTERSIGN_CLAIM_REFUSED = 0,
	COUNTERSIGN_CLAIM_NEW = 1,   /* sign what you asked for */
	COUNTERSIGN_CLAIM_AGAIN = 2, /* claimed before and never recorded: sign
				      * what stands here instead */
	COUNTERSIGN_CLAIM_STORED = 3 /* answer with this credential */
};

/* What claim and record give. All of it lives until release. */
typedef struct countersign_verifier_claim {
	size_t size;
	uint32_t state;  /* enum countersign_claim_state */
	uint32_t reason; /* enum countersign_reason, of a refusal */
	const char *text;
	int64_t number;  /* the claim's, in the store */
	countersign_bytes serial;
	int64_t not_before, not_after;
	countersign_bytes digest, fields;
	countersign_bytes credential; /* of CLAIM_STORED */
} countersign_verifier_claim;

typedef struct countersign_verifier_record {
	size_t size;
	int64_t time, deadline_ms;
	countersign_bytes credential; /* as it goes out, at most 64 KiB */
} countersign_verifier_record;

/*
 * The calls. Each returns 0, or a negative enum countersign_class and then
 * gives nothing: that is no approval. `why` (why_len octets, may be NULL) gets
 * one sentence, unescaped bytes from outside within.
 */
typedef struct countersign_verifier {
	size_t size;
	uint32_t abi;
	const char *name;    /* "owner" */
	const char *version;
	int (*open)(const countersign_verifier_config *config,
	    countersign_instance **out, char *why, size_t why_len);
	/* Takes owners and policy anew, both or neither. */
	int (*reload)(countersign_instance *i, char *why, size_t why_len);
	int (*verify)(countersign_instance *i,
	    const countersign_verifier_input *in,
	    const countersign_verifier_answer **out, char *why,
	    size_t why_len);
	/* After every verdict, before the signature. Durable when it returns. */
	int (*claim)(countersign_instance *i,
	    const countersign_verifier_answer *answer,
	    const countersign_verifier_terms *terms,
	    const countersign_verifier_claim **out, char *why, size_t why_len);
	/* After the signature, before the answer leaves. Of several who record
	 * one claim the first wins; out has the credential to be answered. */
	int (*record)(countersign_instance *i,
	    const countersign_verifier_claim *claim,
	    const countersign_verifier_record *record,
	    const countersign_verifier_claim **out, char *why, size_t why_len);
	/* Frees what verify, claim and record gave; takes NULL. */
	void (*release)(countersign_instance *i, const void *given);
	void (*close)(countersign_instance *i);
} countersign_verifier;

/* The one symbol: lends the table, NULL for another ABI. */
typedef const countersign_verifier *countersign_verifier_entry_fn(
    uint32_t abi);

#ifdef __cplusplus
}
#endif

#endif

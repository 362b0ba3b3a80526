/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef COUNTERSIGN_COUNTERSIGN_H
#define COUNTERSIGN_COUNTERSIGN_H

#include <stddef.h>
#include <stdint.h>

/*
 * libcountersign: requests, approvals and verdicts of countersign-formats(5).
 * countersign(3) is the manual; each function has its page.
 *
 * Objects are opaque, made by a call and freed by their _free(), which takes
 * NULL, too. They do not change once made: threads may share them. Only an
 * error and a key cache do, and belong to one thread at a time. What a call
 * returns of an object belongs to it and lives as long.
 */

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define COUNTERSIGN_API __attribute__((visibility("default")))
#define COUNTERSIGN_USE __attribute__((warn_unused_result))
#else
#define COUNTERSIGN_API
#define COUNTERSIGN_USE
#endif

/* What a call returns: 0, or why it failed. The numbers are the command's exit
 * statuses, negated. */
enum countersign_class {
	COUNTERSIGN_OK = 0,
	COUNTERSIGN_EREFUSED = -1,
	COUNTERSIGN_EUSAGE = -2,
	COUNTERSIGN_EFORMAT = -3,
	COUNTERSIGN_EIO = -9,
	COUNTERSIGN_EBUG = -10
};

/* The verdict. Only one of them is a yes. */
enum countersign_state {
	COUNTERSIGN_REFUSED = 0,
	COUNTERSIGN_APPROVED = 1,
	COUNTERSIGN_DENIED = 2,
	COUNTERSIGN_PENDING = 3
};

/* What owner bindings prove. Only one of them is a yes. */
enum countersign_credential_state {
	COUNTERSIGN_CREDENTIAL_REFUSED = 0,
	COUNTERSIGN_CREDENTIAL_PROVEN = 1,
	COUNTERSIGN_CREDENTIAL_ISSUER_ONLY = 2
};

/* Why not: the closed list of formats section 9. Words and numbers stay as they
 * are. */
enum countersign_reason {
	COUNTERSIGN_R_NONE = 0,
	COUNTERSIGN_R_MALFORMED = 1,
	COUNTERSIGN_R_NOT_DER = 2,
	COUNTERSIGN_R_TOO_LARGE = 3,
	COUNTERSIGN_R_UNSUPPORTED = 4,
	COUNTERSIGN_R_POP_INVALID = 5,
	COUNTERSIGN_R_BAD_IDENTIFIER = 6,
	COUNTERSIGN_R_NO_APPROVAL = 7,
	COUNTERSIGN_R_WRONG_TYPE = 8,
	COUNTERSIGN_R_UNKNOWN_OWNER_KEY = 9,
	COUNTERSIGN_R_PATH_INVALID = 10,
	COUNTERSIGN_R_SIGNATURE_INVALID = 11,
	COUNTERSIGN_R_BINDING_MISMATCH = 12,
	COUNTERSIGN_R_WRONG_OWNER = 13,
	COUNTERSIGN_R_WRONG_AUTHORITY = 14,
	COUNTERSIGN_R_WRONG_TRUST_DOMAIN = 15,
	COUNTERSIGN_R_NOT_YET_VALID = 16,
	COUNTERSIGN_R_EXPIRED = 17,
	COUNTERSIGN_R_WRONG_NONCE = 18,
	COUNTERSIGN_R_TOUCH_MISSING = 19,
	COUNTERSIGN_R_VERIFICATION_MISSING = 20,
	COUNTERSIGN_R_NOT_HARDWARE = 21,
	COUNTERSIGN_R_AGENT_NOT_ALLOWED = 22,
	COUNTERSIGN_R_WINDOW_TOO_LONG = 23,
	COUNTERSIGN_R_LIFETIME_EXCEEDED = 24,
	COUNTERSIGN_R_GRANT_INVALID = 25,
	COUNTERSIGN_R_REVOKED = 26,
	COUNTERSIGN_R_DUPLICATE = 27,
	COUNTERSIGN_R_KEY_REUSE = 28,
	COUNTERSIGN_R_NOT_COMPOSITE = 29,
	COUNTERSIGN_R_POLICY_REFUSED = 30,
	COUNTERSIGN_R_QUORUM_MISSING = 31,
	COUNTERSIGN_R_COUNTER_REGRESSED = 32,
	COUNTERSIGN_R_EVIDENCE_MISSING = 33,
	COUNTERSIGN_R_EVIDENCE_REFUSED = 34,
	COUNTERSIGN_R_REPLAYED = 35,
	COUNTERSIGN_R_EXHAUSTED = 36,
	COUNTERSIGN_R_STORE_UNAVAILABLE = 37,
	COUNTERSIGN_R_INTERNAL = 38
};

enum countersign_decision {
	COUNTERSIGN_DENY = 0,
	COUNTERSIGN_APPROVE = 1
};

enum countersign_kind { /* of a subject, formats section 4 */
	COUNTERSIGN_SUBJECT_REQUEST = 0,
	COUNTERSIGN_SUBJECT_KEY = 1,
	COUNTERSIGN_SUBJECT_GRANT = 2
};

enum countersign_assurance { /* bits, formats section 7 */
	COUNTERSIGN_HARDWARE = 1 << 0, /* proven */
	COUNTERSIGN_ASSERTED = 1 << 1, /* the operator's word */
	COUNTERSIGN_PRESENT = 1 << 2,
	COUNTERSIGN_VERIFIED = 1 << 3
};

#define COUNTERSIGN_APPROVALS_MAX 16 /* of one request */
#define COUNTERSIGN_SUBJECTS_MAX 64  /* of one approval */
#define COUNTERSIGN_SIGNATURE_MAX 1024
#define COUNTERSIGN_KEYCACHE_MAX 65536

/* Octets that somebody else keeps; ptr is NULL when there are none. Text is
 * not terminated: print it with %.*s, and escape what an agent wrote. */
typedef struct countersign_bytes {
	const uint8_t *ptr;
	size_t len;
} countersign_bytes;

typedef struct countersign_error countersign_error;
typedef struct countersign_request countersign_request;
typedef struct countersign_approval countersign_approval;
typedef struct countersign_anchors countersign_anchors;
typedef struct countersign_keycache countersign_keycache;
typedef struct countersign_verdict countersign_verdict;
typedef struct countersign_bundle countersign_bundle;
typedef struct countersign_credential countersign_credential;

/* The terms of an approval, OwnerApprovalTBS of formats section 4, without its
 * subjects. Times are seconds since 1970. */
typedef struct countersign_terms {
	size_t size; /* of this struct, set by the caller */
	countersign_bytes approval_id;    /* 16 octets */
	int decision;                     /* enum countersign_decision */
	countersign_bytes owner;
	countersign_bytes owner_key_hash; /* 32 octets */
	countersign_bytes authority;
	int64_t not_before, not_after;
	int64_t max_lifetime;             /* seconds */
	int64_t max_issuances;
	countersign_bytes nonce;          /* 16 to 64 octets; or none */
	countersign_bytes purpose;        /* UTF-8; or none */
	countersign_bytes under_grant;    /* 32 octets; or none */
} countersign_terms;

typedef struct countersign_subject {
	size_t size;
	int kind;                         /* enum countersign_kind */
	countersign_bytes agent;          /* identifier; of a grant its prefix */
	countersign_bytes agent_key_hash; /* request, key: 32 octets */
	countersign_bytes request_digest; /* request: 32 octets */
	countersign_bytes holder_key;     /* grant: SubjectPublicKeyInfo */
} countersign_subject;

/* What a host remembers of a security key's signature counter. */
typedef struct countersign_last_counter {
	size_t size;
	int known;      /* not 0: one was seen */
	uint32_t value; /* the last one */
	int recorded;   /* not 0: and this very TBS was, so it may come again */
} countersign_last_counter;

/* Tells it of a key and of a TBS, each by its SHA-256, in *out, which is empty.
 * Returns 0, or another number when it cannot be told: the approval is then
 * refused as store-unavailable. */
typedef int countersign_counter_fn(void *arg, const uint8_t *key_hash,
    const uint8_t *tbs_hash, countersign_last_counter *out);

/* What is asked of a verdict. */
typedef struct countersign_question {
	size_t size;
	countersign_bytes message;        /* composite or bundle, DER or PEM */
	const countersign_anchors *anchors;
	const char *authority;            /* NULL: https://trust_domain */
	const char *trust_domain;         /* NULL: the anchors decide */
	countersign_bytes nonce;          /* the pending request's; or none */
	size_t quorum;                    /* owners that have to approve */
	const char *quorum_group;         /* of this group; NULL: any */
	int composite;                    /* not 0, as issuers: no bundles */
	int64_t now;                      /* seconds since 1970 */
	countersign_keycache *keys;       /* this thread's; or NULL */
	countersign_counter_fn *counter;  /* NULL: nobody remembers */
	void *counter_arg;
} countersign_question;

/* What is asked of a credential's owner bindings. */
typedef struct countersign_credential_question {
	size_t size;
	countersign_bytes certificate;    /* DER; its path has been checked */
	const countersign_anchors *anchors; /* pinned owners; or NULL, and */
	const char *owner;                /* one owner with */
	countersign_bytes owner_key;      /* the SubjectPublicKeyInfo */
	const char *authority;            /* that issued it */
	int64_t now;                      /* seconds since 1970 */
	countersign_keycache *keys;       /* this thread's; or NULL */
} countersign_credential_question;

/* Whom the relying parties of one trust domain trust. */
typedef struct countersign_bundle_source {
	size_t size;
	countersign_bytes bundle;         /* as it is published, or CAs' PEM */
	countersign_bytes crls;           /* lists, DER or PEM: then every
					   * certificate needs one; or none */
	const char *trust_domain;         /* NULL: the one that its CAs name */
	const char *authority;            /* NULL: https://trust_domain */
} countersign_bundle_source;

/* A credential that a relying party is shown. */
typedef struct countersign_presented {
	size_t size;
	countersign_bytes certificate;    /* DER, or PEM; or none, and */
	countersign_bytes token;
	const countersign_bundle *bundle;
	const countersign_anchors *anchors; /* pinned owners; or NULL */
	const char *agent, *owner;        /* expected; or NULL: any */
	int64_t now;                      /* seconds since 1970 */
	countersign_keycache *keys;       /* this thread's; or NULL */
} countersign_presented;

/* Signs `len` octets with the agent's key and `algorithm` ("ecdsa-with-SHA256");
 * writes the signature, ECDSA as DER, to `sig`, where *sig_len octets fit, and
 * its length to *sig_len. Returns 0, or another number for a failure. */
typedef int countersign_sign_fn(void *arg, const char *algorithm,
    const uint8_t *bytes, size_t len, uint8_t *sig, size_t *sig_len);

/* The library's version, "0.1.0". */
COUNTERSIGN_API const char *countersign_version(void);
/* Frees what a call gave as octets. NULL is fine. */
COUNTERSIGN_API void countersign_free(void *octets);

/* One sentence on what a class means, constant. */
COUNTERSIGN_API const char *countersign_strerror(int cls);
/* The word of a reason, "not-der", constant: "" for COUNTERSIGN_R_NONE, and
 * "internal" beyond the list. */
COUNTERSIGN_API const char *countersign_reason_name(int reason);
/* enum countersign_reason of a word that another call returned:
 * COUNTERSIGN_R_NONE for "" and NULL, COUNTERSIGN_R_INTERNAL for what is not in
 * the list. */
COUNTERSIGN_API int countersign_reason_number(const char *name);

/* Gives an error object, which any number of calls may write to, one at a
 * time; NULL when out of memory. Every call takes NULL instead. */
COUNTERSIGN_API countersign_error *countersign_error_new(void);
COUNTERSIGN_API void countersign_error_free(countersign_error **error);
/* enum countersign_class of the last call that failed with this object. */
COUNTERSIGN_API int countersign_error_class(const countersign_error *error);
/* The word of the closed list, formats section 9: "not-der"; "internal" for
 * what has none. */
COUNTERSIGN_API const char *countersign_error_reason(
    const countersign_error *error);
/* One sentence, escaped: printable ASCII. */
COUNTERSIGN_API const char *countersign_error_text(
    const countersign_error *error);

/* Reads a request, base or composite, DER or PEM: formats sections 3 and 6.
 * EFORMAT. Its signature is not checked. */
COUNTERSIGN_API COUNTERSIGN_USE int countersign_request_read(
    const void *octets, size_t len, countersign_request **out,
    countersign_error *error);
COUNTERSIGN_API void countersign_request_free(countersign_request **request);
/* Proof of possession: is it signed by its own key? EFORMAT pop-invalid. */
COUNTERSIGN_API COUNTERSIGN_USE int countersign_request_possession(
    const countersign_request *request, countersign_error *error);
/* The whole request, DER. */
COUNTERSIGN_API countersign_bytes countersign_request_der(
    const countersign_request *request);
/* The agent identifier. */
COUNTERSIGN_API countersign_bytes countersign_request_agent(
    const countersign_request *request);
COUNTERSIGN_API countersign_bytes countersign_request_trust_domain(
    const countersign_request *request);
/* SubjectPublicKeyInfo of the agent's key. */
COUNTERSIGN_API countersign_bytes countersign_request_key(
    const countersign_request *request);
/* Its SHA-256, 32 octets. */
COUNTERSIGN_API countersign_bytes countersign_request_key_hash(
    const countersign_request *request);
/* The request digest of formats section 3, 32 octets. */
COUNTERSIGN_API countersign_bytes countersign_request_digest(
    const countersign_request *request);
/* The agent's own words, not to be trusted; none. */
COUNTERSIGN_API countersign_bytes countersign_request_purpose(
    const countersign_request *request);
/* Whom the agent asks; none. */
COUNTERSIGN_API countersign_bytes countersign_request_intended_owner(
    const countersign_request *request);
/* How many approvals are in it: 0 for a base request. */
COUNTERSIGN_API size_t countersign_request_approvals(
    const countersign_request *request);
/* Gives approval `i`. EUSAGE beyond the last one, EFORMAT. */
COUNTERSIGN_API COUNTERSIGN_USE int countersign_request_approval(
    const countersign_request *request, size_t i, countersign_approval **out,
    countersign_error *error);

/* Reads a file of approvals: PEM OWNER APPROVAL or CMS, or one in DER. Gives
 * all of them in out[], at most COUNTERSIGN_APPROVALS_MAX, and their number.
 * EFORMAT: formats sections 4 and 5. No signature is checked. */
COUNTERSIGN_API COUNTERSIGN_USE int countersign_approvals_read(
    const void *octets, size_t len, countersign_approval **out, size_t *n,
    countersign_error *error);
COUNTERSIGN_API void countersign_approval_free(
    countersign_approval **approval);
/* The whole OwnerApproval, DER. */
COUNTERSIGN_API countersign_bytes countersign_approval_der(
    const countersign_approval *approval);
/* What was signed, OwnerApprovalTBS. */
COUNTERSIGN_API countersign_bytes countersign_approval_tbs(
    const countersign_approval *approval);
/* Fills *out, whose size is set. EUSAGE when it is too small. */
COUNTERSIGN_API COUNTERSIGN_USE int countersign_approval_terms(
    const countersign_approval *approval, countersign_terms *out);
COUNTERSIGN_API size_t countersign_approval_subjects(
    const countersign_approval *approval);
/* Fills *out, whose size is set, with subject `i`. EUSAGE. */
COUNTERSIGN_API COUNTERSIGN_USE int countersign_approval_subject(
    const countersign_approval *approval, size_t i, countersign_subject *out);

/* Builds the OwnerApprovalTBS that an owner is to sign: formats section 4.
 * Gives octets for countersign_free(). EFORMAT when the terms break its
 * rules. */
COUNTERSIGN_API COUNTERSIGN_USE int countersign_tbs_build(
    const countersign_terms *terms, const countersign_subject *subjects,
    size_t n, uint8_t **out, size_t *len, countersign_error *error);
/* Builds the composite request of formats section 6, signed again by `sign`;
 * approvals that are in it already are replaced. Gives DER for
 * countersign_free(). EREFUSED when `sign` fails, EFORMAT pop-invalid when its
 * signature is not by the request's key. */
COUNTERSIGN_API COUNTERSIGN_USE int countersign_composite_build(
    const countersign_request *request,
    const countersign_approval *const *approvals, size_t n,
    countersign_sign_fn *sign, void *arg, uint8_t **out, size_t *len,
    countersign_error *error);

/* Loads an owners file or directory, countersign-owners(5), held to its rules
 * for owners and modes as the effective user. EFORMAT with the line, EIO. */
COUNTERSIGN_API COUNTERSIGN_USE int countersign_anchors_load(const char *path,
    countersign_anchors **out, countersign_error *error);
/* The same from memory; `name` stands for the file in complaints. */
COUNTERSIGN_API COUNTERSIGN_USE int countersign_anchors_parse(
    const char *name, const void *octets, size_t len,
    countersign_anchors **out, countersign_error *error);
COUNTERSIGN_API void countersign_anchors_free(countersign_anchors **anchors);
COUNTERSIGN_API size_t countersign_anchors_count(
    const countersign_anchors *anchors);

/* Gives a cache for the keys of pinned owners, the last `max` that were used:
 * 1 to COUNTERSIGN_KEYCACHE_MAX, else EUSAGE. It saves the time that it takes
 * to make a key, and no check. It changes with each call that uses it: one
 * thread at a time, best one cache a thread; anchors may change beside it. */
COUNTERSIGN_API COUNTERSIGN_USE int countersign_keycache_new(size_t max,
    countersign_keycache **out, countersign_error *error);
COUNTERSIGN_API void countersign_keycache_free(
    countersign_keycache **keycache);
/* How many keys it holds now. */
COUNTERSIGN_API size_t countersign_keycache_count(
    const countersign_keycache *keycache);

/* Reaches a verdict, formats section 9. OK means that there is one, not that
 * it is a yes: ask countersign_verdict_state(). EUSAGE, EIO, EBUG: there is
 * none, and so no approval. */
COUNTERSIGN_API COUNTERSIGN_USE int countersign_verify(
    const countersign_question *question, countersign_verdict **out,
    countersign_error *error);
COUNTERSIGN_API void countersign_verdict_free(countersign_verdict **verdict);
/* enum countersign_state; REFUSED for NULL. */
COUNTERSIGN_API int countersign_verdict_state(
    const countersign_verdict *verdict);
/* Why not: the word and one sentence, escaped. Both are "" when approved; a
 * denial has no word, and its sentence says whose it is and until when. */
COUNTERSIGN_API const char *countersign_verdict_reason(
    const countersign_verdict *verdict);
COUNTERSIGN_API const char *countersign_verdict_text(
    const countersign_verdict *verdict);
/* The agent identifier; none when the request does not parse. */
COUNTERSIGN_API countersign_bytes countersign_verdict_agent(
    const countersign_verdict *verdict);
/* How many approvals verified, the principal owner's first; 0 unless
 * approved. Beyond the last one the calls with `i` return nothing. */
COUNTERSIGN_API size_t countersign_verdict_count(
    const countersign_verdict *verdict);
COUNTERSIGN_API countersign_bytes countersign_verdict_owner(
    const countersign_verdict *verdict, size_t i);
/* SHA-256 of the key that signed, 32 octets. */
COUNTERSIGN_API countersign_bytes countersign_verdict_key_hash(
    const countersign_verdict *verdict, size_t i);
/* 16 octets. */
COUNTERSIGN_API countersign_bytes countersign_verdict_approval_id(
    const countersign_verdict *verdict, size_t i);
/* SHA-256 of the OwnerApprovalTBS, 32 octets: what a claim is kept by. */
COUNTERSIGN_API countersign_bytes countersign_verdict_tbs_hash(
    const countersign_verdict *verdict, size_t i);
/* Bits of enum countersign_assurance: of one approval. */
COUNTERSIGN_API unsigned countersign_verdict_assurance_of(
    const countersign_verdict *verdict, size_t i);
/* The same, those that hold for every approval; 0 unless approved. */
COUNTERSIGN_API unsigned countersign_verdict_assurance(
    const countersign_verdict *verdict);
/* The signature counter of a security key; -1 of another. What `counter` is to
 * tell the next time, once the claim is kept. */
COUNTERSIGN_API int64_t countersign_verdict_counter(
    const countersign_verdict *verdict, size_t i);
/* Not 0 when `counter` told one that it is not above: the key may have been
 * copied. Where the line has counter-strict that is refused. */
COUNTERSIGN_API int countersign_verdict_counter_regressed(
    const countersign_verdict *verdict, size_t i);
/* The strictest of all approvals: the window's end, seconds of a credential's
 * life, issuances. 0 unless approved. */
COUNTERSIGN_API int64_t countersign_verdict_not_after(
    const countersign_verdict *verdict);
COUNTERSIGN_API int64_t countersign_verdict_max_lifetime(
    const countersign_verdict *verdict);
COUNTERSIGN_API int64_t countersign_verdict_max_issuances(
    const countersign_verdict *verdict);

/* Checks the owner bindings of a credential offline, formats section 7. OK
 * means that there is an answer, not that it is a yes. EUSAGE, EIO, EBUG:
 * there is none. */
COUNTERSIGN_API COUNTERSIGN_USE int countersign_credential_check(
    const countersign_credential_question *question,
    countersign_credential **out, countersign_error *error);

/* Reads a bundle. EUSAGE when nobody says of which trust domain it is,
 * EFORMAT. */
COUNTERSIGN_API COUNTERSIGN_USE int countersign_bundle_read(
    const countersign_bundle_source *source, countersign_bundle **out,
    countersign_error *error);
COUNTERSIGN_API void countersign_bundle_free(countersign_bundle **bundle);
COUNTERSIGN_API countersign_bytes countersign_bundle_trust_domain(
    const countersign_bundle *bundle);
/* Checks a whole credential offline, formats section 7: the issuer's signature,
 * trust domain, time and lists, and then the owner bindings as the call above.
 * OK means that there is an answer, not that it is a yes. EUSAGE, EIO, EBUG:
 * there is none. */
COUNTERSIGN_API COUNTERSIGN_USE int countersign_credential_verify(
    const countersign_presented *presented, countersign_credential **out,
    countersign_error *error);

/* Of the answer of either call. */
COUNTERSIGN_API void countersign_credential_free(
    countersign_credential **credential);
/* enum countersign_credential_state; REFUSED for NULL. */
COUNTERSIGN_API int countersign_credential_state(
    const countersign_credential *credential);
/* Why it is not proven: the word and one sentence, escaped; "" when it is. */
COUNTERSIGN_API const char *countersign_credential_reason(
    const countersign_credential *credential);
COUNTERSIGN_API const char *countersign_credential_text(
    const countersign_credential *credential);
/* The agent identifier; none when refused. */
COUNTERSIGN_API countersign_bytes countersign_credential_agent(
    const countersign_credential *credential);
/* SubjectPublicKeyInfo of the agent's key; none when refused. */
COUNTERSIGN_API countersign_bytes countersign_credential_agent_key(
    const countersign_credential *credential);
/* Serial number, or jti; none when refused. */
COUNTERSIGN_API countersign_bytes countersign_credential_serial(
    const countersign_credential *credential);
/* Its time, seconds since 1970; 0 when refused. */
COUNTERSIGN_API int64_t countersign_credential_not_before(
    const countersign_credential *credential);
COUNTERSIGN_API int64_t countersign_credential_not_after(
    const countersign_credential *credential);
/* How many bindings, the principal owner's first; 0 when refused. Beyond the
 * last one the next four return nothing. */
COUNTERSIGN_API size_t countersign_credential_count(
    const countersign_credential *credential);
COUNTERSIGN_API countersign_bytes countersign_credential_owner(
    const countersign_credential *credential, size_t i);
/* SubjectPublicKeyInfo. */
COUNTERSIGN_API countersign_bytes countersign_credential_owner_key(
    const countersign_credential *credential, size_t i);
/* 16 octets. */
COUNTERSIGN_API countersign_bytes countersign_credential_approval_id(
    const countersign_credential *credential, size_t i);
/* Bits of enum countersign_assurance: the issuer's word always. */
COUNTERSIGN_API unsigned countersign_credential_assurance(
    const countersign_credential *credential, size_t i);

#ifdef __cplusplus
}
#endif

#endif

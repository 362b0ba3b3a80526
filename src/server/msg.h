/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_SERVER_MSG_H
#define CS_SERVER_MSG_H

#include "net/frame.h"

/*
 * What the processes say to each other, in frames of net/frame.h. Answers have
 * the question's id. Numbers are 8 octets. Each row: type, parts.
 */
enum cs_msg {
	/* master -> child, on its control channel (descriptor 3) */
	CS_MSG_CONFIG = 1,   /* file, text */
	CS_MSG_LISTEN,       /* name, "tls" or "admin"; fd: it listens */
	CS_MSG_CHANNEL,      /* peer's role; fd: one end of a pair, in place of
			      * the one before */
	CS_MSG_GO,           /* all was given: open, enter the sandbox, serve */
	CS_MSG_RELOAD,       /* files anew; config text as in CONFIG */
	CS_MSG_STOP,         /* finish what is in flight, then end */
	/* child -> master */
	CS_MSG_READY,        /* what was had of the sandbox */
	CS_MSG_SAY,          /* level, text: a line of log */
	CS_MSG_RELOADED,     /* empty, or why not */
	CS_MSG_ALIVE,        /* every few seconds, from the loop or the pool: a
			      * child that is silent is killed and started anew */
	/* master -> front, before GO and before each RELOAD */
	CS_MSG_FILE = 20,    /* name, "tls-cert", "tls-key" or "client-ca"; fd:
			      * it is open for reading */

	/* front -> issuer */
	CS_MSG_ISSUE = 100,  /* operation, kinds (1 X.509, 2 WIT, 3 both in this
			      * order), message, evidence, deadline, request id
			      * for the log, address, certificate */
	CS_MSG_APPROVE,      /* message (approvals with or without their
			      * request), deadline, request id, address,
			      * certificate */
	CS_MSG_LOOKUP,       /* request digest, 32 octets; kinds, deadline,
			      * request id, address */
	CS_MSG_BUNDLE,       /* - */
	CS_MSG_CRL,          /* key id of a CA; empty: the one that signs */
	/* admin front -> issuer, on a channel that has no other messages */
	CS_MSG_ADMIN = 150,  /* uid, gid, pid, verb, JSON body */

	/* issuer -> front */
	CS_MSG_ISSUED = 200, /* enum cs_outcome, reason, text, retry after,
			      * request digest, agent, certificate (DER), WIT,
			      * notAfter; behind them each certificate of the
			      * chain */
	CS_MSG_GIVEN,        /* sequence or number; octets: bundle, CRL; or
			      * empty, and a reason and text why not */
	CS_MSG_ADMINISTERED, /* HTTP status, JSON */

	/* issuer -> keyholder */
	CS_MSG_KEYS = 300,   /* - */
	CS_MSG_SIGN_CERT,    /* CA's key id, body */
	CS_MSG_SIGN_WIT,     /* kid, signing input */
	CS_MSG_SIGN_CRL,     /* CA's key id, body */
	CS_MSG_LAST_CRL,     /* CA's key id */
	/* keyholder -> issuer */
	CS_MSG_KEYS_ARE = 400, /* for each CA: "ca" or "retired", certificate;
				* for each WIT key: "wit" or "retired-wit",
				* SubjectPublicKeyInfo */
	CS_MSG_SIGNED,       /* signature */
	CS_MSG_NOT_SIGNED,   /* class, text */
	CS_MSG_LAST_CRL_IS   /* the last list that was signed, or empty */
};

enum cs_outcome {
	CS_OUTCOME_REFUSED = 0, /* reason and text say why */
	CS_OUTCOME_ISSUED,
	CS_OUTCOME_PENDING,  /* kept; retry after */
	CS_OUTCOME_DENIED,   /* an owner said no */
	CS_OUTCOME_READY,    /* APPROVE: approved, the agent may fetch it */
	CS_OUTCOME_NOTED,    /* APPROVE: more owners have to approve */
	CS_OUTCOME_KEPT,     /* APPROVE: a denial was kept */
	CS_OUTCOME_BUSY,     /* queue full, or the deadline came */
	CS_OUTCOME_UNKNOWN   /* LOOKUP: no such request */
};

typedef struct cs_ask_issue { /* borrows */
	uint32_t operation;  /* enum countersign_operation: ISSUE, RENEW */
	unsigned kinds;
	cs_span message, evidence;
	int64_t deadline_ms;
	cs_span request_id, address;
	cs_span client_cert; /* DER, as TLS has checked it, or absent: with the
			      * address whose places a request takes that waits,
			      * never why it is approved */
} cs_ask_issue;
#define CS_CLIENT_CERT_MAX (32 * 1024)

#define CS_CHAIN_MAX 4
typedef struct cs_told_issue { /* borrows, or from a frame that it frees */
	enum cs_outcome outcome;
	int reason;          /* enum cs_reason */
	cs_span text;        /* why, unescaped */
	int64_t retry_after; /* seconds; 0: none */
	cs_span request_digest, agent;
	cs_span cert;        /* absent: no X.509 */
	size_t n_chain;
	cs_span chain[CS_CHAIN_MAX]; /* CA certificates */
	cs_span wit;         /* absent: none */
	int64_t not_after;
} cs_told_issue;

typedef struct cs_ask_lookup { /* borrows */
	cs_span request_digest; /* 32 octets */
	unsigned kinds;
	int64_t deadline_ms;
	cs_span request_id, address;
} cs_ask_lookup;

/* Of BUNDLE and CRL. CS_R_BAD_IDENTIFIER: there is no such CA. */
typedef struct cs_told_given { /* borrows */
	int64_t number;
	cs_span octets;      /* absent: it failed, and */
	int reason;          /* enum cs_reason */
	cs_span text;        /* say why */
} cs_told_given;

/* Between structs and frames; a frame that is not of this shape is
 * CS_EFORMAT. Filled frames borrow from the struct and `room`. */
typedef struct cs_msg_room {
	uint8_t number[8][8];
} cs_msg_room;
CS_USE int cs_ask_issue_put(const cs_ask_issue *a, cs_msg_room *room,
    cs_frame *out, cs_err *e);
CS_USE int cs_ask_issue_get(const cs_frame *f, cs_ask_issue *out, cs_err *e);
/* APPROVE: message, deadline, request id, address and certificate alone. */
CS_USE int cs_ask_approve_put(const cs_ask_issue *a, cs_msg_room *room,
    cs_frame *out, cs_err *e);
CS_USE int cs_ask_approve_get(const cs_frame *f, cs_ask_issue *out,
    cs_err *e);
CS_USE int cs_ask_lookup_put(const cs_ask_lookup *a, cs_msg_room *room,
    cs_frame *out, cs_err *e);
CS_USE int cs_ask_lookup_get(const cs_frame *f, cs_ask_lookup *out,
    cs_err *e);
CS_USE int cs_told_issue_put(const cs_told_issue *t, cs_msg_room *room,
    cs_frame *out, cs_err *e);
CS_USE int cs_told_issue_get(const cs_frame *f, cs_told_issue *out,
    cs_err *e);

CS_USE int cs_told_given_put(const cs_told_given *t, cs_msg_room *room,
    cs_frame *out, cs_err *e);
CS_USE int cs_told_given_get(const cs_frame *f, cs_told_given *out,
    cs_err *e);

typedef struct cs_ask_admin { /* borrows */
	int64_t uid, gid, pid;
	cs_span verb;        /* "revoke", "lift", "revocations", "status",
			      * "audit", "health", "ready", "metrics", "reload" */
	cs_span body;        /* JSON, or empty */
} cs_ask_admin;
CS_USE int cs_ask_admin_put(const cs_ask_admin *a, cs_msg_room *room,
    cs_frame *out, cs_err *e);
CS_USE int cs_ask_admin_get(const cs_frame *f, cs_ask_admin *out, cs_err *e);
typedef struct cs_told_admin { /* borrows */
	int status;          /* HTTP's */
	cs_span body;
} cs_told_admin;
CS_USE int cs_told_admin_put(const cs_told_admin *t, cs_msg_room *room,
    cs_frame *out, cs_err *e);
CS_USE int cs_told_admin_get(const cs_frame *f, cs_told_admin *out,
    cs_err *e);

#endif

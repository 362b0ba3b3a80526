#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the countersign authors
"""Writes the vectors of grants: what holds, and every way to cheat that we
could think of, a row each. Like make.py, of which it takes the parts and the
owners file, it was written from countersign-formats(5) alone and is run by
hand; it lists what it wrote in `matrix`. A vector that is there stays."""

import hashlib
import os
import sys

from make import (AGENT, AGENT_KEY, ALICE, EXPECT, K, Request, approve, by_key,
                  cms, ec_key, octets, oid, seq, spki, subject, tbs, tlv, write,
                  write_expect)

BOB = b"mailto:bob@corp.example"
CAROL = b"mailto:carol@corp.example"
PREFIX = b"wimse://corp.example/agent"
HOLDER = ec_key(1101)
OTHER = ec_key(1102)
NONCE = tlv(0x80, b"N" * 16)
R = Request(AGENT_KEY)


def grant(key, prefix=PREFIX, holder=HOLDER, **kw):
    """The TBS of a grant."""
    return tbs(R, key, subjects=[tlv(0xa2, tlv(0x16, prefix), spki(holder))],
               **kw)


def under(g, req=R, holder=HOLDER, first=b"", **kw):
    """A use of the grant `g`; `first`, what stands before underGrant."""
    kw.setdefault("options", first + tlv(0x83, hashlib.sha256(g).digest()))
    return approve(req, holder, **kw)


def pair(key="granter", g_kw=None, u_kw=None, req=R):
    owner = {"owner": (g_kw or {}).get("owner", ALICE)}
    g = grant(K[key], **(g_kw or {}))
    return cms(K[key], g), under(g, req, **{**owner, **(u_kw or {})})


# A grant's fields, its use's, and what comes of them.
PAIRS = [
    # within the grant
    ("approved-pair", {}, {}, "roles=gu"),
    ("approved-pair-limits", {"lifetime": 600, "uses": 7},
     {"lifetime": 600, "uses": 7}, "roles=gu"),
    ("approved-pair-narrower", {"uses": 9},
     {"lifetime": 60, "nb": b"20261121115900Z", "na": b"20261121120100Z"},
     "roles=gu,lifetime=60"),
    # each field of the use beyond the grant
    ("grant-invalid-lifetime", {"lifetime": 600}, {"lifetime": 601}, "-"),
    ("grant-invalid-uses", {"uses": 7}, {"uses": 8}, "-"),
    ("grant-invalid-early", {}, {"nb": b"20261121115459Z"}, "-"),
    ("grant-invalid-late", {}, {"na": b"20261121121501Z"}, "-"),
    ("grant-invalid-owner", {}, {"owner": BOB}, "text=grant's+owner"),
    ("grant-invalid-key-hash", {}, {"key_hash": b"h" * 32},
     "text=holder's+key"),
    ("grant-invalid-owner-key", {}, {"key_hash": hashlib.sha256(
        spki(K["granter"])).digest()}, "text=holder's+key"),
    ("wrong-authority-use", {}, {"authority": b"https://other.example"}, "-"),
    ("wrong-authority-grant", {"authority": b"https://other.example"}, {},
     "-"),
    # agents below the prefix, by whole segments
    ("grant-invalid-prefix", {"prefix": PREFIX + b"/bob"}, {}, "-"),
    ("grant-invalid-prefix-deeper", {"prefix": AGENT + b"/mail"}, {}, "-"),
    ("grant-invalid-prefix-half", {"prefix": PREFIX + b"/al"}, {}, "-"),
    ("grant-invalid-prefix-itself", {"prefix": AGENT}, {}, "-"),
    ("bad-identifier-prefix", {"prefix": b"wimse://corp.example"}, {}, "-"),
    ("bad-identifier-prefix-slash", {"prefix": PREFIX + b"/"}, {}, "-"),
    # the use is bound like every approval
    ("binding-mismatch-use-agent", {}, {"agent": PREFIX + b"/bob"}, "-"),
    ("binding-mismatch-use-key", {}, {"agent_hash": b"k" * 32}, "-"),
    ("binding-mismatch-use-digest", {}, {"digest": b"d" * 32}, "-"),
    ("grant-invalid-use-by-key", {}, {"subjects": [by_key(R)]}, "-"),
    ("grant-invalid-use-batch", {}, {"subjects": [subject(R), subject(
        R, digest=b"d" * 32)]}, "-"),
    ("grant-invalid-use-deny", {}, {"decision": 0, "lifetime": 1}, "-"),
    ("malformed-grant-deny", {"decision": 0, "lifetime": 1, "uses": 1}, {},
     "-"),
    ("expired-use", {}, {"na": b"20261121115959Z"}, "-"),
    ("expired-grant", {"na": b"20261121115959Z"},
     {"na": b"20261121115959Z"}, "-"),
    ("not-yet-valid-grant", {"nb": b"20261121120001Z"}, {}, "-"),
    # keys
    ("signature-invalid-use", {}, {"cms_kw": {"signer": OTHER}}, "-"),
    ("signature-invalid-use-owner", {}, {"cms_kw": {"signer": K["granter"]}},
     "-"),
    ("signature-invalid-use-agent", {}, {"cms_kw": {"signer": AGENT_KEY}},
     "-"),
    ("key-reuse-holder", {"holder": AGENT_KEY}, {"holder": AGENT_KEY}, "-"),
    ("grant-invalid-own-key", {"holder": K["granter"]},
     {"holder": K["granter"]}, "-"),
    ("grant-invalid-own-line", {"holder": K["alice"]},
     {"holder": K["alice"]}, "-"),
    ("approved-pair-other-owner", {"holder": K["bob"]},
     {"holder": K["bob"]}, "roles=gu"),
    ("revoked-holder", {"holder": K["bob_lost"]}, {"holder": K["bob_lost"]},
     "-"),
    # nonce: the use has the server's, a grant has none
    ("wrong-nonce-use", {}, {"first": NONCE}, "-"),
    ("approved-pair-nonce", {}, {"first": NONCE}, "roles=gu,nonce=" +
     "4e" * 16),
    ("wrong-nonce-use-none", {}, {}, "nonce=" + "4e" * 16),
    ("wrong-nonce-grant", {"options": NONCE}, {"first": NONCE}, "nonce=" +
     "4e" * 16),
    ("unsupported-critical-use", {}, {"first": tlv(0xa2, seq(
        oid(1, 2, 3), tlv(1, b"\xff"), octets(b"")))}, "-"),
    # two faults, the earlier step names it
    ("touch-missing-before-grant", "grant_touch", {"lifetime": 3601}, "-"),
    ("agent-not-allowed-before-grant", "grant_far", {"lifetime": 3601}, "-"),
    ("expired-before-grant", {}, {"na": b"20261121115959Z", "uses": 8}, "-"),
]

# The same by the line of the grant's key.
LINES = [
    ("grant-invalid-no-grants", "alice", {}, {}, "text=owners:2"),
    ("approved-pair-present", "grant_piv", {}, {}, "roles=gu"),
    ("touch-missing-grant", "grant_touch", {}, {}, "-"),
    ("not-hardware-grant", "grant_hard", {}, {}, "-"),
    ("agent-not-allowed-grant", "grant_far", {}, {}, "-"),
    ("approved-pair-wide", "grant_near", {}, {}, "roles=gu"),
    ("agent-not-allowed-grant-wide", "grant_near", {},
     {"req": Request(AGENT_KEY, agent=PREFIX + b"/bob")}, "-"),
    ("revoked-grant", "grant_lost", {}, {}, "-"),
    ("window-too-long-grant", "granter", {"nb": b"20260823121459Z"}, {}, "-"),
    ("approved-pair-90d-exact", "granter", {"nb": b"20260823121500Z"}, {},
     "roles=gu"),
    ("window-too-long-grant-line", "grant_few", {
        "lifetime": 600, "nb": b"20261121115459Z"}, {}, "-"),
    ("lifetime-exceeded-grant", "grant_few", {"lifetime": 601}, {}, "-"),
    ("policy-refused-grant", "grant_few", {"lifetime": 600, "uses": 3}, {},
     "-"),
    ("wrong-owner-grant", "granter", {"owner": BOB}, {}, "-"),
]


def grants():
    for name, g_kw, u_kw, options in PAIRS:
        key = "granter" if isinstance(g_kw, dict) else g_kw
        write(name, R.composite(*pair(
            key, g_kw if isinstance(g_kw, dict) else {}, u_kw)), options)
    for name, key, g_kw, u_kw, options in LINES:
        req = u_kw.pop("req", R)
        write(name, req.composite(*pair(key, g_kw, u_kw, req)), options)


def companies():
    """A grant and its use, and who else is there."""
    g, u = pair()
    write("approved-pair-turned", R.composite(u, g), "roles=gu")
    write("grant-invalid-alone", R.composite(g))
    write("grant-invalid-alone-beside", R.composite(
        g, approve(R, K["bob"], owner=BOB)))
    write("grant-invalid-use-alone", R.composite(u))
    write("grant-invalid-use-alone-beside", R.composite(
        approve(R, K["alice"]), u))
    write("unknown-owner-key-before-use-alone", R.composite(
        u, approve(R, OTHER)))
    body = grant(K["granter"], uses=9)
    g2 = cms(K["granter"], body)
    write("grant-invalid-two-uses", R.composite(g2, under(body), under(body)))
    write("grant-invalid-two-grants", R.composite(g, g2, u))
    write("grant-invalid-other-grant", R.composite(g2, u))
    write("duplicate-use", R.composite(g, u, u))
    write("duplicate-grant", R.composite(g, g, u))
    own = tbs(R, K["alice"])
    write("grant-invalid-under-approval", R.composite(
        cms(K["alice"], own), under(own)))
    used = tbs(R, HOLDER, options=tlv(0x83, hashlib.sha256(body).digest()))
    write("grant-invalid-use-of-use", R.composite(
        g2, cms(HOLDER, used), under(used, holder=OTHER)))
    # a grant by a holder: no line has his key
    sub = grant(HOLDER, holder=OTHER)
    write("unknown-owner-key-grant-of-holder", R.composite(
        g2, cms(HOLDER, used), cms(HOLDER, sub), under(sub, holder=OTHER)))
    write("grant-invalid-grant-under", R.composite(g, u, cms(HOLDER, grant(
        HOLDER, holder=OTHER, options=tlv(0x83, hashlib.sha256(
            body).digest())))))
    # lifted out of another agent's message
    far = Request(ec_key(1003), agent=PREFIX + b"/carol")
    write("binding-mismatch-lifted", far.composite(g, u))
    asked = Request(AGENT_KEY, owner=BOB)
    write("wrong-owner-pair", asked.composite(*pair(req=asked)))
    write("approved-pair-intended", asked.composite(
        approve(asked, K["alice"]), *pair(
            "grant_bob", {"owner": BOB}, {"lifetime": 60}, asked)),
        "roles=guo,lifetime=60,principal=" + BOB.decode())
    write("approved-pair-turned-beside", R.composite(
        u, approve(R, K["bob"], owner=BOB), g),
        "roles=guo,principal=" + ALICE.decode())
    write("approved-two-pairs", R.composite(
        *reversed(pair()), *pair("grant_bob", {"owner": BOB})),
        "roles=gugu,principal=" + ALICE.decode())
    write("approved-pair-and-proven", R.composite(
        g, u, approve(R, K["proven"])), "roles=guo")


def main():
    os.chdir(os.path.dirname(os.path.abspath(sys.argv[0])))
    EXPECT.clear()
    grants()
    companies()
    write_expect("matrix")


if __name__ == "__main__":
    main()

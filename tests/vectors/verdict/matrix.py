#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the countersign authors
"""Writes the vectors of grants, denials and quorums: what holds, and every way to cheat that we
could think of, a row each. Like make.py, of which it takes the parts and the
owners file, it was written from countersign-formats(5) alone and is run by
hand; it lists what it wrote in `matrix`. A vector that is there stays."""

import hashlib
import os
import sys

from make import (AGENT, AGENT_KEY, ALICE, EXPECT, K, Request, approve, by_key,
                  cms, ec_key, octets, oid, seq, spki, sshsig, subject, tbs,
                  tlv, webauthn, write, write_expect)

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
    write("approved-bundle-pair", R.beside(g, u), "roles=gu")
    write("grant-invalid-alone", R.composite(g))
    write("key-reuse-holder-alone", R.composite(cms(
        K["granter"], grant(K["granter"], holder=AGENT_KEY))))
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
    # in other carriers; of sshsig the key would do, too
    used = tbs(R, HOLDER, options=tlv(0x83, hashlib.sha256(body).digest()))
    write("wrong-type-grant", R.composite(webauthn(body), under(body)))
    write("wrong-type-use", R.composite(g2, webauthn(used)))
    write("grant-invalid-before-type", R.composite(webauthn(used)))
    write("signature-invalid-use-sshsig", R.composite(g2, sshsig(used)))
    own = tbs(R, K["alice"])
    write("grant-invalid-under-approval", R.composite(
        cms(K["alice"], own), under(own)))
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


def deny(key, req=R, **kw):
    kw = {"decision": 0, "lifetime": 1, "uses": 1, **kw}
    return approve(req, key, **kw)


def denials():
    """Any deny that counts wins; one that does not verify refuses all."""
    a, b, bob = K["alice"], K["bob"], {"owner": BOB}
    yes = approve(R, a)
    by_alice, by_bob = "by=" + ALICE.decode(), "by=" + BOB.decode()
    write("denied", R.composite(deny(a)), by_alice)
    write("denied-behind", R.composite(yes, deny(b, **bob)), by_bob)
    write("denied-before", R.composite(deny(b, **bob), yes), by_bob)
    write("denied-own", R.composite(yes, deny(a)), by_alice)
    write("denied-pair", R.composite(*pair(), deny(a)), by_alice)
    write("denied-longest", R.composite(deny(a), deny(b, **bob, na=(
        b"20261121121501Z"))), by_bob)
    write("denied-quorum-missing", R.composite(yes, deny(b, **bob)),
          by_bob + ",quorum=3")
    write("denied-quorum", R.composite(
        yes, approve(R, b, **bob), deny(K["carol"], owner=CAROL)),
        "quorum=2,by=" + CAROL.decode())
    write("denied-other-group", R.composite(yes, deny(b, **bob)),
          by_bob + ",quorum=2,group=ops")
    # an intended owner, and who else may say no
    asked = Request(AGENT_KEY, owner=ALICE)
    write("denied-intended", asked.composite(deny(a, asked)), by_alice)
    write("wrong-owner-deny", asked.composite(deny(b, asked, **bob)))
    write("wrong-owner-deny-beside", asked.composite(
        approve(asked, a), deny(b, asked, **bob)))
    write("denied-member", asked.composite(
        deny(K["bob_ops"], asked, **bob)), by_bob + ",quorum=2,group=ops")
    write("denied-member-beside", asked.composite(
        approve(asked, a), deny(K["bob_ops"], asked, **bob)),
        by_bob + ",quorum=2,group=ops")
    write("denied-member-any", asked.composite(
        approve(asked, a), deny(b, asked, **bob)), by_bob + ",quorum=2")
    write("wrong-owner-deny-group", asked.composite(
        approve(asked, a), deny(b, asked, **bob)), "quorum=2,group=ops")
    write("wrong-owner-deny-group-like", asked.composite(
        approve(asked, a), deny(K["bob_web"], asked, **bob)),
        "quorum=2,group=ops")
    write("wrong-owner-deny-named", asked.composite(
        approve(asked, b, **bob), deny(a, asked)))
    # a deny is verified like an approval
    write("signature-invalid-deny", R.composite(yes, deny(
        a, cms_kw={"signer": b})))
    write("unknown-owner-key-deny", R.composite(yes, deny(OTHER)))
    write("binding-mismatch-deny", R.composite(yes, deny(a, digest=b"d" * 32)))
    write("wrong-authority-deny", R.composite(yes, deny(
        a, authority=b"https://other.example")))
    write("expired-deny", R.composite(yes, deny(a, na=b"20261121115959Z")))
    write("not-yet-valid-deny", R.composite(yes, deny(
        a, nb=b"20261121120001Z")))
    write("wrong-nonce-deny", R.composite(yes, deny(a, options=NONCE)))
    write("agent-not-allowed-deny", R.composite(yes, deny(K["elsewhere"])))
    write("touch-missing-deny", R.composite(yes, deny(K["touch"])))
    write("revoked-deny", R.composite(yes, deny(K["revoked"])))
    write("window-too-long-deny", R.composite(yes, deny(
        a, na=b"20261122115501Z")))
    write("duplicate-deny", R.composite(*[deny(a)] * 2))
    write("grant-invalid-before-deny", R.composite(
        deny(a), cms(K["granter"], grant(K["granter"]))))
    write("unknown-owner-key-deny-holder", R.composite(*pair(), deny(HOLDER)))
    # its form
    for name, kw in (
            ("lifetime", {"lifetime": 2}), ("uses", {"uses": 2}),
            ("by-key", {"subjects": [by_key(R)]}),
            ("batch", {"subjects": [subject(R), subject(
                R, digest=b"d" * 32)]}),
            ("decision", {"decision": 2})):
        write("malformed-deny-" + name, R.composite(yes, deny(a, **kw)))
    write("grant-invalid-deny", R.composite(yes, deny(
        a, options=tlv(0x83, b"g" * 32))))


def own(name, key, req=R, **kw):
    return approve(req, K[key], owner=name, **kw)


def quorums():
    """Distinct owners with distinct keys, holders' keys included."""
    alice, bob = own(ALICE, "alice"), own(BOB, "bob")
    carol = own(CAROL, "carol")
    two, three = "quorum=2", "quorum=3"

    def pair_of(name, key, holder, **kw):
        return pair(key, {"owner": name, "holder": holder},
                    {"holder": holder, **kw})

    write("approved-quorum", R.composite(alice, bob), two + ",roles=oo")
    write("approved-bundle-quorum", R.beside(alice, bob), two + ",roles=oo")
    write("approved-quorum-one", R.composite(alice), "quorum=1")
    write("approved-quorum-three", R.composite(carol, alice, bob),
          three + ",roles=ooo,principal=" + CAROL.decode())
    write("approved-quorum-limits", R.composite(alice, own(
        BOB, "bob", lifetime=60)), two + ",roles=oo,lifetime=60")
    write("approved-quorum-strictest", R.composite(alice, own(
        BOB, "bob", lifetime=60, uses=2, na=b"20261121120100Z"), own(
            CAROL, "carol", lifetime=70, uses=3, na=b"20261121120200Z")),
        three + ",roles=ooo,lifetime=60,issuances=1,"
        "until=2026-11-21T12:01:00Z")
    write("approved-quorum-fewest", R.composite(own(
        ALICE, "alice", uses=4), own(BOB, "bob", uses=2), own(
            CAROL, "carol", uses=3)), three + ",roles=ooo,issuances=2")
    write("quorum-missing", R.composite(alice), two + ",text=found+1")
    write("quorum-missing-three", R.composite(alice, bob),
          three + ",text=found+2")
    # one owner twice, with one key or with two
    write("quorum-missing-same-key", R.composite(alice, own(
        ALICE, "alice")), two)
    write("quorum-missing-same-owner", R.composite(alice, own(
        ALICE, "p384")), two)
    # a pair is one approval of its owner
    write("quorum-missing-pair", R.composite(*pair()), two)
    write("quorum-missing-pair-and-own", R.composite(*pair(), alice), two)
    write("quorum-missing-two-pairs", R.composite(
        *pair(), *pair_of(ALICE, "grant_near", OTHER)), two)
    write("approved-quorum-pair", R.composite(*pair(), bob),
          two + ",roles=guo")
    write("approved-quorum-pairs", R.composite(
        *pair(), *pair_of(BOB, "grant_bob", OTHER)), two + ",roles=gugu")
    # two owners, one key
    write("quorum-missing-one-holder", R.composite(
        *pair(), *pair_of(BOB, "grant_bob", HOLDER)), two)
    write("quorum-missing-holder-is-owner", R.composite(
        *pair_of(ALICE, "granter", K["bob"]), bob), two)
    write("quorum-missing-holder-is-granter", R.composite(
        *pair_of(ALICE, "granter", K["grant_bob"]),
        *pair_of(BOB, "grant_bob", OTHER)), two)
    # another key of the same person, whom the second owner trusts
    write("quorum-missing-holder-is-own-other", R.composite(
        alice, *pair_of(BOB, "grant_bob", K["alice_ops"])), two)
    write("quorum-missing-holder-is-own-turned", R.composite(
        *pair_of(BOB, "grant_bob", K["alice_ops"]), alice), two)
    write("quorum-missing-holders-of-one", R.composite(
        *pair_of(ALICE, "granter", K["carol"]),
        *pair_of(BOB, "grant_bob", K["carol_ops"])), two)
    write("approved-quorum-holder-third", R.composite(
        alice, *pair_of(BOB, "grant_bob", K["carol"])), two + ",roles=ogu")
    write("quorum-missing-chain", R.composite(
        *pair_of(ALICE, "granter", K["bob"]), bob, *pair_of(
            BOB, "grant_bob", K["carol"]), carol), two)
    one, two_of_bob = (pair_of(ALICE, "granter", K["bob"]), pair_of(
        BOB, "grant_bob", K["carol"]))
    write("quorum-missing-chain-turned", R.composite(
        carol, bob, one[1], two_of_bob[1], two_of_bob[0], one[0]), two)
    write("approved-quorum-shared-and-more", R.composite(
        *pair_of(ALICE, "granter", K["bob"]), bob, carol),
        two + ",roles=guoo")
    # of a group
    ops = two + ",group=ops"
    in_ops = own(ALICE, "alice_ops"), own(BOB, "bob_ops")
    write("approved-quorum-group", R.composite(*in_ops), ops + ",roles=oo")
    write("approved-quorum-group-more", R.composite(carol, *in_ops),
          ops + ",roles=ooo")
    write("approved-quorum-group-pair", R.composite(
        in_ops[0], *pair_of(BOB, "grant_ops", HOLDER)), ops + ",roles=ogu")
    write("quorum-missing-group", R.composite(alice, bob), ops +
          ",text=found+0")
    write("quorum-missing-group-one", R.composite(in_ops[0], bob), ops +
          ",text=found+1")
    write("quorum-missing-group-like", R.composite(in_ops[0], own(
        BOB, "bob_web")), ops)
    write("quorum-missing-group-holder", R.composite(
        in_ops[0], *pair_of(BOB, "grant_bob", K["carol_ops"])), ops)
    write("quorum-missing-group-alone", R.composite(alice),
          "quorum=1,group=ops")
    write("quorum-missing-group-unknown", R.composite(alice, bob),
          two + ",group=nobody")
    # all bind the same request, all have to verify
    write("binding-mismatch-quorum", R.composite(alice, own(
        BOB, "bob", digest=b"d" * 32)), two)
    write("agent-not-allowed-quorum", R.composite(*in_ops, own(
        b"mailto:dave@corp.example", "dave_ops")), ops)
    write("expired-quorum", R.composite(alice, bob, own(
        CAROL, "carol", na=b"20261121115959Z")), two)
    asked = Request(AGENT_KEY, owner=CAROL)
    write("wrong-owner-quorum", asked.composite(own(
        ALICE, "alice", asked), own(BOB, "bob", asked)), two)
    write("approved-quorum-intended", asked.composite(own(
        ALICE, "alice", asked), own(CAROL, "carol", asked)),
        two + ",roles=oo,principal=" + CAROL.decode())
    write("grant-invalid-before-quorum", R.composite(
        alice, cms(K["granter"], grant(K["granter"]))), three)


def main():
    os.chdir(os.path.dirname(os.path.abspath(sys.argv[0])))
    EXPECT.clear()
    grants()
    companies()
    denials()
    quorums()
    write_expect("matrix")


if __name__ == "__main__":
    main()

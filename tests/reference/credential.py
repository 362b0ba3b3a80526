# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the countersign authors
"""countersign-formats(5) once more: section 7, a credential's owners."""
from hashlib import sha256

import der as d
import keys as k
import path
import reference as r
import verdict as v
import webauthn
from der import check, children, contents

BINDING = (("version", 2, 1, 1), ("owner", 0x16, 0, 512),
           ("ownerKey", 0x30, 0, 9), ("assurance", 3, 1, 2),
           ("approvalId", 4, 16, 16))


@d.otherwise("malformed")
def verify(der, anchors, now, authority):
    """`proven` or `issuer-only`, or Refused."""
    d.walk(der)
    cert = path.Certificate(der)
    with d.otherwise("bad-identifier"):
        (agent,), (_,) = cert.names.get_values_for_type(path.LINK), cert.names
    r.check_agent(agent)
    check(not (cert.basic and cert.basic.ca), "unsupported", "an authority")
    cert.check_critical("unsupported")
    found = [one.value.value for one in cert.extensions
             if one.oid == path.BINDINGS]
    check(found, "no-approval")
    d.walk(found[0])
    bindings = [read_binding(one) for one in children(found[0])]
    check(1 <= len(bindings) <= 16)
    check(len({one["hash"] for one in bindings}) == len(bindings),
          "duplicate")
    uses = {}
    for one in bindings:
        if "underGrant" in one:
            uses.setdefault(one["underGrant"], []).append(one)
    # A digest may be the other half of a grant.
    whole = all(one["kind"] != "digest" for one in bindings)
    check(not whole or set(uses) == {
        one["hash"] for one in bindings if one["kind"] == "grant"} and all(
            len(those) == 1 for those in uses.values()), "grant-invalid")
    for before, one in zip([None] + bindings, bindings):
        if one["kind"] != "digest":
            one["signer"] = signer_of(one, anchors)
            check_approval(one, agent, cert, authority)
        one["anchor"] = "underGrant" not in one and anchor_of(
            one, before, agent, anchors, now)
    for one in bindings:
        if whole and one["kind"] == "grant":
            v.check_grant(one | {"anchor": one["anchor"] or {"grants": ""}},
                          agent, anchors, now, uses[one["hash"]])
    return "proven" if whole and all(
        one["anchor"] or "underGrant" in one for one in bindings
    ) else "issuer-only"


def read_binding(der):
    """With the approval, if that is there in full."""
    *first, approval = d.fields(der, b"\x02\x16\x30\x03\x04[\xa0\x81]")
    binding = r.decode(BINDING, d.make(0x30, *first))
    r.check_owner(binding["owner"])
    k.public_key(binding["ownerKey"])
    if approval[0] == 0x81:
        check(len(contents(approval)) == 32)
        return {"binding": binding, "kind": "digest",
                "hash": contents(approval)}
    one = r.read_approval(d.make(0x30, contents(approval)))
    check(len(one["der"]) <= 4096 and len(one["subjects"]) == 1)
    return one | {"binding": binding}


def signer_of(one, anchors):
    """The key's line; else what the approval says itself."""
    key = one["binding"]["ownerKey"]
    if "underGrant" in one:
        check(one["carrier"] in r.carriers_of(one, None), "wrong-type")
        return {"key": key}
    for line in anchors:
        if line["key"] == key:
            check(one["carrier"] in r.carriers_of(one, line["kind"]),
                  "wrong-type")
            return line
    if one["carrier"] == d.WEBAUTHN:
        rp_id, origin = webauthn.own_terms(one["assertion"], one["der"])
        return {"key": key, "rp-id": rp_id, "origins": origin}
    return {"key": key}


def check_approval(one, agent, cert, authority):
    key, subject = one["binding"]["ownerKey"], one["subjects"][0]
    check(one["ownerKeyHash"] == sha256(key).digest(), "binding-mismatch")
    check(r.is_approval_signed(one, one["signer"]), "signature-invalid")
    check(one["decision"] == 1 and
          one["approvalId"] == one["binding"]["approvalId"],
          "binding-mismatch")
    check("underGrant" in one or one["owner"] == one["binding"]["owner"],
          "wrong-owner")
    check(not claimed(one) - may_be_claimed(one), "binding-mismatch")
    check(one["authority"] == authority, "wrong-authority")
    check(one["kind"] == "grant" or subject["agentId"] == agent and
          subject["agentKeyHash"] == sha256(cert.spki).digest(),
          "binding-mismatch")
    start, end = cert.x509.not_valid_before, cert.x509.not_valid_after
    check(r.time(one["notBefore"]) <= start, "not-yet-valid")
    check(start <= r.time(one["notAfter"]), "expired")
    check((end - start).total_seconds() <= one["maxLifetime"],
          "lifetime-exceeded")


def claimed(one):
    """The issuer's bits of assurance."""
    bits = (one["binding"]["assurance"] + b"\0")[1]
    return {i for i in range(4) if bits << i & 0x80}


def may_be_claimed(one):
    """What does not contradict the flags that were signed."""
    if "underGrant" in one:
        return set()
    if one["carrier"] == d.CMS:
        return {0, 1, 2, 3}
    leaves = one["carrier"] == d.WEBAUTHN and one["flags"] & 8
    return {bit for bit, holds in (
        (0, not leaves), (1, not leaves), (2, one["flags"] & 1),
        (3, one["flags"] & 4)) if holds}


def may_be_use(one, before):
    """Of a digest: the key is then the holder's, and the owner the grant's."""
    return before and one["kind"] == "digest" and \
        one["binding"]["assurance"] == b"\0" and \
        one["binding"]["owner"] == before["binding"]["owner"]


def anchor_of(one, before, agent, anchors, now):
    """The line that pins the owner's key, if one does."""
    binding = one["binding"]
    found = [line for line in anchors if line["key"] == binding["ownerKey"]]
    if not found and one["kind"] != "digest":
        try:
            found = [path.anchor_of(one, anchors, now)]
        except d.Refused as refused:
            check(refused.args[0] in (  # nobody's, or none of the line's
                "path-invalid", "unknown-owner-key", "wrong-owner"),
                  *refused.args)
    for line in found:
        if line["owner"] != binding["owner"] and may_be_use(one, before):
            check(not path.is_revoked(line, now), "revoked")
            continue
        check(line["owner"] == binding["owner"], "wrong-owner")
        check(v.is_under(agent, line.get("agents", "").split()),
              "agent-not-allowed")
        check(not path.is_revoked(line, now), "revoked")
        check_person(one, line)
        return line
    return None


def check_person(one, line):
    """What the line asks of whom a security key's signature tells."""
    if one["kind"] == "digest" or not line["kind"].startswith(("fido2", "sk-")):
        return
    check("no-touch-required" in line or one["flags"] & 1, "touch-missing")
    check("verify-required" not in line or one["flags"] & 4,
          "verification-missing")

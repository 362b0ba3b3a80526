# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the countersign authors
"""countersign-formats(5) once more: sections 8 and 9, the verdict."""
import base64
import re
from hashlib import sha256

from asn1crypto import pem

import der as d
import path
import reference as r
import sshsig
from der import check
from reference import time

# 8: the owners file


def read_owners(text, folder="."):
    """A dictionary for each line; options by name, a flag's value is ''."""
    found = []
    for line in text.splitlines():
        if not re.fullmatch(r"\s*(#.*)?", line):
            owner, words, kind, key = re.match(
                r'(\S+) ((?:"[^"]*"|[^" ])+) (\S+) (\S+)', line).groups()
            key = base64.b64decode(key)
            ca = kind == "x509-ca" and path.Certificate(key)
            line = {"owner": owner, "folder": folder, "ca": ca, "kind": kind}
            if kind not in ("spki", "fido2", "x509-ca"):
                line["blob"] = key
                key = sshsig.spki_of(sshsig.read_key(key))
            found.append(line | {
                "key": key, "spki": ca.spki if ca else key} | {
                name: value.strip('"') for name, value in re.findall(
                    r'([a-z-]+)=?("[^"]*"|[^",]*)', words)})
    return found


def seconds(text):
    return int(text[:-1]) * {"s": 1, "m": 60, "h": 3600, "d": 86400,
                             "w": 604800}[text[-1]]


def is_under(name, prefixes):
    """Itself or a descendant, by whole segment."""
    return any((name + "/").startswith(prefix + "/") for prefix in prefixes)


# 5 and 6: what arrives


def read_message(data):
    """A composite request, or a bundle of a request and its approvals."""
    if b"-----BEGIN " not in data:
        data = pem.armor("CERTIFICATE REQUEST", data)
    blocks = [(label, der) for label, _, der in pem.unarmor(data, True)]
    beside = [der if label == "OWNER APPROVAL" else d.make(0x30, d.CMS, der)
              for label, der in blocks if label in ("OWNER APPROVAL", "CMS")]
    der, = (der for label, der in blocks if label == "CERTIFICATE REQUEST")
    check(len(beside) <= 16 and all(len(one) <= 24576 for one in beside),
          "too-large")
    for one in beside:
        d.walk(one)
    request = r.read_request(der)
    check(not beside or request["approvals"] is None)
    request["beside"] = bool(beside)
    request["approvals"] = beside or request["approvals"]
    check(request["approvals"], "no-approval")
    return request


# 9: the verdict


@d.otherwise("malformed")
def verify(message, anchors, now, authority, nonce=None, trust_domain=None,
           quorum=0, group=None, composite=False, counters=None,
           policy=None, evidence=None):
    """The verdict, or Refused; in the order of section 9. counters: what tells
    the last counter of a key and whether a TBS is recorded, if anybody can.
    policy: rules, dictionaries; evidence: of the agent's machine, whether it
    is affirmed."""
    request = read_message(message)
    agent, intended = request["agentId"], request["intended"]
    approvals = [r.read_approval(der) for der in request["approvals"]]
    check(len({one["hash"] for one in approvals}) == len(approvals),
          "duplicate")
    check(not composite or not request["beside"] or intended or all(
        one["decision"] == 0 for one in approvals), "not-composite")
    grants = {one["hash"]: one for one in approvals if one["kind"] == "grant"}
    uses = [one for one in approvals if "underGrant" in one]
    for one in approvals:
        if one not in uses:
            one["anchor"] = anchor_of(one, anchors, now)
    for one in uses:
        one["grant"] = grants.get(one["underGrant"])
        check(one["grant"], "grant-invalid", "a use without its grant")
        one["anchor"] = {name: value for name, value in
                         one["grant"]["anchor"].items() if name != "blob"} | {
            "kind": None, "key": one["grant"]["subjects"][0]["holderKey"]}
    for one in approvals:
        check(one["carrier"] in r.carriers_of(one, one["anchor"]["kind"]),
              "wrong-type")
    for one in approvals:
        check(r.is_approval_signed(one, one["anchor"]), "signature-invalid")
    holders = [one["subjects"][0]["holderKey"] for one in grants.values()]
    taken = [one["anchor"]["key"] for one in approvals] + [
        one["spki"] for one in anchors] + [
        key for one in approvals for key in one["anchor"].get("above", ())]
    check(request["spki"] not in taken + holders, "key-reuse")
    for one in approvals:
        matches = [subject for subject in one["subjects"] if all(
            request.get(name, value) == value
            for name, value in subject.items())]
        check(one["kind"] == "grant" or len(matches) == 1, "binding-mismatch")
        check(one["owner"] == one["anchor"]["owner"] or one in uses,
              "wrong-owner")
    denials = [one for one in approvals if one["decision"] == 0]
    owners = [one["anchor"]["owner"] for one in approvals
              if one["decision"] == 1]
    served, rule = rule_of(policy, agent)
    quorum = max(quorum, rule["quorum"] if rule else 1)
    several = quorum > 1 or group is not None
    members = [one for one in approvals if group in (
        None, one["anchor"].get("group")) and (
        policy is None or rule and may_approve(one, rule))]
    check(not intended or (not owners or intended in owners) and
          all(one["owner"] == intended or several and one in members
              for one in denials), "wrong-owner")
    for one in approvals:
        check(one["authority"] == authority, "wrong-authority")
        check(trust_domain in (None, agent.split("/")[2]),
              "wrong-trust-domain")
        if policy is not None:
            check(served, "wrong-trust-domain")
            check(one in denials or rule and rule["groups"], "policy-refused")
        check(time(one["notBefore"]) <= now, "not-yet-valid")
        check(now <= time(one["notAfter"]), "expired")
        check(one.get("nonce") == (nonce if one["kind"] != "grant" else None),
              "wrong-nonce")
    for one in approvals:
        if one not in uses:
            check_anchor(one, agent, now)
    if policy is not None:
        for one in approvals:
            if one not in denials:
                check_rule(one, rule, one in uses)
    for one in approvals:
        if one not in uses and one.get("counter") is not None:
            one["regressed"] = check_counter(one, counters)
    for grant in grants.values():
        check_grant(grant, agent, anchors, now, [
            one for one in uses if one["grant"] is grant])
    if not denials:
        check(not several or has_quorum(members, quorum, anchors),
              "quorum-missing")
        if rule and rule["evidence"]:
            check(evidence is not None, "evidence-missing")
            check(evidence, "evidence-refused")
    bits = set.intersection(*(
        set() if "grant" in one else assurance(one)
        for one in approvals))
    limits = {name: min(one[field] for one in approvals)
              for name, field in (("not_after", "notAfter"),
                                  ("max_lifetime", "maxLifetime"),
                                  ("max_issuances", "maxIssuances"))}
    return limits | {
        "state": "denied" if denials else "approved", "agent": agent,
        "owner": intended or approvals[0]["owner"],
        "assurance": bits - {"asserted"} if "hardware" in bits else bits}


def rule_of(policy, agent):
    """Whether the trust domain has a rule, and the longest for the agent."""
    _, _, domain, *path = agent.split("/")
    rules = [one for one in policy or () if one["domain"] == domain]
    found = [one for one in rules if one["path"] == "/" or is_under(
        "/" + "/".join(path), [one["path"]])]
    return bool(rules), max(found, key=lambda one: len(one["path"]),
                            default=None)


def read_rule(words):
    """A row of the list, and what evidence there is."""
    words = dict(one.partition("=")[::2] for one in words.split(","))
    groups = words.get("groups", "")
    return {
        "domain": words.get("domain", "corp.example"),
        "path": words.get("path", "/agent"),
        "groups": groups.split("+") if groups else [],
        "quorum": int(words.get("quorum", 1)),
        "lifetime": int(words.get("lifetime", 31536000)),
        "window": int(words.get("window", 31536000)),
        "grants": "no-grants" not in words,
        "batches": "no-batches" not in words, "evidence": "evidence" in words,
        "bits": {"present", "verified", "hardware"} & set(words)}, {
            "given": False, "affirmed": True}.get(words.get("evidence"))


def may_approve(one, rule):
    return "*" in rule["groups"] or one["anchor"].get("group") in rule["groups"]


def check_rule(one, rule, use):
    window = time(one["notAfter"]) - time(one["notBefore"])
    check(may_approve(one, rule), "policy-refused")
    check(rule["grants"] or not use and one["kind"] != "grant",
          "policy-refused")
    check(rule["batches"] or len(one["subjects"]) == 1, "policy-refused")
    check(window.total_seconds() <= rule["window"], "window-too-long")
    check(one["maxLifetime"] <= rule["lifetime"], "lifetime-exceeded")
    bits = set() if use else assurance(one)
    for bit, reason in (("present", "touch-missing"),
                        ("verified", "verification-missing"),
                        ("hardware", "not-hardware")):
        check(use or bit not in rule["bits"] or bit in bits, reason)


def assurance(one):
    """A proof of hardware is worth a word for it, at least; neither is worth
    anything of a key that may leave its device."""
    line = one["anchor"]
    proof, flags = line.get("attested", ""), one.get("flags")
    leaves = one["carrier"] == d.WEBAUTHN and flags & 8
    return {bit for bit, holds in (
        ("hardware", proof and not leaves),
        ("asserted", (proof or "hardware" in line) and not leaves),
        ("present", ",touch=always" in proof if flags is None else flags & 1),
        ("verified", ",pin=always" in proof if flags is None else flags & 4))
            if holds}


def check_counter(one, counters):
    """Whether it did not grow."""
    strict = "counter-strict" in one["anchor"]
    check(counters or not strict, "store-unavailable")
    if not counters:
        return False
    last, recorded = counters(one["ownerKeyHash"], one["hash"])
    now = one["counter"]
    regressed = last is not None and not recorded and \
        now <= last and (now, last) != (0, 0)
    check(not (strict and regressed), "counter-regressed")
    return regressed


def anchor_of(one, anchors, now):
    for anchor in [one for one in anchors if not one["ca"]]:
        if sha256(anchor["key"]).digest() == one["ownerKeyHash"]:
            return anchor
    return path.anchor_of(one, anchors, now)


def check_anchor(one, agent, now):
    line, grant = one["anchor"], one["kind"] == "grant"
    check(is_under(agent, line.get("agents", "").split()),
          "agent-not-allowed")
    window = time(one["notAfter"]) - time(one["notBefore"])
    check(window.total_seconds() <= seconds(
        line.get("max-window", "90d" if grant else "24h")), "window-too-long")
    check(one["maxLifetime"] <= seconds(line.get("max-lifetime", "365d")),
          "lifetime-exceeded")
    check(one["maxIssuances"] <= int(line.get("max-issuances", 1000000)),
          "policy-refused")
    check("counter-strict" not in line or
          one["maxIssuances"] == 1 and one["kind"] != "key", "policy-refused")
    check(now >= time(line.get("valid-after", "20000101000000Z")),
          "not-yet-valid")
    check(now < time(line.get("valid-before", "99991231235959Z")), "expired")
    check(not path.is_revoked(line, now), "revoked")
    bits = assurance(one)
    check("no-touch-required" in line or "present" in bits, "touch-missing")
    check("verify-required" not in line or "verified" in bits,
          "verification-missing")
    check("hardware-required" not in line or "hardware" in bits,
          "not-hardware")


def check_grant(grant, agent, anchors, now, uses):
    check("grants" in grant["anchor"] and len(uses) == 1, "grant-invalid")
    (use,), (subject,) = uses, grant["subjects"]
    for anchor in [grant["anchor"], *anchors]:
        if anchor.get("key") == subject["holderKey"]:
            check(anchor["owner"] != grant["owner"], "grant-invalid")
            check(not path.is_revoked(anchor, now), "revoked")
    check(agent.startswith(subject["agentPrefix"] + "/") and
          use["ownerKeyHash"] == sha256(subject["holderKey"]).digest() and
          all(use[name] == grant[name] for name in ("owner", "authority")) and
          grant["notBefore"] <= use["notBefore"] and all(
              use[name] <= grant[name]
              for name in ("notAfter", "maxLifetime", "maxIssuances")),
          "grant-invalid")


def may_name(anchors, owner):
    """Is there a CA of a line that may name this owner?"""
    for line in anchors:
        how, _, what = line.get("owner-san", ":").partition(":")
        if how == "email" and owner.startswith("mailto:") and \
                owner.partition("@")[2] == what[2:] or \
                how == "uri" and (owner + "/").startswith(what + "/"):
            return True
    return False


def has_quorum(members, quorum, anchors):
    """As many, where whoever shares a key or an owner counts once, and so does
    whoever granted to a key in another's line. A holder without a line may be
    anybody whom a CA names, and then his grant does not count beside."""
    found = []
    for one in members:
        lines = [line["owner"] for line in anchors
                 if line.get("key") == one["anchor"]["key"]]
        names = {one["owner"], one["anchor"]["key"], *(
            [one["grant"]["anchor"]["key"]] + lines
            if "grant" in one else [])}
        strange = "grant" in one and not lines
        same = [those for those in found if those[0] & names]
        found = [those for those in found if not those[0] & names]
        found.append((names.union(*(those[0] for those in same)),
                      strange or any(those[1] for those in same),
                      {one["owner"]}.union(*(those[2] for those in same))))
    cas = any("owner-san" in line for line in anchors)
    sure = [those for those in found if not those[1] or not any(
        other is not those and (
            cas and other[1] or any(may_name(anchors, owner)
                                    for owner in other[2]))
        for other in found)]
    return (len(sure) or min(len(found), 1)) >= quorum

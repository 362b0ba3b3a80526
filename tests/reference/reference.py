# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the countersign authors
"""countersign-formats(5) once more, in software alone: sections 2 to 6.

Written from the page, not from countersign: where the two differ, one of them
has misread it.  What the page does not say of reasons is read so: `malformed`
has not the shape of the page; `unsupported` has that of its standard, in a
form, version, key or algorithm that the page leaves out.
"""
import datetime
import hashlib
import re
from hashlib import sha256

from asn1crypto import core

import der as d
import keys as k
import sshsig
import webauthn
from der import check, children, contents, fields, make

# 2: names


def check_agent(name):
    check(len(name) <= 2048 and re.fullmatch(
        r"(wimse|spiffe)://(?!([^/]*\.)?[0-9]+/)[a-z0-9._-]{1,255}"
        r"(/(?!\.\.?(/|$))[A-Za-z0-9._-]+)+", name), "bad-identifier", name)


def check_authority(name):
    check(len(name) <= 512 and re.fullmatch(
        r"mailto:[a-z0-9._+-]+@[a-z0-9._+-]+|"
        r"(?!mailto:|https:(//[^/?]*@|(?!//[^/?])))"
        r"[a-z][a-z0-9+.-]*:(?!//[^/?]*[A-Z])[!$-;=?-\[\]_a-z~]+", name),
        "bad-identifier", name)


def check_owner(name):
    check_authority(name)
    check(not re.match("(wimse|spiffe):", name), "bad-identifier", name)


# 3 and 6: the request


def read_request(der):
    """The request, which its key has signed."""
    check(len(der) <= 65536 + 17 * 24576, "too-large")
    d.walk(der)
    info, algorithm, signature = fields(der, b"\x30\x30\x03")
    version, subject, spki, given = fields(
        info, b"\x02\x30\x30\xa0")
    check(version == b"\2\1\0" and all(
        one[0] == 0x31 and children(one) for one in children(subject)))
    values = d.attributes(given)
    check(not {d.CHALLENGE, d.MICROSOFT} & set(values), "unsupported")
    names = d.extensions(values.get(d.REQUESTED, b"0\0")).get(d.NAMES, b"0\0")
    check([one[0] for one in children(names)] == [0x86], "bad-identifier")
    with d.otherwise("bad-identifier"):
        agent = contents(children(names)[0]).decode("ascii")
    check_agent(agent)
    approvals, owner = values.get(d.APPROVALS), values.get(d.OWNER)
    words = values.get(d.PURPOSE, b"\x0c\1?")
    check(words[0] == 12 and 1 <= len(contents(words)) <= 1024)
    if owner:
        check(owner[0] == 0x16)
        owner = contents(owner).decode("ascii")
        check_owner(owner)
    if approvals:
        check(approvals[0] == 0x30)
        approvals = children(approvals)
        check(approvals, "no-approval")
        check(len(approvals) <= 16 and
              all(len(one) <= 24576 for one in approvals), "too-large")
    base = make(0x30, version, subject, spki, make(0xa0, *(
        one for one in children(given) if children(one)[0] != d.APPROVALS)))
    check(len(base) <= 65536, "too-large")
    check(k.is_signed(spki, algorithm, contents(signature)[1:], info),
          "pop-invalid")
    return {"agentId": agent, "spki": spki, "intended": owner,
            "agentKeyHash": sha256(spki).digest(),
            "requestDigest": sha256(base).digest(), "approvals": approvals}


# 4: what the owner signs

AGENT = (("agentId", 0x16, 0, 16384), ("agentKeyHash", 4, 32, 32))
SUBJECTS = (  # kind, tag, table
    ("request", 0xa0, (*AGENT, ("requestDigest", 4, 32, 32))),
    ("key", 0xa1, AGENT),
    ("grant", 0xa2, (("agentPrefix", 0x16, 0, 16384),
                     ("holderKey", 0x30, 0, 9))))
TBS = (  # name, tag, bounds of the number, the bytes or the elements
    ("version", 2, 0, 1), ("approvalId", 4, 16, 16), ("decision", 10, 0, 1),
    ("owner", 0x16, 0, 16384), ("ownerKeyHash", 4, 32, 32),
    ("authority", 0x16, 0, 16384), ("notBefore", 0x18, 15, 15),
    ("notAfter", 0x18, 15, 15), ("subjects", 0x30, 1, 64),
    ("maxLifetime", 2, 1, 31536000), ("maxIssuances", 2, 1, 1000000),
    ("nonce", 0x80, 16, 64), ("purpose", 0x81, 1, 1024),
    ("extensions", 0xa2, 1, 32), ("underGrant", 0x83, 32, 32))
TEXT = {0x16: "ascii", 0x18: "ascii", 0x81: "utf-8"}
TURNED = "[\0-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]"


def encode(table, values):
    """Fields of a table; what is a SEQUENCE there is encoded already."""
    return b"".join(
        value if tag & 0x20 else make(tag, (
            core.Integer(value).contents if isinstance(value, int) else
            value.encode() if isinstance(value, str) else value))
        for name, tag, *_ in table if (value := values.get(name)) is not None)


def decode(table, der):
    values, rest = {}, children(der)
    for name, tag, low, high in table:
        if not rest or rest[0][0] != tag:
            check(tag & 0x80, why=name)  # OPTIONAL
            continue
        one = rest.pop(0)
        body = contents(one)
        if tag in (2, 10):
            size = value = int.from_bytes(body, "big", signed=True)
        elif tag & 0x20:
            size, value = len(children(one)), one
        else:
            size, value = len(body), body.decode(TEXT[tag]) \
                if tag in TEXT else body
        check(low <= size, why=name)
        check(size <= high, "too-large" if tag & 0x20 else "malformed", name)
        values[name] = value
    check(not rest)
    return values


def time(text):
    return datetime.datetime.strptime(text, "%Y%m%d%H%M%SZ")


def read_tbs(der):
    version, *_ = fields(der, b"\x02.*")
    check(version == b"\2\1\1", "unsupported", "version")
    tbs = decode(TBS, der)
    found = children(tbs["subjects"])
    subjects = [{"kind": kind} | decode(table, one) for one in found
                for kind, tag, table in SUBJECTS if one[0] == tag]
    check(len(subjects) == len(found), "unsupported", "subject")
    kinds, alone = {one["kind"] for one in subjects}, len(subjects) == 1
    for one in subjects:
        check_agent(one.get("agentId", one.get("agentPrefix")))
        if "holderKey" in one:
            k.public_key(one["holderKey"])
    check_owner(tbs["owner"])
    check_authority(tbs["authority"])
    check(time("20000101000000Z") <= time(tbs["notBefore"]) <=
          time(tbs["notAfter"]), why="window")
    check(not re.search(TURNED, tbs.get("purpose", "")), why="purpose")
    d.extensions(tbs.get("extensions", b"0\0"))
    check("grant" not in kinds or alone, "grant-invalid")
    check(len(kinds) == 1 and len(set(found)) == len(found) and
          ("nonce" not in tbs or alone), why="subjects")
    single, approves = alone and kinds == {"request"}, tbs["decision"] == 1
    check("underGrant" not in tbs or single and approves, "grant-invalid")
    check(approves or
          single and tbs["maxLifetime"] == tbs["maxIssuances"] == 1)
    return tbs | {"der": der, "hash": sha256(der).digest(),
                  "kind": kinds.pop(), "subjects": subjects}


# 5: the carriers


def read_approval(der):
    """The TBS, and what its signature is verified with."""
    check(len(der) <= 24576, "too-large")
    carrier, content = fields(der, b"\x06.")
    if carrier == d.WEBAUTHN:
        content, *assertion = map(contents, fields(content, b"\x04" * 4))
        found = webauthn.read(*assertion)
        return read_tbs(content) | {"carrier": carrier} | found
    if carrier == d.SSHSIG:
        content, blob = map(contents, fields(content, b"\x04" * 2))
        found = sshsig.read(blob)
        return read_tbs(content) | {
            "carrier": carrier, "sshsig": found,
            "flags": found["signature"]["flags"] or 0,
            "counter": found["signature"].get("counter")}
    check(carrier == d.CMS, "unsupported")
    form, content = fields(content, b"\x06\xa0")
    check(form == d.SIGNED_DATA, "unsupported")
    content, = fields(content, b"\x30")
    version, digests, content, *more, signers = fields(
        content, b"\x02\x31\x30\xa0?\xa1?\x31")
    check(version == b"\2\1\3" and [one[0] for one in more] in ([], [0xa0]) and
          len(children(signers)) <= 1 >= len(children(digests)),
          "unsupported", "SignedData")
    number, sid, digest, *rest = fields(
        children(signers)[0], b"\x02[\x30\x80]\x30\xa0?\x30\x04\xa1?")
    check(number in (b"\2\1\1", b"\2\1\3") and
          [one[0] for one in rest] == [0xa0, 0x30, 4], "unsupported",
          "SignerInfo")
    check(sid[0] == (0x30 if number == b"\2\1\1" else 0x80) and
          [digest] == children(digests), why="SignerInfo")
    signed, algorithm, signature = rest
    values = d.attributes(signed)
    required = {d.CONTENT_TYPE, d.DIGEST, d.SIGNED_AT}
    check(set(values) <= required | {d.SMIME, d.PROTECTION, d.CERTIFICATE},
          "unsupported", "attribute")
    form, content = fields(content, b"\x06\xa0")
    check(form == d.OWNER_APPROVAL, "unsupported", "content")
    content = contents(fields(content, b"\x04")[0])
    check(required <= set(values) and values[d.CONTENT_TYPE] == form and
          re.fullmatch(  # RFC 5652 11.3
              rb"\x17\r[0-9]{12}Z|\x18\x0f(20[5-9]|2[1-9]|[3-9])[0-9]+Z",
              values[d.SIGNED_AT]), why="attributes")
    protection = make(0x30, digest, make(0xa1, contents(algorithm)))
    if algorithm == k.RSA_ALONE:
        algorithm = k.RSA_WITH.get(digest)
    check(digest in k.DIGESTS and algorithm in k.ALGORITHMS and
          k.DIGESTS[digest].name == k.ALGORITHMS[algorithm][1].name,
          "unsupported", "algorithm")
    certificates = d.set_of(more[0]) if more else []
    check(all(one[0] == 0x30 for one in certificates), why="certificates")
    return read_tbs(content) | {
        "carrier": carrier, "digest": k.DIGESTS[digest].name,
        "algorithm": algorithm, "values": values, "protection": protection,
        "certificates": certificates,
        "signed": make(0x31, contents(signed)),
        "signature": contents(signature)}


def is_bound(one):
    """Whether the signed attributes are those of this content."""
    digest = hashlib.new(one["digest"], one["der"]).digest()
    return one["values"][d.DIGEST] == make(4, digest) and \
        one["values"].get(d.PROTECTION) in (None, one["protection"])


def carriers_of(one, kind):
    """Which may carry an approval by a key of this type; a holder has none."""
    if kind is None:
        sk = one["carrier"] == d.SSHSIG and one["sshsig"]["key"]["sk"]
        return (d.CMS,) if sk else (d.CMS, d.SSHSIG)
    return {"spki": (d.CMS,), "x509-ca": (d.CMS,), "fido2": (d.WEBAUTHN,)}.get(
        kind, (d.SSHSIG,))


def is_approval_signed(one, anchor):
    spki = anchor["key"]
    if one["carrier"] == d.WEBAUTHN:
        return webauthn.is_signed(
            one["assertion"], one["der"], spki, anchor["rp-id"],
            anchor.get("origins", "https://" + anchor["rp-id"]).split())
    if one["carrier"] == d.SSHSIG:
        key = one["sshsig"]["key"]
        return key["blob"] == anchor.get("blob", key["blob"]) and \
            sshsig.spki_of(key) == spki and \
            sshsig.is_signed(one["sshsig"], one["der"])
    return k.is_signed(spki, one["algorithm"], one["signature"],
                       one["signed"]) and is_bound(one)

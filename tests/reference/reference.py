# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the countersign authors
"""countersign-formats(5) once more, in software alone: sections 2 to 6 and 9.

Written from the page, not from countersign: where the two differ, one of them
has misread it.  It knows cms approvals of spki keys and grants; of an owners
file it reads owner, key, agents= and grants, and of reasons it tells apart
those of a message that could be read.  What cannot be read is `malformed`.
"""
import base64
import hashlib
import re
import unicodedata
from hashlib import sha256

from asn1crypto import core, keys, parser, pem
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa

# Section 1

ARC = "1.3.6.1.4.1.32473.53."
OWNER_APPROVAL, APPROVALS, PURPOSE, OWNER, CMS = (
    ARC + arc for arc in ("1.1", "2.1", "2.2", "2.3", "4.1"))
PKCS9, NAME, SIGNED_DATA = "1.2.840.113549.1.9.", "2.5.29.17", \
    "1.2.840.113549.1.7.2"
# Extensions of a request; signed attributes: contentType, messageDigest and
# signingTime; smimeCapabilities, cmsAlgorithmProtection, signingCertificateV2
KNOWN = (NAME, "2.5.29.14", "2.5.29.15", "2.5.29.19", "2.5.29.37")
REQUIRED = {PKCS9 + "3", PKCS9 + "4", PKCS9 + "5"}
ALLOWED = {PKCS9 + "15", PKCS9 + "52", PKCS9 + "16.2.47"}


class Refused(Exception):
    """Its first word is a reason of section 9."""


def check(holds, reason="malformed", what=""):
    if not holds:
        raise Refused(f"{reason} {what}")


# Section 4: what the owner signs


def sequence(*fields):
    return type("Sequence", (core.Sequence,), {"_fields": list(fields)})


def list_of(spec):
    return type("SequenceOf", (core.SequenceOf,), {"_child_spec": spec})


def tagged(tag, name, spec):
    return (name, spec, {"implicit": tag, "optional": True})


OID, OCTETS, IA5 = core.ObjectIdentifier, core.OctetString, core.IA5String
Extensions = list_of(sequence(("type", OID),
                              ("critical", core.Boolean, {"default": False}),
                              ("value", OCTETS)))
AGENT = (("agentId", IA5), ("agentKeyHash", OCTETS))


class ApprovedSubject(core.Choice):
    _alternatives = [
        tagged(0, "request", sequence(*AGENT, ("requestDigest", OCTETS))),
        tagged(1, "key", sequence(*AGENT)),
        tagged(2, "grant", sequence(("agentPrefix", IA5),
                                    ("holderKey", keys.PublicKeyInfo)))]


class Decision(core.Enumerated):
    _map = {0: "deny", 1: "approve"}


OwnerApprovalTBS = sequence(
    ("version", core.Integer), ("approvalId", OCTETS), ("decision", Decision),
    ("owner", IA5), ("ownerKeyHash", OCTETS), ("authority", IA5),
    ("notBefore", core.GeneralizedTime), ("notAfter", core.GeneralizedTime),
    ("subjects", list_of(ApprovedSubject)), ("maxLifetime", core.Integer),
    ("maxIssuances", core.Integer), tagged(0, "nonce", OCTETS),
    tagged(1, "purpose", core.UTF8String), tagged(2, "extensions", Extensions),
    tagged(3, "underGrant", OCTETS))

# DER, section 3


def children(der):
    """The encodings that a constructed value consists of."""
    contents, found = parser.parse(der, True)[4], []
    while contents:
        found.append(contents[:parser.peek(contents)])
        contents = contents[len(found[-1]):]
    return found


def make(tag, *parts):
    return parser.emit(tag >> 6, tag >> 5 & 1, tag & 31, b"".join(parts))


def walk(der, depth=1):
    kind, constructed, tag, head, contents, tail = parser.parse(der, True)
    inside = children(der) if constructed else []
    check(depth <= 32 and tag < 31 and
          head + contents + tail == make(der[0], contents) and
          (kind or constructed == (tag in (16, 17))) and
          (der[0] != 0x31 or inside == sorted(inside)) and
          (der[0] != 1 or contents in (b"\0", b"\xff")) and
          (der[0] not in (2, 10) or contents and contents == core.Integer(
              int.from_bytes(contents, "big", signed=True)).contents))
    for one in inside:
        walk(one, depth + 1)


def load(spec, der):
    """Reads every field; encoded again, whatever else stood there lacks."""
    walk(der)
    check(spec.load(der).native is not None)
    check(spec.load(der, True).copy().dump(True) == der)
    return spec.load(der)


def fields(der, *tags):
    found = children(der)
    check([one[0] for one in found] == list(tags))
    return found


def attributes_of(der):
    """The values of attributes, by type: each once, each with one."""
    found = {}
    check(children(der) == sorted(children(der)))
    for one in children(der):
        oid, values = fields(one, 6, 0x31)
        (found[OID.load(oid).dotted],) = children(values)
    check(len(found) == len(children(der)))
    return found


def extensions_of(der):
    """The same of extensions; an unknown critical one is refused."""
    found = {one["type"]: one for one in load(Extensions, der).native}
    check(found and len(found) == len(children(der)) and not any(
        one["critical"] and oid not in KNOWN for oid, one in found.items()))
    return {oid: one["value"] for oid, one in found.items()}


# Section 2: names, keys, algorithms


def check_agent(name):
    check(len(name) <= 2048 and re.fullmatch(
        r"(wimse|spiffe)://(?!([^/]*\.)?[0-9]*/)[a-z0-9._-]{1,255}"
        r"(/(?!\.\.?(/|$))[A-Za-z0-9._-]+)+", name))


def check_owner(name):
    check_authority(name)
    check(not re.match("(wimse|spiffe):", name))


def check_authority(name):
    check(len(name) <= 512 and re.fullmatch(
        r"mailto:[a-z0-9._+-]+@[a-z0-9._+-]+|"
        r"(?!mailto:|https:(//[^/]*@|(?!//[^/])))"
        r"[a-z][a-z0-9+.-]*:(?!//[^/?]*[A-Z])[!$-;=?-\[\]_a-z~]+", name))


def is_under(name, prefixes):
    """Itself or a descendant, by whole segment."""
    return any((name + "/").startswith(prefix + "/") for prefix in prefixes)


def spki_of(key):
    return key.public_bytes(serialization.Encoding.DER,
                            serialization.PublicFormat.SubjectPublicKeyInfo)


def public_key(spki):
    key = serialization.load_der_public_key(spki)
    check(spki == spki_of(key) and (
        isinstance(key, ed25519.Ed25519PublicKey) or
        isinstance(key, ec.EllipticCurvePublicKey) and
        key.curve.name in ("secp256r1", "secp384r1") or
        isinstance(key, rsa.RSAPublicKey) and
        2048 <= key.key_size <= 4096 and key.public_numbers().e == 65537))
    return key


HASHES = (hashes.SHA256(), hashes.SHA384(), hashes.SHA512())
NULL, RSA = b"\5\0", "1.2.840.113549.1.1."


def identifier(oid, parameters=b""):
    return make(0x30, OID(oid).dump(), parameters)


def digest_identifiers(number):
    return [identifier(f"2.16.840.1.101.3.4.2.{number + 1}", parameters)
            for parameters in (NULL, b"")]


def schemes(key, salt=None):
    """AlgorithmIdentifier, number of its hash, what sign and verify want."""
    if isinstance(key, (ed25519.Ed25519PublicKey, ed25519.Ed25519PrivateKey)):
        return [(identifier("1.3.101.112"), 2, ())]
    found = []
    for i, name in enumerate(HASHES):
        if not hasattr(key, "curve"):
            pkcs1 = (i, (padding.PKCS1v15(), name))
            found += [(identifier(f"{RSA}{11 + i}", NULL), *pkcs1),
                      (identifier(f"{RSA}1", NULL), *pkcs1)]
            length = name.digest_size if salt is None else salt
            pss = (i, (padding.PSS(padding.MGF1(name), length), name))
            found += [(identifier(f"{RSA}10", make(
                0x30, make(0xa0, one), make(0xa1, identifier(
                    f"{RSA}8", two)),
                make(0xa2, core.Integer(length).dump()))), *pss)
                for one in digest_identifiers(i)
                for two in digest_identifiers(i) if length >= name.digest_size]
        else:
            found += [(identifier(f"1.2.840.10045.4.3.{i + 2}"), i,
                       (ec.ECDSA(name),))]
    return found


def is_signed(spki, algorithm, signature, data, digest=None):
    """digest is the one that a cms signer names beside the algorithm."""
    parts, salt = children(algorithm), None
    if OID.load(parts[0]).dotted == RSA + "10":
        salt = core.Integer.load(children(children(parts[1])[2])[0]).native
    key = public_key(spki)
    fit = [args for one, i, args in schemes(key, salt) if one == algorithm and
           (digest is None or digest in digest_identifiers(i))]
    check(fit)
    try:
        key.verify(signature, data, *fit[0])
    except InvalidSignature:
        return False
    return True


# Sections 3 and 6: the request


def read_request(der):
    walk(der)
    info, algorithm, signature = fields(der, 0x30, 0x30, 3)
    version, subject, spki, attributes = fields(info, 2, 0x30, 0x30, 0xa0)
    values = attributes_of(attributes)
    check(version == b"\2\1\0" and PKCS9 + "7" not in values)
    names = extensions_of(values[PKCS9 + "14"])[NAME]
    walk(names)
    (name,) = fields(names, 0x86)
    agent = parser.parse(name)[4].decode("ascii")
    check_agent(agent)
    if PURPOSE in values:
        text = load(core.UTF8String, values[PURPOSE])
        check(1 <= len(text.contents) <= 1024)
    intended = OWNER in values and load(IA5, values[OWNER]).native
    check(intended is False or check_owner(intended) is None)
    check(is_signed(spki, algorithm, core.OctetBitString.load(
        signature).native, info), "pop-invalid")
    approvals = children(values.get(APPROVALS, b"\x30\0"))
    check(approvals or APPROVALS not in values, "no-approval")
    base = make(0x30, version, subject, spki, make(0xa0, *(
        one for one in children(attributes)
        if children(one)[0] != OID(APPROVALS).dump())))
    check(len(base) <= 65536)
    return {"agentId": agent, "spki": spki, "intended": intended,
            "agentKeyHash": sha256(spki).digest(),
            "requestDigest": sha256(base).digest(), "approvals": approvals}


# Sections 4 and 5: approvals

SIZES = {"version": (1, 1), "approvalId": (16, 16), "ownerKeyHash": (32, 32),
         "subjects": (1, 64), "maxLifetime": (1, 31536000),
         "maxIssuances": (1, 1000000), "nonce": (16, 64),
         "extensions": (1, 99), "underGrant": (32, 32),
         "agentKeyHash": (32, 32), "requestDigest": (32, 32)}


def read_tbs(der):
    check(len(der) <= 16384)
    value = load(OwnerApprovalTBS, der)
    tbs, subjects = value.native, value["subjects"].native
    for fields in [tbs, *subjects]:
        for name, size in fields.items():
            low, high = SIZES.get(name, (0, 0))
            check(size is None or not high or low <= (
                size if isinstance(size, int) else len(size)) <= high)
    check(all(re.fullmatch(b"[2-9][0-9]{13}Z", value[name].contents)
              for name in ("notBefore", "notAfter")))
    check(tbs["notBefore"] <= tbs["notAfter"])
    check_owner(tbs["owner"])
    check_authority(tbs["authority"])
    for one in subjects:
        check_agent(one.get("agentId") or one["agentPrefix"])
    check(not any(unicodedata.category(c) == "Cc" or
                  c in "\u061c\u200e\u200f" or "\u202a" <= c <= "\u202e" or
                  "\u2066" <= c <= "\u2069" for c in tbs["purpose"] or ""))
    check(tbs["purpose"] is None or
          1 <= len(tbs["purpose"].encode()) <= 1024)
    if tbs["extensions"] is not None:
        extensions_of(value["extensions"].untag().dump())
    kinds = {one.name for one in value["subjects"]}
    check("grant" not in kinds or len(subjects) == 1, "grant-invalid")
    check(len(kinds) == 1 and
          len({one.dump() for one in value["subjects"]}) == len(subjects) and
          (tbs["nonce"] is None or len(subjects) == 1))
    single = kinds == {"request"} and len(subjects) == 1
    check(tbs["underGrant"] is None or single and
          tbs["decision"] == "approve", "grant-invalid")
    check(tbs["decision"] == "approve" or single and
          tbs["maxLifetime"] == tbs["maxIssuances"] == 1)
    tbs.update(kind=kinds.pop(), der=der, hash=sha256(der).digest())
    if tbs["kind"] == "grant":
        tbs["holder"] = value["subjects"][0].chosen["holderKey"].dump()
        public_key(tbs["holder"])
    return tbs


def read_approval(der):
    """The TBS, with what is needed to verify its signature."""
    check(len(der) <= 24576)
    walk(der)
    oid, content = children(der)
    check(oid == OID(CMS).dump())
    oid, content = fields(content, 6, 0xa0)
    check(oid == OID(SIGNED_DATA).dump())
    (signed,) = fields(content, 0x30)
    signed = [one for one in children(signed) if one[0] != 0xa0]
    version, digests, content, signers = signed
    check([one[0] for one in signed] == [2, 0x31, 0x30, 0x31])
    (digest,), (signer,) = children(digests), children(signers)
    oid, content = fields(content, 6, 0xa0)
    (content,) = fields(content, 4)
    sid = 0x80 if children(signer)[0] == b"\2\1\3" else 0x30
    number, _, same, attributes, algorithm, signature = fields(
        signer, 2, sid, 0x30, 0xa0, 0x30, 4)
    values = attributes_of(attributes)
    check(version == b"\2\1\3" and number in (b"\2\1\1", b"\2\1\3") and
          same == digest and oid == OID(OWNER_APPROVAL).dump())
    check(REQUIRED <= set(values) <= REQUIRED | ALLOWED and
          values[PKCS9 + "3"] == oid)
    check(re.fullmatch(  # RFC 5652 11.3
        rb"\x17\r[0-9]{12}Z|\x18\x0f(20[5-9]|2[1-9]|[3-9])[0-9]+Z",
        values[PKCS9 + "5"]))
    return read_tbs(OCTETS.load(content).native) | {
        "digest": digest, "algorithm": algorithm, "values": values,
        "signature": OCTETS.load(signature).native,
        "signed": make(0x31, *children(attributes))}


def is_approval_signed(tbs, spki):
    digest, algorithm, values = tbs["digest"], tbs["algorithm"], tbs["values"]
    (name,) = (HASHES[i].name for i in range(3)
               if digest in digest_identifiers(i))
    hashed = OCTETS(hashlib.new(name, tbs["der"]).digest()).dump()
    protection = make(0x30, digest, make(0xa1, *children(algorithm)))
    return is_signed(spki, algorithm, tbs["signature"], tbs["signed"],
                     digest) and values[PKCS9 + "4"] == hashed and \
        values.get(PKCS9 + "52", protection) == protection


# Section 9: the verdict


def read_owners(text):
    """Section 8: key hash -> owner, key, agents, may grant."""
    found = {}
    for line in text.splitlines():
        fields = re.match(r'([^#\s]\S*) ((?:"[^"]*"|[^" ])+) spki (\S+)', line)
        if fields:
            spki = base64.b64decode(fields[3])
            agents = re.search('agents="([^"]*)"', fields[2])
            found[sha256(spki).digest()] = {
                "owner": fields[1], "spki": spki,
                "agents": agents[1].split() if agents else [],
                "grants": bool(re.search(r"\bgrants\b", fields[2]))}
    return found


def read_message(data):
    """A composite request, or a bundle of a request and its approvals."""
    if b"-----BEGIN " not in data:
        return read_request(data)
    blocks = [(label, der) for label, _, der in pem.unarmor(data, True)]
    (der,) = (der for label, der in blocks if label == "CERTIFICATE REQUEST")
    request = read_request(der)
    beside = [der if label == "OWNER APPROVAL" else
              make(0x30, OID(CMS).dump(), der) for label, der in blocks
              if label in ("OWNER APPROVAL", "CMS")]
    check(not beside or not request["approvals"])
    request["approvals"] += beside
    return request


def verify(*message_and_context, **context):
    """The verdict, or Refused."""
    try:
        return judge(*message_and_context, **context)
    except (ValueError, TypeError, KeyError, IndexError, OverflowError,
            AttributeError, UnsupportedAlgorithm) as error:
        raise Refused(f"malformed {error!r}") from error


def judge(message, anchors, now, authority, nonce=None, trust_domain=None):
    request = read_message(message)
    check(request["approvals"], "no-approval")
    check(len(request["approvals"]) <= 16)
    approvals = [read_approval(der) for der in request["approvals"]]
    grants = {one["hash"]: one for one in approvals if one["kind"] == "grant"}
    check(len({one["hash"] for one in approvals}) == len(approvals),
          "duplicate")
    for one in approvals:  # whose key?
        if one["underGrant"] is None:
            check(one["ownerKeyHash"] in anchors, "unknown-owner-key")
            one["anchor"] = anchors[one["ownerKeyHash"]]
        else:
            check(one["underGrant"] in grants, "grant-invalid")
            one["anchor"] = {"owner": one["owner"],
                             "spki": grants[one["underGrant"]]["holder"]}
    for one in approvals:
        check(is_approval_signed(one, one["anchor"]["spki"]),
              "signature-invalid")
    check(request["spki"] not in [one["spki"] for one in anchors.values()] +
          [one["holder"] for one in grants.values()], "key-reuse")
    for one in approvals:
        matches = sum(all(subject[name] == request[name] for name in subject)
                      for subject in one["subjects"]
                      if one["kind"] != "grant")
        check(matches == 1 or one["kind"] == "grant", "binding-mismatch")
        check(one["owner"] == one["anchor"]["owner"], "wrong-owner")
    owners = [one["owner"] for one in approvals]
    check(not request["intended"] or request["intended"] in owners,
          "wrong-owner")
    for one in approvals:
        check(one["authority"] == authority, "wrong-authority")
        check(trust_domain in (None, request["agentId"].split("/")[2]),
              "wrong-trust-domain")
        check(one["notBefore"] <= now, "not-yet-valid")
        check(now <= one["notAfter"], "expired")
        check(one["kind"] == "grant" or one["nonce"] == nonce, "wrong-nonce")
    for one in approvals:
        check(one["underGrant"] or
              is_under(request["agentId"], one["anchor"]["agents"]),
              "agent-not-allowed")
    for one in grants.values():
        check(one["anchor"]["grants"], "grant-invalid")
        uses = [use for use in approvals if use["underGrant"] == one["hash"]]
        check(len(uses) == 1, "grant-invalid")
        (use,), (subject,) = uses, one["subjects"]
        check(is_under(request["agentId"], [subject["agentPrefix"]]) and
              use["owner"] == one["owner"] and
              use["ownerKeyHash"] == sha256(one["holder"]).digest() and
              use["authority"] == one["authority"] and
              one["notBefore"] <= use["notBefore"] and
              use["notAfter"] <= one["notAfter"] and
              use["maxLifetime"] <= one["maxLifetime"] and
              use["maxIssuances"] <= one["maxIssuances"], "grant-invalid")
    denied = any(one["decision"] == "deny" for one in approvals)
    return {"state": "denied" if denied else "approved",
            "agent": request["agentId"],
            "owner": request["intended"] or owners[0],
            "not_after": min(one["notAfter"] for one in approvals),
            "max_lifetime": min(one["maxLifetime"] for one in approvals),
            "max_issuances": min(one["maxIssuances"] for one in approvals)}


# Writing


def make_tbs(**fields):
    return OwnerApprovalTBS({"version": 1, "decision": "approve"} |
                            fields).dump()


def scheme_of(key, number=0, pss=False):
    """Of each kind of key the first that it can sign with."""
    return next(one for one in schemes(key) if one[1] in (number, 2) and
                (not pss or b"\xa2" in one[0]))


def make_set(tag, *values):
    return make(tag, *sorted(values))


def attribute(oid, value):
    return make(0x30, OID(oid).dump(), make(0x31, value))


def make_request(key, agent, purpose=None, intended=None, approvals=(), *how):
    name = make(0x30, make(0x86, agent.encode()))
    extension = make(0x30, make(0x30, OID(NAME).dump(), OCTETS(name).dump()))
    attributes = [attribute(PKCS9 + "14", extension)]
    if purpose:
        attributes.append(attribute(PURPOSE, core.UTF8String(purpose).dump()))
    if intended:
        attributes.append(attribute(OWNER, IA5(intended).dump()))
    if approvals:
        attributes.append(attribute(APPROVALS, make(0x30, *approvals)))
    info = make(0x30, b"\2\1\0", make(0x30), spki_of(key.public_key()),
                make_set(0xa0, *attributes))
    algorithm, _, args = scheme_of(key, *how)
    signature = core.OctetBitString(key.sign(info, *args)).dump()
    return make(0x30, info, algorithm, signature)


def make_cms(key, tbs, when, *how):
    algorithm, number, args = scheme_of(key, *how)
    digest = digest_identifiers(number)[0]
    hashed = hashlib.new(HASHES[number].name, tbs).digest()
    attributes = [attribute(PKCS9 + "3", OID(OWNER_APPROVAL).dump()),
                  attribute(PKCS9 + "4", OCTETS(hashed).dump()),
                  attribute(PKCS9 + "5", core.UTCTime(when).dump())]
    signature = key.sign(make_set(0x31, *attributes), *args)
    key_hash = sha256(spki_of(key.public_key())).digest()
    signer = make(0x30, b"\2\1\3", make(0x80, key_hash), digest,
                  make_set(0xa0, *attributes), algorithm,
                  OCTETS(signature).dump())
    signed = make(0x30, b"\2\1\3", make(0x31, digest), make(
        0x30, OID(OWNER_APPROVAL).dump(), make(0xa0, OCTETS(tbs).dump())),
        make(0x31, signer))
    content = make(0x30, OID(SIGNED_DATA).dump(), make(0xa0, signed))
    return make(0x30, OID(CMS).dump(), content)

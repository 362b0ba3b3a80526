#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the countersign authors
"""Writes the vectors of this folder: one message for each reason, and for the
ways to be approved. It was written from countersign-formats(5) alone and
shares no line with the C: a second reader of that page. It is run by hand
(python3-cryptography); the tests read what it wrote. Signatures are random:
a vector that is there stays as it is, only missing ones are written."""

import base64
import hashlib
import os
import sys

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa, utils
from cryptography.hazmat.primitives.asymmetric import ed25519

ARC = (1, 3, 6, 1, 4, 1, 32473, 53)
NB, NA = b"20261121115500Z", b"20261121121500Z"
AUTHORITY = b"https://corp.example"
AGENT = b"wimse://corp.example/agent/alice"
ALICE = b"mailto:alice@corp.example"

# --- DER, the little that is needed


def tlv(tag, *parts):
    body = b"".join(parts)
    n = len(body)
    if n < 128:
        return bytes([tag, n]) + body
    size = (n.bit_length() + 7) // 8
    return bytes([tag, 0x80 | size]) + n.to_bytes(size, "big") + body


def seq(*parts):
    return tlv(0x30, *parts)


def set_of(*parts):
    return tlv(0x31, *sorted(parts))


def octets(b):
    return tlv(4, b)


def integer(v, tag=2):
    return tlv(tag, v.to_bytes(v.bit_length() // 8 + 1, "big"))


def oid(*arcs):
    out = b""
    for v in (arcs[0] * 40 + arcs[1],) + arcs[2:]:
        chunk = bytes([v & 127])
        while v > 127:
            v >>= 7
            chunk = bytes([v & 127 | 128]) + chunk
        out += chunk
    return tlv(6, out)


def own(*tail):
    return oid(*ARC, *tail)


def bits(b):
    return tlv(3, b"\0", b)


# --- keys


def ec_key(n, curve=None):
    return ec.derive_private_key(n, curve or ec.SECP256R1())


def spki(key):
    return key.public_key().public_bytes(
        serialization.Encoding.DER,
        serialization.PublicFormat.SubjectPublicKeyInfo)


def key_hash(key):
    return hashlib.sha256(spki(key)).digest()


HASH = {"sha256": hashes.SHA256(), "sha384": hashes.SHA384(),
        "sha512": hashes.SHA512()}
SHA = {"sha256": 1, "sha384": 2, "sha512": 3}


def digest_alg(name, null=False):
    return seq(oid(2, 16, 840, 1, 101, 3, 4, 2, SHA[name]),
               tlv(5) if null else b"")


ED25519 = ed25519.Ed25519PrivateKey


class Pss:
    """An RSA key that signs RSASSA-PSS, and what it says of it (RFC 4055)."""

    def __init__(self, key, salt=None, said=None, mgf=None, said_mgf=None,
                 null=(True, True), more=b""):
        self.key, self.salt, self.said = key, salt, said
        self.mgf, self.said_mgf = mgf, said_mgf
        self.null, self.more = null, more

    def public_key(self):
        return self.key.public_key()

    def length(self, name):
        return HASH[name].digest_size if self.salt is None else self.salt

    def alg(self, name):
        said = self.length(name) if self.said is None else self.said
        mask = seq(oid(1, 2, 840, 113549, 1, 1, 8), digest_alg(
            self.said_mgf or name, self.null[1]))
        return seq(oid(1, 2, 840, 113549, 1, 1, 10), seq(
            tlv(0xa0, digest_alg(name, self.null[0])), tlv(0xa1, mask),
            tlv(0xa2, integer(said)), self.more))

    def sign(self, data, name):
        return self.key.sign(data, padding.PSS(padding.MGF1(
            HASH[self.mgf or name]), self.length(name)), HASH[name])


class Weak:
    """The neutral point as a key: the base point and 1 sign everything."""

    def public_key(self):
        return ed25519.Ed25519PublicKey.from_public_bytes(
            b"\1" + b"\0" * 31)

    def sign(self, _):
        return b"\x58" + b"\x66" * 31 + b"\1" + b"\0" * 31


def sig_alg(key, name, cms):
    if isinstance(key, Pss):
        return key.alg(name)
    if isinstance(key, (ED25519, Weak)):
        return seq(oid(1, 3, 101, 112))
    if isinstance(key, rsa.RSAPrivateKey):
        last = 1 if cms else {"sha256": 11, "sha384": 12, "sha512": 13}[name]
        return seq(oid(1, 2, 840, 113549, 1, 1, last), tlv(5))
    return seq(oid(1, 2, 840, 10045, 4, 3, SHA[name] + 1))


def sign(key, name, data):
    if isinstance(key, Pss):
        return key.sign(data, name)
    if isinstance(key, (ED25519, Weak)):
        return key.sign(data)
    if isinstance(key, rsa.RSAPrivateKey):
        return key.sign(data, padding.PKCS1v15(), HASH[name])
    return key.sign(data, ec.ECDSA(HASH[name]))


# --- requests (RFC 2986; formats, sections 3 and 6)


def attr(o, *values):
    return seq(o, set_of(*values))


EXT_REQ = oid(1, 2, 840, 113549, 1, 9, 14)
SAN = oid(2, 5, 29, 17)


def extension_request(*uris, more=b""):
    names = seq(*[tlv(0x86, u) for u in uris])
    return attr(EXT_REQ, seq(seq(SAN, tlv(1, b"\xff"), octets(names)), more))


def info(key, attrs):
    return seq(integer(0), seq(), spki(key), tlv(0xa0, *sorted(attrs)))


def csr(key, cri, name="sha256"):
    return seq(cri, sig_alg(key, name, False), bits(sign(key, name, cri)))


class Request:
    def __init__(self, key, agent=AGENT, owner=None, purpose=None, extra=()):
        self.key, self.agent = key, agent
        self.attrs = [extension_request(agent), *extra]
        if owner:
            self.attrs.append(attr(own(2, 3), tlv(0x16, owner)))
        if purpose:
            self.attrs.append(attr(own(2, 2), tlv(0x0c, purpose)))
        self.base = info(key, self.attrs)

    def digest(self):
        return hashlib.sha256(self.base).digest()

    def composite(self, *approvals):
        a = attr(own(2, 1), seq(*approvals))
        return csr(self.key, info(self.key, self.attrs + [a]))

    def beside(self, *approvals):
        """A bundle."""
        return pem("CERTIFICATE REQUEST", csr(self.key, self.base)) + "".join(
            pem("OWNER APPROVAL", one) for one in approvals)

    def unproven(self, *approvals):
        """A composite, its proof of possession broken."""
        cri = info(self.key, self.attrs + [attr(own(2, 1), seq(*approvals))])
        return seq(cri, sig_alg(self.key, "sha256", False),
                   bits(sign(self.key, "sha256", cri + b"!")))


# --- approvals (formats, sections 4 and 5)


def subject(req, **kw):
    return tlv(0xa0, tlv(0x16, kw.get("agent", req.agent)),
               octets(kw.get("agent_hash", key_hash(req.key))),
               octets(kw.get("digest", req.digest())))


def by_key(req, **kw):
    return tlv(0xa1, tlv(0x16, kw.get("agent", req.agent)),
               octets(kw.get("agent_hash", key_hash(req.key))))


def tbs(req, key, **kw):
    return seq(
        integer(kw.get("version", 1)), octets(kw.get("id", os.urandom(16))),
        integer(kw.get("decision", 1), 10), tlv(0x16, kw.get("owner", ALICE)),
        octets(kw.get("key_hash", key_hash(key))),
        tlv(0x16, kw.get("authority", AUTHORITY)),
        tlv(0x18, kw.get("nb", NB)), tlv(0x18, kw.get("na", NA)),
        seq(*kw.get("subjects", [subject(req, **kw)])),
        integer(kw.get("lifetime", 3600)), integer(kw.get("uses", 1)),
        kw.get("options", b""))


CT = own(1, 1)
A_TYPE, A_DIGEST, A_TIME = (oid(1, 2, 840, 113549, 1, 9, n) for n in (3, 4, 5))


def cms(key, body, name="sha256", **kw):
    md = hashlib.new(kw.get("md", name), kw.get("hashed", body)).digest()
    attrs = [attr(A_TYPE, kw.get("content_type", CT)),
             attr(A_DIGEST, octets(md)),
             attr(A_TIME, kw.get("time", tlv(23, b"261121115900Z"))),
             *kw.get("attrs", [])]
    signed = tlv(0x31, *sorted(attrs))
    sig = sign(kw.get("signer", key), name, kw.get("to_sign", signed))
    if kw.get("break"):
        sig = sign(kw.get("signer", key), name, signed + b"!")
    if "mangle" in kw:
        sig = kw["mangle"](sig)
    if kw.get("unsorted"):
        signed = tlv(0x31, *sorted(attrs, reverse=True))
    da = digest_alg(kw.get("digest_alg", name))
    signer = seq(integer(3), tlv(0x80, key_hash(key)), da,
                 b"" if kw.get("bare") else b"\xa0" + signed[1:],
                 kw.get("sig_alg", sig_alg(key, name, True)), octets(sig),
                 kw.get("unsigned", b""))
    data = seq(integer(3), kw.get("digests", set_of(da)),
               seq(CT, tlv(0xa0, octets(body), kw.get("inside", b"")),
                   kw.get("beside", b"")),
               kw.get("certs", b""), kw.get("crls", b""),
               tlv(0x31, signer, *kw.get("signers", [])))
    content = seq(oid(1, 2, 840, 113549, 1, 7, 2), tlv(0xa0, data))
    return seq(own(4, 1), content)


def enclosed(carrier, body, parts, more=b""):
    """What other carriers are around a TBS: octet strings that do not matter
    where the key's type wants cms, but for their shape."""
    return seq(own(4, carrier), seq(octets(body), *map(octets, parts), more))


def webauthn(body, n=3, **kw):
    """The first `n` of: authenticator data with presence, client data, a
    signature that is none, and one that is too much."""
    auth = hashlib.sha256(b"approve.corp.example").digest() + b"\1" + bytes(4)
    return enclosed(2, body, (auth, b"{}", b"?", b"?")[:n], **kw)


def string(s):
    return len(s).to_bytes(4, "big") + s


def sshsig(body, n=1, **kw):
    """The first `n` of: what OpenSSH makes with an Ed25519 key, but for the
    signature, which is none; and one that is too much."""
    name = string(b"ssh-ed25519")
    blob = b"SSHSIG" + b"\0\0\0\1" + string(name + string(b"?" * 32)) + \
        string(b"owner-approval@countersign") + string(b"") + \
        string(b"sha512") + string(name + string(b"?" * 64))
    return enclosed(3, body, (blob, b"?")[:n], **kw)


def approve(req, key, name="sha256", cms_kw=None, **kw):
    return cms(key, tbs(req, key, **kw), name, **(cms_kw or {}))


# --- files


def pem(label, der):
    text = base64.b64encode(der).decode()
    lines = [text[i:i + 64] for i in range(0, len(text), 64)]
    return "\n".join([f"-----BEGIN {label}-----", *lines,
                      f"-----END {label}-----", ""])


EXPECT = []


def write(name, der, options="-"):
    if not os.path.exists(name + ".pem"):
        with open(name + ".pem", "w", encoding="ascii") as f:
            f.write(der if isinstance(der, str) else
                    pem("CERTIFICATE REQUEST", der))
    EXPECT.append((name, options))


def rsa_key(name):
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), name)
    if not os.path.exists(path):
        with open(path, "wb") as f:
            f.write(rsa.generate_private_key(65537, 2048).private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption()))
    with open(path, "rb") as f:
        return serialization.load_pem_private_key(f.read(), None)


AGENT_KEY = ec_key(1001)
K = {n: ec_key(i) for i, n in enumerate(
    ("alice", "bob", "touch", "hard", "revoked", "limits", "later", "past",
     "piv", "elsewhere", "nobody", "stranger", "asserted", "empty",
     "proven", "revoked_now", "revoked_next", "from_now", "to_now", "to_next",
     "retired", "required", "said", "granter", "grant_bob", "grant_piv",
     "grant_touch", "grant_hard", "grant_far", "grant_near", "grant_lost",
     "grant_few", "bob_lost", "alice_ops", "bob_ops", "carol_ops", "dave_ops",
     "bob_web", "carol", "grant_ops", "piv_once", "piv_cached"), 2001)}
K["p384"] = ec_key(3001, ec.SECP384R1())
K["rsa"] = rsa_key("owner-rsa.pem")
K["ed25519"] = ED25519.from_private_bytes(b"\x08" * 32)

OWNERS = """\
# Keys of the verdict vectors; the private halves are small numbers (make.py).
{alice} agents="wimse://corp.example/agent",no-touch-required spki {k[alice]} plain
mailto:bob@corp.example agents="wimse://corp.example/agent",no-touch-required spki {k[bob]}
{alice} agents="wimse://corp.example/agent/alice",no-touch-required spki {k[p384]}
{alice} agents="wimse://corp.example/agent/alice",no-touch-required spki {k[rsa]}
{alice} agents="wimse://corp.example/agent/alice",no-touch-required spki {k[ed25519]}
{alice} agents="wimse://corp.example/agent" spki {k[touch]} presence is required
{alice} agents="wimse://corp.example/agent",no-touch-required,hardware-required spki {k[hard]}
{alice} agents="wimse://corp.example/agent",no-touch-required,hardware,hardware-required spki {k[asserted]}
{alice} agents="wimse://corp.example/agent",no-touch-required,revoked=20261101T000000Z spki {k[revoked]}
{alice} agents="wimse://corp.example/agent",no-touch-required,max-lifetime=10m,max-issuances=2,max-window=20m spki {k[limits]}
{alice} agents="wimse://corp.example/agent",no-touch-required,valid-after=20261201T000000Z spki {k[later]}
{alice} agents="wimse://corp.example/agent",no-touch-required,valid-before=20261101T000000Z spki {k[past]}
{alice} agents="wimse://corp.example/agent",attested="yubikey-piv:1234567,touch=always,pin=always",verify-required,hardware-required spki {k[piv]}
{alice} agents="wimse://corp.example/agent/alicex wimse://corp.example/ag",no-touch-required spki {k[elsewhere]}
{alice} agents="",no-touch-required spki {k[empty]}
{alice} agents="wimse://corp.example/agent",no-touch-required,attested="tpm2:IFX" spki {k[proven]}
{alice} agents="wimse://corp.example/agent",no-touch-required,revoked=20261121120000Z spki {k[revoked_now]}
{alice} agents="wimse://corp.example/agent",no-touch-required,revoked=20261121120001Z spki {k[revoked_next]}
{alice} agents="wimse://corp.example/agent",no-touch-required,valid-after=20261121120000Z spki {k[from_now]}
{alice} agents="wimse://corp.example/agent",no-touch-required,valid-before=20261121120000Z spki {k[to_now]}
{alice} agents="wimse://corp.example/agent",no-touch-required,valid-before=20261121120001Z spki {k[to_next]}
{alice} agents="wimse://corp.example/agent",revoked=20261101000000Z spki {k[retired]}
{alice} agents="wimse://corp.example/agent",hardware-required spki {k[required]}
{alice} agents="wimse://corp.example/agent",no-touch-required,hardware spki {k[said]}
{alice} agents="wimse://corp.example/agent",no-touch-required,grants spki {k[granter]}
mailto:bob@corp.example agents="wimse://corp.example/agent",no-touch-required,grants spki {k[grant_bob]}
{alice} agents="wimse://corp.example/agent",grants,attested="yubikey-piv:7654321,touch=always,pin=always" spki {k[grant_piv]}
{alice} agents="wimse://corp.example/agent",grants spki {k[grant_touch]}
{alice} agents="wimse://corp.example/agent",no-touch-required,hardware-required,grants spki {k[grant_hard]}
{alice} agents="wimse://corp.example/agent/bob",no-touch-required,grants spki {k[grant_far]}
{alice} agents="wimse://corp.example/agent/alice",no-touch-required,grants spki {k[grant_near]}
{alice} agents="wimse://corp.example/agent",no-touch-required,grants,revoked=20261101000000Z spki {k[grant_lost]}
{alice} agents="wimse://corp.example/agent",no-touch-required,grants,max-lifetime=10m,max-issuances=2,max-window=20m spki {k[grant_few]}
mailto:bob@corp.example agents="wimse://corp.example/agent",no-touch-required,revoked=20261101000000Z spki {k[bob_lost]}
{alice} agents="wimse://corp.example/agent",no-touch-required,group="ops" spki {k[alice_ops]}
mailto:bob@corp.example agents="wimse://corp.example/agent",no-touch-required,group="ops" spki {k[bob_ops]}
mailto:carol@corp.example agents="wimse://corp.example/agent",no-touch-required,group="ops" spki {k[carol_ops]}
mailto:dave@corp.example agents="wimse://corp.example/agent/dave",no-touch-required,group="ops" spki {k[dave_ops]}
mailto:bob@corp.example agents="wimse://corp.example/agent",no-touch-required,group="opsx" spki {k[bob_web]}
mailto:carol@corp.example agents="wimse://corp.example/agent",no-touch-required spki {k[carol]}
mailto:bob@corp.example agents="wimse://corp.example/agent",no-touch-required,grants,group="ops" spki {k[grant_ops]}
{alice} agents="wimse://corp.example/agent",attested="yubikey-piv:1234568,touch=always,pin=once" spki {k[piv_once]}
{alice} agents="wimse://corp.example/agent",attested="yubikey-piv:1234569,touch=cached,pin=always" spki {k[piv_cached]}
"""


def write_owners():
    k = {n: base64.b64encode(spki(v)).decode() for n, v in K.items()}
    text = OWNERS.format(alice=ALICE.decode(), k=k)
    text = text.replace("20261101T000000Z", "20261101000000Z")
    text = text.replace("20261201T000000Z", "20261201000000Z")
    with open("owners", "w", encoding="ascii") as f:
        f.write(text)


def write_expect(name):
    with open(name, "w", encoding="ascii") as f:
        f.write("# name (its first words are the verdict), options; "
                "at 2026-11-21T12:00:00Z\n")
        for vector, options in EXPECT:
            f.write(f"{vector} {options}\n")


def approved():
    r = Request(AGENT_KEY)
    a = K["alice"]
    write("approved", r.composite(approve(r, a)))
    write("approved-bundle", pem("CERTIFICATE REQUEST", csr(r.key, r.base)) +
          pem("OWNER APPROVAL", approve(r, a)))
    content = approve(r, a)[len(tlv(4)) + 2 + len(own(4, 1)):]
    write("approved-cms-label",
          pem("CERTIFICATE REQUEST", csr(r.key, r.base)) +
          pem("CMS", content))
    write("approved-p384", r.composite(approve(r, K["p384"], "sha384")))
    write("approved-p384-sha256", r.composite(approve(r, K["p384"])))
    write("approved-p256-sha512", r.composite(approve(r, a, "sha512")))
    write("approved-rsa", r.composite(approve(r, K["rsa"])))
    write("approved-rsa-sha512", r.composite(approve(r, K["rsa"], "sha512")))
    write("approved-piv", r.composite(approve(r, K["piv"])),
          "hardware,present,verified")
    write("approved-piv-once", r.composite(approve(r, K["piv_once"])),
          "hardware,present")
    write("approved-proven", r.composite(approve(r, K["proven"])), "hardware")
    write("approved-nonce", r.composite(approve(
        r, a, options=tlv(0x80, b"N" * 16))), "nonce=" + "4e" * 16)
    write("approved-first-second", r.composite(approve(r, a, na=b"20261121120000Z")))
    write("approved-last-second", r.composite(approve(r, a, nb=b"20261121120000Z")))
    write("approved-extension", r.composite(approve(r, a, options=tlv(
        0xa2, seq(oid(1, 2, 3), octets(b""))))))
    two = Request(AGENT_KEY, owner=b"mailto:bob@corp.example", purpose="für".encode())
    write("approved-two", two.composite(
        approve(two, a), approve(two, K["bob"], owner=b"mailto:bob@corp.example",
                                 lifetime=60)),
          "lifetime=60,principal=mailto:bob@corp.example")
    protection = attr(oid(1, 2, 840, 113549, 1, 9, 52),
                      seq(digest_alg("sha256"),
                          b"\xa1" + sig_alg(a, "sha256", True)[1:]))
    write("approved-protection", r.composite(
        approve(r, a, cms_kw={"attrs": [protection]})))


def bytes_and_possession():
    r, a = Request(AGENT_KEY), K["alice"]
    good = approve(r, a)
    write("no-approval", csr(r.key, r.base))
    write("no-approval-empty-list", csr(r.key, info(r.key, r.attrs + [
        attr(own(2, 1), seq())])))
    cri = info(r.key, r.attrs + [attr(own(2, 1), seq(good))])
    write("pop-invalid", seq(cri, sig_alg(r.key, "sha256", False),
                             bits(sign(r.key, "sha256", cri + b"!"))))
    write("pop-invalid-other-key", seq(cri, sig_alg(a, "sha256", False),
                                       bits(sign(a, "sha256", cri))))
    write("unsupported-pop-sha1", seq(cri, seq(oid(1, 2, 840, 10045, 4, 1)),
                                      bits(sign(r.key, "sha256", cri))))
    write("malformed", pem("CERTIFICATE REQUEST", r.composite(good)) * 2)
    write("malformed-beside", pem("CERTIFICATE REQUEST", r.composite(good)) +
          pem("OWNER APPROVAL", good))
    long_form = bytes([0x30, 0x84]) + (len(good) - 4).to_bytes(4, "big") + good[4:]
    write("not-der", r.composite(long_form))
    body = tbs(r, a)
    loose = bytes([0x30, 0x83, 0]) + body[2:4] + body[4:]
    write("not-der-inside", r.composite(cms(a, loose)))
    write("too-large", r.composite(cms(a, tbs(r, a, options=tlv(
        0x81, b"x" * 17000)))))
    write("too-large-approval", r.composite(cms(a, tbs(r, a), certs=tlv(
        0xa0, seq(octets(b"x" * 25000))))))
    bad = Request(AGENT_KEY, agent=b"wimse://corp.example/agent/../alice")
    write("bad-identifier", bad.composite(approve(bad, a)))
    bad = Request(AGENT_KEY)
    bad.attrs = [extension_request(AGENT, b"wimse://corp.example/agent/bob")]
    bad.base = info(AGENT_KEY, bad.attrs)
    write("bad-identifier-two", bad.composite(approve(bad, a)))


def carriers():
    r, a = Request(AGENT_KEY), K["alice"]
    spare = seq(oid(1, 2, 3), octets(b""))
    write("malformed-webauthn", r.composite(seq(own(4, 2), seq())))
    body, far = tbs(r, a), tbs(r, K["stranger"])
    write("wrong-type", r.composite(webauthn(body)))
    write("wrong-type-sshsig", r.composite(sshsig(body)))
    write("wrong-type-second", r.composite(
        approve(r, K["bob"], owner=b"mailto:bob@corp.example"),
        sshsig(body)), "text=approval+2:")
    write("duplicate-other-carrier", r.composite(
        cms(a, body), webauthn(body)))
    write("unknown-owner-key-webauthn", r.composite(webauthn(far)))
    write("unknown-owner-key-sshsig", r.composite(sshsig(far)))
    for name, make, n in (("webauthn", webauthn, 3), ("sshsig", sshsig, 1)):
        write(f"malformed-{name}-less", r.composite(make(body, n - 1)))
        write(f"malformed-{name}-more", r.composite(make(body, n + 1)))
        write(f"not-der-{name}-no-tbs", r.composite(make(b"")))
        write(f"malformed-{name}-behind", r.composite(
            make(body, more=seq())))
    write("malformed-webauthn-uses", r.composite(webauthn(tbs(r, a, uses=0))))
    loose = bytes([0x30, 0x83, 0]) + body[2:4] + body[4:]
    write("not-der-sshsig", r.composite(sshsig(loose)))
    write("unsupported-type", r.composite(seq(own(4, 9), seq())))
    write("unsupported-version", r.composite(approve(r, a, version=2)))
    write("unsupported-critical", r.composite(approve(r, a, options=tlv(
        0xa2, seq(oid(1, 2, 3), tlv(1, b"\xff"), octets(b""))))))
    key_subject = by_key(r)
    grant = tlv(0xa2, tlv(0x16, AGENT), spki(K["bob"]))
    write("grant-invalid", r.composite(approve(
        r, a, subjects=[grant], options=tlv(0x83, b"g" * 32))))
    write("grant-invalid-two", r.composite(approve(
        r, a, subjects=[grant, tlv(0xa2, tlv(0x16, AGENT + b"/x"), spki(a))])))
    write("malformed-subjects", r.composite(approve(
        r, a, subjects=[subject(r), key_subject])))
    write("malformed-window", r.composite(approve(r, a, nb=NA, na=NB)))
    write("malformed-no-subject", r.composite(approve(r, a, subjects=[])))
    write("malformed-lifetime", r.composite(approve(r, a, lifetime=31536001)))
    write("malformed-uses", r.composite(approve(r, a, uses=0)))
    write("malformed-repeated-extension", r.composite(approve(
        r, a, options=tlv(0xa2, spare, spare))))
    write("malformed-no-attributes-time", r.composite(cms(
        a, tbs(r, a), attrs=[attr(A_TIME, tlv(23, b"261121115900Z"))])))
    write("malformed-content-type", r.composite(cms(
        a, tbs(r, a), content_type=oid(1, 2, 840, 113549, 1, 7, 1))))
    write("unsupported-unsigned", r.composite(cms(
        a, tbs(r, a), unsigned=tlv(0xa1, attr(oid(1, 2, 3), octets(b""))))))
    write("unsupported-attribute", r.composite(cms(
        a, tbs(r, a), attrs=[attr(oid(1, 2, 3), octets(b""))])))
    one = approve(r, a)
    write("duplicate", r.composite(one, one))
    body = tbs(r, a)
    write("duplicate-other-signature", r.composite(cms(a, body), cms(a, body)))


def keys_and_binding():
    r, a = Request(AGENT_KEY), K["alice"]
    write("unknown-owner-key", r.composite(approve(r, K["stranger"])))
    write("signature-invalid", r.composite(approve(r, a, cms_kw={"break": True})))
    write("signature-invalid-other-key", r.composite(
        approve(r, a, cms_kw={"signer": K["bob"]})))
    write("signature-invalid-digest", r.composite(
        cms(a, tbs(r, a), hashed=b"other")))
    wrong = attr(oid(1, 2, 840, 113549, 1, 9, 52),
                 seq(digest_alg("sha512"),
                     b"\xa1" + sig_alg(a, "sha256", True)[1:]))
    write("signature-invalid-protection", r.composite(
        approve(r, a, cms_kw={"attrs": [wrong]})))
    write("binding-mismatch", r.composite(approve(r, a, digest=b"d" * 32)))
    write("binding-mismatch-key", r.composite(approve(r, a, agent_hash=b"k" * 32)))
    write("binding-mismatch-agent", r.composite(
        approve(r, a, agent=b"wimse://corp.example/agent/bob")))
    write("wrong-owner", r.composite(approve(r, a, owner=b"mailto:bob@corp.example")))
    named = Request(AGENT_KEY, owner=b"mailto:bob@corp.example")
    write("wrong-owner-intended", named.composite(approve(named, a)))
    write("wrong-owner-before-expired", named.composite(
        approve(named, a, na=b"20261121115959Z")))
    same = Request(a)
    write("key-reuse", same.composite(approve(same, a)), "text=approving+owner")
    other = Request(K["bob"])
    write("key-reuse-other", other.composite(approve(other, a)))
    second = approve(r, a, digest=b"d" * 32)
    write("binding-mismatch-second", r.composite(approve(r, a), second))
    write("signature-invalid-second", r.composite(
        approve(r, a), approve(r, K["bob"], owner=b"mailto:bob@corp.example",
                               cms_kw={"break": True})))


def subjects():
    """Keys and batches (section 4)."""
    r, a = Request(AGENT_KEY), K["alice"]
    other = Request(ec_key(1002), agent=AGENT + b"/two")

    def made(name, *them, options="-"):
        write(name, r.composite(approve(r, a, subjects=them)), options)

    made("approved-key", by_key(r))
    made("approved-batch", subject(other), subject(r), subject(
        r, digest=b"d" * 32), options="subject=1")
    made("approved-batch-first", subject(r), subject(other))
    made("approved-batch-keys", by_key(other), by_key(r), options="subject=1")
    made("approved-batch-most", *[subject(r, digest=bytes([i]) * 32)
                                  for i in range(63)], subject(r),
         options="subject=63")
    made("too-large-batch", *[subject(r, digest=bytes([i]) * 32)
                              for i in range(64)], subject(r))
    made("binding-mismatch-by-key", by_key(r, agent_hash=b"k" * 32))
    made("binding-mismatch-key-agent", by_key(r, agent=AGENT + b"/two"))
    made("binding-mismatch-batch", subject(other), subject(
        r, digest=b"d" * 32), options="text=found+0")
    made("binding-mismatch-batch-key", subject(other), subject(
        r, agent_hash=b"k" * 32))
    made("binding-mismatch-batch-agent", subject(other), subject(
        r, agent=AGENT + b"/two"))
    made("binding-mismatch-batch-crossed", subject(
        r, agent=AGENT + b"/two"), subject(r, agent_hash=b"k" * 32),
        subject(r, digest=b"d" * 32))
    made("binding-mismatch-batch-keys", by_key(other), by_key(
        r, agent=AGENT + b"/two"))
    made("malformed-batch-twice", subject(r), subject(other), subject(r))
    made("malformed-batch-keys-twice", by_key(r), by_key(r))
    made("malformed-batch-mixed", by_key(r), subject(r))
    write("malformed-batch-nonce", r.composite(approve(
        r, a, subjects=[subject(r), subject(other)],
        options=tlv(0x80, b"N" * 16))), "nonce=" + "4e" * 16)


def bundles():
    """What an issuer takes (section 5): the agent has signed who approves."""
    r, a, bob = Request(AGENT_KEY), K["alice"], b"mailto:bob@corp.example"
    asked = Request(AGENT_KEY, owner=ALICE)

    no = approve(r, a, decision=0, lifetime=1)
    only = "composite"
    write("approved-composite", r.composite(approve(r, a)), only)
    write("not-composite", r.beside(approve(r, a)), only)
    write("not-composite-deny", r.beside(approve(r, a), no), only)
    write("denied-bundle", r.beside(no), only + ",by=" + ALICE.decode())
    write("approved-bundle-asked", asked.beside(approve(asked, a)), only)
    write("wrong-owner-bundle", asked.beside(approve(
        asked, K["bob"], owner=bob)), only)
    write("no-approval-bundle", r.beside(), only)
    write("duplicate-before-composite", r.beside(*[approve(r, a)] * 2), only)
    write("unsupported-before-composite", r.beside(seq(
        own(4, 9), seq())), only)
    write("not-composite-before-anchor", r.beside(approve(
        r, K["stranger"])), only)
    write("approved-bundle-batch", r.beside(approve(r, a, subjects=[
        subject(Request(ec_key(1002))), subject(r)])), "subject=1")
    write("approved-bundle-algorithms", r.beside(
        approve(r, K["rsa"]), approve(r, Pss(K["rsa"])), approve(
            r, K["ed25519"], "sha512"), approve(r, K["p384"], "sha384")),
        "roles=oooo")


def place_and_policy():
    r, a = Request(AGENT_KEY), K["alice"]
    write("wrong-authority", r.composite(approve(
        r, a, authority=b"https://other.example")))
    write("wrong-trust-domain", r.composite(approve(r, a)), "td=other.example")
    write("not-yet-valid", r.composite(approve(r, a, nb=b"20261121120001Z")))
    write("expired", r.composite(approve(r, a, na=b"20261121115959Z")))
    write("wrong-nonce", r.composite(approve(r, a, options=tlv(0x80, b"N" * 16))))
    write("wrong-nonce-other", r.composite(approve(
        r, a, options=tlv(0x80, b"N" * 16))), "nonce=" + "4d" * 16)
    write("wrong-nonce-none", r.composite(approve(r, a)), "nonce=" + "4e" * 16)
    write("touch-missing", r.composite(approve(r, K["touch"])))
    write("touch-missing-piv", r.composite(approve(r, K["piv_cached"])))
    write("not-hardware", r.composite(approve(r, K["hard"])))
    write("not-hardware-asserted", r.composite(approve(r, K["asserted"])))
    write("agent-not-allowed", r.composite(approve(r, K["elsewhere"])))
    write("agent-not-allowed-empty", r.composite(approve(r, K["empty"])))
    write("window-too-long", r.composite(approve(
        r, K["limits"], lifetime=600, nb=b"20261121115459Z")))
    write("window-too-long-default", r.composite(approve(
        r, a, na=b"20261122115501Z")))
    write("lifetime-exceeded", r.composite(approve(r, K["limits"], lifetime=601)))
    write("policy-refused-issuances", r.composite(approve(
        r, K["limits"], lifetime=600, uses=3)))
    write("revoked", r.composite(approve(r, K["revoked"])))
    write("not-yet-valid-key", r.composite(approve(r, K["later"])))
    write("expired-key", r.composite(approve(r, K["past"])))


def order():
    """Two faults each: the step of section 9 that comes first names it."""
    r, a = Request(AGENT_KEY), K["alice"]
    body = tbs(r, a)
    loose = bytes([0x30, 0x83, 0]) + body[2:4] + body[4:]
    write("not-der-before-pop", r.unproven(cms(a, loose)))
    write("too-large-before-pop", r.unproven(cms(a, tbs(
        r, a, options=tlv(0x81, b"x" * 17000)))))
    write("pop-invalid-before-type", r.unproven(seq(own(4, 9), seq())))
    write("pop-invalid-before-malformed", r.unproven(approve(r, a, uses=0)))
    write("unsupported-before-anchor", r.composite(approve(
        r, K["stranger"], options=tlv(0xa2, seq(
            oid(1, 2, 3), tlv(1, b"\xff"), octets(b""))))))
    one = approve(r, K["stranger"])
    write("unknown-owner-key-before-type", r.composite(sshsig(body), one))
    write("wrong-type-before-signature", r.composite(
        approve(r, a, cms_kw={"break": True}), sshsig(body)))
    write("duplicate-before-anchor", r.composite(one, one))
    write("unknown-owner-key-before-signature", r.composite(
        approve(r, a, cms_kw={"break": True}), one))
    write("unknown-owner-key-before-protection", r.composite(approve(
        r, K["stranger"], cms_kw={"attrs": [attr(
            oid(1, 2, 840, 113549, 1, 9, 52),
            seq(digest_alg("sha512"), b"\xa1" + sig_alg(
                a, "sha256", True)[1:]))]})))
    write("signature-invalid-before-binding", r.composite(approve(
        r, a, digest=b"d" * 32, cms_kw={"break": True})))
    write("binding-mismatch-before-authority", r.composite(approve(
        r, a, digest=b"d" * 32, authority=b"https://other.example")))
    asked = Request(AGENT_KEY, owner=b"mailto:bob@corp.example")
    write("binding-mismatch-before-intended", asked.composite(approve(
        asked, a, digest=b"d" * 32)))
    write("binding-mismatch-before-owner", r.composite(approve(
        r, a, digest=b"d" * 32, owner=b"mailto:bob@corp.example")))
    write("wrong-authority-before-trust-domain", r.composite(approve(
        r, a, authority=b"https://other.example")), "td=other.example")
    write("wrong-trust-domain-before-expired", r.composite(approve(
        r, a, na=b"20261121115959Z")), "td=other.example")
    write("expired-before-nonce", r.composite(approve(
        r, a, na=b"20261121115959Z", options=tlv(0x80, b"N" * 16))))
    write("wrong-nonce-before-agent", r.composite(approve(
        r, K["empty"], options=tlv(0x80, b"N" * 16))))
    write("agent-not-allowed-before-window", r.composite(approve(
        r, K["elsewhere"], na=b"20261122115501Z")))
    write("window-too-long-before-lifetime", r.composite(approve(
        r, K["limits"], lifetime=601, nb=b"20261121115459Z")))
    write("lifetime-exceeded-before-issuances", r.composite(approve(
        r, K["limits"], lifetime=601, uses=3)))
    write("window-too-long-before-revoked", r.composite(approve(
        r, K["revoked"], na=b"20261122115501Z")))
    write("revoked-before-touch", r.composite(approve(r, K["retired"])))
    write("touch-missing-before-hardware", r.composite(approve(
        r, K["required"])))


def edges():
    """The last second, the largest number, the second approval."""
    r, a = Request(AGENT_KEY), K["alice"]
    write("revoked-now", r.composite(approve(r, K["revoked_now"])))
    write("approved-before-revoked", r.composite(approve(r, K["revoked_next"])))
    write("approved-key-from-now", r.composite(approve(r, K["from_now"])))
    write("expired-key-now", r.composite(approve(r, K["to_now"])))
    write("approved-key-last-second", r.composite(approve(r, K["to_next"])))
    write("approved-limits", r.composite(approve(
        r, K["limits"], lifetime=600, uses=2)))
    write("approved-day", r.composite(approve(r, a, na=b"20261122115500Z")))
    write("approved-year", r.composite(approve(
        r, a, lifetime=31536000, uses=1000000)))
    write("window-too-long-ages", r.composite(approve(
        r, a, nb=b"20000101000000Z", na=b"99991231235959Z")))
    first, again = (attr(own(2, 1), seq(approve(r, a))) for _ in range(2))
    write("malformed-two-attributes", csr(r.key, info(
        r.key, r.attrs + [first, again])))
    write("malformed-two-values", csr(r.key, info(
        r.key, r.attrs + [attr(own(2, 2), tlv(12, b"a"), tlv(12, b"b"))])))
    write("malformed-year", r.composite(approve(r, a, nb=b"19991231235959Z")))
    bob = {"owner": b"mailto:bob@corp.example"}
    good = approve(r, K["bob"], **bob)
    second = "text=approval+2:"
    write("wrong-owner-second", r.composite(good, approve(r, a, **bob)), second)
    write("expired-second", r.composite(good, approve(
        r, a, na=b"20261121115959Z")), second)
    write("touch-missing-second", r.composite(good, approve(r, K["touch"])),
          second)
    write("malformed-second", r.composite(good, approve(r, a, uses=0)),
          second)
    write("approved-two-unnamed", r.composite(good, approve(
        r, a, lifetime=60)), "lifetime=60,principal=mailto:bob@corp.example")
    write("approved-said", r.composite(approve(r, K["said"])), "asserted")
    write("approved-said-proven", r.composite(
        approve(r, K["said"]), approve(r, K["proven"])), "asserted")
    write("approved-proven-said", r.composite(
        approve(r, K["proven"]), approve(r, K["said"])), "asserted")
    for name, pair in (("said-plain", ("said", "alice")),
                       ("plain-said", ("alice", "said"))):
        write("approved-" + name, r.composite(*[
            approve(r, K[one]) for one in pair]))
    write("approved-two-piv", r.composite(
        approve(r, K["piv"]), approve(r, K["piv_once"])), "hardware,present")
    write("approved-proven-plain", r.composite(
        approve(r, K["proven"]), approve(r, a)))
    far = AGENT + b"/" + b"x" * (2048 - len(AGENT) - 1)
    long = Request(AGENT_KEY, agent=far)
    write("binding-mismatch-long", long.composite(approve(
        long, a, agent=far[:-1] + b"y")), "text=found+one+of")


def signed_data():
    """What a cms approval may not be (section 5)."""
    r, a = Request(AGENT_KEY), K["alice"]
    null, body = tlv(5), tbs(r, a)

    def made(name, **kw):
        write(name, r.composite(cms(a, body, **kw)))

    made("malformed-beside-content", beside=null)
    made("malformed-inside-content", inside=octets(body))
    made("not-der-attributes", unsorted=True)
    made("unsupported-bare", bare=True, to_sign=body)
    made("signature-invalid-implicit", to_sign=b"\xa0" + tlv(
        0x31, *sorted([attr(A_TYPE, CT), attr(A_DIGEST, octets(
            hashlib.sha256(body).digest())),
            attr(A_TIME, tlv(23, b"261121115900Z"))]))[1:])
    made("signature-invalid-content", to_sign=body)
    made("signature-invalid-longer-digest", md="sha512")
    made("unsupported-digest", digest_alg="sha512", md="sha512")
    made("unsupported-rsa", sig_alg=sig_alg(K["rsa"], "sha256", True))
    made("unsupported-null", sig_alg=seq(oid(1, 2, 840, 10045, 4, 3, 2), null))
    made("malformed-digests", digests=set_of(digest_alg("sha512")))
    made("unsupported-two-digests", digests=set_of(
        digest_alg("sha256"), digest_alg("sha512")))
    made("unsupported-crl", crls=tlv(0xa1, seq()))
    made("unsupported-two-signers", signers=[seq(octets(b"\xff" * 250))])
    made("malformed-time", time=tlv(24, b"20261121115900Z"))
    made("signature-invalid-behind", mangle=lambda s: s + b"\0")
    made("signature-invalid-padded", mangle=lambda s: seq(
        tlv(2, b"\0" + s[4:4 + s[3]]), s[4 + s[3]:]))
    made("signature-invalid-zero", mangle=lambda s: seq(integer(0), integer(0)))
    made("signature-invalid-order", mangle=lambda s: seq(integer(
        0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551),
        s[4 + s[3]:]))


def algorithms():
    """RSASSA-PSS and Ed25519 (section 5), on either side."""
    r, ed, owner = Request(AGENT_KEY), K["ed25519"], K["rsa"]

    def pss(name, md="sha256", cms_kw=None, **kw):
        write(name, r.composite(approve(r, Pss(owner, **kw), md, cms_kw)))

    pss("approved-pss")
    pss("approved-pss-sha384", "sha384")
    pss("approved-pss-sha512", "sha512")
    pss("approved-pss-salt", salt=222)
    pss("approved-pss-bare", null=(False, False))
    pss("approved-pss-half-bare", null=(True, False))
    pss("unsupported-pss-salt", salt=20)
    pss("unsupported-pss-salt-31", salt=31)
    pss("unsupported-pss-salt-short", "sha512", salt=32)
    pss("unsupported-pss-salt-long", said=513)
    pss("unsupported-pss-hash", cms_kw={"digest_alg": "sha512",
                                        "md": "sha512"})
    pss("unsupported-pss-mgf", mgf="sha512", said_mgf="sha512")
    pss("unsupported-pss-trailer", more=tlv(0xa3, integer(1)))
    pss("unsupported-pss-trailer-2", more=tlv(0xa3, integer(2)))
    pss("signature-invalid-pss-salt", salt=40, said=32)
    pss("signature-invalid-pss-mgf", mgf="sha512")
    pss("signature-invalid-pss", cms_kw={"break": True})
    pss("signature-invalid-pss-short", cms_kw={"mangle": lambda s: s[:-1]})
    pss("signature-invalid-pkcs1", cms_kw={
        "signer": owner, "sig_alg": Pss(owner).alg("sha256")})
    rsa_pss = oid(1, 2, 840, 113549, 1, 1, 10)
    pss("unsupported-pss-default", cms_kw={"sig_alg": seq(rsa_pss, seq())})
    pss("unsupported-pss-none", cms_kw={"sig_alg": seq(rsa_pss)})
    write("signature-invalid-not-pss", r.composite(approve(
        r, owner, cms_kw={"signer": Pss(owner)})))
    write("approved-ed25519", r.composite(approve(r, ed, "sha512")))
    protection = attr(oid(1, 2, 840, 113549, 1, 9, 52), seq(
        digest_alg("sha512"), b"\xa1" + sig_alg(ed, "sha512", True)[1:]))
    write("approved-ed25519-protection", r.composite(approve(
        r, ed, "sha512", {"attrs": [protection]})))
    for md in "sha256", "sha384":
        write("unsupported-ed25519-" + md, r.composite(approve(r, ed, md)))

    def eddsa(name, **kw):
        write(name, r.composite(approve(r, ed, "sha512", kw)))

    eddsa("unsupported-ed25519-null", sig_alg=seq(oid(1, 3, 101, 112), tlv(5)))
    eddsa("unsupported-ed25519-ecdsa", sig_alg=sig_alg(
        K["alice"], "sha512", True))
    eddsa("signature-invalid-ed25519", **{"break": True})
    eddsa("signature-invalid-ed25519-long", mangle=lambda s: s + b"\0")
    # s + L, which fits the same equation (RFC 8032 8.4)
    eddsa("signature-invalid-ed25519-s", mangle=lambda s: s[:32] + (
        int.from_bytes(s[32:], "little") + 2**252 +
        27742317777372353535851937790883648493).to_bytes(32, "little"))
    eddsa("signature-invalid-ed25519-digest", to_sign=hashlib.sha512(
        b"whatever was signed").digest())
    possession(K["alice"])


def possession(a):
    ed = ED25519.from_private_bytes(b"\x07" * 32)
    agent = rsa_key("agent-rsa.pem")
    for name, key in (("approved-agent-ed25519", ed),
                      ("approved-agent-rsa", agent),
                      ("approved-agent-pss", Pss(agent)),
                      ("unsupported-pop-pss-salt", Pss(agent, salt=20)),
                      ("unsupported-pop-pss-mgf", Pss(
                          agent, mgf="sha384", said_mgf="sha384")),
                      ("pop-invalid-pss-salt", Pss(agent, salt=33, said=32)),
                      ("unsupported-ed25519-weak", Weak())):
        r = Request(key)
        write(name, r.composite(approve(r, a)))
    for name, key in (("pop-invalid-ed25519", ed),
                      ("pop-invalid-pss", Pss(agent))):
        r = Request(key)
        write(name, r.unproven(approve(r, a)))


def main():
    os.chdir(os.path.dirname(os.path.abspath(sys.argv[0])))
    write_owners()
    approved()
    bytes_and_possession()
    carriers()
    keys_and_binding()
    subjects()
    bundles()
    place_and_policy()
    order()
    edges()
    signed_data()
    algorithms()
    write_expect("expect")


if __name__ == "__main__":
    main()

#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the countersign authors
"""Writes the vectors of security keys and of OpenSSH's keys: owners-sk,
expect-sk, and the messages whose names have -fido2 or -ssh. As make.py, which
it uses: by hand, from countersign-formats(5), WebAuthn, and OpenSSH's
PROTOCOL.sshsig and PROTOCOL.u2f alone, and only what is missing."""

import base64
import hashlib
import os
import sys

from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa, utils

import make as m
from make import string
from matrix import BOB, CAROL, NONCE, grant, under

RP = b"approve.corp.example"
HOST = b"https://" + RP
R = m.Request(m.AGENT_KEY)
SECOND = m.Request(m.ec_key(1002), agent=m.AGENT + b"/second")
ED = m.ED25519.from_private_bytes
K = {n: m.ec_key(i) for i, n in enumerate(
    ("fido", "verify", "origins", "waived", "hard", "u2f", "said", "strict",
     "granter", "bob", "revoked", "backup", "strict_hard", "stranger", "sk",
     "sk_app", "sk_hard", "p256", "sk_granter", "spki", "holder", "member"),
    6001)}
K["fido_p384"] = m.ec_key(3002, ec.SECP384R1())
K["p384"] = m.ec_key(3003, ec.SECP384R1())
K["holder_p384"] = m.ec_key(3004, ec.SECP384R1())
K["fido_rsa"] = m.rsa_key("owner-rsa.pem")
K["rsa"] = m.rsa_key("agent-rsa.pem")
for i, n in enumerate(("fido_ed", "sk_ed", "sk_verify", "sk_waived", "sk_strict",
                       "ed", "ed_touch", "ed_granter", "ed_holder", "carol")):
    K[n] = ED(bytes([0x61 + i]) * 32)

OWNERS = """\
# Keys of the verdict vectors; the private halves are small numbers and single
# letters (make_sk.py).
{alice} {in},rp-id="{rp}" fido2 {fido} a touch
{alice} {in},rp-id="{rp}" fido2 {fido_p384}
{alice} {in},rp-id="{rp}" fido2 {fido_ed}
{alice} {in},rp-id="{rp}" fido2 {fido_rsa}
{alice} {in},rp-id="{rp}",verify-required fido2 {verify} and a PIN
{alice} {in},rp-id="{rp}",origins="https://corp.example https://b.example:8443 http://localhost:8080" fido2 {origins}
{alice} {in},rp-id="{rp}",no-touch-required fido2 {waived}
{alice} {in},rp-id="{rp}",attested="fido2:2fc0579f-8113-47ea-b116-bb5a8db9202a",hardware-required fido2 {hard}
{alice} {in},rp-id="{rp}",attested="u2f:0123abcd" fido2 {u2f}
{alice} {in},rp-id="{rp}",attested="fido2:2fc0579f-8113-47ea-b116-bb5a8db9202a",hardware fido2 {backup}
{alice} {in},rp-id="{rp}",hardware fido2 {said}
{alice} {in},rp-id="{rp}",counter-strict,max-issuances=5 fido2 {strict}
{alice} {in},rp-id="{rp}",counter-strict,verify-required,hardware-required fido2 {strict_hard}
{alice} {in},rp-id="{rp}",grants fido2 {granter}
{alice} {in},rp-id="{rp}",revoked=20261101000000Z fido2 {revoked}
{bob} {in},rp-id="{rp}",group="ops" fido2 {bob_}
{bob} {in},no-touch-required,group="ops" spki {member}
{alice} {in},no-touch-required spki {spki}
{alice} {in},no-touch-required {ed} alice@laptop
{alice} {in},no-touch-required {p256}
{alice} {in},no-touch-required {p384}
{alice} {in},no-touch-required {rsa}
{alice} {in} {ed_touch} nobody can touch it
{alice} {in},no-touch-required,grants {ed_granter}
{alice} {in} {sk}
{alice} {in} {sk_ed}
{alice} {in} {sk_app}
{alice} {in},verify-required {sk_verify}
{alice} {in},no-touch-required {sk_waived}
{alice} {in},attested="fido2:2fc0579f-8113-47ea-b116-bb5a8db9202a",hardware-required {sk_hard}
{alice} {in},counter-strict {sk_strict}
{alice} {in},grants {sk_granter}
{carol} {in},group="ops" {carol_}
"""
APPS = {n: b"ssh:" for n in ("sk", "sk_hard", "sk_granter", "sk_ed",
                             "sk_verify", "sk_waived", "sk_strict", "carol")}
APPS["sk_app"] = b"ssh:approvals"


# --- webauthn: formats, section 5


def auth_data(flags=1, counter=5, rp=RP, more=b""):
    return hashlib.sha256(rp).digest() + bytes([flags]) + \
        counter.to_bytes(4, "big") + more


def challenge_of(body):
    digest = hashlib.sha256(
        b"countersign owner approval v1\0" + body).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=")


def client_data(body, origin=HOST, kind=b"webauthn.get", tail=b"}",
                cross=b"false", challenge=None):
    return b'{"type":"' + kind + b'","challenge":"' + (
        challenge or challenge_of(body)) + b'","origin":"' + origin + \
        b'","crossOrigin":' + cross + tail


def sign(key, data):
    if isinstance(key, ec.EllipticCurvePrivateKey):
        return m.sign(key, "sha384" if key.curve.key_size == 384 else
                      "sha256", data)
    return m.sign(key, "sha256", data)


def assertion(key, body, client=None, auth=None, **kw):
    """The carrier. `then` changes parts that are signed already."""
    names = ("flags", "counter", "rp", "more")
    auth = auth if auth is not None else auth_data(
        **{n: kw[n] for n in names if n in kw})
    names = ("origin", "kind", "tail", "cross", "challenge")
    client = client if client is not None else client_data(
        body, **{n: kw[n] for n in names if n in kw})
    hashed = hashlib.sha256(client).digest()
    sig = sign(kw.get("signer", key), kw.get("to_sign", auth + hashed))
    parts = kw.get("then", lambda *them: them)(auth, client, sig)
    return m.enclosed(2, body, parts)


def fido2(key, req=R, a_kw=None, **kw):
    return assertion(K[key], m.tbs(req, K[key], **kw), **(a_kw or {}))


# --- sshsig: OpenSSH's PROTOCOL.sshsig, PROTOCOL.u2f


def mpint(v):
    return string(v.to_bytes(v.bit_length() // 8 + 1, "big"))


def ssh_name(key, app=None):
    if isinstance(key, ed25519.Ed25519PrivateKey):
        name = b"ssh-ed25519"
    elif isinstance(key, rsa.RSAPrivateKey):
        name = b"ssh-rsa"
    else:
        name = b"ecdsa-sha2-nistp%d" % key.curve.key_size
    return b"sk-" + name + b"@openssh.com" if app else name


def ssh_key(key, app=None, name=None):
    parts = string(name or ssh_name(key, app))
    if isinstance(key, ed25519.Ed25519PrivateKey):
        parts += string(m.spki(key)[-32:])
    elif isinstance(key, rsa.RSAPrivateKey):
        numbers = key.public_key().public_numbers()
        parts += mpint(numbers.e) + mpint(numbers.n)
    else:
        size = key.curve.key_size
        parts += string(b"nistp%d" % size) + string(
            m.spki(key)[-(size // 4 + 1):])
    return parts + (string(app) if app else b"")


def ssh_sign(key, data, name):
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return string(key.sign(data))
    if isinstance(key, rsa.RSAPrivateKey):
        return string(m.sign(key, "sha512" if name.endswith(b"512") else
                             "sha256", data))
    pair = utils.decode_dss_signature(sign(key, data))
    return string(b"".join(mpint(v) for v in pair))


def ssh_signed(body, digest=b"sha512", name=b"owner-approval@countersign"):
    return b"SSHSIG" + string(name) + string(b"") + string(digest) + string(
        hashlib.new(digest.decode(), body).digest())


def ssh_blob(key, body, app=None, **kw):
    digest = kw.get("digest", b"sha512")
    space = kw.get("space", b"owner-approval@countersign")
    kind = kw.get("kind") or (
        b"rsa-sha2-512" if isinstance(key, rsa.RSAPrivateKey) else
        ssh_name(key, app))
    data = kw["to_sign"] if "to_sign" in kw else ssh_signed(
        kw.get("signed", body), digest, space)
    flags = bytes([kw.get("flags", 1)]) + kw.get("counter", 5).to_bytes(
        4, "big")
    if app:
        data = hashlib.sha256(kw.get("app_of", app)).digest() + flags + \
            hashlib.sha256(data).digest()
    sig = string(kind) + ssh_sign(kw.get("signer", key), data, kind)
    if app:
        sig += kw.get("said_flags", flags)
    sig += kw.get("sig_more", b"")
    return kw.get("magic", b"SSHSIG") + kw.get("version", 1).to_bytes(
        4, "big") + string(kw.get("embedded") or ssh_key(key, app)) + string(
            space) + string(kw.get("reserved", b"")) + string(
                kw.get("said_digest", digest)) + string(sig) + \
        kw.get("more", b"")


def ssh(key, req=R, s_kw=None, **kw):
    body = m.tbs(req, K[key], **kw)
    return m.enclosed(3, body, [ssh_blob(K[key], body, APPS.get(key),
                                         **(s_kw or {}))])


def ssh_under(g, holder="ed_holder", app=None, s_kw=None, **kw):
    body = m.tbs(R, K[holder], options=m.tlv(0x83, hashlib.sha256(g)
                                             .digest()), **kw)
    return m.enclosed(3, body, [ssh_blob(K[holder], body, app,
                                         **(s_kw or {}))])


# --- the vectors


def one(name, approval, options="-", req=R):
    m.write(name, req.composite(approval), options)


def good_fido2():
    one("approved-fido2", fido2("fido"), "present")
    m.write("approved-fido2-bundle", R.beside(fido2("fido")), "present")
    for n in "p384", "ed", "rsa":
        one("approved-fido2-" + n, fido2("fido_" + n), "present")
    one("approved-fido2-verified", fido2("fido", a_kw={"flags": 5}),
        "present,verified")
    one("approved-fido2-verify", fido2("verify", a_kw={"flags": 5}),
        "present,verified")
    for n, origin in (("", b"https://corp.example"),
                      ("-port", b"https://b.example:8443"),
                      ("-local", b"http://localhost:8080")):
        one("approved-fido2-origins" + n, fido2("origins", a_kw={
            "origin": origin}), "present")
    one("approved-fido2-members", fido2("fido", a_kw={
        "tail": b',"extra":{"a":[1,"\xc3\xa4"]},"topOrigin":"x"}'}),
        "present")
    long = 1024 - len(client_data(b"")) - len(b',"a":""')
    for name, n in (("approved-fido2-1024", long),
                    ("too-large-fido2-client-data", long + 1)):
        one(name, fido2("fido", a_kw={"tail": b',"a":"' + b"x" * n + b'"}'}),
            "present")
    for n, more in (("", b"\xa1\x65appid\xf4"), ("-none", b"\xa0"),
                    ("-two", b"\xa2\x63uvm\x81\x83\x02\x04\x02"
                     b"\x65appid\xf5")):
        one("approved-fido2-extensions" + n, fido2("fido", a_kw={
            "flags": 0x81, "more": more}), "present")
    one("approved-fido2-untouched", fido2("waived", a_kw={"flags": 0}))
    one("approved-fido2-only-verified", fido2("waived", a_kw={"flags": 4}),
        "verified")
    one("approved-fido2-hardware", fido2("hard"), "present,hardware")
    one("approved-fido2-u2f", fido2("u2f"), "present,hardware")
    one("approved-fido2-asserted", fido2("said"), "present,asserted")
    one("approved-fido2-nonce", fido2("fido", options=NONCE),
        "present,nonce=" + (b"N" * 16).hex())
    both = [m.subject(SECOND), m.subject(R)]
    one("approved-fido2-batch", fido2("fido", subjects=both),
        "present,subject=1")
    one("approved-fido2-key", fido2("fido", subjects=[m.by_key(R)], uses=9),
        "present")
    one("denied-fido2", fido2("fido", decision=0, lifetime=1),
        "by=" + m.ALICE.decode())


def hardware():
    """A key that may leave its device is never hardware."""
    for n, flags in (("backup", 9), ("backed-up", 0x19)):
        one("approved-fido2-" + n, fido2("backup", a_kw={"flags": flags}),
            "present")
        one("approved-fido2-said-" + n, fido2("said", a_kw={
            "flags": flags}), "present")
        one("not-hardware-fido2-" + n, fido2("hard", a_kw={"flags": flags}),
            "text=no+proof")
    one("not-hardware-fido2", fido2("strict_hard", a_kw={"flags": 5}),
        "last=4")


def presence():
    one("touch-missing-fido2", fido2("fido", a_kw={"flags": 0}),
        "text=found+a+signature+made+without+one")
    one("touch-missing-fido2-verified", fido2("fido", a_kw={"flags": 4}))
    one("touch-missing-fido2-before-verification", fido2("verify", a_kw={
        "flags": 0}))
    one("touch-missing-fido2-deny", fido2("fido", decision=0, lifetime=1,
                                          a_kw={"flags": 0}))
    one("verification-missing-fido2", fido2("verify"),
        "text=PIN+or+fingerprint")
    one("verification-missing-fido2-before-hardware", fido2("strict_hard"))
    one("touch-missing-ssh", ssh("ed_touch"), "text=proves+none")
    one("touch-missing-ssh-sk", ssh("sk_ed", s_kw={"flags": 0}),
        "text=signature+made+without")
    one("touch-missing-ssh-sk-verified", ssh("sk", s_kw={"flags": 4}))
    one("verification-missing-ssh", ssh("sk_verify"))
    one("revoked-fido2-before-touch", fido2("revoked", a_kw={"flags": 0}))


def counters():
    for n, key, make, kw in (("fido2", "strict", fido2, "a_kw"),
                             ("ssh", "sk_strict", ssh, "s_kw")):
        plain = "fido" if n == "fido2" else "sk_ed"

        def at(c, key=key, make=make, kw=kw, **more):
            return make(key, **{kw: {"counter": c}}, **more)

        one(f"approved-{n}-strict", at(5), "present,counter=5,last=4")
        one(f"approved-{n}-strict-first", at(5), "present,counter=5,last=none")
        one(f"approved-{n}-strict-most", at(2**32 - 1),
            f"present,counter={2**32 - 1},last={2**32 - 2}")
        one(f"approved-{n}-strict-zero", at(0), "present,counter=0,last=0")
        one(f"approved-{n}-strict-recorded", at(5),
            "present,counter=5,last=5,recorded")
        for what, c, last in (("same", 5, 5), ("less", 5, 6), ("zero", 0, 5),
                              ("wrapped", 1, 2**32 - 1)):
            one(f"counter-regressed-{n}-{what}", at(c),
                f"last={last},text=above+{last}")
            one(f"approved-{n}-regressed-{what}", at(c, plain),
                f"present,counter={c},last={last},regressed")
        one(f"counter-regressed-{n}-deny", at(5, decision=0, lifetime=1),
            "last=5")
        one(f"approved-{n}-counter", at(7, plain), "present,counter=7")
        one(f"store-unavailable-{n}-nobody", at(5), "text=nobody")
        one(f"store-unavailable-{n}-broken", at(5, plain), "last=broken")
        one(f"policy-refused-{n}-strict-uses", at(5, uses=2),
            "last=4,text=several")
        one(f"policy-refused-{n}-strict-key", at(
            5, subjects=[m.by_key(R)]), "last=4,text=renewals")
        one(f"approved-{n}-strict-batch", at(5, subjects=[
            m.subject(SECOND), m.subject(R)]), "present,subject=1,last=4")
    one("verification-missing-fido2-before-counter", fido2("strict_hard"),
        "last=9")


def wrong_client_data():
    body = m.tbs(R, K["fido"])
    other = m.tbs(R, K["fido"])
    bare = base64.urlsafe_b64encode(hashlib.sha256(body).digest())
    good = client_data(body)
    cases = [
        ("challenge", client_data(other)),
        ("challenge-plain", client_data(body, challenge=bare[:-1])),
        ("challenge-padded", client_data(body, challenge=challenge_of(
            body) + b"=")),
        ("challenge-hex", client_data(body, challenge=hashlib.sha256(
            b"countersign owner approval v1\0" + body).hexdigest().encode())),
        ("challenge-v2", client_data(body, challenge=base64.urlsafe_b64encode(
            hashlib.sha256(b"countersign owner approval v2\0" + body)
            .digest())[:-1])),
        ("origin", client_data(body, b"https://corp.example")),
        ("origin-longer", client_data(body, HOST + b".evil.example")),
        ("origin-shorter", client_data(body, HOST[:-1])),
        ("origin-port", client_data(body, HOST + b":8443")),
        ("origin-443", client_data(body, HOST + b":443")),
        ("origin-http", client_data(body, b"http://" + RP)),
        ("origin-slash", client_data(body, HOST + b"/")),
        ("origin-upper", client_data(body, HOST.upper())),
        ("origin-none", client_data(body, b"")),
        ("cross", client_data(body, cross=b"true")),
        ("no-cross", good.replace(b',"crossOrigin":false', b"")),
        ("cross-longer", client_data(body, cross=b"false0")),
        ("create", client_data(body, kind=b"webauthn.create")),
        ("payment", client_data(body, kind=b"payment.get")),
        ("order", b'{"challenge":"' + challenge_of(body) +
         b'","type":"webauthn.get","origin":"' + HOST +
         b'","crossOrigin":false}'),
        ("blank", good.replace(b":", b": ", 1)),
        ("blank-before", b" " + good),
        ("blank-behind", good + b" "),
        ("line-end", good + b"\n"),
        ("mark", b"\xef\xbb\xbf" + good),
        ("open", good[:-1]), ("comma", good[:-1] + b","),
        ("no-brace", good[:-1] + b',"a":1'),
        ("behind", good + b"x"), ("twice", good + good),
        ("nul", good[:-1] + b',"a":"\0"}'),
        ("bytes", good[:-1] + b',"a":"\xff"}'),
        ("empty", b""), ("brace", b"}"), ("upper", good.upper()),
        ("escaped", good.replace(b"webauthn.get", b"webauthn\\u002eget")),
        ("prefix", good[:40]),
    ]
    for n, client in cases:
        one("signature-invalid-fido2-client-" + n, assertion(
            K["fido"], body, client))
    one("signature-invalid-fido2-origins-default", fido2("origins"),
        "text=the+origin+is+none+of")
    one("signature-invalid-fido2-origins-two", fido2("origins", a_kw={
        "origin": b"https://corp.example https://b.example:8443"}))
    one("signature-invalid-fido2-origins-part", fido2("origins", a_kw={
        "origin": b"https://b.example"}))


def wrong_assertions():
    f = K["fido"]
    body = m.tbs(R, f)
    auth, client = auth_data(), client_data(body)
    digest = hashlib.sha256(client).digest()

    def bad(name, options="-", **kw):
        one("signature-invalid-fido2-" + name, assertion(f, body, **kw),
            options)

    bad("rp", rp=b"corp.example", options="text=RP+ID+hash")
    bad("rp-upper", rp=RP.upper())
    bad("rp-origin", rp=HOST)
    bad("rp-ssh", rp=b"ssh:")
    bad("other-key", signer=K["stranger"])
    bad("client-unhashed", to_sign=auth + client)
    bad("client-alone", to_sign=client)
    bad("auth-alone", to_sign=auth)
    bad("turned", to_sign=digest + auth)
    bad("twice-hashed", to_sign=hashlib.sha256(auth + digest).digest())
    bad("the-words", to_sign=body)
    bad("challenge-alone", to_sign=hashlib.sha256(
        b"countersign owner approval v1\0" + body).digest())
    for name, then in (
            ("flag", lambda a, c, s: (a[:32] + b"\5" + a[33:], c, s)),
            ("counter", lambda a, c, s: (a[:36] + b"\6", c, s)),
            ("member", lambda a, c, s: (a, c[:-1] + b',"a":1}', s)),
            ("extension", lambda a, c, s: (
                a[:32] + b"\x81" + a[33:] + b"\xa0", c, s)),
            ("behind", lambda a, c, s: (a, c, s + b"\0")),
            ("short", lambda a, c, s: (a, c, s[:-1])),
            ("none", lambda a, c, s: (a, c, b"")),
            ("raw", lambda a, c, s: (a, c, b"".join(
                v.to_bytes(32, "big")
                for v in utils.decode_dss_signature(s)))),
            ("zero", lambda a, c, s: (a, c, b"\x30\6\2\1\0\2\1\0"))):
        bad("then-" + name, then=then)
    ed = m.tbs(R, K["fido_ed"])
    one("signature-invalid-fido2-ed-hashed", assertion(
        K["fido_ed"], ed, to_sign=hashlib.sha512(
            auth + hashlib.sha256(client_data(ed)).digest()).digest()))
    one("too-large-fido2-signature", assertion(
        f, body, then=lambda a, c, s: (a, c, s.ljust(1025, b"\0"))))
    m.write("signature-invalid-fido2-second", R.composite(
        fido2("fido"), fido2("bob", owner=BOB, a_kw={"rp": b"b"})),
        "text=approval+2:")
    one("signature-invalid-fido2-before-binding", fido2(
        "fido", agent=b"wimse://corp.example/agent/bob", a_kw={
            "signer": K["stranger"]}))


def malformed():
    for n, auth in (
            ("short", auth_data()[:-1]), ("empty", b""),
            ("long", auth_data() + b"\0"),
            ("reserved-1", auth_data(3)), ("reserved-5", auth_data(0x21)),
            ("backed-up", auth_data(0x11)),
            ("credential", auth_data(0x41)),
            ("credential-there", auth_data(0x41, more=bytes(16) + b"\0\1x" +
                                           b"\xa0")),
            ("no-extensions", auth_data(0x81)),
            ("no-flag", auth_data(1, more=b"\xa0")),
            ("no-map", auth_data(0x81, more=b"\x80")),
            ("open-map", auth_data(0x81, more=b"\xbf\xff")),
            ("cut-map", auth_data(0x81, more=b"\xa1\x65appid")),
            ("long-head", auth_data(0x81, more=b"\xb8\0")),
            ("same-key", auth_data(0x81, more=b"\xa2\x61a\xf4\x61a\xf5")),
            ("behind-map", auth_data(0x81, more=b"\xa0\0"))):
        one("malformed-fido2-auth-" + n, fido2("fido", a_kw={"auth": auth}))
    one("too-large-fido2-auth", fido2("fido", a_kw={"auth": auth_data(
        0x81, more=b"\xa1\x61a\x59\x0f\xe0" + bytes(4064))}))
    one("malformed-fido2-before-anchor", fido2("stranger", a_kw={
        "flags": 0x41}))


def types():
    body = m.tbs(R, K["fido"])
    one("wrong-type-fido2-cms", m.cms(K["fido"], body),
        "text=expected+webauthn+of+a+key+of+type+fido2")
    one("wrong-type-fido2-sshsig", m.enclosed(3, body, [ssh_blob(
        K["fido"], body)]))
    one("wrong-type-fido2-sk", m.enclosed(3, body, [ssh_blob(
        K["fido"], body, RP)]))
    body = m.tbs(R, K["spki"])
    one("wrong-type-spki-webauthn", assertion(K["spki"], body),
        "text=expected+cms+of+a+key+of+type+spki")
    one("wrong-type-spki-sshsig", m.enclosed(3, body, [ssh_blob(
        K["spki"], body)]))
    for key in "p256", "sk":
        body = m.tbs(R, K[key])
        one(f"wrong-type-ssh-{key}-cms", m.cms(K[key], body),
            "text=expected+sshsig")
        one(f"wrong-type-ssh-{key}-webauthn", assertion(K[key], body,
                                                        rp=b"ssh:"))
    one("unknown-owner-key-fido2", fido2("stranger"))
    body = m.tbs(R, K["stranger"])
    one("unknown-owner-key-ssh", m.enclosed(3, body, [ssh_blob(
        K["stranger"], body)]))
    # The key hash says whose key it is, whatever the blob claims.
    body = m.tbs(R, K["ed"])
    one("signature-invalid-ssh-of-another", m.enclosed(3, body, [ssh_blob(
        K["p256"], body)]), "text=found+one+by+another")
    for n in "fido", "ed", "sk":
        r = m.Request(K[n])
        one(f"key-reuse-{'fido2' if n == 'fido' else 'ssh-' + n}", m.cms(
            K["spki"], m.tbs(r, K["spki"])), req=r)
    r = m.Request(K["fido"])
    one("key-reuse-fido2-own", fido2("fido", req=r), req=r)
    one("wrong-owner-fido2", fido2("fido", owner=BOB))
    one("wrong-owner-ssh", ssh("sk", owner=BOB))
    one("agent-not-allowed-fido2", fido2("fido", req=m.Request(
        m.AGENT_KEY, agent=b"wimse://corp.example/other")), req=m.Request(
            m.AGENT_KEY, agent=b"wimse://corp.example/other"))
    one("binding-mismatch-fido2", fido2(
        "fido", agent=b"wimse://corp.example/agent/bob"))
    one("revoked-fido2", fido2("revoked"))
    body = m.tbs(R, K["fido"])
    m.write("duplicate-fido2-two-touches", R.composite(assertion(
        K["fido"], body), assertion(K["fido"], body, counter=6)))


def good_ssh():
    for n in "ed", "p256", "p384", "rsa":
        one("approved-ssh-" + n, ssh(n))
        one(f"approved-ssh-{n}-sha256", ssh(n, s_kw={"digest": b"sha256"}))
    one("approved-ssh-rsa-256", ssh("rsa", s_kw={"kind": b"rsa-sha2-256"}))
    m.write("approved-ssh-bundle", R.beside(ssh("ed")))
    for n in "sk", "sk_ed", "sk_app":
        one("approved-ssh-" + n.replace("_", "-"), ssh(n), "present")
    one("approved-ssh-sk-verified", ssh("sk", s_kw={"flags": 5}),
        "present,verified")
    one("approved-ssh-sk-verify", ssh("sk_verify", s_kw={"flags": 5}),
        "present,verified")
    one("approved-ssh-sk-untouched", ssh("sk_waived", s_kw={"flags": 0}))
    one("approved-ssh-sk-hardware", ssh("sk_hard"), "present,hardware")
    one("denied-ssh", ssh("sk", decision=0, lifetime=1),
        "by=" + m.ALICE.decode())
    one("approved-ssh-batch", ssh("ed", subjects=[
        m.subject(R), m.subject(SECOND)]))


def wrong_ssh():
    def bad(name, key="ed", options="-", **kw):
        one(name, ssh(key, s_kw=kw), options)

    p256 = ssh_key(K["p256"])
    bad("signature-invalid-ssh-signer", signer=K["ed_touch"])
    bad("signature-invalid-ssh-embedded", embedded=ssh_key(K["ed_touch"]),
        signer=K["ed_touch"], options="text=found+one+by+another")
    bad("signature-invalid-ssh-message", signed=b"another")
    bad("signature-invalid-ssh-bare", to_sign=m.tbs(R, K["ed"]))
    bad("signature-invalid-ssh-digest", said_digest=b"sha256")
    bad("signature-invalid-ssh-p256", "p256", signer=K["stranger"])
    bad("signature-invalid-ssh-rsa-name", "rsa", signer=m.rsa_key(
        "owner-rsa.pem"))
    for key, other in ("sk", b"ssh:other"), ("sk_app", b"ssh:"):
        n = key.replace("_", "-")
        bad(f"signature-invalid-ssh-{n}-application", key,
            embedded=ssh_key(K[key], other), app_of=other,
            options="text=found+one+by+another")
    bad("signature-invalid-ssh-sk-other-application", "sk",
        app_of=b"ssh:other")
    bad("signature-invalid-ssh-sk-flags", "sk", said_flags=b"\5\0\0\0\5")
    bad("signature-invalid-ssh-sk-counter", "sk", said_flags=b"\1\0\0\0\6")
    body = m.tbs(R, K["sk"])
    one("signature-invalid-ssh-sk-as-plain", m.enclosed(3, body, [ssh_blob(
        K["sk"], body)]), "text=found+one+by+another")
    body = m.tbs(R, K["p256"])
    one("signature-invalid-ssh-plain-as-sk", m.enclosed(3, body, [ssh_blob(
        K["p256"], body, b"ssh:")]), "text=found+one+by+another")
    bad("malformed-ssh-namespace", space=b"file")
    bad("malformed-ssh-no-namespace", space=b"")
    bad("malformed-ssh-reserved", reserved=b"\0")
    bad("malformed-ssh-magic", magic=b"SSHSIx")
    bad("malformed-ssh-behind", more=b"\0")
    bad("malformed-ssh-sig-behind", sig_more=b"\0")
    bad("malformed-ssh-plain-with-flags", sig_more=b"\1\0\0\0\5")
    bad("malformed-ssh-sk-without-flags", "sk", said_flags=b"")
    for flags in 0x02, 0x08, 0x20, 0x40, 0x80:
        bad(f"malformed-ssh-sk-flags-{flags:02x}", "sk", flags=1 | flags)
    bad("malformed-ssh-kind", kind=b"ecdsa-sha2-nistp256")
    bad("malformed-ssh-application-none", "sk", embedded=p256.replace(
        b"\0\0\0\x13ecdsa-sha2-nistp256", string(ssh_name(K["sk"], b"x"))) +
        string(b""))
    bad("unsupported-ssh-version", version=2)
    bad("unsupported-ssh-hash", said_digest=b"sha384")
    bad("unsupported-ssh-sha1", said_digest=b"sha1")
    bad("unsupported-ssh-rsa-sha1", "rsa", kind=b"ssh-rsa")
    bad("unsupported-ssh-sk-webauthn", "sk",
        kind=b"webauthn-sk-ecdsa-sha2-nistp256@openssh.com")
    for n, name in (("certificate", b"ssh-ed25519-cert-v01@openssh.com"),
                    ("dsa", b"ssh-dss"), ("ed448", b"ssh-ed448")):
        bad("unsupported-ssh-" + n, embedded=ssh_key(K["ed"], name=name))
    bad("unsupported-ssh-p521", "p256", embedded=ssh_key(
        K["p256"], name=b"ecdsa-sha2-nistp521"))
    bad("too-large-ssh", more=bytes(8192))
    bad("unsupported-ssh-before-anchor", "stranger", version=2)


def grants_and_quorums():
    g = grant(K["granter"], holder=K["holder"])
    m.write("approved-fido2-pair", R.composite(
        assertion(K["granter"], g), under(g, holder=K["holder"])),
            "roles=gu")
    for n in "ed_holder", "holder", "holder_p384":
        g = grant(K["granter"], holder=K[n])
        m.write("approved-fido2-pair-ssh-" + n.replace("_", "-"), R.composite(
            assertion(K["granter"], g), ssh_under(g, n)), "roles=gu")
    g = grant(K["ed_granter"], holder=K["ed_holder"])
    signed = m.enclosed(3, g, [ssh_blob(K["ed_granter"], g)])
    m.write("approved-ssh-pair", R.composite(signed, ssh_under(g)),
            "roles=gu")
    m.write("approved-ssh-pair-turned", R.composite(ssh_under(g), signed),
            "roles=gu")
    g = grant(K["sk_granter"], holder=K["ed_holder"])
    signed = m.enclosed(3, g, [ssh_blob(K["sk_granter"], g, b"ssh:")])
    m.write("approved-ssh-pair-sk", R.composite(signed, ssh_under(g)),
            "roles=gu")
    m.write("wrong-type-use-sk", R.composite(signed, ssh_under(
        g, app=b"ssh:")), "text=of+a+security+key")
    m.write("signature-invalid-ssh-use-embedded", R.composite(
        signed, ssh_under(g, s_kw={"embedded": ssh_key(K["ed_touch"]),
                                   "signer": K["ed_touch"]})))
    m.write("signature-invalid-ssh-use-signer", R.composite(
        signed, ssh_under(g, s_kw={"signer": K["ed_touch"]})))
    body = m.tbs(R, K["ed_holder"], options=m.tlv(0x83, hashlib.sha256(
        g).digest()))
    m.write("wrong-type-use-fido2", R.composite(signed, assertion(
        K["ed_holder"], body)))
    bob, carol = fido2("bob", owner=BOB), ssh("carol", owner=CAROL)
    m.write("approved-fido2-quorum", R.composite(fido2("fido"), bob),
            "present,quorum=2")
    m.write("approved-mixed", R.composite(m.cms(K["spki"], m.tbs(
        R, K["spki"])), bob, carol), "quorum=3")
    m.write("approved-mixed-present", R.composite(fido2("fido"), carol),
            "present,quorum=2,principal=" + m.ALICE.decode())
    m.write("approved-mixed-group", R.composite(bob, carol, fido2("fido")),
            "present,quorum=2,group=ops")
    m.write("quorum-missing-fido2", R.composite(fido2("fido"), ssh("sk")),
            "quorum=2")
    m.write("quorum-missing-fido2-same-owner", R.composite(
        bob, m.cms(K["member"], m.tbs(R, K["member"], owner=BOB))),
        "quorum=2")
    m.write("denied-mixed", R.composite(fido2("fido"), ssh(
        "carol", owner=CAROL, decision=0, lifetime=1)),
        "by=" + CAROL.decode())


def write_owners():
    keys = {n: base64.b64encode(m.spki(k)).decode() for n, k in K.items()}
    for n in ("ed", "p256", "p384", "rsa", "ed_touch", "ed_granter", *APPS):
        keys[n] = ssh_name(K[n], APPS.get(n)).decode() + " " + \
            base64.b64encode(ssh_key(K[n], APPS.get(n))).decode()
    keys["bob_"], keys["carol_"] = keys["bob"], keys["carol"]
    keys |= {"alice": m.ALICE.decode(), "bob": BOB.decode(),
             "carol": CAROL.decode(), "rp": RP.decode(),
             "in": 'agents="wimse://corp.example/agent"'}
    with open("owners-sk", "w", encoding="ascii") as f:
        f.write(OWNERS.format(**keys))


def main():
    os.chdir(os.path.dirname(os.path.abspath(sys.argv[0])))
    write_owners()
    good_fido2()
    hardware()
    presence()
    counters()
    wrong_client_data()
    wrong_assertions()
    malformed()
    types()
    good_ssh()
    wrong_ssh()
    grants_and_quorums()
    with open("expect-sk", "w", encoding="ascii") as f:
        f.write("# as expect, by owners-sk. last=, the counter that is "
                "remembered; none; broken\n")
        for what, options in m.EXPECT:
            f.write(f"{what} {options}\n")


if __name__ == "__main__":
    main()

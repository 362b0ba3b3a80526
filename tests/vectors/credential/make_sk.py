#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the countersign authors
"""Writes the vectors of owners with security keys and with OpenSSH's:
owners-sk, and the credentials whose names have -sk. As make.py, which it uses
beside the signatures of ../verdict/make_sk.py: by hand, only what is missing.
"""

import importlib.util
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
VERDICT = os.path.join(os.path.dirname(HERE), "verdict")


def load(name, path):
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


c = load("credential", os.path.join(HERE, "make.py"))
sys.path.insert(0, VERDICT)
del sys.modules["der"]
sk = load("make_sk", os.path.join(VERDICT, "make_sk.py"))
m = sk.m
K = sk.K


def assertion(key, **kw):
    return lambda t: sk.assertion(K[key], t, **kw)


def ssh(key, app=None, **kw):
    return lambda t: m.enclosed(3, t, [sk.ssh_blob(K[key], t, app, **kw)])


def full(key, sign, **fields):
    t = c.tbs(k=K[key], **fields)
    return c.binding(sign(t), k=K[key])


def bound(key, sign, assurance):
    return c.binding(sign(c.tbs(k=K[key])), k=K[key], assurance=assurance)


def cms(key):
    return lambda t: m.cms(K[key], t)


def pair(key, sign, holder, use):
    g = c.tbs(k=K[key], subjects=[c.grant_of(holder=K[holder])],
              issuances=500)
    u = c.tbs(k=K[holder], ident=b"\2" * 16, under=c.sha(g))
    return (c.binding(sign(g), k=K[key]),
            c.binding(use(u), k=K[holder], ident=b"\2" * 16))


HARDWARE, PRESENT, VERIFIED, ALL = (
    b"\x07\x80", b"\x05\x20", b"\x04\x10", b"\x04\xb0")
EVIL = {"origin": b"https://evil.example"}
BELOW = {"origin": b"https://login." + sk.RP + b":8443"}
c.put("proven-sk-fido2", full("fido", assertion("fido")))
c.put("proven-sk-fido2-waived", full("waived", assertion("waived", flags=0)))
c.put("proven-sk-fido2-verified", full("verify", assertion(
    "verify", flags=5)))
c.put("proven-sk-fido2-ed", full("fido_ed", assertion("fido_ed")))
c.put("proven-sk-fido2-origins", full("origins", assertion(
    "origins", origin=b"https://b.example:8443")))
c.put("proven-sk-fido2-assurance", bound("verify", assertion(
    "verify", flags=5), ALL))
c.put("proven-sk-ssh-assurance", bound("sk_verify", ssh(
    "sk_verify", b"ssh:", flags=5), ALL))
c.put("proven-sk-ssh-hardware", bound("ed", ssh("ed"), HARDWARE))
c.put("proven-sk-ssh", full("ed", ssh("ed")))
c.put("proven-sk-ssh-rsa", full("rsa", ssh("rsa")))
c.put("proven-sk-ssh-sk", full("sk", ssh("sk", b"ssh:")))
c.put("proven-sk-ssh-waived", full("sk_waived", ssh(
    "sk_waived", b"ssh:", flags=0)))
c.put("proven-sk-pair", *pair("granter", assertion("granter"), "ed_holder",
                              ssh("ed_holder")))
c.put("proven-sk-pair-cms", *pair(
    "ed_granter", ssh("ed_granter"), "holder", cms("holder")))
c.put("issuer-only-sk-fido2", full("stranger", assertion("stranger")))
c.put("issuer-only-sk-fido2-below", full("stranger", assertion(
    "stranger", **BELOW)))
c.put("issuer-only-sk-ssh", full("ed_holder", ssh("ed_holder")))
c.put("issuer-only-sk-ssh-sk", full("stranger", ssh("stranger", b"ssh:x")))
c.put("issuer-only-sk-cms", full("stranger", cms("stranger")))
c.put("issuer-only-sk-fido2-untouched", full("stranger", assertion(
    "stranger", flags=0)))
c.put("touch-missing-sk-fido2", full("fido", assertion("fido", flags=0)))
c.put("touch-missing-sk-fido2-verified", full("fido", assertion(
    "fido", flags=4)))
c.put("touch-missing-sk-pair", *pair("granter", assertion(
    "granter", flags=0), "ed_holder", ssh("ed_holder")))
c.put("touch-missing-sk-ssh", full("sk", ssh("sk", b"ssh:", flags=0)))
c.put("verification-missing-sk-fido2", full("verify", assertion("verify")))
c.put("verification-missing-sk-ssh", full("sk_verify", ssh(
    "sk_verify", b"ssh:")))
c.put("signature-invalid-sk-fido2", full("fido", assertion(
    "fido", signer=K["stranger"])))
c.put("signature-invalid-sk-fido2-rp", full("fido", assertion(
    "fido", rp=b"corp.example")))
c.put("signature-invalid-sk-fido2-origin", full("fido", assertion(
    "fido", **BELOW)))
c.put("signature-invalid-sk-fido2-challenge", full("fido", assertion(
    "fido", challenge=sk.challenge_of(b"?"))))
c.put("signature-invalid-sk-unpinned", full("stranger", assertion(
    "stranger", signer=K["fido"])))
c.put("signature-invalid-sk-unpinned-origin", full("stranger", assertion(
    "stranger", **EVIL)))
c.put("signature-invalid-sk-unpinned-challenge", full("stranger", assertion(
    "stranger", challenge=sk.challenge_of(b"?"))))
c.put("signature-invalid-sk-unpinned-no-data", full("stranger", assertion(
    "stranger", client=b"")))
c.put("signature-invalid-sk-ssh", full("ed", ssh("ed", signer=K["ed_touch"])))
c.put("signature-invalid-sk-ssh-embedded", full("ed", ssh(
    "ed", embedded=sk.ssh_key(K["ed_touch"]), signer=K["ed_touch"])))
c.put("signature-invalid-sk-ssh-application", full("sk", ssh(
    "sk", b"ssh:other")))
c.put("signature-invalid-sk-ssh-unpinned", full("ed_holder", ssh(
    "ed_holder", embedded=sk.ssh_key(K["ed_touch"]), signer=K["ed_touch"])))
c.put("signature-invalid-sk-ssh-unpinned-embedded", full("ed_holder", ssh(
    "ed_holder", embedded=sk.ssh_key(K["ed_touch"]))))
c.put("wrong-type-sk-fido2-cms", full("fido", cms("fido")))
c.put("wrong-type-sk-fido2-ssh", full("fido", ssh("fido")))
c.put("wrong-type-sk-ssh-cms", full("p256", cms("p256")))
c.put("wrong-type-sk-ssh-fido2", full("p256", assertion("p256")))
c.put("wrong-type-sk-spki", full("spki", ssh("spki")))
c.put("wrong-type-sk-pair", *pair("granter", assertion(
    "granter"), "holder", assertion("holder")))
c.put("binding-mismatch-sk-fido2-present", bound("waived", assertion(
    "waived", flags=0), PRESENT))
c.put("binding-mismatch-sk-fido2-verified", bound("fido", assertion(
    "fido"), VERIFIED))
c.put("binding-mismatch-sk-fido2-hardware", bound("backup", assertion(
    "backup", flags=9), HARDWARE))
c.put("binding-mismatch-sk-fido2-unpinned", bound("stranger", assertion(
    "stranger", flags=0), PRESENT))
c.put("binding-mismatch-sk-ssh-present", bound("ed", ssh("ed"), PRESENT))
c.put("binding-mismatch-sk-ssh-verified", bound("sk", ssh(
    "sk", b"ssh:"), ALL))
c.put("malformed-sk-fido2", full("fido", assertion("fido", flags=0x41)))
with open(os.path.join(VERDICT, "owners-sk"), encoding="ascii") as f:
    with open(os.path.join(HERE, "owners-sk"), "w", encoding="ascii") as to:
        to.write(f.read().replace("make_sk.py", "../verdict/make_sk.py"))

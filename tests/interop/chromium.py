# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the countersign authors
"""Approvals that Chromium's authenticator signs on a page of ours.

usage: chromium.py SRCDIR REQUEST OWNER, in an empty folder, with
tests/reference in the path

REQUEST is the agent's, DER. Writes each KEY, base64, its approvals,
KEY-WHAT.approval, and the origins of two pages, `page` and `other`; they were
made on the first, but for `elsewhere` and, in a frame there, `framed`.
"""
import base64
import datetime
import hashlib
import os
import sys

from asn1crypto import pem

import browser
import der as d
import messages as m

SRCDIR, REQUEST, OWNER = sys.argv[1:]

LABEL = b"countersign owner approval v1\0"
ES256, EDDSA = -7, -8
PARTS = ("tbs", "authenticatorData", "clientDataJSON", "signature")


def unbase64(text):
    return base64.urlsafe_b64decode(text + "==")


def base64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def write(name, data):
    with open(name, "wb") as file:
        file.write(data)


class Key:
    """A credential of the authenticator, and what it signs."""

    def __init__(self, chromium, name, alg):
        self.chromium, self.name = chromium, name
        made = chromium.run("make", {
            "rp": {"id": "localhost", "name": "Approvals"},
            "user": {"id": base64url(name.encode()), "name": OWNER,
                     "displayName": OWNER},
            "challenge": base64url(b"enrol"),
            "pubKeyCredParams": [{"type": "public-key", "alg": alg}],
            "authenticatorSelection": {"userVerification": "required",
                                       "residentKey": "required"}})
        self.id = made["id"]
        self.spki = unbase64(made["response"]["publicKey"])
        write(name, base64.b64encode(self.spki))

    def tbs(self, **other):
        with open(REQUEST, "rb") as file:
            subject = m.read_request(file.read())
        now = datetime.datetime.utcnow()
        start, end = ((now + datetime.timedelta(minutes=minutes)).strftime(
            "%Y%m%d%H%M%SZ") for minutes in (-5, 15))
        return m.tbs(**{
            "approvalId": os.urandom(16), "owner": OWNER,
            "ownerKeyHash": hashlib.sha256(self.spki).digest(),
            "authority": "https://corp.example", "notBefore": start,
            "notAfter": end, "subjects": [m.subject("request", subject)],
            "maxLifetime": 3600, "maxIssuances": 1} | other)

    def sign(self, tbs, verify=True, frame=None, label=LABEL, **extensions):
        """The parts of an approval."""
        challenge = hashlib.sha256(label + tbs).digest()
        options = {
            "challenge": base64url(challenge), "rpId": "localhost",
            "allowCredentials": [{"type": "public-key", "id": self.id}],
            "userVerification": "required" if verify else "discouraged",
            "extensions": extensions}
        signed = self.chromium.run("signInFrame", frame, options) if frame \
            else self.chromium.run("sign", options)
        return {"tbs": tbs} | {part: unbase64(signed["response"][part])
                               for part in PARTS[1:]}

    def keep(self, what, parts):
        der = d.make(0x30, d.WEBAUTHN, d.make(0x30, *(
            d.make(4, parts[part]) for part in PARTS)))
        write(f"{self.name}-{what}.approval",
              pem.armor("OWNER APPROVAL", der))

    def sign_as(self, plain):
        """With nothing behind crossOrigin, or with the member that Chromium
        adds in some, to keep its readers awake."""
        for _ in range(200):
            parts = self.sign(self.tbs())
            if plain == parts["clientDataJSON"].endswith(
                    b'"crossOrigin":false}'):
                return parts
        raise RuntimeError("Chromium never varies its client data")

    def keep_all(self, other):
        """What its authenticator signs, well or badly asked."""
        good = self.sign_as(plain=True)
        self.keep("good", good)
        self.keep("grown", self.sign_as(plain=False))
        self.keep("extended", self.sign(self.tbs(), getCredBlob=True))
        self.keep("unverified", self.sign(self.tbs(), verify=False))
        self.keep("framed", self.sign(self.tbs(), frame=other))
        self.keep("unlabelled", self.sign(self.tbs(), label=b""))
        self.keep("swapped", good | {"tbs": self.tbs()})
        for part in PARTS:
            for at, name in enumerate(("first", "middle", "last")):
                turned = bytearray(good[part])
                turned[at * (len(turned) - 1) // 2] ^= 1
                self.keep(f"{part}-{name}", good | {part: bytes(turned)})


def main():
    page, other = (browser.Page(SRCDIR + "/tests/interop/approve.html").origin
                   for _ in range(2))
    write("page", page.encode())
    write("other", other.encode())
    os.mkdir("profile")
    with browser.Browser("profile", 60) as chromium:
        chromium.show(page)
        chromium.call("WebAuthn.enable")
        chromium.call("WebAuthn.addVirtualAuthenticator", options={
            "protocol": "ctap2", "ctap2Version": "ctap2_1",
            "transport": "usb", "hasUserVerification": True,
            "isUserVerified": True, "hasResidentKey": True,
            "hasCredBlob": True})
        keys = [Key(chromium, "es256", ES256), Key(chromium, "eddsa", EDDSA)]
        for key in keys:
            key.keep_all(other)
        chromium.show(other)
        for key in keys:
            key.keep("elsewhere", key.sign(key.tbs()))


main()

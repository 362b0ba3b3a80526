# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the countersign authors
"""Attested enrolment by hand: countersign-formats(5), section 11, put together
from what tpm2-tools write, for owners that are honest or are not.

    offer OUT KEY AK EK CERTIFICATE...   public areas of tpm2-tools, DER
    challenge OFFER CREDENTIAL SECRET CHALLENGE KEPT
                         around what tpm2_makecredential has made for SECRET
    credential CHALLENGE OUT             for tpm2_activatecredential
    extra CHALLENGE SECRET               prints extraData, in hex
    certify HANDLE AK EXTRA AUTH OUT     TPM2_Certify, for tpm2_send
    primary TEMPLATE OUT                 TPM2_CreatePrimary of an endorsement key
    created ANSWER AREA                  what came
    attested ANSWER ATTEST SIGNATURE     what came
    evidence OUT OFFER CHALLENGE ATTEST SIGNATURE
    late CHALLENGE KEPT                  as if an hour had gone by since then
    parts MESSAGE FOLDER                 what an offer or evidence is made of
    mended OUT AREA [+-]BITS...          a public area that claims something
"""
import base64
import datetime
import hashlib
import os
import re
import struct
import sys

sys.path.insert(1, os.path.join(os.path.dirname(__file__), "..", "reference"))

from der import children, contents, make  # noqa: E402

INTEGER, OCTETS, TIME, SEQUENCE = 0x02, 0x04, 0x18, 0x30
VERSION = make(INTEGER, b"\0")
MAGIC = struct.pack(">II", 0xbadcc0de, 1)
PASSWORD = 0x40000009


def read(name):
    with open(name, "rb") as file:
        return file.read()


def write(name, *parts):
    with open(name, "wb") as file:
        file.write(b"".join(parts))


def unarmour(name):
    text = read(name).decode()
    return base64.b64decode(re.search("-----BEGIN [A-Z0-9 ]*-----(.*?)-----",
                                      text, re.DOTALL)[1])


def armour(name, label, der):
    write(name, f"-----BEGIN {label}-----\n".encode(),
          base64.encodebytes(der), f"-----END {label}-----\n".encode())


def sized(octets):
    return struct.pack(">H", len(octets)) + octets


def take(octets):
    """What has its size before it, and the rest."""
    end = 2 + int.from_bytes(octets[:2], "big")
    assert end <= len(octets)
    return octets[2:end], octets[end:]


def area(name):
    """TPMT_PUBLIC of a TPM2B_PUBLIC."""
    found, rest = take(read(name))
    assert not rest
    return found


def digest(der):
    return make(OCTETS, hashlib.sha256(der).digest())


def offer(out, key, ak, ek, *certs):
    armour(out, "TPM KEY OFFER", make(
        SEQUENCE, VERSION, make(OCTETS, area(key)), make(OCTETS, area(ak)),
        make(OCTETS, area(ek)), make(SEQUENCE, *map(read, certs))))


def time(seconds):
    now = datetime.datetime.now(datetime.timezone.utc)
    then = now + datetime.timedelta(seconds=seconds)
    return make(TIME, then.strftime("%Y%m%d%H%M%SZ").encode())


def put(challenge, kept, der, secret):
    armour(challenge, "TPM CHALLENGE", der)
    armour(kept, "TPM CHALLENGE SECRET", make(SEQUENCE, VERSION, der,
                                              make(OCTETS, secret)))
    os.chmod(kept, 0o600)


def challenge(offered, credential_file, secret, out, kept):
    octets = read(credential_file)
    assert octets.startswith(MAGIC)
    blob, rest = take(octets[len(MAGIC):])
    seed, rest = take(rest)
    assert not rest
    put(out, kept, make(
        SEQUENCE, VERSION, digest(unarmour(offered)),
        make(OCTETS, os.urandom(32)), time(3600), make(OCTETS, blob),
        make(OCTETS, seed)), read(secret))


def credential(name, out):
    found = [contents(one) for one in children(unarmour(name))]
    write(out, MAGIC, sized(found[4]), sized(found[5]))


def extra(name, secret):
    print(hashlib.sha256(b"countersign tpm evidence v1\0" + unarmour(name) +
                         read(secret)).hexdigest())


def command(out, code, handles, auths, parameters):
    sessions = b"".join(
        struct.pack(">IHB", PASSWORD, 0, 0) + sized(one.encode())
        for one in auths)
    body = (struct.pack(f">I{len(handles)}I", code, *handles) +
            struct.pack(">I", len(sessions)) + sessions + parameters)
    write(out, struct.pack(">HI", 0x8002, len(body) + 6), body)


def answered(name, handles):
    """The parameters of an answer."""
    octets = read(name)
    tag, size, code = struct.unpack(">HII", octets[:10])
    assert (tag, size, code) == (0x8002, len(octets), 0), hex(code)
    used, rest = octets[10 + 4 * handles:], octets[14 + 4 * handles:]
    return rest[:int.from_bytes(used[:4], "big")]


def certify(handle, ak, data, auth, out):
    command(out, 0x148, (int(handle, 0), int(ak, 0)), (auth, ""),
            sized(bytes.fromhex(data)) + struct.pack(">H", 0x10))


def attested(answer, attest, signature):
    found, rest = take(answered(answer, 0))
    write(attest, found)
    write(signature, rest)


def primary(template, out):
    command(out, 0x131, (0x4000000b,), ("",),
            sized(bytes(4)) + sized(read(template)) + bytes(2 + 4))


def created(answer, out):
    write(out, sized(take(answered(answer, 1))[0]))


def evidence(out, offered, asked, attest, signature):
    armour(out, "TPM EVIDENCE", make(
        SEQUENCE, VERSION, unarmour(offered), digest(unarmour(asked)),
        make(OCTETS, read(attest)), make(OCTETS, read(signature))))


def late(name, kept):
    found = children(unarmour(name))
    found[3] = time(-3600)
    put(name, kept, make(SEQUENCE, *found),
        contents(children(unarmour(kept))[2]))


def number(octets):
    return make(INTEGER, (b"\0" if octets[0] & 0x80 else b"") + octets)


def parts(name, folder):
    found = children(unarmour(name))
    if found[1][0] == SEQUENCE:
        write(f"{folder}/attest", contents(found[3]))
        write(f"{folder}/signature", contents(found[4]))
        assert contents(found[4])[:4] == b"\0\x18\0\x0b"
        r, rest = take(contents(found[4])[4:])
        write(f"{folder}/signature.der",
              make(SEQUENCE, number(r.lstrip(b"\0")),
                   number(take(rest)[0].lstrip(b"\0"))))
        found = children(found[1])
    for which, one in zip(("key", "ak", "ek"), found[1:]):
        write(f"{folder}/{which}.pub", sized(contents(one)))
    for i, one in enumerate(children(found[4])):
        write(f"{folder}/cert{i}", one)


def mended(out, name, *bits):
    octets = area(name)
    now = int.from_bytes(octets[4:8], "big")
    for one in bits:
        now = (now | 1 << int(one[1:]) if one[0] == "+" else
               now & ~(1 << int(one[1:])))
    write(out, sized(octets[:4] + now.to_bytes(4, "big") + octets[8:]))


if __name__ == "__main__":
    {"primary": primary, "created": created, "offer": offer, "challenge": challenge, "credential": credential,
     "extra": extra, "certify": certify, "attested": attested,
     "evidence": evidence, "late": late, "parts": parts,
     "mended": mended}[sys.argv[1]](*sys.argv[2:])

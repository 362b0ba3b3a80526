# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the countersign authors
"""countersign-formats(5) once more: section 12, the audit log.

usage: audit.py STORE [N:HASH]

Reads the log out of an SQLite store, without countersign: the chain, every
approval, and what stands beside each record.  Prints the head, or what is
wrong first.
"""
import re
import sqlite3
import sys
from hashlib import sha256

import der as d
import keys as k
import reference as r
import verdict as v
import webauthn
from der import Refused, check, children

NUMBER = 2 ** 63 - 1
HEAD = (("version", 2, 0, 1), ("sequence", 2, 1, NUMBER),
        ("previous", 4, 32, 32), ("time", 0x18, 15, 15),
        ("authority", 0x16, 1, 512))
CLAIM = (("kind", 10, 1, 2), ("agentId", 0x16, 0, 2048),
         ("agentKey", 0x30, 0, 9), ("requestDigest", 4, 32, 32),
         ("serial", 4, 1, 20), ("notBefore", 0x18, 15, 15),
         ("notAfter", 0x18, 15, 15), ("bodyDigest", 4, 32, 32),
         ("approvals", 0x30, 1, 16))
ISSUE = (("claim", 2, 1, NUMBER), ("serial", 4, 1, 20),
         ("credential", 4, 32, 32))
DENIAL = (("agentId", 0x16, 0, 2048), ("requestDigest", 4, 32, 32),
          ("approval", 0x30, 0, 9))
REVOCATION = (("what", 10, 1, 5), ("name", 0x0c, 1, 2048),
              ("reason", 0x0c, 0, 1024), ("actor", 0x0c, 1, 256),
              ("live", 2, 0, NUMBER))
FLOOR = (("notBefore", 0x18, 15, 15), ("why", 0x0c, 1, 256))
APPROVAL = (("role", 10, 0, 2), ("owner", 0x16, 0, 512),
            ("ownerKey", 0x30, 0, 9), ("assurance", 3, 1, 2),
            ("line", 0x0c, 0, 4096), ("approval", 0x30, 2, 2))
EVENTS = {0xa0: ("claimed", CLAIM), 0xa1: ("issued", ISSUE),
          0xa2: ("denied", DENIAL), 0xa3: ("revoked", REVOCATION),
          0xa4: ("lifted", REVOCATION), 0xa5: ("floor", FLOOR)}
OWN, GRANT, USE = range(3)


@d.otherwise("malformed")
def read(der):
    """A record, by the names of the page."""
    check(len(der) <= 400 * 1024, "too-large")
    d.walk(der)
    *head, event = children(der)
    check(event[0] in EVENTS, "unsupported", "event")
    name, table = EVENTS[event[0]]
    head = r.decode(HEAD, d.make(0x30, *head))
    check(head["version"] == 1, "unsupported", "version")
    r.check_authority(head["authority"])
    return head | r.decode(table, event) | {
        "event": name, "hash": sha256(der).digest()}


@d.otherwise("malformed")
def check_approvals(record):
    given = [record["approval"]] if record["event"] == "denied" else \
        children(record["approvals"])
    approvals = []
    for one in given:
        entry = r.decode(APPROVAL, one)
        k.public_key(entry["ownerKey"])
        r.check_owner(entry["owner"])
        approvals.append(r.read_approval(entry["approval"]) | {
            "entry": entry})
    check(len({one["hash"] for one in approvals}) == len(approvals),
          "duplicate")
    before = None
    for one in approvals:
        role = USE if "underGrant" in one else \
            GRANT if one["kind"] == "grant" else OWN
        check(one["entry"]["role"] == role, "grant-invalid", "role")
        check((role == USE) == bool(before and before["kind"] == "grant"),
              "grant-invalid", "pair")
        if role == USE:
            check(one["underGrant"] == before["hash"] and
                  before["subjects"][0]["holderKey"] ==
                  one["entry"]["ownerKey"], "grant-invalid", "holder")
            v.check_grant(before | {"anchor": {
                "grants": "", "owner": before["owner"],
                "key": before["entry"]["ownerKey"]}},
                record["agentId"], [], None, [one])
        before = one
    check(before["kind"] != "grant", "grant-invalid", "a grant alone")
    for one in approvals:
        check_approval(one, record)
    return len(approvals)


def is_signed(one, spki):
    """Whichever RP ID and origin an assertion names."""
    if one["carrier"] != d.WEBAUTHN:
        return r.is_approval_signed(one, {"key": spki})
    auth, client, signature = one["assertion"]
    _, origin = webauthn.own_terms(one["assertion"], one["der"])
    return re.fullmatch(
        re.escape(webauthn.head(one["der"], origin)) + b"(,.*)?}", client,
        re.DOTALL) and webauthn.is_text(client) and k.is_signed(
            spki, webauthn.algorithm_of(spki), signature,
            auth + sha256(client).digest())


def check_approval(one, record):
    entry, is_claim = one["entry"], record["event"] == "claimed"
    if entry["role"] == USE:
        check(one["carrier"] in r.carriers_of(one, None), "wrong-type")
    check(is_signed(one, entry["ownerKey"]), "signature-invalid")
    check(one["decision"] == is_claim, "binding-mismatch", "decision")
    check(one["ownerKeyHash"] == sha256(entry["ownerKey"]).digest(),
          "binding-mismatch", "key")
    check(one["owner"] == entry["owner"], "wrong-owner")
    check(one["authority"] == record["authority"], "wrong-authority")
    want = {name: record[name] for name in ("agentId", "requestDigest")}
    if is_claim:
        want["agentKeyHash"] = sha256(record["agentKey"]).digest()
        check(want["agentKeyHash"] != one["ownerKeyHash"], "key-reuse")
    matches = [subject for subject in one["subjects"] if all(
        subject.get(name, value) == value for name, value in want.items())]
    check(one["kind"] == "grant" or len(matches) == 1, "binding-mismatch",
          "subject")
    at = [record["time"], record["notBefore"]] if is_claim else \
        [record["time"]]
    check(all(one["notBefore"] <= when for when in at), "not-yet-valid")
    check(all(when <= one["notAfter"] for when in at), "expired")
    if is_claim:
        life = r.time(record["notAfter"]) - r.time(record["notBefore"])
        check(0 <= life.total_seconds() <= one["maxLifetime"],
              "lifetime-exceeded")


def check_row(store, record):
    """What was written with it says the same."""
    number = record["sequence"]
    if record["event"] == "claimed":
        rows = store.execute(
            "SELECT kind, agent_id, request_digest, serial FROM claim"
            " WHERE number = ?", (number,)).fetchall()
        check(rows == [(record["kind"], record["agentId"],
                        record["requestDigest"], record["serial"])],
              "chain", "its claim")
    if record["event"] == "issued":
        rows = store.execute("SELECT serial, credential FROM claim"
                             " WHERE number = ?", (record["claim"],))
        check([(serial, sha256(credential or b"").digest())
               for serial, credential in rows] == [
                   (record["serial"], record["credential"])],
              "chain", "its credential")
    for event, table in ("denied", "denial"), ("revoked", "revocation"):
        if record["event"] == event:
            count, = store.execute(f"SELECT count(*) FROM {table}"
                                   " WHERE number = ?", (number,)).fetchone()
            check(count == 1, "chain", f"its {table}")


def verify(store, noted=None):
    """The head, and how many approvals were checked; or Refused."""
    number, before, approvals, claims, issued = 0, bytes(32), 0, 0, 0
    for sequence, der in store.execute(
            "SELECT sequence, record FROM audit ORDER BY sequence"):
        number += 1
        check(sequence == number, "chain", f"{sequence} in {number}'s place")
        try:
            record = read(der)
            check(record["sequence"] == number, "chain", "its number")
            check(record["previous"] == before, "chain", "the one before")
            if record["event"] in ("claimed", "denied"):
                approvals += check_approvals(record)
            check_row(store, record)
        except Refused as refused:
            raise Refused(refused.args[0], f"record {number}",
                          *refused.args[1:]) from refused
        before = record["hash"]
        claims += record["event"] == "claimed"
        issued += record["event"] == "issued"
        check(not noted or noted[0] != number or noted[1] == before, "chain",
              f"record {number} is not the one that was noted")
    head = store.execute("SELECT value_int, value_blob FROM meta"
                         " WHERE name = 'head'").fetchone() or (0, bytes(32))
    check(head == (number, before), "chain", "the head")
    check(not noted or noted[0] <= number, "chain", "cut")
    check(store.execute("SELECT count(*), count(recorded) FROM claim"
                        ).fetchone() == (claims, issued), "chain",
          "claims without records")
    return number, before, approvals


def main(path, noted=None):
    if noted:
        number, _, text = noted.partition(":")
        noted = int(number), bytes.fromhex(text)
    store = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    try:
        number, head, approvals = verify(store, noted)
    except Refused as refused:
        print(*refused.args)
        return 1
    finally:
        store.close()
    print(f"head {number}:{head.hex()}, approvals {approvals}")
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))

# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the countersign authors
"""What a server has answered, as its OpenAPI document has it.

usage: openapi.py DOCUMENT DIR: DIR has N.call ("METHOD PATH STATUS"), N.head
and N.body of each answer. Operation, status, media type, header fields and the
schema of JSON have to be in the document; ends with 1 when one is not, and
prints what was seen.
"""
import glob
import json
import re
import sys

import jsonschema


class Document:
    def __init__(self, path):
        with open(path, encoding="utf-8") as f:
            self.doc = json.load(f)
        self.resolver = jsonschema.RefResolver("", self.doc)

    def of(self, one):
        while "$ref" in one:
            _, one = self.resolver.resolve(one["$ref"])
        return one

    def operation(self, method, path):
        path = path.split("?")[0]
        method = {"head": "get"}.get(method.lower(), method.lower())
        for name, methods in self.doc["paths"].items():
            pattern = re.sub(r"\\{[a-z]+\\}", "[^/]+", re.escape(name))
            if re.fullmatch(pattern, path) and method in methods:
                return name, methods[method]
        raise KeyError("no such operation")

    def check(self, schema, value):
        jsonschema.Draft202012Validator(
            schema, resolver=self.resolver).validate(value)

    def fields(self, answer, fields):
        for name, field in answer.get("headers", {}).items():
            value = fields[name.lower()]
            schema = self.of(field)["schema"]
            if schema.get("type") == "integer":
                value = int(value)
            self.check(schema, value)
        for name in ("retry-after", "location", "content-location", "etag"):
            if name in fields and name not in map(
                    str.lower, answer.get("headers", {})):
                raise KeyError(f"{name} is not expected")

    def answer(self, operation, status, fields, body):
        answer = self.of(operation["responses"][status])
        self.fields(answer, fields)
        if "content" not in answer:
            if body or "content-type" in fields:
                raise KeyError("no body is expected")
            return "nothing"
        kind = fields["content-type"].split(";")[0]
        content = answer["content"][kind]
        if body and kind.endswith("json"):
            self.check(content["schema"], json.loads(body))
        return kind


def read_fields(path):
    with open(path, encoding="latin-1") as f:
        lines = f.read().split("\n")[1:]
    return {name.strip().lower(): value.strip() for name, _, value in
            (line.partition(":") for line in lines if ":" in line)}


def main():
    doc = Document(sys.argv[1])
    seen, wrong = set(), 0
    for call in sorted(glob.glob(sys.argv[2] + "/*.call")):
        with open(call, encoding="ascii") as f:
            method, path, status = f.read().split()
        base = call[:-len("call")]
        with open(base + "body", "rb") as f:
            body = b"" if method == "HEAD" else f.read()
        try:
            name, operation = doc.operation(method, path)
            seen.add((name, status, doc.answer(
                operation, status, read_fields(base + "head"), body)))
        except (KeyError, ValueError, jsonschema.ValidationError) as e:
            wrong += 1
            print(f"{method} {path} {status}: {str(e).splitlines()[0]}")
    for one in sorted(seen):
        print(*one)
    return wrong != 0 or not seen


if __name__ == "__main__":
    sys.exit(main())

// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026, the countersign authors
//
// Judges what tests/host/issue wrote to a folder, as @peculiar/x509 and jose
// do. usage: issued.js DIR OID, the OID of id-pe-ownerBindings
"use strict";

const assert = require("assert");
const fs = require("fs");
const path = require("path");
const { webcrypto } = require("crypto");
const x509 = require("@peculiar/x509");
const jose = require("jose");

const [dir, bindings] = process.argv.slice(2);
const read = (name) => fs.readFileSync(path.join(dir, name));
const hex = (b) => Buffer.from(b).toString("hex");

x509.cryptoProvider.set(webcrypto);

async function checkLeaf(ca, leaf) {
	const key = await ca.publicKey.export();

	assert(await leaf.verify({ publicKey: key }), "signature");
	const names = leaf.getExtension(x509.SubjectAlternativeNameExtension);
	assert.strictEqual(names.names.items.length, 1);
	assert.strictEqual(names.names.items[0].type, "url");
	const uses = leaf.getExtension(x509.ExtendedKeyUsageExtension);
	assert.deepStrictEqual([...uses.usages].sort(),
	    ["1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.2"]);
	const found = leaf.getExtension(bindings);
	assert(!found.critical, "critical");
	assert.strictEqual(hex(found.value), hex(read("bindings.der")));
	return names.names.items[0].value;
}

async function checkList(ca, leaf, ended) {
	const crl = new x509.X509Crl(read("crl.der"));
	const key = await ca.publicKey.export();

	assert(await crl.verify({ publicKey: key }), "the list's signature");
	assert(crl.findRevoked(ended), "ended, and not in the list");
	assert(!crl.findRevoked(leaf), "in the list");
}

async function checkToken(agent) {
	const { keys } = JSON.parse(read("bundle.json"));
	const set = jose.createLocalJWKSet({
		keys: keys.filter((one) => one.use === "wit-svid")
		    .map(({ use, ...key }) => key),
	});
	const { payload, protectedHeader } = await jose.jwtVerify(
	    read("wit.jwt").toString(), set,
	    { typ: "wit+jwt", algorithms: ["ES256"], subject: agent });
	assert.deepStrictEqual(Object.keys(protectedHeader).sort(),
	    ["alg", "kid", "typ"]);
	const key = keys.find((one) => one.kid === protectedHeader.kid);
	assert.strictEqual(await jose.calculateJwkThumbprint(key), key.kid);
	assert(await jose.importJWK(payload.cnf.jwk));
	for (const one of payload["https://corp.example/claims/owners"])
		assert(await jose.importJWK(one.cnf.jwk));
}

async function main() {
	const [ca, leaf, ended] = ["ca.pem", "leaf.pem", "ended.pem"].map(
	    (name) => new x509.X509Certificate(read(name).toString()));
	const agent = await checkLeaf(ca, leaf);

	await checkList(ca, leaf, ended);
	await checkToken(agent);
	console.log("read " + agent);
}

main().catch((e) => {
	console.log("refused: " + e);
	process.exitCode = 1;
});

// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026, the countersign authors
//
// usage: node assertion.js <LIST
//
// Lines of KEY RP-ID ORIGIN APPROVAL: is the approval, PEM, an assertion as
// WebAuthn's servers want it, with proof of who signed? KEY is the
// SubjectPublicKeyInfo, base64. A line each, as @simplewebauthn judges:
// "APPROVAL verified" or "APPROVAL refused: WHY".
"use strict";

const crypto = require("crypto");
const fs = require("fs");
const server = require("@simplewebauthn/server");
const {isoCBOR} = require("@simplewebauthn/server/helpers");

const LABEL = "countersign owner approval v1\0";

// The values inside of a DER value, less their tags
function inside(der) {
	const found = [];
	for (let at = 0; at < der.length;) {
		let size = der[at + 1], head = 2;
		if (size > 127) {
			head += size & 127;
			size = der.readUIntBE(at + 2, size & 127);
		}
		found.push(der.subarray(at + head, at + head + size));
		at += head + size;
	}
	return found;
}

function read(name) {
	const text = fs.readFileSync(name, "latin1");
	const der = Buffer.from(text.replace(/-----.*-----/g, ""), "base64");
	return inside(inside(inside(der)[0])[1]);
}

// COSE_Key: RFC 9053, section 7
function coseKey(spki) {
	const jwk = crypto.createPublicKey(
	    {key: Buffer.from(spki, "base64"), format: "der", type: "spki"}
	).export({format: "jwk"});
	const bytes = text => new Uint8Array(Buffer.from(text, "base64url"));
	return isoCBOR.encode(jwk.kty === "EC" ?
	    new Map([[1, 2], [3, -7], [-1, 1], [-2, bytes(jwk.x)],
		[-3, bytes(jwk.y)]]) :
	    new Map([[1, 1], [3, -8], [-1, 6], [-2, bytes(jwk.x)]]));
}

async function judge(key, expectedRPID, expectedOrigin, approval) {
	const [tbs, authenticatorData, clientDataJSON, signature] =
	    read(approval).map(part => part.toString("base64url"));
	const id = "a2V5", hash = crypto.createHash("sha256");
	const found = await server.verifyAuthenticationResponse({
		expectedRPID, expectedOrigin,
		expectedChallenge: hash.update(LABEL)
		    .update(Buffer.from(tbs, "base64url")).digest("base64url"),
		requireUserVerification: true,
		authenticator: {credentialID: new Uint8Array(3), counter: 0,
			credentialPublicKey: coseKey(key)},
		response: {id, rawId: id, type: "public-key",
			clientExtensionResults: {}, response: {
			authenticatorData, clientDataJSON, signature}}
	});
	if (!found.verified)
		throw new Error("the signature is not the key's");
}

async function main() {
	const list = fs.readFileSync(0, "latin1").trimEnd().split("\n");
	for (const line of list) {
		const [key, rpId, origin, approval] = line.split(" ");
		await judge(key, rpId, origin, approval).then(
		    () => console.log(approval, "verified"),
		    error => console.log(approval, "refused:", error.message));
	}
}

main();

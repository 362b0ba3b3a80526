// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026, the countersign authors
//
// usage: node emulator.js kept|stateless
//
// nid-webauthn-emulator as a security key: reports of CTAPHID, 64 bytes each,
// on standard input and output. It keeps its credentials, which it then says
// are backed up and counts the uses of; or has them in their credential IDs.
"use strict";

const cbor = require("cbor");
const {AuthenticatorEmulator, AuthenticationEmulatorError} =
    require("nid-webauthn-emulator");

// CTAP 2.1, section 11.2
const PING = 0x81, INIT = 0x86, CBOR = 0x90, CANCEL = 0x91, ERROR = 0xbf;
const BROADCAST = 0xffffffff, CHANNEL = 0x636f756e;
const CAN_CBOR = 4, NO_U2F = 8, BAD_COMMAND = 1;
const OTHER_ERROR = 0x7f;

// It asks nobody, and says so where it is asked to.
const asked = (user, options) => ({user, options: {
	up: options?.up !== false, uv: options?.uv === true}});
const key = new AuthenticatorEmulator({
	stateless: process.argv[2] === "stateless",
	algorithmIdentifiers: ["ES256", "EdDSA"],
	userMakeCredentialInteraction: asked,
	userGetAssertionInteraction: asked,
});

// What is not there it writes as undefined, and the rest in any order: no CBOR
// of CTAP, section 8.
function members(data) {
	const found = cbor.decodeFirstSync(data);
	for (const [name, value] of found)
		if (value === undefined)
			found.delete(name);
	return cbor.encodeCanonical(found);
}

function answer(message) {
	const request = {command: message[0]};
	if (message.length > 1)
		request.data = new Uint8Array(message.subarray(1));
	try {
		const {status, data} = key.command(request);
		return Buffer.concat([Buffer.of(status), members(data)]);
	} catch (error) {
		console.error(error);
		return Buffer.of(error instanceof AuthenticationEmulatorError ?
		    error.status : OTHER_ERROR);
	}
}

function put(channel, command, data) {
	const room = Math.ceil(Math.max(data.length - 57, 0) / 59);
	for (let at = -1, from = 0; at < room; at++) {
		const report = Buffer.alloc(64);
		report.writeUInt32BE(channel);
		report[4] = at < 0 ? command : at;
		if (at < 0)
			report.writeUInt16BE(data.length, 5);
		from += data.copy(report, at < 0 ? 7 : 5, from);
		process.stdout.write(report);
	}
}

function initialise(channel, nonce) {
	const data = Buffer.alloc(17);
	nonce.copy(data);
	data.writeUInt32BE(channel === BROADCAST ? CHANNEL : channel, 8);
	data[12] = 2; // the version of CTAPHID
	data[16] = CAN_CBOR | NO_U2F;
	return data;
}

function handle({channel, command, data}) {
	if (command === INIT)
		put(channel, INIT, initialise(channel, data));
	else if (command === CBOR)
		put(channel, CBOR, answer(data));
	else if (command === PING)
		put(channel, PING, data);
	else if (command !== CANCEL)
		put(channel, ERROR, Buffer.of(BAD_COMMAND));
}

let received = Buffer.alloc(0), message = null, wanted = 0;

function take(report) {
	if (report[4] & 0x80) {
		wanted = report.readUInt16BE(5);
		message = {channel: report.readUInt32BE(), command: report[4],
			data: report.subarray(7)};
	} else if (message)
		message.data = Buffer.concat([message.data,
			report.subarray(5)]);
	if (message && message.data.length >= wanted) {
		message.data = message.data.subarray(0, wanted);
		handle(message);
		message = null;
	}
}

process.stdin.on("data", some => {
	received = Buffer.concat([received, some]);
	for (; received.length >= 64; received = received.subarray(64))
		take(received.subarray(0, 64));
});

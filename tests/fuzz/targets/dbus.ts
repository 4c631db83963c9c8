/** Targets: D-Bus and its handshake on both sides, and the names and addresses of the control protocol. */

import fc from "fast-check";
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { ServerHandshake } from "../../../lib/dbus/handshake.ts";
import { encode, type Message, METHOD_CALL, METHOD_RETURN } from "../../../lib/dbus/message.ts";
import { HeaderCache, MessageReader } from "../../../lib/dbus/message_reader.ts";
import { ProtocolError } from "../../../lib/dbus/protocol_error.ts";
import { parseSignature } from "../../../lib/dbus/signature.ts";
import { bigEndian, bodies, objectPaths, types } from "../../../lib/dbus/testing/values.ts";
import { ValueWriter } from "../../../lib/dbus/value_writer.ts";
import { parseHttpAddress } from "../../../lib/control/http_address.ts";
import { escapeName, parsePath, socketPath, unescapeName } from "../../../lib/control/names.ts";
import { checkMessage, inPieces, ofText, type Target, unlessRefused } from "../target.ts";

/** The largest message that is read here, and the most variants: what other users may send. */
const LIMIT = 1 << 16, VARIANTS = 256;

/** All messages of a stream, up to where it is none. */
function messagesOf(pieces: readonly Buffer[], cache?: HeaderCache): Message[] {
  const reader = new MessageReader(LIMIT, VARIANTS, cache), messages: Message[] = [];
  unlessRefused(() => {
    for (const piece of pieces) {
      reader.push(Buffer.from(piece));
      for (let message; (message = reader.next());) messages.push(message);
      assert.ok(reader.available <= LIMIT + piece.length, "more is kept than a message may have");
    }
  }, ProtocolError);
  return messages;
}

/** Messages are the same however they arrive, and those that are read can be written. */
function readMessages(bytes: Buffer): void {
  const whole = messagesOf([bytes]), pieces = messagesOf(inPieces(bytes), new HeaderCache());
  assert.equal(whole.length, pieces.length);
  assert.deepEqual(whole, pieces);
  for (const message of whole) {
    const again = messagesOf([encode(message)]);
    assert.deepEqual(again[0] && { ...again[0] }, { ...message });
  }
}

/** Who has not said who he is, is not let in; and nobody has more answered than a little. */
function readHandshake(bytes: Buffer): void {
  const server = new ServerHandshake(7, "0".repeat(32));
  let answered = 0;
  unlessRefused(() => {
    for (const piece of inPieces(bytes)) {
      const { answer, rest } = server.push(piece);
      answered += answer.length;
      if (rest === undefined) continue;
      assert.ok(server.save().authenticated);
      assert.match(bytes.toString("latin1"), /AUTH EXTERNAL(?: 37| |\r)|DATA/);
      return;
    }
  }, ProtocolError);
  assert.ok(answered <= 40 * bytes.length + 100);
  const { text } = server.save();
  assert.ok(text.length <= 8192 + 100 || bytes.length <= 8192 + 100);
}

function readSignature(text: string): void {
  const types = unlessRefused(() => parseSignature(text), ProtocolError);
  if (types) unlessRefused(() => new ValueWriter().signature(text), TypeError);
}

/** Paths, addresses and escaped names: what is understood means one thing. */
function readNames(text: string): void {
  for (const word of text.split("\n")) {
    assert.equal(unescapeName(escapeName(word)), Buffer.from(word).toString());
    const name = unescapeName(word);
    if (name !== undefined && !name.includes("\ufffd")) {
      assert.ok(escapeName(name).length <= 3 * word.length + 3);
    }
    const parsed = parsePath(word);
    if (parsed) assert.ok(!parsed.job.includes("\0") || word.includes("_00"));
    const path = addressed(() => socketPath(word));
    assert.ok(path === undefined || path !== "");
    const http = addressed(() => parseHttpAddress(word));
    assert.ok(http === undefined || http.port <= 65535);
  }
}

/** Reads an address, which may be none: the error is one for people. */
function addressed<Read>(read: () => Read): Read | undefined {
  try {
    return read();
  } catch (error) {
    assert.equal((error as Error).constructor, Error);
    checkMessage((error as Error).message);
    return undefined;
  }
}

const message = fc.tuple(bodies, objectPaths, fc.constantFrom(METHOD_CALL, METHOD_RETURN), fc.boolean()).map(
  ([{ signature, body }, path, type, isBig]) => {
    const bytes = encode({
      type,
      flags: 0,
      serial: 1,
      path,
      member: "Get",
      interface: "a.b",
      replySerial: 1,
      signature,
      body,
    });
    return isBig ? bigEndian(bytes) : bytes;
  },
);

export const DBUS: readonly Target[] = [
  {
    name: "dbus-messages",
    from: "messages of clients of the control socket, and of whoever listens there",
    read: readMessages,
    shapes: fc.array(message, { minLength: 1, maxLength: 3 }).map((all) => Buffer.concat(all)),
    words: [
      "l\x01\0\x01",
      "B\x01\0\x01",
      "\x08\x01g\0",
      "\x01\x01o\0",
      "a{sv}",
      "((((",
      "v\0",
      "aaaa",
      "\x03\x01s\0",
    ],
  },
  {
    name: "dbus-handshake",
    from: "what a client says before it is let in (SASL)",
    read: readHandshake,
    shapes: fc.array(
      fc.constantFrom(
        "AUTH EXTERNAL 37",
        "AUTH EXTERNAL",
        "DATA 37",
        "DATA",
        "CANCEL",
        "BEGIN",
        "AUTH",
        "NEGOTIATE_UNIX_FD",
        "ERROR x",
      ),
      { maxLength: 9 },
    )
      .map((lines) => `\0${lines.map((line) => `${line}\r\n`).join("")}`),
    words: [
      "\0AUTH EXTERNAL 37\r\n",
      "BEGIN\r\n",
      "DATA\r\n",
      "\r\n",
      "\r",
      "DATA 37\r\n",
      "AUTH EXTERNAL 37 \r\n",
    ],
  },
  {
    name: "dbus-signatures",
    from: "signatures of D-Bus values",
    read: ofText(readSignature),
    shapes: types,
    words: ["a{sv}", "(", ")", "a", "v", "{", "}"],
  },
  {
    name: "control-names",
    from: "object paths, addresses of sockets and of --http",
    read: ofText(readNames),
    words: [
      "/com/ubuntu/Upstart/jobs/",
      "_2f",
      "_",
      "unix:path=/",
      "unix:abstract=",
      ",guid=",
      ";",
      "%2f",
      "%",
      "[::1]:80",
      "127.0.0.1:",
      "localhost:1",
    ],
    // People write no longer ones.
    longest: 1024,
  },
];

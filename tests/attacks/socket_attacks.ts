/** What hostile clients do at the control socket: each attack goes on until its process is killed. */

import { Buffer } from "node:buffer";
import process from "node:process";
import { MANAGER_INTERFACE, MANAGER_PATH, socketPath } from "../../lib/control/names.ts";
import { clientHello } from "../../lib/dbus/handshake.ts";
import {
  encode,
  type Message,
  METHOD_CALL,
  METHOD_RETURN,
  NO_REPLY_EXPECTED,
} from "../../lib/dbus/message.ts";
import { close, read, write } from "../../lib/sys/io/descriptors.ts";
import { connectUnix } from "../../lib/sys/io/socket.ts";
import { ifAllowed } from "../../lib/sys/call/refused.ts";
import { pause } from "../support/deadline.ts";

/** An attack on the control socket at an address. */
export type Attack = (address: string) => Promise<void>;

/** The name of what is no attack at all: processors that are busy. */
export const BURNING = "busy processors, and no attack";

/** How many connections an attacker tries to have. */
const CONNECTIONS = 20;

/** Pieces of work that are done before the attacker looks whether it still has its connections. */
const TURN = 50;

const hello = Buffer.from(clientHello(process.geteuid!()), "latin1");

/** A message's bytes. */
function message(fields: Partial<Message>): Buffer {
  return encode({
    type: METHOD_CALL,
    flags: 0,
    serial: 1,
    path: MANAGER_PATH,
    interface: MANAGER_INTERFACE,
    member: "GetAllJobs",
    body: [],
    ...fields,
  });
}

const ROUSE = "org.rouse.Control1", INSIGHT = "org.rouse.Insight1", BUS = "org.freedesktop.DBus";

const LIST_ALL = message({ interface: ROUSE, member: "ListAll" });
const DESCRIBE = message({ interface: INSIGHT, member: "Describe", signature: "ass", body: [[], ""] });
const INTROSPECT = message({
  path: `${MANAGER_PATH}/jobs`,
  interface: "org.freedesktop.DBus.Introspectable",
  member: "Introspect",
});
const ADD_MATCH = message({
  path: "/org/freedesktop/DBus",
  interface: BUS,
  member: "AddMatch",
  signature: "s",
  body: ["type='signal'".padEnd(7000, ",")],
});
/** As much as an unprivileged client may send, of small values. */
const LARGEST = message({
  interface: ROUSE,
  member: "GetStatus",
  signature: "asas",
  body: [["web"], Array.from({ length: 1500 }, () => "")],
});
/** A call that is answered when there is more. */
const FOLLOW = message({
  interface: INSIGHT,
  member: "ReadJournal",
  signature: "asttubb",
  body: [["job-that-is-not"], 0n, 0n, 100, false, true],
});

/** The same bytes with some of them changed. */
function changed(bytes: Buffer, changes: Record<number, number>): Buffer {
  const copy = Buffer.from(bytes);
  for (const [place, value] of Object.entries(changes)) copy[Number(place)] = value;
  return copy;
}

/** Messages that are against the rules, or that nobody asked for. */
const ODD = [
  changed(LIST_ALL, { 0: 0x42 }), // big-endian, and the numbers are not
  changed(LIST_ALL, { 8: 0 }), // the serial number 0
  changed(LIST_ALL, { 3: 9 }), // an unknown version
  changed(LIST_ALL, { 12: 255, 13: 255 }), // a header that is too large
  message({ type: METHOD_RETURN, replySerial: 77 }), // a reply to nothing
  message({ member: "x".repeat(255), interface: ROUSE }),
  message({ path: `/${"a/".repeat(2000)}a` }),
  message({ flags: NO_REPLY_EXPECTED, member: "NoSuch" }),
  Buffer.alloc(8000, 0x6c),
  Buffer.from("GET / HTTP/1.1\r\n\r\n"),
];

/** A connection, or undefined when there is none to be had now. */
function connected(address: string, ...said: Buffer[]): number | undefined {
  const fd = ifAllowed(() => connectUnix(socketPath(address)));
  if (fd !== undefined) { for (const bytes of said) write(fd, bytes); }
  return fd;
}

/** True while a write may still reach the other side. */
function isOpen(result: number): boolean {
  return result > 0 || result === -11;
}

/**
 * Has as many connections as it can, and does something with each again and again.
 * @param act Gives false when the connection is over
 */
async function withConnections(
  address: string,
  said: Buffer[],
  act: (fd: number, round: number) => boolean,
): Promise<void> {
  let open: number[] = [];
  for (let round = 0;; round++) {
    while (open.length < CONNECTIONS) {
      const fd = connected(address, ...said);
      if (fd === undefined) break;
      open.push(fd);
    }
    open = open.filter((fd) => {
      const goesOn = act(fd, round);
      if (!goesOn) close(fd);
      return goesOn;
    });
    await pause(round % TURN === 0 ? 1 : 0);
  }
}

/** Sends the same again and again, and reads the answers, or does not. */
function flooding(bytes: Buffer, reads: boolean): Attack {
  const many = Buffer.concat(Array.from({ length: 20 }, () => bytes));
  return (address) =>
    withConnections(address, [hello], (fd) => {
      if (reads) {
        const answer = read(fd);
        if (typeof answer === "number" ? answer !== -11 : answer.length === 0) return false;
      }
      return isOpen(write(fd, many));
    });
}

/** Connects, says something, and goes. */
function storming(...said: Buffer[]): Attack {
  return async (address) => {
    for (let round = 0;; round++) {
      const fd = connected(address, ...said);
      if (fd !== undefined) close(fd);
      if (round % TURN === 0) await pause(0);
    }
  };
}

/** Says something, once, and then nothing any more. */
function keeping(...said: Buffer[]): Attack {
  return (address) =>
    withConnections(address, said, (fd) => {
      // What is written of nothing tells of the end.
      const answer = said.length > 0 ? 1 : read(fd);
      return typeof answer === "number" ? answer > 0 || answer === -11 : answer.length > 0;
    });
}

/** The attacks, by name. */
export const SOCKET_ATTACKS: Record<string, Attack> = {
  [BURNING]: () => {
    for (;;) for (const end = performance.now() + 10; performance.now() < end;);
  },
  "connections that say nothing": keeping(),
  "connects and closes": storming(),
  "greetings and closes": storming(hello),
  "garbage in place of a greeting": (address) =>
    withConnections(
      address,
      [Buffer.from("\0")],
      (fd, round) => isOpen(write(fd, Buffer.from(`NONSENSE ${round}\r\n`))),
    ),
  "messages that come byte by byte": (address) =>
    withConnections(
      address,
      [hello],
      (fd, round) =>
        isOpen(write(fd, LIST_ALL.subarray(round % LIST_ALL.length, round % LIST_ALL.length + 1))),
    ),
  "halves of messages": keeping(hello, LARGEST.subarray(0, 4000)),
  "the largest messages": flooding(LARGEST, true),
  "introspection of all jobs": flooding(INTROSPECT, true),
  "lists of all jobs, not read": flooding(LIST_ALL, false),
  "lists of all jobs, read": flooding(LIST_ALL, true),
  "reports on all jobs, not read": flooding(DESCRIBE, false),
  "match rules": flooding(ADD_MATCH, true),
  "messages against the rules": (address) =>
    withConnections(address, [hello], (fd, round) => isOpen(write(fd, ODD[round % ODD.length]!))),
  "signals, not read": keeping(hello),
  "calls that wait for more": keeping(hello, ...Array.from({ length: 16 }, () => FOLLOW)),
};

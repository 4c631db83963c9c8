/** A client of init's: it connects, says hello, makes calls, and reads the answers. */

import { Buffer } from "node:buffer";
import { clientHello } from "../../../lib/dbus/handshake.ts";
import { encode, ERROR, METHOD_CALL, METHOD_RETURN } from "../../../lib/dbus/message.ts";
import { MessageReader } from "../../../lib/dbus/message_reader.ts";
import type { System } from "./system.ts";

/** A call that a client makes. */
export interface MethodCall {
  path: string;
  interface: string;
  member: string;
  signature: string;
  body: unknown[];
}

/** What has become of a call. */
export interface CallRecord {
  readonly call: MethodCall;
  readonly uid: number;
  /** When it was sent, in ms; undefined before. */
  sent?: number;
  answered?: number;
  answers: number;
  /** The name of the error that was answered. */
  error?: string;
  /** The client has gone, or init has closed the connection. */
  isOver: boolean;
  /** Why init could not be asked. */
  refused?: string;
}

/** How a client behaves. */
export interface ClientManner {
  /** Where init may listen: they are tried one after the other. */
  addresses: readonly string[];
  calls: CallRecord[];
  /** After how many ms it is gone, whether it was answered or not. Absent: it waits. */
  patience?: number;
  /** How long it takes from reading to reading, in ms. */
  slowness: number;
}

/** How often a client tries to connect while there is no room, and the pause in between, in ms. */
const ATTEMPTS = 50, PAUSE = 100;

/** The program of a client. */
export function client(
  { addresses, calls, patience, slowness }: ClientManner,
): (system: System) => Promise<number> {
  return async (system) => {
    const finish = (why?: string) => {
      for (const call of calls) {
        call.isOver = true;
        if (why !== undefined) call.refused ??= why;
      }
      return 0;
    };
    system.process.onEnd.add(() => finish());
    if (patience !== undefined) system.kernel.clock.after(patience, () => system.exit(1));
    let fd = -11;
    for (let attempt = 0; attempt < ATTEMPTS && fd < 0; attempt++) {
      if (attempt > 0) await system.sleep(PAUSE);
      for (const address of addresses) if (fd < 0) fd = system.connect(address);
    }
    if (fd < 0) return finish(`connect ${fd}`);
    if (!await system.write(fd, Buffer.from(clientHello(system.process.uid), "latin1"))) {
      return finish("hello");
    }
    for (const [index, record] of calls.entries()) {
      record.sent = system.kernel.clock.now;
      const message = encode({ type: METHOD_CALL, flags: 0, serial: index + 1, ...record.call });
      if (!await system.write(fd, message)) return finish("write");
    }
    return finish(await answers(system, fd, calls, slowness));
  };
}

/** Reads until all calls are answered. @returns why not, where init has closed the connection. */
async function answers(
  system: System,
  fd: number,
  calls: CallRecord[],
  slowness: number,
): Promise<string | undefined> {
  const reader = new MessageReader(1 << 26);
  let greeting: string | undefined = "";
  while (calls.some(({ answers }) => answers === 0)) {
    if (slowness > 0) await system.sleep(slowness);
    let bytes = Buffer.from(await system.read(fd));
    if (bytes.length === 0) return `closed after ${JSON.stringify(greeting ?? "the greeting")}`;
    if (greeting !== undefined) {
      greeting += bytes.toString("latin1");
      const end = greeting.indexOf("\r\n");
      if (end < 0) continue;
      if (!greeting.startsWith("OK ")) return greeting.slice(0, end);
      bytes = Buffer.from(greeting.slice(end + 2), "latin1");
      greeting = undefined;
    }
    reader.push(bytes);
    for (let message; (message = reader.next());) {
      if (message.type !== METHOD_RETURN && message.type !== ERROR) continue;
      const record = calls[(message.replySerial ?? 0) - 1];
      if (!record) {
        system.kernel.violated(
          "every request is answered once",
          `an answer to no call, ${message.replySerial}`,
        );
        continue;
      }
      record.answers++;
      record.answered = system.kernel.clock.now;
      if (message.errorName !== undefined) record.error = message.errorName;
    }
  }
  return undefined;
}

/** The handshake of both sides: D-Bus authentication ("Authentication Protocol"), with the mechanism EXTERNAL alone. */

import { Buffer } from "node:buffer";
import { ProtocolError } from "./protocol_error.ts";

/** The longest line, and the most that is answered, in bytes. */
const LONGEST = 8192;

/** How far a client has got with a {@link ServerHandshake}, as plain data. */
export interface HandshakeState {
  /** What has come of a line. */
  text: string;
  started: boolean;
  authenticated: boolean;
  asked: boolean;
}

/** The server's side: fed with what the client writes until it begins to send messages. */
export class ServerHandshake {
  #text = "";
  #started = false;
  #authenticated = false;
  #asked = false;

  /** `uid` is who the client is by the kernel's word; `guid` identifies the server, 32 hexadecimal digits. */
  constructor(private readonly uid: number, private readonly guid: string) {}

  save(): HandshakeState {
    const authenticated = this.#authenticated;
    return { text: this.#text, started: this.#started, authenticated, asked: this.#asked };
  }

  restore({ text, started, authenticated, asked }: HandshakeState): void {
    this.#text = text;
    this.#started = started;
    this.#authenticated = authenticated;
    this.#asked = asked;
  }

  /**
   * Takes bytes and gives what to answer. `rest` is there once the client has begun: bytes of messages.
   *
   * @throws {ProtocolError} when the client does not authenticate at all.
   */
  push(chunk: Buffer): { answer: string; rest?: Buffer } {
    if (!this.#started) {
      if (chunk[0] !== 0) throw new ProtocolError("authentication begins with a null byte");
      chunk = chunk.subarray(1);
      this.#started = true;
    }
    // Latin-1 keeps one character a byte, so that the messages behind BEGIN survive.
    this.#text += chunk.toString("latin1");
    let answer = "";
    for (;;) {
      const end = this.#text.indexOf("\r\n");
      if (end < 0 ? this.#text.length > LONGEST : end > LONGEST) {
        throw new ProtocolError("a line is too long");
      }
      if (end < 0) return { answer };
      const line = this.#text.slice(0, end);
      this.#text = this.#text.slice(end + 2);
      if (line === "BEGIN") {
        if (!this.#authenticated) throw new ProtocolError("BEGIN without authentication");
        return { answer, rest: Buffer.from(this.#text, "latin1") };
      }
      answer += `${this.#reply(line)}\r\n`;
      if (answer.length > LONGEST) throw new ProtocolError("too many lines before BEGIN");
    }
  }

  #reply(line: string): string {
    const [command, first, second] = line.split(" ");
    switch (command) {
      case "AUTH":
        this.#authenticated = false;
        this.#asked = first === "EXTERNAL" && second === undefined;
        if (this.#asked) return "DATA";
        return first === "EXTERNAL" ? this.#accept(second!) : "REJECTED EXTERNAL";
      case "DATA":
        if (!this.#asked) return "ERROR not asked for data";
        this.#asked = false;
        return this.#accept(first ?? "");
      case "CANCEL":
      case "ERROR":
        this.#authenticated = this.#asked = false;
        return "REJECTED EXTERNAL";
      case "NEGOTIATE_UNIX_FD":
        return "ERROR descriptors cannot be passed";
      default:
        return "ERROR unknown command";
    }
  }

  /** A claim, in hexadecimal, must be the truth; none leaves it to the kernel. */
  #accept(claim: string): string {
    const truth = Buffer.from(String(this.uid)).toString("hex");
    this.#authenticated = claim === "" || claim === truth;
    return this.#authenticated ? `OK ${this.guid}` : "REJECTED EXTERNAL";
  }
}

/**
 * All that a client of this user has to say. The server's answers are read afterwards, which spares waiting
 * for them.
 */
export function clientHello(uid: number): string {
  const hexadecimal = `3${String(uid).split("").join("3")}`;
  return `\0AUTH EXTERNAL ${hexadecimal}\r\nBEGIN\r\n`;
}

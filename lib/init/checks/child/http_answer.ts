/** The answer to an HTTP request, judged as it comes. It is of others: little is kept of it, and nothing is repeated but its status. */

import { Buffer } from "node:buffer";
import type { CheckResult } from "../schedule.ts";

/** What is expected of an answer. */
export interface ExpectedAnswer {
  status: readonly [lowest: number, highest: number];
  body?: string;
}

/** The most that is read of an answer, in bytes. */
const MOST_READ = 64 << 10;

const BEGINNING = "HTTP/1.";

/** What of an answer comes next: lines, but for the text itself, which comes in blocks. */
type Part = "status" | "interim fields" | "fields" | "chunk size" | "block";

/** The text of an answer to `where`. Each byte is looked at once, however small the pieces are in which it comes. */
export class HttpAnswer {
  readonly #read = new Bytes();
  /** The text, without what is between its chunks. */
  readonly #text = new Bytes();
  readonly #expectedText: Buffer;
  #part: Part = "status";
  /** How many bytes are taken, and up to where there is no end of a line. */
  #taken = 0;
  #searched = 0;
  #isChunked = false;
  /** How much of the block is still to come. */
  #rest = Infinity;
  #result: CheckResult | undefined;

  constructor(private readonly expected: ExpectedAnswer, private readonly where: string) {
    this.#expectedText = Buffer.from(expected.body ?? "");
  }

  /** Takes what has come. The result, when it is known. */
  take(bytes: Uint8Array): CheckResult | undefined {
    const room = MOST_READ - this.#read.length;
    this.#read.append(bytes.subarray(0, room));
    return this.#judge(bytes.length >= room);
  }

  /** The other side has closed the connection. */
  end(): CheckResult {
    return this.#judge(true)!;
  }

  #judge(isAll: boolean): CheckResult | undefined {
    while (!this.#result && this.#takeNext());
    if (!this.#result && isAll) this.#failed(this.#whatIsMissing());
    return this.#result;
  }

  #whatIsMissing(): string {
    if (this.#part !== "status" && this.#part !== "interim fields") return MISSING;
    return this.#read.length === 0 ? "no answer from" : "an incomplete answer from";
  }

  /** Takes the next line, or what is there of a block. False when there is nothing more yet. */
  #takeNext(): boolean {
    if (this.#part === "block") return this.#takeBlock();
    if (this.#part === "status" && !BEGINNING.startsWith(this.#beginning)) return this.#failed(NO_HTTP);
    const end = this.#read.find(NEWLINE, this.#searched);
    if (end < 0) {
      this.#searched = this.#read.length;
      return false;
    }
    const line = this.#read.text(this.#taken, end).replace(/\r$/, "");
    this.#taken = this.#searched = end + 1;
    this.#takeLine(line);
    return true;
  }

  /** The first characters of the next line, as far as they are there. */
  get #beginning(): string {
    return this.#read.text(this.#taken, Math.min(this.#read.length, this.#taken + BEGINNING.length));
  }

  #takeLine(line: string): void {
    switch (this.#part) {
      case "status":
        return this.#takeStatus(Number(/^HTTP\/1\.[01] +(\d{3})(?!\d)/.exec(line)?.[1]));
      case "interim fields":
        if (line === "") this.#part = "status";
        return;
      case "fields":
        return line === "" ? this.#beginText() : this.#takeField(line);
      default:
        return this.#takeSize(line);
    }
  }

  #takeStatus(status: number): void {
    const { status: [lowest, highest], body = "" } = this.expected;
    if (Number.isNaN(status)) this.#failed(NO_HTTP);
    // Answers such as 100 (Continue) precede the final one.
    else if (status < 200) this.#part = "interim fields";
    else if (status < lowest || status > highest) this.#failed(`status ${status} from`);
    else if (body === "") this.#result = { outcome: "passed" };
    else this.#part = "fields";
  }

  #takeField(line: string): void {
    if (/^transfer-encoding:[ \t]*chunked/i.test(line)) this.#isChunked = true;
    const length = /^content-length:[ \t]*(\d+)/i.exec(line)?.[1];
    if (length !== undefined) this.#rest = Number(length);
  }

  #beginText(): void {
    this.#part = this.#isChunked ? "chunk size" : "block";
    if (!this.#isChunked && this.#rest === 0) this.#failed(MISSING);
  }

  #takeSize(line: string): void {
    // A line break follows each chunk.
    if (line === "") return;
    this.#rest = parseInt(line, 16);
    if (this.#rest > 0) this.#part = "block";
    else this.#failed(MISSING);
  }

  #takeBlock(): boolean {
    const end = Math.min(this.#read.length, this.#taken + this.#rest);
    if (end === this.#taken) return false;
    const from = Math.max(0, this.#text.length - this.#expectedText.length + 1);
    this.#text.append(this.#read.slice(this.#taken, end));
    this.#rest -= end - this.#taken;
    this.#taken = this.#searched = end;
    if (this.#text.find(this.#expectedText, from) >= 0) this.#result = { outcome: "passed" };
    else if (this.#rest === 0 && !this.#isChunked) this.#failed(MISSING);
    else if (this.#rest === 0) this.#part = "chunk size";
    return true;
  }

  #failed(what: string): true {
    this.#result = { outcome: "failed", reason: `${what} ${this.where}` };
    return true;
  }
}

const NEWLINE = Buffer.from("\n");

const NO_HTTP = "what answers is not HTTP, on", MISSING = "the expected text is not in the answer of";

/** Bytes that grow in number. */
class Bytes {
  #room = Buffer.alloc(1 << 10);
  length = 0;

  append(bytes: Uint8Array): void {
    const length = this.length + bytes.length;
    if (length > this.#room.length) {
      const room = Buffer.alloc(Math.max(length, 2 * this.#room.length));
      this.#room.copy(room, 0, 0, this.length);
      this.#room = room;
    }
    this.#room.set(bytes, this.length);
    this.length = length;
  }

  slice(from: number, to: number): Buffer {
    return this.#room.subarray(from, to);
  }

  text(from: number, to: number): string {
    return this.#room.toString("latin1", from, to);
  }

  /** Where something is first, at `from` or after; negative when it is not there. */
  find(what: Buffer, from: number): number {
    return this.slice(0, this.length).indexOf(what, from);
  }
}

/** A relay between clients and an init, which counts what is asked, and can break connections and change what is said. */

import { Buffer } from "node:buffer";
import { connect, createServer, type Socket } from "node:net";
import { TemporaryDirectory } from "../../lib/sys/testing/directory.ts";
import type { RunningInit } from "./init.ts";

/** Where clients are answered by an init in whose place this listens. Declare it with `await using`. */
export class Relay implements AsyncDisposable {
  readonly #temporary = new TemporaryDirectory();
  readonly #server = createServer((client) => this.#relay(client));
  readonly #sockets = new Set<Socket>();
  #asked = "";
  #breaking: string | undefined;
  #change = (text: string): string => text;

  private constructor(private readonly address: string) {}

  /** @param init Whose UPSTART_SESSION leads to it */
  static async start(init: RunningInit): Promise<Relay> {
    const path = init.environment["UPSTART_SESSION"]!.replace(/^unix:abstract=/, "\0");
    const relay = new Relay(path);
    await new Promise<void>((resolve) => relay.#server.listen(relay.#temporary.at("socket"), resolve));
    return relay;
  }

  /** The address, as UPSTART_SESSION has it. */
  get session(): string {
    return `unix:path=${this.#temporary.at("socket")}`;
  }

  /** How often a method has been called since the last time that this was asked. */
  calls(method: string): number {
    const count = this.#asked.split(`${method}\0`).length - 1;
    this.#asked = "";
    return count;
  }

  /** Has connections broken in the place of a call of a method. */
  breakAt(method: string): void {
    this.#breaking = method;
  }

  /** Has a word said in the place of another one, both ways. They are of the same length, as all messages tell theirs. */
  replace(word: string, other: string): void {
    this.#change = (text) => text.replaceAll(word, other);
  }

  #relay(client: Socket): void {
    const init = connect({ path: this.address });
    for (const [from, to] of [[client, init], [init, client]] as const) {
      this.#sockets.add(from);
      from.on("error", () => to.destroy());
      from.on("close", () => {
        this.#sockets.delete(from);
        to.destroy();
      });
    }
    const changed = (bytes: Buffer) => Buffer.from(this.#change(bytes.toString("latin1")), "latin1");
    init.on("data", (bytes) => client.write(changed(bytes)));
    client.on("data", (bytes) => {
      const asked = bytes.toString("latin1");
      this.#asked += asked;
      if (this.#breaking !== undefined && asked.includes(`${this.#breaking}\0`)) client.destroy();
      else init.write(changed(bytes));
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
    this.#temporary.remove();
  }
}

/** What the console shows of scripts, in which order. */

import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { close, pipe, read, setNonBlocking, write } from "../../sys/io/descriptors.ts";
import { ConsoleEcho } from "./console_echo.ts";

/** A pipe in the console's place. */
class FakeConsole implements Disposable {
  readonly #ends = pipe();
  readonly path = `/proc/self/fd/${this.#ends.writer}`;
  #text = "";

  constructor() {
    for (const end of [this.#ends.reader, this.#ends.writer]) setNonBlocking(end);
  }

  /** Writes until nothing more is taken. */
  fill(): void {
    while (write(this.#ends.writer, new Uint8Array(4096)) > 0);
  }

  /** What it has got, but for what has filled it. */
  get text(): string {
    for (let bytes; (bytes = read(this.#ends.reader)) instanceof Uint8Array && bytes.length > 0;) {
      this.#text += Buffer.from(bytes).toString().replaceAll("\0", "");
    }
    return this.#text;
  }

  async until(text: string): Promise<void> {
    while (!this.text.endsWith(text)) await new Promise((resolve) => setTimeout(resolve, 1));
  }

  [Symbol.dispose](): void {
    close(this.#ends.reader);
    close(this.#ends.writer);
  }
}

Deno.test("what a script prints is shown whole when it ends, and only while a change is carried out", () => {
  using console = new FakeConsole();
  const echo = new ConsoleEcho(console.path);
  assert.equal(echo.follow("early"), undefined);
  const hide = echo.show(), [left, right] = [echo.follow("left")!, echo.follow("right")!];
  echo.take("left", Buffer.from("left one\r\n"));
  echo.take("right", Buffer.from("right"));
  echo.take("early", Buffer.from("nothing\n"));
  echo.take("left", Buffer.from("left two\r\n"));
  assert.equal(console.text, "");
  right();
  left();
  assert.equal(console.text, "right\nleft one\nleft two\n");
  hide();
  assert.equal(echo.follow("late"), undefined);
  echo.close();
});

Deno.test("a script that runs alone is shown as it goes on, also when the others have ended", () => {
  using console = new FakeConsole();
  const echo = new ConsoleEcho(console.path),
    hide = echo.show(),
    [other, halt] = [
      echo.follow("other")!,
      echo.follow("halt")!,
    ];
  echo.take("halt", Buffer.from("the system "));
  assert.equal(console.text, "");
  other();
  assert.equal(console.text, "the system ");
  echo.take("halt", Buffer.from("goes down\n"));
  assert.equal(console.text, "the system goes down\n");
  halt();
  hide();
  echo.close();
});

Deno.test("when nothing was shown for long, the script with the oldest output is shown as it goes on", async () => {
  using console = new FakeConsole();
  const echo = new ConsoleEcho(console.path, 1), hide = echo.show();
  const [slow, quick] = [echo.follow("slow")!, echo.follow("quick")!];
  echo.take("slow", Buffer.from("checks "));
  await console.until("checks ");
  echo.take("slow", Buffer.from("disks: "));
  assert.equal(console.text, "checks disks: ");
  echo.take("quick", Buffer.from("done\n"));
  quick();
  await console.until("checks disks: \ndone\n");
  echo.take("slow", Buffer.from("clean\n"));
  slow();
  assert.equal(console.text, "checks disks: \ndone\nclean\n");
  hide();
  echo.close();
});

Deno.test("a console that takes no more holds nothing up, and gets what fits later", async () => {
  using console = new FakeConsole();
  const echo = new ConsoleEcho(console.path), hide = echo.show(), end = echo.follow("web")!;
  console.fill();
  for (let piece = 0; piece < 40; piece++) echo.take("web", Buffer.from("x".repeat(65_537)));
  echo.take("web", Buffer.from("left out\n"));
  end();
  hide();
  assert.equal(console.text, "");
  await console.until("x".repeat(1 << 20));
  assert(!console.text.includes("left out"));
  echo.close();
  const without = new ConsoleEcho("/nonexistent"), stop = without.show(), over = without.follow("web")!;
  without.take("web", Buffer.from("nowhere\n"));
  over();
  stop();
});

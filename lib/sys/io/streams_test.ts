import assert from "node:assert/strict";
import { readdirSync, readlinkSync } from "node:fs";
import { close, open, openPty, pipe, setNonBlocking, write } from "./descriptors.ts";
import { EAGAIN, EPIPE } from "../call/errno.ts";
import { spawn } from "../spawn/spawn.ts";
import { type DescriptorReader, readDescriptor } from "./streams.ts";
import { readToEnd, shell, waitForEnd } from "../testing/children.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
const text = (data: Uint8Array) => new TextDecoder().decode(data);

/** A reader of a pipe whose calls can be awaited one by one: the text of each, or `end`. */
function observed(fd: number): { reader: DescriptorReader; next: () => Promise<string>; seen: string[] } {
  const seen: string[] = [];
  let wake = () => {};
  const add = (what: string) => {
    seen.push(what);
    wake();
  };
  const reader = readDescriptor(fd, {
    onData: (data) => add(text(data)),
    onEnd: (errno) => add(errno === undefined ? "end" : `end ${errno}`),
  });
  const next = async () => {
    while (seen.length === 0) await new Promise<void>((resolve) => wake = resolve);
    return seen.shift()!;
  };
  return { reader, next, seen };
}

/** What this process has open. */
function openFiles(): string[] {
  return readdirSync("/proc/self/fd").flatMap((fd) => {
    try {
      return [readlinkSync(`/proc/self/fd/${fd}`)];
    } catch {
      return []; // closed meanwhile
    }
  });
}

Deno.test("data is given as it comes, then the end, once", async () => {
  const { reader, writer } = pipe();
  const file = readlinkSync(`/proc/self/fd/${reader}`);
  const { next, seen } = observed(reader);
  for (const part of ["one", "two", "three"]) {
    write(writer, bytes(part));
    assert.equal(await next(), part);
  }
  close(writer);
  assert.equal(await next(), "end");
  assert.deepEqual(seen, []);
  assert.ok(!openFiles().includes(file));
});

Deno.test("all of much data is given, also by a child that is gone already", async () => {
  const { reader, writer } = pipe();
  const { pid } = spawn(
    shell("head -c 60000 /dev/zero | tr '\\0' x; echo end", { descriptors: { 1: writer } }),
  );
  close(writer);
  waitForEnd(pid!);
  assert.equal(await readToEnd(reader), "x".repeat(60000) + "end\n");
});

Deno.test("a pty's last words are not lost", async () => {
  for (let round = 0; round < 20; round++) {
    const { master, slave } = openPty();
    const output = readToEnd(master);
    const { pid } = spawn(
      shell("seq 1 5000; printf last", { descriptors: { 0: slave, 1: slave, 2: slave } }),
    );
    close(slave);
    const numbers = Array.from({ length: 5000 }, (_, index) => `${index + 1}\r\n`).join("");
    assert.equal(await output, numbers + "last");
    waitForEnd(pid!);
  }
});

Deno.test("a paused reader gets nothing and its writer has to wait, until it resumes", async () => {
  const { reader: fd, writer } = pipe();
  setNonBlocking(writer);
  const { reader, next, seen } = observed(fd);
  reader.pause();
  reader.pause();
  let sum = 0;
  for (let result; (result = write(writer, bytes("x".repeat(4096)))) !== -EAGAIN; sum += result) {
    assert.ok(result > 0);
  }
  // Another reader's data shows that the loop has gone round.
  const other = pipe();
  const { reader: otherReader, next: otherNext } = observed(other.reader);
  write(other.writer, bytes("round"));
  assert.equal(await otherNext(), "round");
  assert.deepEqual(seen, []);
  reader.resume();
  reader.resume();
  while (sum > 0) sum -= (await next()).length;
  close(writer);
  assert.equal(await next(), "end");
  otherReader.close();
  close(other.writer);
});

Deno.test("what is there already can be drained at once", () => {
  const { reader: fd, writer } = pipe();
  const { reader, seen } = observed(fd);
  reader.drain();
  assert.deepEqual(seen, []);
  write(writer, bytes("last words"));
  reader.drain();
  assert.deepEqual(seen, ["last words"]);
  close(writer);
  reader.drain();
  reader.drain();
  assert.deepEqual(seen, ["last words", "end"]);
});

Deno.test("a closed reader calls nobody and its writer finds the pipe broken", async () => {
  const { reader: fd, writer } = pipe();
  const { reader, seen } = observed(fd);
  write(writer, bytes("unread"));
  reader.close();
  reader.close();
  reader.resume();
  reader.drain();
  const other = pipe();
  write(other.writer, bytes("x"));
  close(other.writer);
  assert.equal(await readToEnd(other.reader), "x");
  assert.deepEqual(seen, []);
  assert.equal(write(writer, bytes("x")), -EPIPE);
  close(writer);
});

Deno.test("a listener may close other readers, whose descriptors come back as new ones", async () => {
  const pipes = Array.from({ length: 50 }, pipe);
  const called: number[] = [];
  let done = () => {};
  const first = new Promise<void>((resolve) => done = resolve);
  const readers = pipes.map(({ reader }, index) =>
    readDescriptor(reader, {
      onData() {
        called.push(index);
        readers.forEach((other) => other.close());
        done();
      },
      onEnd: () => assert.fail("the end of a closed reader"),
    })
  );
  for (const { writer } of pipes) write(writer, bytes("x"));
  await first;
  const { reader, writer } = pipe();
  const output = readToEnd(reader);
  write(writer, bytes("new"));
  close(writer);
  assert.equal(await output, "new");
  assert.equal(called.length, 1);
  pipes.forEach(({ writer }) => close(writer));
});

Deno.test("a descriptor that cannot be waited for is refused", () => {
  const directory = open("/", 0);
  assert.throws(() => readDescriptor(directory, { onData() {}, onEnd() {} }), { code: "EPERM" });
  close(directory);
});

Deno.test("500 readers are served", async () => {
  const pipes = Array.from({ length: 500 }, pipe);
  const outputs = pipes.map(({ reader }) => readToEnd(reader));
  pipes.forEach(({ writer }, index) => {
    write(writer, bytes(`I am ${index}`));
    close(writer);
  });
  assert.deepEqual(await Promise.all(outputs), pipes.map((_, index) => `I am ${index}`));
});

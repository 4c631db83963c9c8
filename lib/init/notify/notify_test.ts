/** The parts that hear services: messages, lines and descriptors go on to be heard where another init was saved. */

import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { existsSync, readlinkSync, writeFileSync } from "node:fs";
import process from "node:process";
import { call, required } from "../../sys/call/kernel.ts";
import type { Datagram } from "../../sys/io/datagram.ts";
import { close, pipe, read, write } from "../../sys/io/descriptors.ts";
import { connectUnixDatagram } from "../../sys/io/socket.ts";
import { TemporaryDirectory } from "../../sys/testing/directory.ts";
import { DescriptorStore } from "./descriptor_store.ts";
import { NotifySocket } from "./notify_socket.ts";
import { ReadinessPipes } from "./readiness_pipes.ts";
import { ownerOfProcess } from "./senders.ts";

/** A copy of a descriptor, as the part that was saved still has its own. */
function copy(fd: number): number {
  const F_DUPFD_CLOEXEC = 1030;
  return required("copy", call("fcntl", fd, F_DUPFD_CLOEXEC, 3));
}

/** What a descriptor leads to. Other tests of the process may have its number as soon as it is closed. */
function target(fd: number): string | undefined {
  return existsSync(`/proc/self/fd/${fd}`) ? readlinkSync(`/proc/self/fd/${fd}`) : undefined;
}

/** A socket of a user's init in a directory of its own, and the first message that it gets. */
function socketIn(directory: string): { socket: NotifySocket; message: Promise<Datagram> } {
  process.env.XDG_RUNTIME_DIR = directory;
  const { promise, resolve } = Promise.withResolvers<Datagram>();
  return { socket: new NotifySocket(true, () => true, resolve), message: promise };
}

async function withRuntimeDirectory(test: (directory: string) => Promise<void> | void): Promise<void> {
  using directory = new TemporaryDirectory();
  const { XDG_RUNTIME_DIR } = process.env;
  try {
    await test(directory.path);
  } finally {
    if (XDG_RUNTIME_DIR === undefined) delete process.env.XDG_RUNTIME_DIR;
    else process.env.XDG_RUNTIME_DIR = XDG_RUNTIME_DIR;
  }
}

Deno.test("messages are received on the same socket by another init", () =>
  withRuntimeDirectory(async (directory) => {
    const before = socketIn(directory), after = socketIn(directory);
    const path = before.socket.path();
    assert.equal(path, `${directory}/rouse/notify`);
    const saved = JSON.parse(JSON.stringify(before.socket.save()));
    after.socket.restore({ path, fd: copy(saved.fd) });
    assert.equal(after.socket.path(), path);
    const client = connectUnixDatagram(path);
    write(client, Buffer.from("READY=1"));
    const { bytes, sender } = await Promise.race([before.message, after.message]);
    assert.deepEqual([Buffer.from(bytes).toString(), sender!.pid], ["READY=1", process.pid]);
    close(client);
    after.socket.close();
    assert(!existsSync(path));
    before.socket.close();
  }));

Deno.test("a second init has a socket beside the first's, and one that was left by a dead one is replaced", () =>
  withRuntimeDirectory((directory) => {
    const [first, second, third] = [1, 2, 3].map(() => socketIn(directory).socket);
    assert.deepEqual([first!.path(), second!.path()], [
      `${directory}/rouse/notify`,
      `${directory}/rouse/notify-1`,
    ]);
    second!.close();
    // Nobody receives there.
    writeFileSync(`${directory}/rouse/notify-1`, "");
    assert.equal(third!.path(), `${directory}/rouse/notify-1`);
    // Its file is gone: who starts later gets a new one.
    third!.close();
    first!.close();
    assert.equal(first!.path(), `${directory}/rouse/notify`);
    first!.close();
  }));

Deno.test("a line on a descriptor is heard once, by another init too, and what follows is read", async () => {
  const { promise, resolve } = Promise.withResolvers<string>();
  let count = 0;
  const before = new ReadinessPipes(() => {});
  const after = new ReadinessPipes((job, instance) => {
    count++;
    resolve(`${job}/${instance}`);
  });
  const writer = before.open("web", "1");
  const saved = JSON.parse(JSON.stringify(before.save())) as ReturnType<ReadinessPipes["save"]>;
  after.restore(saved.map((one) => ({ ...one, fd: copy(one.fd) })));
  before.close();
  write(writer, Buffer.from("no end"));
  write(writer, Buffer.from("\n"));
  assert.equal(await promise, "web/1");
  assert.equal(write(writer, Buffer.from("more\n")), 5);
  assert.equal(count, 1);
  close(writer);
  after.close();
});

Deno.test("of a main process that was replaced, a line is not heard", async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  let isReplaced = false;
  const pipes = new ReadinessPipes(() => isReplaced ? resolve() : assert.fail("the first was heard"));
  const first = pipes.open("web", ""), second = pipes.open("web", "");
  write(first, Buffer.from("up\n"));
  isReplaced = true;
  write(second, Buffer.from("up\n"));
  await promise;
  close(first);
  close(second);
  pipes.close();
});

Deno.test("descriptors are kept by name, up to a bound, and those of an instance that ends are closed", () => {
  const store = new DescriptorStore(), after = new DescriptorStore();
  const { reader, writer } = pipe();
  write(writer, Buffer.from("kept"));
  close(writer);
  assert.equal(store.add("web", "", "first", [reader]), 0);
  after.restore(JSON.parse(JSON.stringify(store.save())));
  const [{ name, fd }] = after.of("web", "") as [{ name: string; fd: number }];
  assert.deepEqual([name, Buffer.from(read(fd) as Uint8Array).toString()], ["first", "kept"]);
  const kept = target(fd), isOpen = (fd: number) => target(fd) === kept;
  const more = Array.from({ length: 70 }, () => copy(fd));
  assert.equal(after.add("web", "", "second", more), 7);
  assert.deepEqual(more.filter(isOpen).length, 63);
  assert.equal(after.of("web", "").length, 64);
  after.remove("web", "", "second");
  assert.deepEqual([after.of("web", "").length, more.some(isOpen)], [1, false]);
  after.remove("web", "");
  assert.deepEqual([after.of("web", ""), isOpen(fd)], [[], false]);
});

Deno.test("a process belongs to the instance that it descends from, or in whose session it is", () => {
  const owner = { job: "web", instance: "", process: "main" as const };
  const engine = (pid: number) => ({ ownerOf: (other: number) => other === pid ? owner : undefined });
  const parent = process.ppid;
  assert.equal(ownerOfProcess(parent, engine(parent))?.job, "web");
  assert.equal(ownerOfProcess(parent, engine(1 << 22)), undefined);
  assert.equal(ownerOfProcess(1 << 22, engine(parent)), undefined);
  // Init is no process of a job, nor are its ancestors asked.
  assert.equal(
    ownerOfProcess(process.pid, { ownerOf: (pid) => pid === parent ? owner : undefined }),
    undefined,
  );
});

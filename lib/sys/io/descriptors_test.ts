import assert from "node:assert/strict";
import { readFileSync, statSync } from "node:fs";
import net from "node:net";
import process from "node:process";
import {
  close,
  fchmod,
  isTerminal,
  memfd,
  O_APPEND,
  O_CREAT,
  O_NONBLOCK,
  O_RDONLY,
  O_WRONLY,
  open,
  openPty,
  peerCredentials,
  pipe,
  read,
  setNonBlocking,
  write,
} from "./descriptors.ts";
import { EAGAIN, EBADF } from "../call/errno.ts";
import { TemporaryDirectory } from "../testing/directory.ts";

const text = (bytes: Uint8Array | number) => {
  assert.ok(typeof bytes !== "number", `errno ${bytes}`);
  return new TextDecoder().decode(bytes);
};
const bytes = (content: string) => new TextEncoder().encode(content);

Deno.test("files are opened, made, appended to and closed", () => {
  using temporary = new TemporaryDirectory();
  const path = `${temporary.path}/file`;
  for (const line of ["one\n", "two\n"]) {
    const fd = open(path, O_WRONLY | O_CREAT | O_APPEND, 0o600);
    assert.equal(write(fd, bytes(line)), 4);
    fchmod(fd, 0o640);
    close(fd);
  }
  assert.equal(write(-1, bytes("x")), -EBADF);
  assert.equal(readFileSync(path, "utf8"), "one\ntwo\n");
  assert.equal(statSync(path).mode & 0o777, 0o640);
  assert.throws(() => open(`${path}/below`, O_RDONLY), {
    code: "ENOTDIR",
    message: `unable to open ${path}/below: Not a directory`,
  });
});

Deno.test("descriptors are closed on exec", () => {
  const { reader, writer } = pipe();
  const { master, slave } = openPty();
  const all = [reader, writer, master, slave, memfd("m", bytes("")), open("/dev/null", O_RDONLY)];
  for (const fd of all) {
    assert.match(readFileSync(`/proc/self/fdinfo/${fd}`, "utf8"), /^flags:\t0*2\d{6}$/m);
    close(fd);
  }
});

Deno.test("what goes into a pipe comes out, and a full or an empty one says so", () => {
  const { reader, writer } = pipe();
  setNonBlocking(reader);
  setNonBlocking(writer);
  assert.equal(read(reader), -EAGAIN);
  assert.equal(write(writer, bytes("hello")), 5);
  assert.equal(text(read(reader)), "hello");
  const much = new Uint8Array(1 << 20);
  let sum = 0;
  for (let result; (result = write(writer, much)) !== -EAGAIN; sum += result) assert.ok(result > 0);
  assert.ok(sum > 0);
  close(writer);
  for (let piece; (piece = read(reader)) && typeof piece !== "number" && piece.length > 0;) {
    sum -= piece.length;
  }
  assert.equal(sum, 0);
  close(reader);
});

Deno.test("the two ends of a pty are terminals and talk to each other", () => {
  const { master, slave } = openPty();
  assert.ok(isTerminal(master));
  assert.ok(isTerminal(slave));
  write(slave, bytes("out\n"));
  assert.equal(text(read(master)), "out\r\n");
  write(master, bytes("in\n"));
  assert.equal(text(read(slave)), "in\n");
  close(master);
  close(slave);
  const fd = open("/dev/null", O_RDONLY | O_NONBLOCK);
  assert.equal(isTerminal(fd), false);
  close(fd);
});

Deno.test("a file in memory holds its bytes, however many", () => {
  const content = "x".repeat(300_000);
  const fd = memfd("content", bytes(content));
  assert.equal(readFileSync(`/proc/self/fd/${fd}`, "utf8"), content);
  assert.equal(text(read(fd)), content.slice(0, 64 << 10));
  close(fd);
});

Deno.test("the kernel tells who is at the other end of a socket", async () => {
  const server = net.createServer();
  const connected = new Promise<net.Socket>((resolve) => server.once("connection", resolve));
  const path = `\0rouse-test-${process.pid}`;
  await new Promise<void>((resolve) => server.listen(path, resolve));
  const client = net.connect(path);
  const socket = await connected;
  const { fd } = (socket as unknown as { _handle: { fd: number } })._handle;
  assert.deepEqual(peerCredentials(fd), {
    pid: process.pid,
    uid: process.getuid!(),
    gid: process.getgid!(),
  });
  const ended = [socket, client].map((end) => new Promise((resolve) => end.once("close", resolve)));
  client.destroy();
  socket.destroy();
  server.close();
  await Promise.all(ended);
  const nothing = open("/dev/null", O_RDONLY);
  assert.throws(() => peerCredentials(nothing), { code: "ENOTSOCK" });
  close(nothing);
});

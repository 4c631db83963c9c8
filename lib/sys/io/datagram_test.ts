import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readlinkSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { EAGAIN } from "../call/errno.ts";
import { ifAllowed } from "../call/refused.ts";
import { inDirectory } from "../testing/directory.ts";
import { DatagramReceiver, openDatagramSocket } from "./datagram.ts";
import { close, read, write } from "./descriptors.ts";
import { connectUnixDatagram } from "./socket.ts";

const PYTHON = "/usr/bin/python3";
const receiver = new DatagramReceiver();

/** Receives a message, which must be there. */
function receive(socket: number) {
  const message = receiver.receive(socket);
  if (typeof message === "number") assert.fail(`no message: ${message}`);
  return message;
}

Deno.test(
  "a message comes with the credentials of its sender, and none is waited for",
  inDirectory((directory) => {
    const path = join(directory, "socket"), socket = openDatagramSocket(path);
    const client = connectUnixDatagram(path);
    try {
      assert.equal(receiver.receive(socket), -EAGAIN);
      write(client, Buffer.from("READY=1\n"));
      write(client, Buffer.from(""));
      const { bytes, ...rest } = receive(socket);
      assert.equal(Buffer.from(bytes).toString(), "READY=1\n");
      const sender = { pid: process.pid, uid: process.geteuid!(), gid: process.getegid!() };
      assert.deepEqual(rest, { isCut: false, sender, descriptors: [] });
      assert.equal(receive(socket).bytes.length, 0);
      assert.equal(receiver.receive(socket), -EAGAIN);
    } finally {
      close(client);
      close(socket);
    }
  }),
);

Deno.test(
  "of a message that is too long the beginning comes, marked as cut",
  inDirectory((directory) => {
    const path = join(directory, "socket"), socket = openDatagramSocket(path);
    const client = connectUnixDatagram(path);
    try {
      write(client, Buffer.alloc(20_000, "x"));
      write(client, Buffer.from("next"));
      const { bytes, isCut } = receive(socket);
      assert.deepEqual([bytes.length, isCut], [4096, true]);
      assert.equal(receive(socket).isCut, false);
    } finally {
      close(client);
      close(socket);
    }
  }),
);

Deno.test({
  name: "descriptors that another process sends along arrive with its process number",
  ignore: !existsSync(PYTHON),
  fn: inDirectory((directory) => {
    const path = join(directory, "socket"), socket = openDatagramSocket(path);
    const program = `
import os, socket, sys
r, w = os.pipe()
os.write(w, b"passed")
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.connect(sys.argv[1])
socket.send_fds(s, [b"FDSTORE=1"], [r, w])
print(os.getpid(), os.readlink(f"/proc/self/fd/{r}"))
`;
    const send = () => {
      const { stdout, stderr } = spawnSync(PYTHON, ["-c", program, path], { encoding: "utf8" });
      assert.equal(stderr, "");
      return stdout.trim().split(" ");
    };
    try {
      const [pid] = send();
      const { sender, descriptors, isCut } = receive(socket);
      assert.deepEqual([sender!.pid, descriptors.length, isCut], [Number(pid), 2, false]);
      const content = read(descriptors[0]!);
      assert.equal(Buffer.from(content as Uint8Array).toString(), "passed");
      descriptors.forEach(close);
      const [, pipe] = send();
      const refused = receiver.receive(socket, () => false);
      assert(typeof refused !== "number");
      assert.deepEqual([refused.descriptors, refused.isCut], [[], true]);
      assert.equal(refused.sender!.uid, process.geteuid!());
      const open = readdirSync("/proc/self/fd").map((fd) =>
        ifAllowed(() => readlinkSync(`/proc/self/fd/${fd}`))
      );
      assert(!open.includes(pipe), "it is not kept");
    } finally {
      close(socket);
    }
  }),
});

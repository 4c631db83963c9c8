/** Descriptors that a client sends along, and whose closing sleeps, hold up nobody. */

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { inDirectory } from "../testing/directory.ts";
import { call } from "../call/kernel.ts";
import { DatagramReceiver, openDatagramSocket } from "./datagram.ts";
import { close, read } from "./descriptors.ts";
import { closeHurried, hurried } from "./hurried.ts";
import { awaitDescriptor, listenUnix, POLLIN } from "./socket.ts";

const PYTHON = "/usr/bin/python3";

/** Sends a TCP connection that takes a minute to be closed, as the last that has it. */
const SENDER = `
import socket, struct, sys
listener = socket.create_server(("127.0.0.1", 0))
sent = socket.create_connection(listener.getsockname())
peer, _ = listener.accept()
sent.setblocking(False)
try:
    while True: sent.send(bytes(65536))
except BlockingIOError: pass
sent.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 86400))
client = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM if sys.argv[2] == "datagram" else socket.SOCK_STREAM)
client.connect(sys.argv[1])
socket.send_fds(client, [b"x"], [sent.fileno()])
sent.close()
print("sent", flush=True)
sys.stdin.read()
`;

/** What a server may do with what has come: the kernel closes the descriptor beside it. */
const ENDS: Record<string, (socket: number) => void> = {
  "read": (socket) => void hurried(() => read(socket)),
  "closed": () => {},
};

async function withSender(path: string, how: "datagram" | "stream", test: () => void): Promise<void> {
  const sender = spawn(PYTHON, ["-c", SENDER, path, how], { stdio: ["pipe", "pipe", "inherit"] });
  const ended = once(sender, "exit");
  try {
    await once(sender.stdout, "data");
    // The kernel would sleep for a day: that this returns is the test.
    test();
  } finally {
    sender.kill("SIGKILL");
    await ended;
  }
}

for (const [what, end] of Object.entries(ENDS)) {
  Deno.test({
    name: `a connection with such a descriptor is ${what}`,
    ignore: !existsSync(PYTHON),
    fn: inDirectory(async (directory) => {
      const path = join(directory, "socket"), listener = listenUnix(path);
      await withSender(path, "stream", () => {
        awaitDescriptor(listener, POLLIN);
        const socket = call("accept4", listener, 0, 0, 0);
        end(socket);
        closeHurried(socket);
      });
      close(listener);
    }),
  });
}

Deno.test({
  name: "a datagram with such a descriptor is received from a sender who may not pass any",
  ignore: !existsSync(PYTHON),
  fn: inDirectory(async (directory) => {
    const path = join(directory, "socket"), socket = openDatagramSocket(path);
    await withSender(path, "datagram", () => {
      const message = new DatagramReceiver().receive(socket, () => false);
      if (typeof message === "number") assert.fail(`no message: ${message}`);
      assert.deepEqual([message.isCut, message.descriptors], [true, []]);
    });
    close(socket);
  }),
});

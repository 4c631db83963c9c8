import assert from "node:assert/strict";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { type AddressInfo, createServer, type ListenOptions } from "node:net";
import { join } from "node:path";
import process from "node:process";
import { TemporaryDirectory } from "../testing/directory.ts";
import { listeningSockets } from "./sockets.ts";

/** A server of this process. It is closed when the test ends. */
async function listen(options: ListenOptions): Promise<AsyncDisposable & { port: number }> {
  const server = createServer();
  server.listen(options);
  await once(server, "listening");
  const address = server.address() as AddressInfo | string;
  return {
    port: typeof address === "string" ? 0 : address.port,
    [Symbol.asyncDispose]: async () => {
      server.close();
      await once(server, "close");
    },
  };
}

Deno.test("processes listen at addresses of IPv4 and IPv6, and at paths", async () => {
  using directory = new TemporaryDirectory();
  const path = join(directory.path, "a socket");
  await using four = await listen({ host: "127.0.0.1", port: 0 });
  await using six = await listen({ host: "::1", port: 0 });
  await using _ = await listen({ path });
  const datagrams = createSocket("udp4").bind(0, "127.0.0.1");
  await once(datagrams, "listening");
  try {
    const places = listeningSockets([process.pid]);
    for (
      const place of [
        `tcp 127.0.0.1:${four.port}`,
        `tcp [::1]:${six.port}`,
        `udp 127.0.0.1:${datagrams.address().port}`,
        `unix ${path}`,
      ]
    ) assert(places.includes(place), `${place} is not in ${places}`);
  } finally {
    datagrams.close();
  }
  assert(!listeningSockets([process.pid]).includes(`tcp 127.0.0.1:${four.port + 1}`));
});

Deno.test("a process that is not there listens nowhere", () => {
  assert.deepEqual(listeningSockets([2 ** 22 + 1, 0]), []);
});

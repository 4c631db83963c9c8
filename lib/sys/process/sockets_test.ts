import assert from "node:assert/strict";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { type AddressInfo, createServer, type ListenOptions } from "node:net";
import { join } from "node:path";
import process from "node:process";
import { TemporaryDirectory } from "../testing/directory.ts";
import { listeningSockets } from "./sockets.ts";

/** True where ::1 is an address of this machine's. */
function hasIpv6(): boolean {
  const table = "/proc/net/if_inet6";
  return existsSync(table) && /^0{31}1 /m.test(readFileSync(table, "utf8"));
}

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

const places = () => listeningSockets([process.pid]);

Deno.test("processes listen at addresses and at paths, until they close the socket", async () => {
  using directory = new TemporaryDirectory();
  const path = join(directory.path, "a socket");
  const datagrams = createSocket("udp4").bind(0, "127.0.0.1");
  await once(datagrams, "listening");
  let wanted: string[];
  try {
    await using stream = await listen({ host: "127.0.0.1", port: 0 });
    await using _ = await listen({ path });
    wanted = [
      `tcp 127.0.0.1:${stream.port}`,
      `udp 127.0.0.1:${datagrams.address().port}`,
      `unix ${path}`,
    ];
    const found = places();
    for (const place of wanted) assert(found.includes(place), `${place} is not in ${found}`);
  } finally {
    datagrams.close();
    await once(datagrams, "close");
  }
  const left = places();
  for (const place of wanted) assert(!left.includes(place), `${place} is in ${left}`);
});

Deno.test({
  name: "processes listen at addresses of IPv6",
  ignore: !hasIpv6(),
  async fn() {
    await using stream = await listen({ host: "::1", port: 0 });
    const found = places();
    assert(found.includes(`tcp [::1]:${stream.port}`), `${stream.port} is not in ${found}`);
  },
});

Deno.test("a process that is not there listens nowhere", () => {
  assert.deepEqual(listeningSockets([2 ** 22 + 1, 0]), []);
});

import assert from "node:assert/strict";
import { once } from "node:events";
import { connect } from "node:net";
import { close } from "./descriptors.ts";
import { listenTcp, portOf } from "./socket.ts";

/** Addresses that listen, and who reaches them. */
const ADDRESSES: Array<[address: string, client: string]> = [
  ["127.0.0.1", "127.0.0.1"],
  ["127.0.5.9", "127.0.5.9"],
  ["0.0.0.0", "127.0.0.1"],
  ["::1", "::1"],
  ["0:0:0:0:0:0:0:1", "::1"],
  ["::", "::1"],
  ["::", "127.0.0.1"],
  ["::ffff:127.0.0.1", "127.0.0.1"],
];

for (const [address, client] of ADDRESSES) {
  Deno.test(`a TCP socket that listens on ${address} is reached at ${client}`, async () => {
    const socket = listenTcp(address, 0), other = connect(portOf(socket), client);
    try {
      await once(other, "connect");
      assert.throws(() => listenTcp(address, portOf(socket)), { code: "EADDRINUSE" });
    } finally {
      other.destroy();
      close(socket);
    }
  });
}

Deno.test("an address that this machine does not have is refused", () => {
  assert.throws(() => listenTcp("192.0.2.1", 0), { code: "EADDRNOTAVAIL" });
});

import assert from "node:assert/strict";
import { formatHttpAddress, parseHttpAddress } from "./http_address.ts";

Deno.test("a port alone is the loopback interface's", () => {
  assert.deepEqual(parseHttpAddress("9000"), { host: "127.0.0.1", port: 9000 });
  assert.deepEqual(parseHttpAddress("localhost:9000"), { host: "127.0.0.1", port: 9000 });
});

Deno.test("addresses of both families", () => {
  assert.deepEqual(parseHttpAddress("0.0.0.0:80"), { host: "0.0.0.0", port: 80 });
  assert.deepEqual(parseHttpAddress("[::]:0"), { host: "::", port: 0 });
  assert.equal(formatHttpAddress({ host: "::1", port: 80 }), "http://[::1]:80");
  assert.equal(formatHttpAddress({ host: "10.0.0.1", port: 80 }), "http://10.0.0.1:80");
});

for (
  const wrong of [
    "",
    ":",
    ":80",
    "80:",
    "65536",
    "example.org:80",
    "::1:80",
    "[10.0.0.1]:80",
    "1.2.3:80",
    "http://1.2.3.4:80",
    "80 ",
    "-1",
  ]
) {
  Deno.test(`${JSON.stringify(wrong)} is no address`, () => {
    assert.throws(() => parseHttpAddress(wrong), /^Error: invalid address for --http: /);
  });
}

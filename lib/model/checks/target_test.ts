/** URLs and addresses of checks: what can be one, and what never will. */

import assert from "node:assert/strict";
import { mayBeAddress, mayBeUrl, parseAddress } from "./target.ts";

Deno.test("an address is a port, or a host and a port", () => {
  assert.deepEqual(parseAddress("80"), { host: "127.0.0.1", port: 80 });
  assert.deepEqual(parseAddress("db.example:5432"), { host: "db.example", port: 5432 });
  assert.deepEqual(parseAddress("[::1]:65535"), { host: "::1", port: 65535 });
  for (const address of ["", "0", "65536", "99999", "localhost", "a:", ":80", "::1:80", "a b:80"]) {
    assert.equal(parseAddress(address), undefined, address);
    assert.equal(mayBeAddress(address), false, address);
  }
  for (const address of ["$PORT", "localhost:$PORT", "${HOST}:80"]) {
    assert.equal(mayBeAddress(address), true, address);
  }
});

Deno.test("a URL is asked by HTTP, and has a host", () => {
  for (
    const url of ["http://a", "HTTPS://a:80/b?c", "http://[::1]/", "http://$HOST/", "$URL", "http$S://a/"]
  ) {
    assert.equal(mayBeUrl(url), true, url);
  }
  for (
    const url of ["", "foo", "ftp://a/", "ftp://$HOST/", "http://", "http://a b/", "/healthz", "a:$PORT"]
  ) {
    assert.equal(mayBeUrl(url), false, url);
  }
});

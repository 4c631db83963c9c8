import assert from "node:assert/strict";
import fc from "fast-check";
import { escapeName, instancePath, jobPath, parsePath, socketPath, unescapeName } from "./names.ts";

Deno.test("object paths are escaped as Upstart does it", () => {
  assert.equal(jobPath("net/eth-0"), "/com/ubuntu/Upstart/jobs/net_2feth_2d0");
  assert.equal(instancePath("web", ""), "/com/ubuntu/Upstart/jobs/web/_");
  assert.equal(instancePath("a_b", "ü"), "/com/ubuntu/Upstart/jobs/a_5fb/_c3_bc");
});

Deno.test("every name survives its path", () => {
  fc.assert(fc.property(fc.string({ unit: "binary" }), fc.string({ unit: "binary" }), (job, instance) => {
    assert.match(escapeName(job), /^[A-Za-z0-9_]+$/);
    assert.equal(unescapeName(escapeName(job)), job);
    assert.deepEqual(parsePath(instancePath(job, instance)), { job, instance });
  }));
});

Deno.test("paths that no job or instance has", () => {
  for (
    const path of ["/", "/com/ubuntu/Upstart", "/com/ubuntu/Upstart/jobs/", "/com/ubuntu/Upstart/jobs/a/b/c"]
  ) {
    assert.equal(parsePath(path), undefined, path);
  }
  for (const element of ["", "a_", "_2", "_2D", "a-b", "__"]) {
    assert.equal(unescapeName(element), undefined, element);
  }
});

Deno.test("addresses", () => {
  assert.equal(socketPath("unix:abstract=/com/ubuntu/upstart"), "\0/com/ubuntu/upstart");
  assert.equal(socketPath("unix:path=/run/a%20b,guid=00"), "/run/a b");
  assert.equal(socketPath("tcp:host=x;unix:guid=1,path=/p"), "/p");
  assert.throws(() => socketPath("tcp:host=x"), /"tcp:host=x" is not an address/);
  assert.throws(() => socketPath("rubbish"), /Address does not contain a colon/);
  assert.throws(() => socketPath(""), /Empty address ''/);
});

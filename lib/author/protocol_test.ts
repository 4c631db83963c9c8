import assert from "node:assert/strict";
import { isJobModule, jobName, parseEvaluatorLine } from "./protocol.ts";

Deno.test("a job's name is its path below the innermost configuration directory", () => {
  const directories = ["/etc/init", "/etc/init/site/", "/srv"];
  assert.equal(jobName("/etc/init/web.ts", directories), "web");
  assert.equal(jobName("/etc/init/network/bridge.ts", directories), "network/bridge");
  assert.equal(jobName("/etc/init/site/shop.ts", directories), "shop");
  assert.equal(jobName("/etc/initial/web.ts", directories), "web");
  assert.equal(jobName("compiled-in:web", directories), "web");
});

Deno.test("declarations, tests and what packages bring are no job modules", () => {
  for (const path of ["web.ts", "network/bridge.ts", "test.ts", "d.ts"]) assert.ok(isJobModule(path), path);
  const others = [
    "web.conf",
    "web.js",
    "events.d.ts",
    "web_test.ts",
    "web.test.ts",
    "node_modules/a/b.ts",
    ".rouse/mod.ts",
  ];
  for (const path of others) assert.ok(!isJobModule(path), path);
});

Deno.test("lines that are no reports are none", () => {
  assert.deepEqual(parseEvaluatorLine('{"evaluating":"a"}'), { evaluating: "a" });
  const report = { module: "a", imports: [], jobs: [] };
  assert.deepEqual(parseEvaluatorLine(JSON.stringify(report)), report);
  for (
    const line of [
      "",
      "hello",
      "null",
      "3",
      "[]",
      "{}",
      '{"module":"a"}',
      '{"module":"a","imports":[]}',
      '{"module',
    ]
  ) {
    assert.equal(parseEvaluatorLine(line), undefined, line);
  }
});

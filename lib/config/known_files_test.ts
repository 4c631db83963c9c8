import assert from "node:assert/strict";
import { FORMATS } from "./formats.ts";
import { claimOf, DirectoryFile, fileNamesOf, nameProblem } from "./known_files.ts";

const claim = (relative: string) => claimOf(FORMATS, new DirectoryFile("/etc/init", relative));

const NAMED: Array<[file: string, name: string]> = [
  ["plain.conf", "plain"],
  ["with space.conf", "with space"],
  ["net/deep/er.conf", "net/deep/er"],
  ["twice.conf.conf", "twice.conf"],
  ["-dash.conf", "-dash"],
  [".hidden.conf", ".hidden"],
  ["tilde~.conf", "tilde~"],
  ["#hash#.conf", "#hash#"],
  ["x.dpkg-old.conf", "x.dpkg-old"],
  ["d.override/in.conf", "d.override/in"],
  ["web.override", "web"],
  ["web.ts", "web"],
];

const PASSED_OVER = [
  ".a.conf.swp",
  "a.conf~",
  "a.conf.bak",
  "#a.conf#",
  "4913",
  "a.conf.dpkg-new",
  "a.conf.rpmnew",
  "a.conf.tmp",
  "net/.conf",
  ".conf",
  ".override",
  "conf",
  "a.d.ts",
  "a_test.ts",
  "node_modules/x/index.ts",
];

Deno.test("files that define jobs, and their names", () => {
  for (const [file, name] of NAMED) assert.equal(claim(file)?.name, name, file);
  for (const file of PASSED_OVER) assert.equal(claim(file), undefined, file);
});

Deno.test("names that no job can bear", () => {
  assert.equal(nameProblem("ü"), undefined);
  assert.match(nameProblem("a\nb")!, /control/);
  assert.match(nameProblem("a\ufffd")!, /UTF-8/);
});

Deno.test("the files that a job is looked for in", () => {
  assert.deepEqual(fileNamesOf(FORMATS, "net/web"), ["net/web.conf", "net/web.override", "net/web.ts"]);
});

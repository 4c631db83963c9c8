/** What may lie in a configuration directory, and must neither hold init up nor fill its memory. */

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, renameSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { RunningInit } from "../support/init.ts";

/** Texts of job files that are wrong, or all too much. */
const TEXTS: Record<string, string> = {
  "zeros.conf": "exec true\0\n",
  "line.conf": "1".repeat(1_000_000),
  "brackets.conf": `start on ${"(".repeat(100_000)}a${")".repeat(100_000)}\nexec true\n`,
  "operators.conf": `start on ${Array(60_000).fill("a").join(" or ")}\nexec true\n`,
  "quotes.conf": `exec ${'"'.repeat(200_000)}\n`,
  "variables.conf": Array.from({ length: 60_000 }, (_, number) => `env A${number}=B`).join("\n"),
  "comments.conf": "#\n".repeat(500_000),
};

/** What is no file, or too large a one. */
const OTHERS: Record<string, (path: string) => void> = {
  "pipe.conf": (path) => execFileSync("mkfifo", [path]),
  "pipe.ts": (path) => execFileSync("mkfifo", [path]),
  "good.override": (path) => execFileSync("mkfifo", [path]),
  "endless.conf": (path) => symlinkSync("/dev/zero", path),
  "endless.ts": (path) => symlinkSync("/dev/zero", path),
  "sparse.conf": sparse,
  "sparse.ts": sparse,
  "loop.conf": (path) => symlinkSync(path, path),
  "around.conf": (path) => symlinkSync(".", path),
  "deep": (path) => {
    const deep = join(path, ...Array(300).fill("d"));
    mkdirSync(deep, { recursive: true });
    writeFileSync(join(deep, "deep.conf"), "exec true\n");
  },
};

/** It is there at once: an empty file would be a job. */
function sparse(path: string): void {
  writeFileSync(`${path}.new`, "");
  truncateSync(`${path}.new`, 1 << 30);
  renameSync(`${path}.new`, path);
}

/** More directories than are read. */
const MANY = 1100;

Deno.test("whatever lies in a configuration directory, init reads the rest, answers, and says what it did not read", async () => {
  await using init = await RunningInit.start({ jobs: { "good.conf": "exec sleep 1000\n" } });
  const wide = init.path("wide");
  for (let number = 0; number < MANY; number++) {
    mkdirSync(join(wide, String(number).padStart(5, "0")), { recursive: true });
  }
  for (const [name, text] of Object.entries(TEXTS)) writeFileSync(join(init.confdir, name), text);
  for (const [name, make] of Object.entries(OTHERS)) make(join(init.confdir, name));
  symlinkSync(wide, join(init.confdir, "zz.conf"));
  init.write("zzz.conf", "exec sleep 1000\n");
  await init.ask("reload-configuration");
  await init.until(["status", "zzz"], "zzz stop/waiting\n");
  await init.ask("start", "good");
  for (const job of ["pipe", "endless", "sparse", "loop", "operators", "line"]) {
    assert.equal((await init.initctl("status", job)).exit, 1, job);
  }
  await init.untilMessage(/sparse\.conf: File is too large, more than 1048576 bytes/);
  await init.untilMessage(/sparse\.ts: File is too large/);
  await init.untilMessage(/loop\.conf: Too many levels of symbolic links/);
  await init.untilMessage(/operators\.conf:1: Too many operators/);
  await init.untilMessage(/conf: No more than 1024 directories are read below it/);
});

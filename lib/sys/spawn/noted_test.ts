/** Children whose numbers are noted first, programs in place of this one, and the steps that daemons are started with. */

import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { close, pipe } from "../io/descriptors.ts";
import { awaitEnd } from "../process/processes.ts";
import { childrenOf } from "../process/procfs.ts";
import { readToEnd, run, shell } from "../testing/children.ts";
import { inDirectory } from "../testing/directory.ts";
import { spawnNoted } from "./noted.ts";

const isRoot = process.getuid?.() === 0;

Deno.test(
  "a child finds its number noted, whatever memory it has, and leaves nothing when it cannot be noted",
  inDirectory(async (directory) => {
    const file = join(directory, "pid");
    for (const more of [{}, { oomScore: 500 }]) {
      const { reader, writer } = pipe();
      const script = shell(`[ $(cat ${file}) = $$ ] && echo mine`, { ...more, descriptors: { 1: writer } });
      const { pid, failed } = spawnNoted(script, (pid) => writeFileSync(file, `${pid}\n`));
      close(writer);
      assert.equal(failed, undefined);
      assert.equal(await readToEnd(reader), "mine\n");
      assert.deepEqual(awaitEnd(pid!), { status: 0 });
    }
    assert.throws(
      () =>
        spawnNoted(shell(`echo x >${file}.run`), () => {
          throw new Error("no room");
        }),
      { message: "no room" },
    );
    assert.throws(() => readFileSync(`${file}.run`), { code: "ENOENT" });
    const missing = spawnNoted({ ...shell(""), argv: [join(directory, "none")], oomScore: 1 }, () => {});
    assert.equal(missing.failed?.code, "ENOENT");
    const text = join(directory, "text");
    writeFileSync(text, "exit 0\n", { mode: 0o755 });
    const noted: number[] = [];
    const plain = spawnNoted({ ...shell(""), argv: [text] }, (pid) => noted.push(pid));
    assert.equal(plain.pid, noted.at(-1));
    awaitEnd(plain.pid!);
    assert.deepEqual(childrenOf(process.pid), []);
  }),
);

Deno.test({
  name: "a child of another user gets capabilities, securebits, a scheduler and no new privileges",
  ignore: !isRoot,
  fn: async () => {
    const capabilities = { inheritable: [10], ambient: [10], forbidden: [21], permitted: [8, 10, 21] };
    const { output } = await run(
      shell("grep -E '^(Cap|NoNew)' /proc/self/status; cut -d' ' -f41 /proc/self/stat", {
        uid: 4242,
        capabilities,
        securebits: 1,
        noNewPrivileges: true,
        scheduler: { policy: 3, priority: 0 },
      }),
    );
    const lines = output.trim().split("\n");
    const sets = Object.fromEntries(lines.slice(0, -1).map((line) => line.split(/:\s+/)));
    const only = (capability: number) => (1n << BigInt(capability)).toString(16).padStart(16, "0");
    for (const set of ["CapInh", "CapPrm", "CapEff", "CapAmb"]) assert.equal(sets[set], only(10), set);
    assert.equal(BigInt(`0x${sets["CapBnd"]}`) & 1n << 21n, 0n);
    assert.equal(sets["NoNewPrivs"], "1");
    assert.equal(lines.at(-1), "3");
  },
});

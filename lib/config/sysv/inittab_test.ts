import assert from "node:assert/strict";
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { inDirectory } from "../../sys/testing/directory.ts";
import { readInittab } from "./inittab.ts";

Deno.test(
  "an inittab that others can write is read, for the machine must start, and told of",
  inDirectory((root) => {
    mkdirSync(join(root, "etc"));
    const path = join(root, "etc/inittab");
    writeFileSync(path, "1:2345:respawn:/sbin/getty tty1\n");
    const told = () => readInittab(root).messages.filter((message) => message.includes("writable"));
    assert.deepEqual(told(), []);
    chmodSync(path, 0o666);
    assert.equal(told().length, 1);
    assert.match(told()[0]!, /inittab is writable by everyone \(owner \S+, mode 0666\)$/);
    assert.equal(readInittab(root).inittab?.entries.length, 1);
  }),
);

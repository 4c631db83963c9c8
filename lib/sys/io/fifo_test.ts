import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { inDirectory } from "../testing/directory.ts";
import { close, O_NONBLOCK, O_WRONLY, open, read, write } from "./descriptors.ts";
import { isOpenOn, makeFifo, openFifo } from "./fifo.ts";

Deno.test(
  "a FIFO is made, and what others write is read without waiting",
  inDirectory((directory) => {
    const path = join(directory, "fifo");
    makeFifo(path, 0o644);
    assert.throws(() => makeFifo(path, 0o600), { code: "EEXIST" });
    const reader = openFifo(path, 0o600)!;
    assert.equal(statSync(path).mode & 0o777, 0o600);
    assert.equal(read(reader), -11);
    const writer = open(path, O_WRONLY | O_NONBLOCK);
    write(writer, Buffer.from("hello"));
    close(writer);
    assert.equal(Buffer.from(read(reader) as Uint8Array).toString(), "hello");
    // It has no end, though nobody has it open to write any more.
    assert.equal(read(reader), -11);
    assert(isOpenOn(reader, path));
    rmSync(path);
    assert(!isOpenOn(reader, path));
    makeFifo(path, 0o600);
    assert(!isOpenOn(reader, path));
    close(reader);
  }),
);

Deno.test(
  "what is no FIFO is not opened",
  inDirectory((directory) => {
    const path = join(directory, "file");
    writeFileSync(path, "");
    assert.equal(openFifo(path, 0o600), undefined);
    assert.throws(() => openFifo(join(directory, "none"), 0o600), { code: "ENOENT" });
  }),
);

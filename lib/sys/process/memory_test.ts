import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { readFileSync } from "node:fs";
import { close, memfd, pipe, read } from "../io/descriptors.ts";
import { call, required } from "../call/kernel.ts";
import { parseMappings, programMappings, releasePages } from "./memory.ts";
import { pageSize } from "./procfs.ts";

const PROT_READ = 1, PROT_WRITE = 2, MAP_PRIVATE = 2;

Deno.test("mappings are parsed, whatever their files' names", () => {
  const smaps = [
    "00200000-01a38000 r--p 00000000 fe:00 1234                               /tmp/a b (deleted)",
    "Size:              24800 kB",
    "Anonymous:             8 kB",
    "VmFlags: rd mr mw me ",
    "7f0000000000-7f0000001000 rw-s 00000000 00:01 0 ",
    "Anonymous:             0 kB",
    "VmFlags: rd wr sh ",
    "",
  ].join("\n");
  assert.deepEqual(parseMappings(smaps), [
    { start: 0x200000, end: 0x1a38000, isFile: true, isWritable: false, isShared: false, ownBytes: 8192 },
    {
      start: 0x7f0000000000,
      end: 0x7f0000001000,
      isFile: false,
      isWritable: true,
      isShared: true,
      ownBytes: 0,
    },
  ]);
});

Deno.test("what does not look like mappings is refused", () => {
  for (
    const text of ["", "Anonymous: 0 kB\n", "00200000-01a38000 r--p 00000000 fe:00 1234 /tmp/a\nSize: 4 kB\n"]
  ) {
    assert.throws(() => parseMappings(text), /^Error: not a mapping/);
  }
});

/** Maps a file of one page of its own, privately, and has the page in memory. */
function mapPage(content: string, more: { written?: string } = {}): number {
  const size = pageSize();
  const file = memfd("page", Buffer.alloc(size, content));
  const address = required("map", call("mmap", 0, size, PROT_READ | PROT_WRITE, MAP_PRIVATE, file, 0));
  close(file);
  if (more.written !== undefined) {
    const source = memfd("source", Buffer.from(more.written));
    required("write into the mapping", call("read", source, address, more.written.length));
    close(source);
  }
  required("protect", call("mprotect", address, size, PROT_READ));
  contentAt(address);
  return address;
}

/** The first four characters at an address. */
function contentAt(address: number): string {
  const { reader, writer } = pipe();
  required("read from the mapping", call("write", writer, address, 4));
  const bytes = read(reader) as Uint8Array;
  const text = Buffer.from(bytes).toString();
  close(reader);
  close(writer);
  return text;
}

/** How much of the mapping at an address is in memory, in kB. */
function resident(address: number): number {
  const entry = readFileSync("/proc/self/smaps", "latin1").split(/^(?=[0-9a-f]+-)/m)
    .find((text) => parseInt(text, 16) === address);
  return Number(/^Rss: +(\d+) kB$/m.exec(entry!)![1]);
}

Deno.test("a program's pages are let go of and come back, and what a process wrote stays", () => {
  const clean = mapPage("file"), written = mapPage("file", { written: "mine" });
  assert.ok(resident(clean) > 0);
  releasePages(programMappings());
  assert.equal(resident(clean), 0);
  assert.equal(contentAt(clean), "file");
  assert.equal(contentAt(written), "mine");
});

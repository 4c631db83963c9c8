/** What is found out about the machine that emulates, and about disks of machines that are off. */

import assert from "node:assert/strict";
import process from "node:process";
import { join } from "node:path";
import { TemporaryDirectory } from "../../lib/sys/testing/directory.ts";
import { ARCHITECTURES } from "./architectures.ts";
import { diskFault, runProgram } from "./disk.ts";
import { checkHost } from "./host.ts";
import { modulesFor, pack } from "./initramfs.ts";
import { mkdirSync, writeFileSync } from "node:fs";

const isRoot = process.getuid?.() === 0;

Deno.test({
  name: "what is missing is named with the packages that have it",
  ignore: !isRoot,
  fn() {
    const missing = { ...ARCHITECTURES["arm64"]!, emulator: "qemu-system-none", package: "qemu-none" };
    assert.throws(() => checkHost(missing), /missing .*qemu-system-none; apt-get install .*qemu-none$/);
  },
});

Deno.test("a disk is clean, or what is wrong with it is told", () => {
  using temporary = new TemporaryDirectory();
  const disk = join(temporary.path, "disk");
  runProgram("mke2fs", "-q", "-F", "-t", "ext4", disk, "8M");
  assert.equal(diskFault(disk), undefined);
  const spoil = (request: string) => runProgram("debugfs", "-w", "-R", request, disk);
  spoil("feature needs_recovery");
  assert.equal(diskFault(disk), "its journal was not written back");
  spoil("feature -needs_recovery");
  spoil("set_super_value state 0");
  assert.equal(diskFault(disk), "its state is not clean");
  spoil("set_super_value state 1");
  spoil("set_inode_field <11> links_count 9");
  assert.match(diskFault(disk)!, /ref count is 9/);
});

Deno.test("modules are loaded behind those that they depend on, and what is built in is left out", () => {
  using temporary = new TemporaryDirectory();
  const module = (path: string, depends: string) => {
    const file = join(temporary.path, path);
    mkdirSync(join(file, ".."), { recursive: true });
    writeFileSync(file, `\x7fELF\0license=GPL\0depends=${depends}\0name=x\0`);
  };
  module("6.1/kernel/fs/ext4/ext4.ko", "mbcache,jbd2");
  module("6.1/kernel/fs/jbd2/jbd2.ko", "");
  module("6.1/kernel/fs/mbcache.ko", "");
  module("6.1/kernel/drivers/virtio-blk.ko", "virtio");
  const names = modulesFor(temporary.path, ["virtio_blk", "built_in", "ext4"]).map(({ name }) => name);
  assert.deepEqual(names, ["virtio_blk", "mbcache", "jbd2", "ext4"]);
});

Deno.test("an initramfs is an archive of files with their directories, each made once", () => {
  const archive = pack([
    { path: "bin/busybox", data: new TextEncoder().encode("12345"), isExecutable: true },
    { path: "bin/init", data: new Uint8Array() },
  ]);
  const found: Array<[name: string, mode: string, data: string]> = [];
  for (let offset = 0; offset < archive.length;) {
    const field = (index: number) =>
      parseInt(archive.toString("latin1", offset + 6 + index * 8, offset + 14 + index * 8), 16);
    assert.equal(archive.toString("latin1", offset, offset + 6), "070701");
    const name = archive.toString("latin1", offset + 110, offset + 110 + field(11) - 1);
    const start = (offset + 110 + field(11) + 3) & ~3;
    found.push([name, field(1).toString(8), archive.toString("latin1", start, start + field(6))]);
    offset = (start + field(6) + 3) & ~3;
  }
  assert.deepEqual(found, [
    ["bin", "40755", ""],
    ["bin/busybox", "100755", "12345"],
    ["bin/init", "100644", ""],
    ["TRAILER!!!", "0", ""],
  ]);
});

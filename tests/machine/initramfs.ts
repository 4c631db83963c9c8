/** A minimal initramfs: busybox, the modules that the root disk needs, and a script. A cpio archive (cpio(5), "newc"). */

import { spawnSync } from "node:child_process";
import { lstatSync, readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";

/** A file of the archive. Its directories come with it. */
export interface ArchivedFile {
  /** Its path, without a slash in front. */
  path: string;
  data: Uint8Array;
  isExecutable?: boolean;
}

const DIRECTORY = 0o40755, FILE = 0o100644, EXECUTABLE = 0o100755;
const MAGIC = "070701", TRAILER = "TRAILER!!!";

/** Packs files. */
export function pack(files: readonly ArchivedFile[]): Buffer {
  const parts: Buffer[] = [];
  const made = new Set<string>();
  let inode = 0;
  const add = (path: string, mode: number, data: Uint8Array) => {
    const name = Buffer.from(`${path}\0`);
    const numbers = [
      path === TRAILER ? 0 : ++inode,
      mode,
      0,
      0,
      1,
      0,
      data.length,
      0,
      0,
      0,
      0,
      name.length,
      0,
    ];
    const header = MAGIC + numbers.map((number) => number.toString(16).padStart(8, "0")).join("");
    parts.push(aligned(Buffer.concat([Buffer.from(header), name])), aligned(data));
  };
  for (const { path, data, isExecutable } of files) {
    const names = path.split("/");
    for (let depth = 1; depth < names.length; depth++) {
      const directory = names.slice(0, depth).join("/");
      if (!made.has(directory)) add(directory, DIRECTORY, Buffer.alloc(0));
      made.add(directory);
    }
    add(path, isExecutable ? EXECUTABLE : FILE, data);
  }
  add(TRAILER, 0, Buffer.alloc(0));
  return Buffer.concat(parts);
}

function aligned(data: Uint8Array): Buffer {
  return Buffer.concat([data, Buffer.alloc(-data.length & 3)]);
}

/** The files below a directory, for {@link pack}, as if it were the directory `to`. Links and devices are left out. */
export function filesBelow(directory: string, to: string): ArchivedFile[] {
  return readdirSync(directory, { recursive: true, encoding: "utf8" }).flatMap((name) => {
    const path = join(directory, name), status = lstatSync(path);
    if (!status.isFile()) return [];
    return [{ path: join(to, name), data: readFileSync(path), isExecutable: (status.mode & 0o100) !== 0 }];
  });
}

/** What a module says of itself, behind a null byte. */
const DEPENDS = /\0depends=([^\0]*)\0/;

/**
 * Modules with all that they depend on, each behind those.
 * @param tree The directory of a kernel's modules
 * @param names Modules; those that are not there are built into the kernel
 */
export function modulesFor(tree: string, names: readonly string[]): Array<{ name: string; data: Buffer }> {
  const paths = new Map(
    readdirSync(tree, { recursive: true, encoding: "utf8" }).filter((path) => /\.ko(\.\w+)?$/.test(path))
      .map((path) => [basename(path).replace(/\.ko.*/, "").replaceAll("-", "_"), join(tree, path)]),
  );
  const found = new Map<string, Buffer>();
  const take = (name: string) => {
    const path = paths.get(name);
    if (path === undefined || found.has(name)) return;
    const data = unpacked(path);
    const needed = DEPENDS.exec(data.toString("latin1"))?.[1] ?? "";
    for (const one of needed.split(",")) take(one.replaceAll("-", "_"));
    found.set(name, data);
  };
  for (const name of names) take(name);
  return Array.from(found, ([name, data]) => ({ name, data }));
}

/** A module as the kernel takes it. */
function unpacked(path: string): Buffer {
  const tool = { ".xz": "xz", ".zst": "zstd", ".gz": "gzip" }[/\.\w+$/.exec(path)![0]];
  if (tool === undefined) return readFileSync(path);
  const { status, stdout, error } = spawnSync(tool, ["-dc", path], { maxBuffer: Infinity });
  if (status !== 0) throw new Error(`Unable to unpack ${path}: ${error?.message ?? `${tool} failed`}`);
  return stdout;
}

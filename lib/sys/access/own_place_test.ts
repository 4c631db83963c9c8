import assert from "node:assert/strict";
import { chownSync, linkSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import process from "node:process";
import { ENOSYS } from "../call/errno.ts";
import { kernel } from "../call/kernel.ts";
import { close, O_APPEND, O_CREAT, O_WRONLY, write } from "../io/descriptors.ts";
import { makeFifo } from "../io/fifo.ts";
import { TemporaryDirectory } from "../testing/directory.ts";
import { openOwn } from "./own_place.ts";

const FLAGS = O_WRONLY | O_CREAT | O_APPEND;

/** What others can have put in the place of a file, and whether it is written to. */
const PLACES: Array<[what: string, code: string | undefined, make: (at: (name: string) => string) => void]> =
  [
    ["nothing", undefined, () => {}],
    ["a file of its own", undefined, (at) => writeFileSync(at("log"), "")],
    ["a file with another name", "EPERM", (at) => linkSync(at("other"), at("log"))],
    ["a symbolic link", "ELOOP", (at) => symlinkSync("other", at("log"))],
    ["a directory", "EISDIR", (at) => mkdirSync(at("log"))],
    ["a pipe", "ENXIO", (at) => makeFifo(at("log"), 0o600)],
  ];
if (process.geteuid?.() === 0) {
  PLACES.push(["a file of somebody else", "EPERM", (at) => {
    writeFileSync(at("log"), "");
    chownSync(at("log"), 12345, 12345);
  }]);
}

for (const isOld of [false, true]) {
  for (const [what, code, make] of PLACES) {
    Deno.test(`${what} where others may write${isOld ? ", with an old kernel" : ""}: ${code ?? "is written to"}`, () => {
      using directory = new TemporaryDirectory({ mode: 0o777 });
      const memory = kernel(), { call } = memory;
      writeFileSync(directory.at("other"), "");
      make((name) => directory.at(name));
      if (isOld) {
        memory.call = (name, ...args) => name === "openat2" ? -ENOSYS : call.call(memory, name, ...args);
      }
      try {
        const open = () => openOwn(directory.at("log"), FLAGS, 0o600);
        if (code !== undefined) return assert.throws(open, { code });
        const file = open();
        write(file, new Uint8Array(3));
        close(file);
        assert.equal(readFileSync(directory.at("log")).length, 3);
      } finally {
        Object.assign(memory, { call });
      }
    });
  }
}

Deno.test("a directory that is reached by one's own link is one's own place", () => {
  using directory = new TemporaryDirectory();
  mkdirSync(directory.at("logs"), { mode: 0o777 });
  symlinkSync("logs", directory.at("link"));
  close(openOwn(directory.at("link/log"), FLAGS, 0o600, true));
  assert.equal(readFileSync(directory.at("logs/log")).length, 0);
});

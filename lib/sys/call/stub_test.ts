/** All machine code of lib/sys: its bytes are what an assembler makes of the text beside them. */

import assert from "node:assert/strict";
import { PROLOGUE } from "../runtime/prologue.ts";
import { IGNORE_SENT, WRITE_ALWAYS, WRITE_NUMBER } from "../runtime/signal_handlers.ts";
import { type Architecture, assemble, canAssemble, sourceOf } from "../testing/assembler.ts";
import { type CallName, NUMBERS } from "./numbers.ts";
import { type Listings, machineCode, STUB } from "./stub.ts";

const ARCHITECTURES: Architecture[] = ["x64", "arm64"];

/** The listings, and the data that lie behind the code. */
const LISTINGS: [name: string, listings: Listings, data?: string][] = [
  ["the stub", STUB],
  ["the prologue", PROLOGUE],
  ["the handler of faults", IGNORE_SENT, ".quad 0"],
  ["the handler of further signals", WRITE_NUMBER, ".quad 0\npipe: .int 0"],
];

for (const [name, listings, data = ""] of LISTINGS) {
  for (const architecture of ARCHITECTURES) {
    const listing = listings[architecture];
    if (listing === undefined) continue;
    Deno.test({
      name: `${name} is what its assembly text says, for ${architecture}`,
      ignore: !canAssemble(architecture),
      fn() {
        const code = machineCode(listing);
        const assembled = assemble(architecture, `${sourceOf(listing)}${data}\n`);
        assert.equal(code, assembled.slice(0, assembled.length - 2 * sizeOf(data)));
      },
    });
  }
}

/** The size of data in bytes. */
function sizeOf(data: string): number {
  return (data.match(/\.quad/g)?.length ?? 0) * 8 + (data.match(/\.int/g)?.length ?? 0) * 4;
}

Deno.test("each line of a listing holds the bytes of one instruction", () => {
  for (const [name, listings] of LISTINGS) {
    for (const [architecture, listing = ""] of Object.entries(listings)) {
      const lines = listing.split("\n").filter((line) => line.startsWith("    "));
      const bytes = architecture === "arm64" ? /^ {4}[0-9a-f]{8} +[a-z]/ : /^ {4}([0-9a-f]{2})+ +[a-z]/;
      for (const line of lines) assert.match(line, bytes, name);
    }
  }
});

Deno.test("the part of the handler of further signals that always writes is behind the first jump", () => {
  for (const architecture of ARCHITECTURES) {
    const [head = ""] = WRITE_NUMBER[architecture]!.split(/(?<=\bruntime\n)/);
    assert.equal(machineCode(head).length / 2, WRITE_ALWAYS[architecture]);
  }
});

Deno.test("the system calls in the listings have the numbers that their comments name", () => {
  for (const [, listings] of LISTINGS) {
    for (const [column, architecture] of ARCHITECTURES.entries()) {
      for (const [, number, name] of (listings[architecture] ?? "").matchAll(/(\d+) +; (\w+)$/gm)) {
        if (Object.hasOwn(NUMBERS, name!)) assert.equal(Number(number), NUMBERS[name as CallName][column]);
      }
    }
  }
});

/** The numbers of system calls are those of the kernel's headers. */

import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { errnoName } from "./errno.ts";
import { NUMBERS, NUMBERS_32 } from "./numbers.ts";

/** Headers in which there may be `#define __NR_name number`, the first that is there counts; and what they are for. */
const HEADERS: [
  name: string,
  table: Record<string, readonly [number, number]>,
  column: 0 | 1,
  paths: string[],
][] = [
  ["x86-64", NUMBERS, 0, [
    "/usr/include/x86_64-linux-gnu/asm/unistd_64.h",
    "/usr/x86_64-linux-gnu/include/asm/unistd_64.h",
    "/usr/include/asm/unistd_64.h",
  ]],
  // The generic table, which aarch64's is.
  ["aarch64", NUMBERS, 1, ["/usr/include/asm-generic/unistd.h"]],
  ["i386", NUMBERS_32, 0, [
    "/usr/include/x86_64-linux-gnu/asm/unistd_32.h",
    "/usr/x86_64-linux-gnu/include/asm/unistd_32.h",
    "/usr/include/asm/unistd_32.h",
  ]],
  ["arm", NUMBERS_32, 1, [
    "/usr/arm-linux-gnueabihf/include/asm/unistd-eabi.h",
    "/usr/include/arm-linux-gnueabihf/asm/unistd-eabi.h",
  ]],
];

for (const [name, table, column, paths] of HEADERS) {
  const path = paths.find((path) => existsSync(path));
  Deno.test({
    name: `system calls have the numbers of the kernel's headers: ${name}`,
    ignore: path === undefined,
    fn() {
      const defined = definitions(readFileSync(path!, "utf8"));
      for (const [call, numbers] of Object.entries(table)) {
        assert.equal(numbers[column], defined.get(call), `${call} in lib/sys/call/numbers.ts, by ${path}`);
      }
    },
  });
}

const ERRORS = ["errno-base.h", "errno.h"].map((file) => `/usr/include/asm-generic/${file}`);

Deno.test({
  name: "error numbers have the names of the kernel's headers",
  ignore: !ERRORS.every((path) => existsSync(path)),
  fn() {
    const text = ERRORS.map((path) => readFileSync(path, "utf8")).join("");
    const names = new Map(Array.from(text.matchAll(/^#define\s+(E\w+)\s+(\d+)/gm), ([, name, number]) => [
      Number(number),
      name,
    ]));
    for (const [number, name] of names) {
      const ours = errnoName(number);
      if (ours !== `errno ${number}`) assert.equal(ours, name);
    }
    assert.ok(names.size > 100);
  },
});

/**
 * The numbers of a header by the calls' names. In the generic one some are defined for 32 and 64 bits at once as
 * `__NR3264_name`; in arm's they are sums.
 */
function definitions(header: string): Map<string, number> {
  const defines = /^#define __NR(?:3264)?_(\w+)\s+\(?(?:__NR_SYSCALL_BASE ?\+ ?)?(\d+)\)?/gm;
  return new Map(Array.from(header.matchAll(defines), ([, name, number]) => [name!, Number(number)]));
}

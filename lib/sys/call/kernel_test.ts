import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import process from "node:process";
import { EBADF, ENOENT, SystemError } from "./errno.ts";
import { call, kernel, required } from "./kernel.ts";
import { ROW_SIZE, RowField } from "./stub.ts";
import { TemporaryDirectory } from "../testing/directory.ts";

const AT_FDCWD = -100;

Deno.test("a call gives its result", () => {
  assert.equal(call("getpid"), process.pid);
});

Deno.test("a call that fails gives the negative error number", () => {
  assert.equal(call("openat", AT_FDCWD, "/nonexistent", 0), -ENOENT);
  assert.equal(call("close", -1), -EBADF);
});

Deno.test("a call that must not fail throws what could not be done, and why", () => {
  assert.throws(() => required("open the door", -ENOENT), (error: unknown) => {
    assert.ok(error instanceof SystemError);
    assert.equal(error.message, "unable to open the door: No such file or directory");
    assert.equal(error.code, "ENOENT");
    assert.equal(error.errno, ENOENT);
    return true;
  });
  assert.equal(required("count", 3), 3);
});

Deno.test("text beyond ASCII reaches the kernel as UTF-8", () => {
  using temporary = new TemporaryDirectory();
  const directory = temporary.path;
  writeFileSync(`${directory}/größe-日本`, "");
  const fd = required("open", call("openat", AT_FDCWD, `${directory}/größe-日本`, 0));
  call("close", fd);
});

Deno.test("words keep their sign and all that a number holds exactly", () => {
  const address = kernel().keep(8);
  for (const value of [0, 1, -1, -4095, 2 ** 31, 2 ** 32, -(2 ** 32), 2 ** 47 - 1, Number.MIN_SAFE_INTEGER]) {
    kernel().setWord(address, value);
    assert.equal(kernel().word(address), value);
  }
});

Deno.test("more data than the arena holds is refused as the kernel would", () => {
  assert.throws(() => call("chdir", "x".repeat(17 << 20)), { code: "E2BIG" });
  assert.equal(call("getpid"), process.pid);
});

/** Runs rows laid one behind another and gives the result of each; 0 for those passed over. */
function results(
  rows: (at: (row: number) => number) => Parameters<ReturnType<typeof kernel>["row"]>[],
): number[] {
  const memory = kernel();
  const start = memory.keep(8 * ROW_SIZE);
  const at = (row: number) => start + row * ROW_SIZE;
  const table = rows(at);
  for (const row of table) memory.row(...row);
  memory.endRow(at(table.length));
  memory.run(start);
  return table.map((_, row) => memory.word(at(row) + 8 * RowField.result));
}

Deno.test("a table goes on behind results and tolerated errors", () => {
  const outcome = results((at) => [
    [at(0), "getpid", []],
    [at(1), "close", [-1], { tolerated: [ENOENT, EBADF], failure: at(3) }],
    [at(2), "getpid", []],
  ]);
  assert.deepEqual(outcome, [process.pid, -EBADF, process.pid]);
});

Deno.test("an error that is not tolerated leads to the row for failures", () => {
  const outcome = results((at) => [
    [at(0), "close", [-1], { tolerated: [ENOENT], failure: at(2) }],
    [at(1), "getpid", []],
    [at(2), "getpid", []],
  ]);
  assert.deepEqual(outcome, [-EBADF, 0, process.pid]);
});

Deno.test("a result of 0 leads to the row for zero, any other to the next", () => {
  const outcome = results((at) => [
    [at(0), "getpid", [], { zero: at(3) }],
    [at(1), "kill", [process.pid, 0], { zero: at(3) }],
    [at(2), "getpid", []],
    [at(3), "getpid", []],
  ]);
  assert.deepEqual(outcome, [process.pid, 0, 0, process.pid]);
});

Deno.test("a result can become an argument of a later row", () => {
  const outcome = results((at) => [
    [at(0), "openat", [AT_FDCWD, "/dev/null", 0], { into: at(1) + 8 * RowField.argument }],
    [at(1), "close", [-1]],
  ]);
  assert.ok(outcome[0]! > 2);
  assert.equal(outcome[1], 0);
});

Deno.test("rows that are copied lead to each other as the originals do, and have results of their own", () => {
  const memory = kernel(), from = memory.keep(4 * ROW_SIZE), to = memory.keep(4 * ROW_SIZE);
  const at = (table: number, row: number) => table + row * ROW_SIZE;
  memory.row(at(from, 0), "close", [-1], { tolerated: [ENOENT], failure: at(from, 2) });
  memory.row(at(from, 1), "getpid", []);
  memory.row(at(from, 2), "getpid", []);
  memory.copyRows(from, to, 3);
  memory.endRow(at(to, 3));
  memory.run(to);
  const resultsOf = (table: number) =>
    [0, 1, 2].map((row) => memory.word(at(table, row) + 8 * RowField.result));
  assert.deepEqual(resultsOf(to), [-EBADF, 0, process.pid]);
  assert.deepEqual(resultsOf(from), [0, 0, 0]);
});

import assert from "node:assert/strict";
import { ACTION_EXIT, actionWords, STATUS_EXIT, statusWords } from "./exit_codes.ts";

Deno.test("each exit status has words, those without a meaning by their range", () => {
  assert.equal(actionWords(ACTION_EXIT.notInstalled), "the program is not installed");
  assert.equal(actionWords(ACTION_EXIT.notRunning), "the program is not running");
  assert.equal(statusWords(STATUS_EXIT.running), "running");
  assert.equal(statusWords(STATUS_EXIT.deadWithLockFile), "dead, and its lock file is still there");
  assert.equal(statusWords(5), actionWords(8));
  assert.match(actionWords(100), /distribution/);
  assert.match(statusWords(150), /application/);
  assert.match(actionWords(200), /for later/);
  assert.match(statusWords(255), /does not know/);
  for (const table of [ACTION_EXIT, STATUS_EXIT]) {
    assert.deepEqual(Object.values(table), Object.values(table).map((_, index) => index));
  }
});

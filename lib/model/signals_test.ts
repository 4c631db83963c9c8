import assert from "node:assert/strict";
import { constants } from "node:os";
import {
  LAST_SIGNAL,
  SIGCONT,
  SIGHUP,
  SIGKILL,
  signalName,
  signalNumber,
  SIGSTOP,
  SIGTERM,
} from "./signals.ts";

Deno.test("numbers are the system's", () => {
  for (const [name, number] of Object.entries(constants.signals)) {
    if (signalNumber(name) !== undefined) assert.equal(signalNumber(name), number, name);
  }
  for (const name of ["SIGHUP", "SIGKILL", "SIGSEGV", "SIGUSR1", "SIGTERM", "SIGCONT", "SIGSYS"]) {
    assert.equal(signalNumber(name), constants.signals[name as NodeJS.Signals], name);
  }
  assert.deepEqual([SIGHUP, SIGKILL, SIGTERM, SIGCONT, SIGSTOP], [1, 9, 15, 18, 19]);
});

Deno.test("names with and without SIG, and aliases", () => {
  assert.equal(signalNumber("TERM"), 15);
  assert.equal(signalNumber("SIGTERM"), 15);
  assert.equal(signalNumber("CLD"), signalNumber("CHLD"));
  assert.equal(signalNumber("IOT"), signalNumber("ABRT"));
  assert.equal(signalNumber("POLL"), signalNumber("IO"));
  for (const name of ["", "SIG", "term", "SIGSIGTERM", "RTMIN", "constructor", "toString"]) {
    assert.equal(signalNumber(name), undefined, name);
  }
});

Deno.test("each number has its name back; real-time signals have none", () => {
  for (let number = 1; number <= 31; number++) assert.equal(signalNumber(signalName(number) ?? ""), number);
  for (const number of [0, -1, 32, 40, LAST_SIGNAL, 1.5]) assert.equal(signalName(number), undefined);
});

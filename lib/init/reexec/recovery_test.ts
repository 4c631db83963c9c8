import assert from "node:assert/strict";
import type { Input } from "../../engine/effects.ts";
import type { Messages } from "../logs/messages.ts";
import { Recovery, type SavedRecovery } from "./recovery.ts";

/** A recovery after a restart, with what it says and does. */
function restarted(saved: Partial<SavedRecovery>, fails: boolean): string[] {
  const told: string[] = [];
  const log = (_: string, message: string) => told.push(message);
  const messages = { log, fault: (where: string) => log("", `fault: ${where}`) } as unknown as Messages;
  const recovery = new Recovery({
    messages,
    isPossible: () => true,
    restart: () => Promise.reject(new Error("it is not expected")),
    handle(input) {
      log("", `given ${input.kind}`);
      if (fails) recovery.crashed("the engine", new Error("again"), input);
    },
  });
  recovery.restore({ count: 0, times: [], where: "a callback", undone: [], ...saved });
  recovery.resume();
  return told;
}

const EVENT: Input = { kind: "event", event: "x", environment: [] };

Deno.test("a restart for an internal error is told with the number of such restarts", () => {
  const first = "Init was restarted in place for an internal error in a callback";
  assert.deepEqual(restarted({}, false), [first]);
  assert.deepEqual(restarted({ count: 1 }, false), [
    `${first}; there were 2 such restarts since init began`,
  ]);
  assert.deepEqual(restarted({ where: null, count: 1 }, false), []);
});

Deno.test("what the engine has failed at is given it once more, and then no more", () => {
  assert.deepEqual(restarted({ where: null, undone: [EVENT] }, false), ["given event"]);
  assert.deepEqual(restarted({ where: null, undone: [EVENT] }, true), [
    "given event",
    "fault: the engine",
    `Init goes on without what it has failed at twice: ${JSON.stringify(EVENT)}`,
  ]);
});

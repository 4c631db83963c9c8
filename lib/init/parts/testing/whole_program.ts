/** A test of all parts of init together. Init takes over the process that it is made in: this needs one of its own. */

import assert from "node:assert/strict";
import type { Role } from "../../host/role.ts";
import { InitProgram } from "../../init_program.ts";
import * as http from "../../ops/http_service.ts";
import { parseCommandLine, readOptions } from "../../options/command_line.ts";
import type { SavedProgram } from "../../saved_program.ts";

function program(role: Role, words: string[]): InitProgram {
  const given = ["--confdir", "/nonexistent", "--no-log", ...words];
  return new InitProgram(readOptions(parseCommandLine(given, "none"), "none"), role, http);
}

/** What is saved, without what depends on when that was. */
function timeless(saved: SavedProgram): SavedProgram {
  const { init: { engine } } = saved;
  return {
    ...saved,
    restart: 0,
    init: { ...saved.init, engine: { ...engine, now: { monotonic: 0, wall: 0 } } },
    course: { ...saved.course, teardownTime: 0 },
    teardown: { ...saved.teardown, timeLeft: null },
  };
}

const CASES: Array<[role: Role, words: string[], changes: Partial<SavedProgram>]> = [
  ["session", ["--user"], { sessionFile: { path: "/nonexistent/1.session" } }],
  ["container", [], { haltRunlevel: { command: "halt" } }],
];

for (const [role, words, changes] of CASES) {
  Deno.test(`an init in the role of a ${role} is saved as a whole, and another one goes on`, async () => {
    const [before, after] = [program(role, words), program(role, words)];
    const plain = before.save();
    assert.deepEqual(JSON.parse(JSON.stringify(plain)), plain);
    assert.deepEqual(Object.keys(plain), Object.keys(before.parts));
    const saved: SavedProgram = {
      ...plain,
      course: {
        system: { sysv: false, openrc: false },
        address: "unix:abstract=x",
        stopSignal: 15,
        teardownTime: 1000,
      },
      exitStatus: { status: 7 },
      http: {
        ...plain.http!,
        counters: { ...plain.http!.counters, rouse_events_total: [[{ event: "x" }, 3]] },
      },
      teardown: { requests: 2, phase: "jobs", timeLeft: 60_000 },
      ...changes,
    };
    await after.restore(JSON.parse(JSON.stringify(saved)));
    const restored = after.save();
    assert.deepEqual(timeless(restored), timeless(saved));
    assert(restored.course.teardownTime! >= 1000);
    assert(restored.teardown.timeLeft! > 50_000 && restored.teardown.timeLeft! <= 60_000);
    await after.restore({ ...saved, teardown: { requests: 0, phase: "done", timeLeft: null } });
  });
}

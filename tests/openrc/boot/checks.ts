/** How services of the table show that they are up, and were started in order. */

import assert from "node:assert/strict";
import { lstatSync, readFileSync, readlinkSync } from "node:fs";
import { ifAllowed } from "../../../lib/sys/call/refused.ts";
import { until } from "../../support/deadline.ts";
import { evidence, isDaemon, program, SERVICES } from "./services.ts";

/** A machine whose files can be seen. */
export interface SeenMachine {
  /** The path outside of a path inside. */
  path(inside: string): string;
}

/** The moment at which a service was noted as started, in ms since 1970; undefined where it is not. */
export function startedAt(machine: SeenMachine, name: string): number | undefined {
  return ifAllowed(() => lstatSync(machine.path(`/run/openrc/started/${name}`)).mtimeMs);
}

/** Waits until a service has what it leaves when it is up: a process that executes its own program, or its file. */
export async function untilReallyUp(machine: SeenMachine, name: string): Promise<void> {
  const text = readFileSync(machine.path(evidence(name)), "utf8").trim();
  if (!isDaemon(name)) return assert.equal(text, SERVICES.get(name)!.level);
  // From outside, the path may begin with that of the root. A daemon that goes to the background executes it a moment later.
  const isExecuted = () => readlinkSync(machine.path(`/proc/${text}/exe`)).endsWith(program(name));
  await until(`process ${text} of ${name} runs its program`, isExecuted);
}

/** Checks that each service was up before what needs it by its name. */
export function inOrder(machine: SeenMachine): void {
  for (const [name, { depend }] of SERVICES) {
    const needed = depend.flatMap((line) => line.startsWith("need ") ? line.split(" ").slice(1) : []);
    for (const other of needed.filter((one) => SERVICES.has(one))) {
      const [before, after] = [other, name].map((one) => startedAt(machine, one)!);
      assert(before! <= after!, `${name} needs ${other}, and was up before it`);
    }
  }
}

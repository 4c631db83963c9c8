/** Each system call of init that the kernel may refuse is refused once, in a history of its own. */

import type { Action } from "./actions.ts";
import { Simulation } from "./simulation.ts";

/** What init rests for in the end, in ms: nothing takes longer here. */
const REST = 10_000;

const QUIET = { uid: 0, environment: [], wait: false, times: 1, slowness: 0 };

/** Jobs of all kinds, a client, and a restart of init. */
const HISTORY: readonly Action[] = [
  write("alpha.conf", "start on startup\nrespawn\nconsole log\nexec work lines=100 every=20\n"),
  write("beta.conf", "start on startup\nsemantics rouse\nready notify\nexec work notify=20\n"),
  write("gamma.conf", "start on sunrise\nconsole pipe\ntask\nexec work lines=3 every=10\n"),
  write("delta.ts", "good\nstart on startup\nexec work\n"),
  { at: 300, kind: "request", what: "emit", name: "sunrise", ...QUIET },
  { at: 600, kind: "re-execute" },
  { at: 1000, kind: "request", what: "restart", name: "beta", ...QUIET },
];

function write(file: string, text: string): Action {
  return { at: 0, kind: "write", file, text, inPlace: true };
}

/** The history with one call refused; `place`: see `Faults.planned`. */
async function refuse(place: number, error: number) {
  const simulation = new Simulation(1, HISTORY, { rest: REST });
  const { faults } = simulation.world.kernel;
  faults.planned = { place, error };
  const { violations } = await simulation.run();
  return { violations, possible: faults.possible, refused: [...faults.counts.keys()].join() };
}

/** How many errors each call may give, at most. */
const ERRORS = 4;

/** Of names that come more often than this only some calls are refused. */
const OFTEN = 20;

/**
 * Refuses one call after another: of those that come often, every so manieth.
 * @returns what broke, and how many calls were refused.
 */
export async function refuseCalls(share: number): Promise<{ problems: string[]; count: number }> {
  const { possible } = await refuse(-1, 0), problems: string[] = [];
  const counts = new Map<string, number>();
  for (const name of possible) counts.set(name, (counts.get(name) ?? 0) + 1);
  let count = 0;
  for (const [place, name] of possible.entries()) {
    if (counts.get(name)! > OFTEN && place % share > 0) continue;
    count++;
    // One of the errors each; the others have their turn at the calls of the same kind.
    const { violations, refused } = await refuse(place, place % ERRORS);
    problems.push(...violations.slice(0, 1).map(({ rule, how }) => `${place} (${refused}): ${rule}: ${how}`));
  }
  return { problems, count };
}

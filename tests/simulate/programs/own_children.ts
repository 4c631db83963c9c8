/** The programs of init's own executable that it runs as its children, as far as they are simulated. */

import { Buffer } from "node:buffer";
import { parseConf } from "../../../compat/upstart/parse.ts";
import type { EvaluatorLine, ModuleReport } from "../../../lib/author/protocol.ts";
import { jobName, REPORT_DESCRIPTOR } from "../../../lib/author/protocol.ts";
import { Engine } from "../../../lib/engine/engine.ts";
import type { ChildReport } from "../../../lib/init/checks/protocol.ts";
import { STATE_GOOD } from "../../../lib/init/reexec/state_file.ts";
import type { System } from "./system.ts";

/** Runs the one that the arguments name. */
export async function ownChild(system: System): Promise<number> {
  const program = PROGRAMS[system.argv[2] ?? ""];
  if (program) return await program(system);
  // What the others are told is of no interest here, and init lives without their answers.
  while ((await system.read(0)).length > 0);
  return 0;
}

const PROGRAMS: Record<string, (system: System) => Promise<number>> = {
  "check-state": checkState,
  "evaluate": evaluate,
  "checks": makeChecks,
};

/** Reads a state to its end, and says that it is good when it is, as the real program does. */
async function checkState(system: System): Promise<number> {
  const [first = "", second = ""] = (await system.readAll(0)).toString().split("\n");
  await system.sleep(system.kernel.random.between(1, 80));
  try {
    JSON.parse(first);
    const { init: { engine } } = JSON.parse(second);
    Engine.restore(engine, engine.now);
  } catch (error) {
    await system.write(2, (error as Error).message);
    return 1;
  }
  await system.write(1, STATE_GOOD);
  return 0;
}

/** The first line of a module of the simulation, which says how it behaves; the rest is a job as in a .conf file. */
export type ModuleManner = "good" | "throws" | "hangs" | "exits" | "babbles" | "slow";

/** How long a slow module takes, in ms. */
const SLOW = 1500;

/** Evaluates modules: each announces itself, and is reported. */
async function evaluate(system: System): Promise<number> {
  const { argv } = system,
    start = argv.indexOf("--"),
    say = (line: EvaluatorLine) => system.write(REPORT_DESCRIPTOR, `${JSON.stringify(line)}\n`);
  const directories = argv.filter((_, at) => at < start && argv[at - 1] === "--directory");
  for (const module of argv.slice(start + 1)) {
    await say({ evaluating: module });
    await system.sleep(system.kernel.random.between(1, 20));
    const fd = system.open(module);
    const text = fd < 0 ? "" : (await system.readAll(fd)).toString();
    if (fd >= 0) system.process.close(fd);
    const [manner = "", ...rest] = text.split("\n");
    const behave = MANNERS[manner as ModuleManner];
    if (behave) await behave(system);
    await say(
      reportOn(module, manner === "throws" ? "nonsense" : rest.join("\n"), jobName(module, directories)),
    );
  }
  return 0;
}

const MANNERS: Partial<Record<ModuleManner, (system: System) => Promise<unknown>>> = {
  hangs: (system) => system.forever(),
  exits: (system) => Promise.resolve(system.quit(3)),
  babbles: (system) => system.write(REPORT_DESCRIPTOR, "this is no line of the protocol\n"),
  slow: (system) => system.sleep(SLOW),
};

function reportOn(module: string, text: string, name: string): ModuleReport {
  try {
    const definition = parseConf(text, module, name);
    return { module, imports: [], jobs: [definition] };
  } catch (error) {
    return { module, imports: [], error: { file: module, reason: (error as Error).message } };
  }
}

/** How often a check is made, in ms. */
const CHECKED_EVERY = 500;

/** Makes checks: those of files are true, all others fail. */
async function makeChecks(system: System): Promise<number> {
  const running = new Map<number, boolean | undefined>(), paths = new Map<number, string>();
  const say = (report: ChildReport) => system.write(1, `${JSON.stringify(report)}\n`);
  const look = async () => {
    for (const [check, before] of [...running]) {
      const path = paths.get(check),
        passes = path !== undefined && typeof system.kernel.files.find(path) !== "number";
      if (passes === before || !running.has(check)) continue;
      running.set(check, passes);
      await say(passes ? { passed: check } : { failed: check, reason: "it is not there" });
    }
    system.kernel.clock.after(CHECKED_EVERY, () => system.whenRunning(() => void look()));
  };
  void look();
  let rest = "";
  for (let bytes; (bytes = await system.read(0)).length > 0;) {
    const lines = (rest + Buffer.from(bytes).toString()).split("\n");
    rest = lines.pop()!;
    for (const line of lines) {
      const request = JSON.parse(line);
      if ("ping" in request) await say({ pong: request.ping });
      else if ("stop" in request) running.delete(request.stop);
      else {
        running.set(request.start, undefined);
        if (request.check.kind === "file") paths.set(request.start, request.check.path);
      }
    }
  }
  return 0;
}

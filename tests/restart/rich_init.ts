/** An init whose jobs are in as many situations as there are, and its state as an executable is given it that is tried. */

import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import type { SavedJob } from "../../lib/engine/snapshot/engine_snapshot.ts";
import type { RunningInit } from "../support/init.ts";
import { programs } from "../support/programs.ts";

/** No job has output of its own: its descriptors would be others' numbers in a state that is used later. */
const QUIET = "console none\n", HELD = "until [ -e @DIR@/go ]; do sleep 0.1; done";

export const RICH_JOBS: Record<string, string> = {
  "web.conf": `${QUIET}respawn\nexec sleep 1000\n`,
  "many.conf": `${QUIET}instance $N\nexport N\nexec sleep 1000\n`,
  "both.conf": `${QUIET}start on one and two\nexec sleep 1000\n`,
  "slow.conf": `${QUIET}pre-start script\n${HELD}\nend script\nexec sleep 1000\n`,
  "stubborn.conf": `${QUIET}exec sleep 1000\npre-stop script\n${HELD}\nend script\n`,
  "work.conf": `${QUIET}start on work\ntask\nscript\n${HELD}\nend script\n`,
  "delayed.ts": `import { job } from "rouse";
export default job({ console: "none", exec: ["false"], respawn: { delay: "1h" } });\n`,
  "checked.ts": `import { job, tcp } from "rouse";
export default job({ console: "none", exec: ["sleep", "1000"], ready: tcp("127.0.0.1:1"), startTimeout: "1h" });\n`,
  "filed.ts": `import { job } from "rouse";
export default job({ console: "none", exec: ["sleep", "1000"], pidFile: "/nonexistent.pid", startTimeout: "1h" });\n`,
  "after.conf": `${QUIET}needs web\nstart on never\nexec sleep 1000\n`,
};

/** Brings the jobs into their situations. */
export async function enrich(init: RunningInit): Promise<void> {
  await init.ask("set-env", "GREETING=hello");
  await init.ask("start", "web", "A=1");
  await init.ask("start", "many", "N=1");
  await init.ask("start", "many", "N=b c");
  await init.ask("start", "stubborn");
  await init.ask("emit", "--no-wait", "one");
  await init.ask("emit", "--no-wait", "work");
  for (const job of ["slow", "delayed", "checked", "filed"]) await init.ask("start", "--no-wait", job);
  await init.ask("stop", "--no-wait", "stubborn");
  await init.until(["status", "stubborn"], /stop\/pre-stop/);
  await init.until(["status", "slow"], /start\/pre-start/);
  await init.until(["status", "work"], /start\/running/);
}

/** The state of an init, which goes on. */
export async function stateOf(init: RunningInit): Promise<string> {
  const path = init.path("asked"), state = init.path("state");
  writeFileSync(path, `#!/bin/sh\ncat > ${state}.new\nmv ${state}.new ${state}\necho no >&2\nexit 1\n`, {
    mode: 0o755,
  });
  await init.initctl("restart-init", path);
  return readFileSync(state, "utf8");
}

/** The processes of a state, by job, instance and which of its processes each is. */
export function processesIn(state: string): Map<string, number> {
  const { jobs } = JSON.parse(state.split("\n")[1]!).init.engine;
  return new Map(
    jobs.flatMap(({ definition, instances }: SavedJob) =>
      instances.flatMap(({ name, pids }) =>
        Object.entries(pids).map(([process, pid]) => [`${definition.name} ${name} ${process}`, pid])
      )
    ),
  );
}

/** A state without what another init cannot have: its directories, its descriptors, who is connected. */
export function portable(state: string, init: RunningInit): string {
  const [first, second] = state.split("\n"), program = JSON.parse(second!);
  program.endpoint = { services: [] };
  if (program.record) program.record = { path: null, lines: 0 };
  return [first, JSON.stringify(program)].join("\n")
    .replaceAll(init.environment["UPSTART_SESSION"]!, "@ADDRESS@")
    .replaceAll(`/${init.pid}.session`, "/@PID@.session")
    .replaceAll(programs(), "@PROGRAMS@")
    .replaceAll(init.directory, "@DIR@");
}

/** A portable state with what this init has, which is in the same situation as `own` says. */
export function adapted(state: string, own: string, init: RunningInit): string {
  const theirs = processesIn(state), ours = processesIn(own);
  assert.deepEqual([...theirs.keys()].sort(), [...ours.keys()].sort());
  const byPid = new Map(Array.from(theirs, ([key, pid]) => [String(pid), String(ours.get(key))]));
  return state.replace(/\b\d+\b/g, (number) => byPid.get(number) ?? number)
    .replaceAll("@ADDRESS@", init.environment["UPSTART_SESSION"]!)
    .replaceAll("@PID@", String(init.pid))
    .replaceAll("@PROGRAMS@", programs())
    .replaceAll("@DIR@", init.directory);
}

/** Records the state of the present version, and its form, for state_test.ts: `deno task record-state --help` tells how. */

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { demandNoArguments, runTask } from "../../build/task.ts";
import { STATE_VERSION } from "../../lib/init/reexec/state_versions.ts";
import type { Tool } from "../../lib/model/command_line/tool.ts";
import { RunningInit } from "../support/init.ts";
import { enrich, portable, RICH_JOBS, stateOf } from "./rich_init.ts";
import { FIXTURES, stateForm } from "./state_form.ts";

const TASK: Tool = {
  name: "record-state",
  summary: "Record the state of the present version, and its form, for the tests.",
  help:
    "It writes two files into tests/restart/fixtures, also over those of the same version. dist/rouse has to be built " +
    "from the present sources; nothing else is needed.\n\n" +
    "Exit status: 0, 1 when nothing could be recorded, 2 for wrong arguments.",
  options: [],
  async run(parsed) {
    demandNoArguments(parsed);
    await using init = await RunningInit.start({ jobs: RICH_JOBS });
    await enrich(init);
    const state = await stateOf(init), { version } = JSON.parse(state.split("\n")[0]!);
    writeFileSync(join(FIXTURES, `version-${version}.state`), portable(state, init));
    if (version === STATE_VERSION) writeFileSync(join(FIXTURES, `version-${version}.form`), stateForm());
    console.log(`recorded a state of version ${version}`);
    return 0;
  },
};

if (import.meta.main) await runTask(TASK);

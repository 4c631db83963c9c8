/** Records the state of the present version, and its form, for state_test.ts: `deno task record-state`. */

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { STATE_VERSION } from "../../lib/init/reexec/state_versions.ts";
import { RunningInit } from "../support/init.ts";
import { commandLineOf } from "../support/task.ts";
import { enrich, portable, RICH_JOBS, stateOf } from "./rich_init.ts";
import { FIXTURES, stateForm } from "./state_form.ts";

await commandLineOf({
  name: "record-state",
  summary: "Record init's state of the present version, for tests of later versions.",
  help: "It is written to tests/restart/fixtures.\n\nExit status: 0, 1 when it fails, 2 for wrong arguments.",
  options: [],
});
await using init = await RunningInit.start({ jobs: RICH_JOBS });
await enrich(init);
const state = await stateOf(init), { version } = JSON.parse(state.split("\n")[0]!);
writeFileSync(join(FIXTURES, `version-${version}.state`), portable(state, init));
if (version === STATE_VERSION) writeFileSync(join(FIXTURES, `version-${version}.form`), stateForm());
console.log(`recorded a state of version ${version}`);

/** Conditions about jobs that are not there are told of when the configuration is read. */

import assert from "node:assert/strict";
import { RunningInit } from "./support/init.ts";

const JOBS = {
  "web.conf": "start on started bd or frobnicated\nexec sleep 600\n",
  "db.conf": "exec sleep 600\n",
};
const DOUBT = "init: web start on: no job `bd' is known, so `started bd' never comes\n";

Deno.test("a job that nobody knows is warned of, once, and again only when another is missed", async () => {
  await using init = await RunningInit.start({ jobs: JOBS, startupEvent: true });
  await init.untilMessage(/no job `bd' is known/);
  assert.equal(init.messages(), DOUBT);
  init.write("web.conf", "start on started db\nstop on stopped dd\nexec sleep 600\n");
  await init.ask("reload-configuration");
  await init.ask("reload-configuration");
  assert.equal(
    init.messages(),
    `${DOUBT}init: web stop on: no job \`dd' is known, so \`stopped dd' never comes\n`,
  );
});

Deno.test("without a startup event it is told to the verbose alone, as are events that no job emits", async () => {
  await using quiet = await RunningInit.start({ jobs: JOBS });
  await quiet.ask("reload-configuration");
  assert.equal(quiet.messages(), "");
  await using verbose = await RunningInit.start({ jobs: JOBS, arguments: ["--verbose"] });
  await verbose.untilMessage(/web start on: no job says that it `emits frobnicated'/);
  assert.match(verbose.messages(), /no job `bd' is known/);
});

/** Conditions about jobs that are not there are told of when the configuration is read. */

import assert from "node:assert/strict";
import { RunningInit } from "./support/init.ts";

const JOBS = {
  "web.conf": "start on started bd or frobnicated\nexec sleep 600\n",
  "db.conf": "exec sleep 600\n",
};
const WARNING = "init: web start on: no job `bd' is known, so `started bd' never comes\n";

Deno.test("a job that nobody knows is warned of, once, and again only when another is missed", async () => {
  await using init = await RunningInit.start({ jobs: JOBS, startupEvent: true });
  await init.untilMessage(/no job `bd' is known/);
  assert.equal(init.messages(), WARNING);
  init.write("web.conf", "start on started db\nstop on stopped dd\nexec sleep 600\n");
  await init.ask("reload-configuration");
  await init.ask("reload-configuration");
  assert.equal(
    init.messages(),
    `${WARNING}init: web stop on: no job \`dd' is known, so \`stopped dd' never comes\n`,
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

Deno.test("jobs that need a runlevel are told in a line that none comes by itself, unless a job sets one", async () => {
  const jobs = {
    "api.ts": 'import { job, runlevel } from "rouse";\n' +
      'export default job({ startOn: runlevel("[2345]"), exec: "sleep 600" });\n',
    "db.conf": "start on runlevel 2\nexec sleep 600\n",
    "web.conf": "start on startup or runlevel 2\nexec sleep 600\n",
  };
  await using init = await RunningInit.start({ jobs, startupEvent: true });
  await init.untilMessage(/nobody sets a runlevel/);
  await init.ask("reload-configuration");
  assert.match(
    init.messages(),
    /^init: (api|db) start on: in a container, and for a user, nobody sets a runlevel, so `runlevel' never comes by itself; wait for `startup' there; (api|db) waits for it, too\n$/,
  );
  const levels = "start on startup\ntask\nexec initctl emit runlevel RUNLEVEL=2\n";
  await using other = await RunningInit.start({
    jobs: { ...jobs, "levels.conf": levels },
    startupEvent: true,
  });
  await other.until(["status", "db"], /running/);
  assert.doesNotMatch(other.messages(), /nobody sets a runlevel/);
});

Deno.test("many jobs that nobody knows are one line, which says where to read all of them", async () => {
  const jobs: Record<string, string> = {};
  for (let index = 0; index < 20; index++) {
    jobs[`job${index}.conf`] = `start on started absent${index % 5} and started absent7\nexec sleep 600\n`;
  }
  await using init = await RunningInit.start({ jobs, startupEvent: true });
  await init.untilMessage(/rouse check/);
  await init.ask("reload-configuration");
  assert.equal(
    init.messages().replaceAll(init.directory, "@"),
    "init: 6 jobs that conditions name are not known: absent0, absent7, absent1 ...; 20 jobs wait for them. " +
      "`rouse check @/conf' tells of each\n",
  );
});

/** Which set of defaults a job has is told by status, show-config, GetState and D-Bus; `.conf` jobs look as with Upstart. */

import assert from "node:assert/strict";
import { RunningInit } from "./support/init.ts";

const MODULE = 'import { job } from "rouse";\nexport default job({';
const JOBS = {
  "classic.conf": "start on x\nexec sleep 600\n",
  "converted.ts": `${MODULE} semantics: "upstart", exec: "sleep 600" });\n`,
  "modern.conf": "exec sleep 600\nsemantics rouse\n",
  "module.ts": `${MODULE} exec: "sleep 600" });\n`,
  "moved.conf": "exec sleep 600\n",
  "moved.override": "semantics rouse\n",
};
const ROUSE = ["modern", "module", "moved"];

Deno.test("a job's set of defaults is told by those who are asked for more than Upstart tells", async () => {
  await using init = await RunningInit.start({ jobs: JOBS });
  for (const job of ["classic", "converted", ...ROUSE]) {
    await init.until(["status", job], /^\w+ stop\/waiting\n$/);
    const more = ROUSE.includes(job) ? "\tsemantics rouse\n" : "";
    assert.equal(
      await init.ask("status", "--verbose", job),
      `${job} stop/waiting\n${more}`,
    );
    const shown = await init.ask("show-config", job);
    assert.equal(shown.includes("semantics rouse"), ROUSE.includes(job), shown);
  }
  assert.equal(await init.ask("show-config", "classic"), "classic\n  start on x\n");
});

Deno.test("with the override gone, the defaults are those of before", async () => {
  await using init = await RunningInit.start({ jobs: JOBS });
  await init.until(["show-config", "moved"], /semantics rouse/);
  init.write("moved.override", "");
  await init.until(["show-config", "moved"], /^moved\n$/);
});

/** States of each version that there was: an init of the present version goes on with them. */

import assert from "node:assert/strict";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { STATE_VERSION, upgradeState } from "../../lib/init/reexec/state_versions.ts";
import { Engine } from "../../lib/engine/engine.ts";
import { until } from "../support/deadline.ts";
import { RunningInit } from "../support/init.ts";
import { EXECUTABLE } from "../support/programs.ts";
import { adapted, enrich, RICH_JOBS, stateOf } from "./rich_init.ts";
import { FIXTURES, stateForm } from "./state_form.ts";

const VERSIONS = Array.from({ length: STATE_VERSION }, (_, index) => index + 1);

function fixture(version: number): string {
  return readFileSync(join(FIXTURES, `version-${version}.state`), "utf8");
}

Deno.test("there is a state of each version", () => {
  const names = readdirSync(FIXTURES).filter((name) => name.endsWith(".state")).sort();
  assert.deepEqual(names, VERSIONS.map((version) => `version-${version}.state`).sort());
});

Deno.test("whoever changes what is saved raises the version of the state", () => {
  assert.equal(
    stateForm(),
    readFileSync(join(FIXTURES, `version-${STATE_VERSION}.form`), "utf8"),
    "the types of what is saved have changed: see `What is saved' in CONTRIBUTING.md",
  );
});

Deno.test("what is saved of the engine is restored, and saved as it was", () => {
  const [first, second] = fixture(STATE_VERSION).split("\n");
  assert.equal(JSON.parse(first!).version, STATE_VERSION);
  const { init: { engine } } = JSON.parse(second!);
  assert.deepEqual(JSON.parse(JSON.stringify(Engine.restore(engine, engine.now).save(engine.now))), engine);
});

Deno.test("a version that is not known yet, or none, is refused with what is", () => {
  for (const version of [0, STATE_VERSION + 1]) {
    assert.throws(
      () => upgradeState({}, version, "9.9.9"),
      new RegExp(
        `^Error: the state is of version ${version}, by rouse 9\\.9\\.9; rouse .* reads versions 1 to `,
      ),
    );
  }
});

for (const version of VERSIONS) {
  Deno.test(`a state of version ${version} is gone on with: processes, hooks, events, timers, conditions`, async () => {
    await using init = await RunningInit.start({ jobs: RICH_JOBS });
    await enrich(init);
    const before = await init.ask("list");
    const state = init.path("given"), path = init.path("successor");
    writeFileSync(state, adapted(fixture(version), await stateOf(init), init));
    writeFileSync(
      path,
      `#!/bin/bash\n[ "$2" = check-state ] && exec ${EXECUTABLE} "$@" < ${state}\n` +
        `cat ${state} > /proc/self/fd/\${ROUSE_STATE%%,*}\nexec -a init ${EXECUTABLE} "$@"\n`,
      { mode: 0o755 },
    );
    // The connection of the client is none of the state's.
    const { stderr } = await init.run([EXECUTABLE, "upgrade", path]);
    assert.match(stderr, /^$|disconnected/);
    await init.untilMessage(/Restarted in place/);
    assert.doesNotMatch(init.messages(), /Internal error|lost/);
    assert.equal(await init.ask("list"), before);
    assert.match(await init.ask("list-env"), /^GREETING=hello$/m);
    const pid = (job: string) => Number(/process (\d+)/.exec(before.slice(before.indexOf(`${job} `)))![1]);
    writeFileSync(init.path("go"), "");
    await init.until(["status", "slow"], /start\/running/);
    await init.until(["status", "stubborn"], "stubborn stop/waiting\n");
    await init.until(["status", "work"], "work stop/waiting\n");
    await init.ask("emit", "two");
    await init.until(["status", "both"], /start\/running/);
    Deno.kill(pid("web"), "SIGKILL");
    await until("it is respawned", async () => {
      const now = await init.ask("status", "web");
      return /running, process/.test(now) && !now.includes(String(pid("web")));
    });
    await init.ask("stop", "many", "N=b c");
    await init.ask("stop", "delayed");
    await init.ask("stop", "checked");
  });
}

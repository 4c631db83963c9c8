/** A part of the recorded scenarios, played to the sources under Deno: the other engine stays alive. */

import assert from "node:assert/strict";
import { RunningInit } from "../support/init.ts";
import { sourcePrograms } from "../support/programs.ts";
import { readCases } from "./cases.ts";
import { register } from "./register.ts";

/** Whatever differs from engine to engine has a scenario here: system calls, signals, descriptors, files, timers. */
const NAMES = [
  "cli/emit",
  "cli/env-running-job",
  "cli/links",
  "cli/term-stubborn-job",
  "cli/usage",
  "config/change-running-job",
  "config/confdir-precedence",
  "config/directory-renamed",
  "config/lex-control-characters",
  "config/limit-effect",
  "config/script-larger-than-a-pipe",
  "config/show-config-conditions",
  "engine/block-emit-one-of-many-fails",
  "engine/events-kill-timeout",
  "engine/hook-order",
  "engine/instance-several",
  "engine/on-and-or-nested",
  "engine/respawn-limit-default",
  "process/environment-inherited",
  "process/exit-statuses",
  "process/expect-daemon-respawn",
  "process/expect-fork",
  "process/kill-group-kill",
  "process/killed-by-signals",
  "process/log-binary",
  "process/orphans-reaped",
  "process/umask",
];

const cases = readCases().filter(({ name }) => NAMES.includes(name));
assert.deepEqual(cases.map(({ name }) => name), NAMES);

// A command takes Deno a quarter of a second, so it runs those of some scenarios alone.
register(
  "under Deno",
  cases,
  3,
  ({ name }) => name.startsWith("cli/") ? sourcePrograms() : sourcePrograms("init"),
);

Deno.test("under Deno the functions of a module run", async () => {
  const module = `import { job } from "rouse";
export default job({
  env: { WORD: "hey" },
  async preStart({ $, env, log }) {
    log("pre-start", String(await $\`echo \${env.WORD}\`).trim());
  },
  exec: "sleep 600",
});
`;
  await using init = await RunningInit.start({
    programs: sourcePrograms("init"),
    jobs: { "web.ts": module },
  });
  await init.until(["status", "web"], "web stop/waiting\n");
  assert.match(await init.ask("start", "web"), /^web start\/running, process \d+\n$/);
  assert.deepEqual(await init.untilLines("log/web.log", 1), ["pre-start hey"]);
});

/** What a job's process is told of itself comes from init alone. */

import assert from "node:assert/strict";
import { until } from "./support/deadline.ts";
import { RunningInit } from "./support/init.ts";

const FORGED = ["JOB", "INSTANCE", "SESSION", "EVENTS", "STOP_EVENTS"].map((name) =>
  `UPSTART_${name}=forged`
);

/** Copies the environment as the process was given it, however often a name is there. */
const copy = (name: string) => `exec cp /proc/self/environ @DIR@/${name}`;

/** The variables in a copy that begin with UPSTART_. No name is there twice. */
function told(init: RunningInit, name: string): string[] {
  const pairs = init.read(name)!.split("\0").slice(0, -1);
  const names = pairs.map((pair) => pair.slice(0, pair.indexOf("=")));
  assert.equal(new Set(names).size, names.length, pairs.join("\n"));
  return pairs.filter((pair) => pair.startsWith("UPSTART_") && !pair.startsWith("UPSTART_SESSION=unix:"))
    .sort();
}

Deno.test("who a job is, and what set it in motion, cannot be forged", async () => {
  await using init = await RunningInit.start({
    jobs: {
      "asked.conf": `instance $N\ntask\n${copy("asked")}\n`,
      "told.conf": `start on go\nstop on halt\n${copy("told")}\npost-stop ${copy("told.stop")}\n`,
      "stays.conf": `start on go\nstop on halt\nexec sleep 600\npost-stop ${copy("stays.stop")}\n`,
      "stopped.conf": `exec sleep 600\npost-stop ${copy("stopped.stop")}\n`,
      "own.conf":
        `env UPSTART_JOB=own\nenv UPSTART_INSTANCE=x\nenv UPSTART_JOB=twice\nenv UPSTART_EVENTS=x\nenv UPSTART_STOP_EVENTS=x\ntask\n${
          copy("own")
        }\n`,
      "itself.conf": `env UPSTART_STOP_EVENTS=x\nstart on self\nexec sleep 600\npost-stop ${
        copy("itself.stop")
      }\n`,
      "set.conf": `task\n${copy("set")}\n`,
      "called.ts": 'import { job } from "rouse";\nexport default job({\n  task: true,\n' +
        "  main({ env, instance, events }) {\n" +
        "    console.log(`${env.UPSTART_JOB} <${instance}> ${events.length}`);\n  },\n});\n",
    },
    environment: { UPSTART_EVENTS: "outer", UPSTART_STOP_EVENTS: "outer" },
  });
  await init.until(["status", "called"], "called stop/waiting\n");

  await init.ask("start", "asked", "N=1", ...FORGED);
  assert.deepEqual(told(init, "asked"), ["UPSTART_INSTANCE=1", "UPSTART_JOB=asked"]);

  await init.ask("emit", "go", ...FORGED);
  await init.until(["status", "told"], "told stop/waiting\n");
  const started = ["UPSTART_EVENTS=go", "UPSTART_INSTANCE=", "UPSTART_JOB=told"];
  assert.deepEqual(told(init, "told"), started);
  assert.deepEqual(told(init, "told.stop"), started);

  await init.ask("emit", "halt", ...FORGED);
  assert.deepEqual(told(init, "stays.stop"), [
    "UPSTART_EVENTS=go",
    "UPSTART_INSTANCE=",
    "UPSTART_JOB=stays",
    "UPSTART_STOP_EVENTS=halt",
  ]);

  await init.ask("start", "stopped");
  await init.ask("stop", "stopped", ...FORGED);
  assert.deepEqual(told(init, "stopped.stop"), ["UPSTART_INSTANCE=", "UPSTART_JOB=stopped"]);

  await init.ask("start", "own");
  assert.deepEqual(told(init, "own"), ["UPSTART_INSTANCE=", "UPSTART_JOB=own"]);

  await init.ask("emit", "self");
  for (const pair of ["UPSTART_EVENTS=x", "UPSTART_STOP_EVENTS=x"]) {
    await init.shell(`UPSTART_JOB=itself UPSTART_INSTANCE= initctl set-env ${pair}`);
  }
  await init.ask("stop", "itself");
  assert.deepEqual(told(init, "itself.stop"), [
    "UPSTART_EVENTS=self",
    "UPSTART_INSTANCE=",
    "UPSTART_JOB=itself",
  ]);

  await init.ask("start", "called", ...FORGED);
  assert.deepEqual(await init.untilLines("log/called.log", 1), ["called <> 0"]);

  await init.ask("set-env", "--global", "UPSTART_JOB=forged");
  for (const pair of FORGED) await init.ask("set-env", "--global", pair);
  await init.ask("start", "set");
  assert.deepEqual(told(init, "set"), ["UPSTART_INSTANCE=", "UPSTART_JOB=set"]);
  await init.ask("start", "called");
  assert.deepEqual(await init.untilLines("log/called.log", 2), ["called <> 0", "called <> 0"]);
});

Deno.test("a job that an event names as another stops itself, and not that other", async () => {
  await using init = await RunningInit.start({
    jobs: {
      "victim.conf": "exec sleep 600\n",
      "tool.conf": "start on go\nscript\n  initctl stop --no-wait\n  exec sleep 600\nend script\n" +
        "post-stop exec touch @DIR@/stopped\n",
    },
  });
  await init.until(["status", "tool"], "tool stop/waiting\n");
  await init.ask("start", "victim");
  await init.ask("emit", "--no-wait", "go", "UPSTART_JOB=victim");
  await until("the tool has stopped", () => init.read("stopped") !== undefined);
  assert.match(await init.ask("status", "victim"), /^victim start\/running/);
});

Deno.test("variables that are passed over set no instance's name, and are no stop condition's", async () => {
  await using init = await RunningInit.start({
    jobs: {
      "named.conf": "instance $UPSTART_JOB\nexec sleep 600\n",
      "watching.conf": "stop on go NAME=$UPSTART_JOB\nexec sleep 600\n",
      "reader.conf": "start on go UPSTART_JOB=zz\ntask\nexec touch @DIR@/read\n",
    },
  });
  await init.until(["status", "watching"], "watching stop/waiting\n");
  assert.match(
    (await init.initctl("start", "named", "UPSTART_JOB=zz")).stderr,
    /Unknown parameter: UPSTART_JOB/,
  );
  await init.ask("start", "watching", "UPSTART_JOB=zz");
  // Conditions see events as they are.
  await init.ask("emit", "go", "NAME=zz", "UPSTART_JOB=zz");
  assert.match(await init.ask("status", "watching"), /^watching start\/running/);
  assert.equal(init.read("read"), "");
});

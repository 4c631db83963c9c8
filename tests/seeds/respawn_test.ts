/** What pages about Upstart teach of `respawn`, `respawn limit` and `normal exit`. */

import assert from "node:assert/strict";
import { RunningInit } from "../support/init.ts";

const PROCESS = /process (\d+)/;

/** Notes the end of a job's run, with the reason. */
const RECORDER = `
start on stopped JOB=pump
task
exec echo "stopped $RESULT \${PROCESS-none} \${EXIT_STATUS-}\${EXIT_SIGNAL-}" >> @DIR@/notes
`;

const NOTES_RUN = "echo run >> @DIR@/notes";

/** Init with the job \`pump\`, and the recorder. */
function withPump(text: string): Promise<RunningInit> {
  return RunningInit.start({ jobs: { "pump.conf": text, "recorder.conf": RECORDER } });
}

/** Ends the job's process as another program would, and waits until another one runs. */
async function killed(init: RunningInit): Promise<void> {
  const process = PROCESS.exec(await init.ask("status", "pump"))![1];
  await init.shell(`kill -KILL ${process}`);
  await init.until(["status", "pump"], new RegExp(`running, process (?!${process}\\b)`));
}

for (
  const [how, reason] of [["exit 0", "ok none "], ["exit 3", "failed main 3"], [
    "kill -9 $$",
    "failed main KILL",
  ]]
) {
  Deno.test(`without respawn a service that ends (${how}) stays down`, async () => {
    await using init = await withPump(`script\n  ${how}\nend script\n`);
    await init.ask("start", "pump");
    assert.deepEqual(await init.untilLines("notes", 1), [`stopped ${reason}`]);
    assert.equal(await init.ask("status", "pump"), "pump stop/waiting\n");
  });

  Deno.test(`with respawn it comes back (${how})`, async () => {
    await using init = await withPump(
      `respawn\nscript\n  ${NOTES_RUN}\n  [ $(wc -l < @DIR@/notes) -gt 1 ] || { ${how}; }\n  exec sleep 600\nend script\n`,
    );
    await init.ask("start", "pump");
    await init.untilLines("notes", 2);
    await init.until(["status", "pump"], /^pump start\/running, process \d+\n$/);
    assert.equal(await init.ask("stop", "pump"), "pump stop/waiting\n");
    assert.deepEqual(await init.untilLines("notes", 3), ["run", "run", "stopped ok none "]);
  });
}

Deno.test("a respawn goes by all hooks but pre-stop", async () => {
  const hooks = ["pre-start", "post-start", "pre-stop", "post-stop"];
  await using init = await withPump(
    "respawn\nexec sleep 600\n" + hooks.map((hook) => `${hook} exec echo ${hook} >> @DIR@/notes\n`).join(""),
  );
  await init.ask("start", "pump");
  await killed(init);
  assert.deepEqual(init.read("notes"), "pre-start\npost-start\npost-stop\npre-start\npost-start\n");
});

Deno.test("a respawn is no failure: neither its events nor its post-stop name a process", async () => {
  await using init = await RunningInit.start({
    jobs: {
      "pump.conf":
        "respawn\nexec sleep 600\npost-stop exec echo post-stop $RESULT ${PROCESS-none} >> @DIR@/notes\n",
      "recorder.conf": RECORDER.replace("stopped JOB=pump", "stopping JOB=pump").replace(
        "stopped",
        "stopping",
      ),
    },
  });
  await init.ask("start", "pump");
  await killed(init);
  assert.deepEqual(await init.untilLines("notes", 2), ["stopping ok none ", "post-stop none"]);
});

Deno.test("a task with respawn is tried until it exits with 0", async () => {
  await using init = await withPump(
    `task\nrespawn\nscript\n  ${NOTES_RUN}\n  [ $(wc -l < @DIR@/notes) = 3 ]\nend script\n`,
  );
  assert.equal(await init.ask("start", "pump"), "pump stop/waiting\n");
  assert.deepEqual(await init.untilLines("notes", 4), ["run", "run", "run", "stopped ok none "]);
});

Deno.test("a task without respawn runs once, and its failure is that of who started it", async () => {
  await using init = await withPump(`task\nscript\n  ${NOTES_RUN}\n  exit 4\nend script\n`);
  assert.equal((await init.initctl("start", "pump")).stderr, "initctl: Job failed to start\n");
  assert.deepEqual(await init.untilLines("notes", 2), ["run", "stopped failed main 4"]);
});

Deno.test("a pre-stop may end a daemon that heeds no SIGTERM in its own way, without a respawn", async () => {
  await using init = await withPump(`
respawn
kill timeout 60
script
  trap '' TERM
  ${NOTES_RUN}
  until [ -e @DIR@/off ]; do sleep 0.02; done
  exit 1
end script
pre-stop script
  touch @DIR@/off
  while initctl status pump | grep -q "pre-stop, process"; do sleep 0.02; done
end script
`);
  await init.ask("start", "pump");
  await init.untilLines("notes", 1);
  assert.equal(await init.ask("stop", "pump"), "pump stop/waiting\n");
  assert.deepEqual(await init.untilLines("notes", 2), ["run", "stopped ok none "]);
});

Deno.test("a job that ends too often is given up with PROCESS=respawn; ten times are allowed by default", async () => {
  await using init = await withPump(`task\nrespawn\nscript\n  ${NOTES_RUN}\n  exit 1\nend script\n`);
  assert.equal((await init.initctl("start", "pump")).exit, 1);
  const lines = await init.untilLines("notes", 12);
  assert.deepEqual(lines, [...Array(11).fill("run"), "stopped failed respawn "]);
  await init.untilMessage(/pump respawning too fast, stopped/);
});

for (const [limit, runs] of [["3 60", 4], ["1 5", 2]] as const) {
  Deno.test(`respawn limit ${limit} gives a job up after ${runs} runs`, async () => {
    await using init = await withPump(
      `task\nrespawn\nrespawn limit ${limit}\nscript\n  ${NOTES_RUN}\n  exit 1\nend script\n`,
    );
    assert.equal((await init.initctl("start", "pump")).exit, 1);
    assert.deepEqual(await init.untilLines("notes", runs + 1), [
      ...Array(runs).fill("run"),
      "stopped failed respawn ",
    ]);
  });
}

for (const limit of ["unlimited", "0 5", "10 0", "0 0"]) {
  Deno.test(`respawn limit ${limit} is none`, async () => {
    await using init = await withPump(
      `task\nrespawn\nrespawn limit ${limit}\nscript\n  ${NOTES_RUN}\n  [ $(wc -l < @DIR@/notes) = 15 ]\nend script\n`,
    );
    assert.equal(await init.ask("start", "pump"), "pump stop/waiting\n");
    assert.deepEqual(await init.untilLines("notes", 16), [...Array(15).fill("run"), "stopped ok none "]);
  });
}

Deno.test("respawn limit alone does not have a job respawned", async () => {
  await using init = await withPump(`respawn limit 10 5\nscript\n  ${NOTES_RUN}\n  exit 1\nend script\n`);
  await init.initctl("start", "pump");
  assert.deepEqual(await init.untilLines("notes", 2), ["run", "stopped failed main 1"]);
});

Deno.test("restarts by hand do not count against the limit", async () => {
  await using init = await withPump("respawn\nrespawn limit 2 600\nexec sleep 600\n");
  await init.ask("start", "pump");
  for (let time = 0; time < 4; time++) await init.ask("restart", "pump");
  await killed(init);
  await killed(init);
  assert.match(await init.ask("status", "pump"), /^pump start\/running, process \d+\n$/);
});

const NORMAL = "normal exit 0 1 TERM HUP";

for (const how of ["exit 0", "exit 1", "kill -TERM $$", "kill -HUP $$"]) {
  Deno.test(`${NORMAL}: ${how} ends the job for good`, async () => {
    await using init = await withPump(
      `respawn\n${NORMAL}\nscript\n  ${NOTES_RUN}\n  ${how}\nend script\n`,
    );
    await init.ask("start", "pump");
    assert.deepEqual(await init.untilLines("notes", 2), ["run", "stopped ok none "]);
    assert.equal(await init.ask("status", "pump"), "pump stop/waiting\n");
  });
}

for (const how of ["exit 2", "kill -INT $$"]) {
  Deno.test(`${NORMAL}: ${how} has it respawned`, async () => {
    await using init = await withPump(
      `respawn\n${NORMAL}\nscript\n  ${NOTES_RUN}\n  [ $(wc -l < @DIR@/notes) -gt 1 ] || { ${how}; }\n  exec sleep 600\nend script\n`,
    );
    await init.ask("start", "pump");
    await init.untilLines("notes", 2);
    await init.until(["status", "pump"], /^pump start\/running, process \d+\n$/);
  });
}

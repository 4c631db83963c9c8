/** What pages about Upstart teach of a job's processes: `exec`, `script`, the four hooks and their environment. */

import assert from "node:assert/strict";
import { until } from "../support/deadline.ts";
import { RunningInit } from "../support/init.ts";
import { procFile } from "../support/processes.ts";

const RUNNING = /^.+ start\/running, process (\d+)\n$/;

/** Notes in `@DIR@/notes` what a script says. */
const note = (text: string) => `echo "${text}" >> @DIR@/notes`;

Deno.test("exec replaces the shell that expands its variables, and quoted words stay whole", async () => {
  await using init = await RunningInit.start({
    jobs: {
      "bell.conf": 'env FOLDER="/srv/bell tower"\nenv SECONDS_=600\nexec sleep $SECONDS_\n',
      "ring.conf": 'env FOLDER="/srv/bell tower"\ntask\n' +
        `exec /bin/sh -c 'for word; do ${note("$word")}; done' ring -c "$FOLDER" -s $FOLDER\n`,
    },
  });
  const told = await init.ask("start", "bell");
  const main = RUNNING.exec(told)?.[1];
  assert(main, told);
  await until("the shell has become sleep", () => procFile(Number(main), "cmdline") === "sleep\x00600\x00");
  await init.ask("start", "ring");
  assert.equal(init.read("notes"), "-c\n/srv/bell tower\n-s\n/srv/bell\ntower\n");
});

Deno.test("a program that nobody may execute fails the job, and init says so", async () => {
  await using init = await RunningInit.start({ jobs: { "bell.conf": "exec @DIR@/ring --loud\n" } });
  await init.shell("printf '#!/bin/sh\n' > @DIR@/ring");
  const reason = `Failed to spawn bell main process: unable to execute ${
    init.path("ring")
  }: Permission denied (it is not executable)\n`;
  assert.deepEqual(await init.initctl("start", "bell"), {
    exit: 1,
    stdout: "",
    stderr: `initctl: Job failed to start\n${reason}`,
  });
  assert(init.messages().includes(`init: ${reason}`));
  await init.shell("chmod +x @DIR@/ring");
  await init.ask("start", "bell");
});

Deno.test("a script is sh's with -e: the first command that fails ends it", async () => {
  await using init = await RunningInit.start({
    jobs: {
      "bell.conf": `task\nscript\n  ${note("$-")}\n  false\n  ${note("not come to")}\nend script\n`,
      "fine.conf": `task\nscript\n  false || true\n  if false; then :; fi\n  ${
        note("come to")
      }\nend script\n`,
    },
  });
  assert.equal((await init.initctl("start", "bell")).stderr, "initctl: Job failed to start\n");
  assert.match(init.read("notes")!, /^e\w*\n$/);
  await init.ask("start", "fine");
  assert.match(init.read("notes")!, /\ncome to\n$/);
});

Deno.test("script and end script stand on lines of their own", async () => {
  await using init = await RunningInit.start({
    jobs: {
      "open.conf": "script\n  exec sleep 600\n",
      "words.conf": "script sleep 600\nend script\n",
      "within.conf": `task\nscript\n  ${note("end script")}\nend script\n`,
    },
  });
  assert.equal(await init.ask("list"), "within stop/waiting\n");
  const lines = init.messages().replaceAll(init.confdir, "").split("\n").filter(Boolean).sort();
  assert.deepEqual(lines, ["init:/open.conf:3: Unterminated block", "init:/words.conf:1: Unexpected token"]);
  await init.ask("start", "within");
  assert.equal(init.read("notes"), "end script\n");
});

Deno.test("of several main processes in one file the last one counts", async () => {
  await using init = await RunningInit.start({
    jobs: { "bell.conf": `task\nscript\n  ${note("script")}\nend script\nexec ${note("exec")}\n` },
  });
  await init.ask("start", "bell");
  assert.equal(init.read("notes"), "exec\n");
});

Deno.test("a script starts an instance of another job for each console, and leaves one out", async () => {
  await using init = await RunningInit.start({
    jobs: {
      "consoles.conf":
        "start on stopped boot RUNLEVEL=[2345]\nenv LIST=@DIR@/consoles\nenv SKIP=con1\ntask\n" +
        "script\n  . @DIR@/consoles\n  for con in $(echo $CONSOLES); do\n" +
        '    [ "$RUNLEVEL" = "5" -a "$con" = "$SKIP" ] && continue\n    initctl start con CON=$con\n' +
        "  done\nend script\n",
      "con.conf": 'stop on runlevel [S016]\nrespawn\ninstance $CON\nusage "con CON=name"\nexec sleep 600\n',
      "boot.conf": "export RUNLEVEL\ntask\nexec true\n",
    },
  });
  await init.shell("echo 'CONSOLES=\"con1 con2 con3\"' > @DIR@/consoles");
  await init.ask("start", "boot", "RUNLEVEL=5");
  await init.until(["status", "con", "CON=con3"], RUNNING);
  const consoles = async () =>
    (await init.ask("list")).split("\n").filter((line) => line.startsWith("con ")).map((line) =>
      line.replace(/\d+$/, "N")
    ).sort();
  assert.deepEqual(await consoles(), [
    "con (con2) start/running, process N",
    "con (con3) start/running, process N",
  ]);
  await init.ask("emit", "runlevel", "RUNLEVEL=0");
  assert.deepEqual(await consoles(), ["con stop/waiting"]);
});

const BELL = `
pre-start exec ${note("pre-start")}
script
  trap 'echo main ends >> @DIR@/notes; exit' TERM
  ${note("main")}
  while :; do sleep 0.02; done
end script
post-start script
  initctl status bell | grep -q '^bell start/post-start, process'
  until grep -q main @DIR@/notes; do sleep 0.02; done
  ${note("post-start")}
end script
pre-stop exec ${note("pre-stop")}
post-stop exec ${note("post-stop")}
`;

Deno.test("hooks run at their times, between the events of the job", async () => {
  // Slow, so that what does not wait for it would come before it.
  const slowly = (event: string) =>
    `start on ${event} JOB=bell\ntask\nscript\n  sleep 0.1\n  ${note(event)}\nend script\n`;
  await using init = await RunningInit.start({
    jobs: {
      "bell.conf": BELL,
      "before.conf": slowly("starting"),
      "up.conf": slowly("started"),
      "after.conf": slowly("stopping"),
      "down.conf": slowly("stopped"),
    },
  });
  await init.ask("start", "bell");
  assert.deepEqual(await init.untilLines("notes", 5), [
    "starting",
    "pre-start",
    "main",
    "post-start",
    "started",
  ]);
  await init.ask("stop", "bell");
  assert.deepEqual((await init.untilLines("notes", 10)).slice(5), [
    "pre-stop",
    "stopping",
    "main ends",
    "post-stop",
    "stopped",
  ]);
});

Deno.test("pre-start prepares what main needs; where it fails, main does not run", async () => {
  await using init = await RunningInit.start({
    jobs: {
      "bell.conf": "pre-start exec mkdir @DIR@/room\nexec sh -c 'cd @DIR@/room && exec sleep 600'\n" +
        "post-stop exec rmdir @DIR@/room\n",
    },
  });
  assert.match(await init.ask("start", "bell"), RUNNING);
  await init.ask("stop", "bell");
  await init.shell("mkdir @DIR@/room");
  assert.equal((await init.initctl("start", "bell")).stderr, "initctl: Job failed to start\n");
  await init.until(["status", "bell"], "bell stop/waiting\n");
});

Deno.test("env gives variables to all processes, and export puts them into the job's four events", async () => {
  const all = "main|pre-start|post-start|pre-stop|post-stop".split("|");
  await using init = await RunningInit.start({
    jobs: {
      "bell.conf": "env TONE=a\nenv HIDDEN=yes\nexport TONE\n" +
        all.map((name) =>
          name === "main"
            ? `script\n  ${note("main $TONE $HIDDEN")}\n  exec sleep 600\nend script\n`
            : `${name} exec ${note(`${name} $TONE $HIDDEN`)}\n`
        ).join(""),
      "echo.conf": "start on starting bell or started bell or stopping bell or stopped bell\n" +
        `instance $UPSTART_EVENTS\ntask\nexec ${note("$UPSTART_EVENTS $TONE ${HIDDEN-without}")}\n`,
    },
  });
  await init.ask("start", "bell", "TONE=c");
  await init.untilLines("notes", 5);
  await init.ask("stop", "bell");
  const lines = (await init.untilLines("notes", 9)).sort();
  assert.deepEqual(lines, [
    "main c yes",
    "post-start c yes",
    "post-stop c yes",
    "pre-start c yes",
    "pre-stop c yes",
    "started c without",
    "starting c without",
    "stopped c without",
    "stopping c without",
  ]);
});

/** `start`, `stop`, `restart` and `emit` that take long: what each shows on a terminal, and what is said when ^C ends it. */

import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { RunningInit } from "./support/init.ts";
import { installed } from "./support/programs.ts";
import { Terminal } from "./support/terminal.ts";

const WAITS = "until [ -e @DIR@/go ]; do sleep 0.05; done";

const JOBS = {
  "slow.conf": `start on hello\npre-start script\n${WAITS}\nend script\nexec sleep 600\n`,
  "lazy.conf": `exec sleep 600\npost-stop script\n${WAITS}\nend script\n`,
};

/** A command, the process that it waits for, what is said on ^C, and what it has printed when it went on. */
interface LongCommand {
  line: string;
  job: "slow" | "lazy";
  process: "pre-start" | "post-stop";
  goesOn: string;
  printed: RegExp;
  after: RegExp;
}

const STARTED = /^slow start\/running, process \d+\r\n$/;

const COMMANDS: LongCommand[] = [
  ...["initctl start slow", "start slow"].map((line): LongCommand => ({
    line,
    job: "slow",
    process: "pre-start",
    goesOn: "slow goes on starting; `initctl stop --force slow' ends that at once",
    printed: STARTED,
    after: /^slow start\/running/,
  })),
  {
    line: "initctl stop lazy",
    job: "lazy",
    process: "post-stop",
    goesOn: "lazy goes on stopping; `initctl stop --force lazy' ends what hangs",
    printed: /^lazy stop\/waiting\r\n$/,
    after: /^lazy stop\/waiting/,
  },
  {
    line: "initctl restart lazy",
    job: "lazy",
    process: "post-stop",
    goesOn: "lazy goes on restarting; `initctl status lazy' shows it",
    printed: /^lazy start\/running, process \d+\r\n$/,
    after: /^lazy start\/running/,
  },
  {
    line: "initctl emit hello",
    job: "slow",
    process: "pre-start",
    goesOn: "what the event hello has set off goes on; `initctl events' shows it",
    printed: /^$/,
    after: /^slow start\/running/,
  },
];

/** What takes away what is drawn in a line. */
const ERASED = "\r\x1b[K";

/** What is left of all that was shown. */
function left(shown: string): string {
  return shown.split("\n").map((line) => line.slice(line.lastIndexOf(ERASED) + 1).replace("\x1b[K", "")).join(
    "\n",
  );
}

for (const { line, job, process, goesOn, printed, after } of COMMANDS) {
  for (const how of ["to its end", "until ^C"]) {
    Deno.test({
      name: `${line}, ${how}`,
      ignore: !installed("script"),
      async fn() {
        await using init = await RunningInit.start({ jobs: JOBS });
        if (job === "lazy") await init.ask("start", "lazy");
        await using terminal = new Terminal(line, { environment: init.environment });
        await terminal.until(new RegExp(`${job} is ${process}: ${process} process \\d+ for \\d+ m?s`));
        if (how === "until ^C") {
          terminal.type("\x03");
          assert.equal(await terminal.ended(), 130);
          assert(left(terminal.shown).includes(`${line.split(" ")[0]}: ${goesOn}\r\n`), terminal.shown);
          assert.match(await init.ask("status", job), new RegExp(`/${process}, process \\d+\n$`));
        }
        writeFileSync(init.path("go"), "");
        if (how === "to its end") {
          assert.equal(await terminal.ended(), 0);
          assert.match(left(terminal.shown), printed);
        }
        await init.until(["status", job], after);
      },
    });
  }
}

/** The order of events, states and processes in one start and one stop of a job that has all hooks. */

import assert from "node:assert/strict";
import { RunningInit } from "./support/init.ts";

/** Upstart's order, as a watcher job and the job's own processes see it. */
const UPSTART_ORDER = `\
starting: web start/starting
pre-start: web start/pre-start, process PID
main
post-start: web start/post-start, process PID post-start process PID
started: web start/running, process PID
pre-stop: web stop/pre-stop, process PID pre-stop process PID
stopping (ok): web stop/stopping, process PID
TERM
post-stop: web stop/post-stop, process PID
stopped (ok): web stop/waiting
`;

const WATCHER = `
start on starting web or started web or stopping web or stopped web
instance $UPSTART_EVENTS
task
script
  echo "$UPSTART_EVENTS\${RESULT:+ ($RESULT)}: $(initctl status web)" >> @DIR@/order
end script
`;

/** In UPSTART_ORDER main comes before post-start: the two run at once, so post-start waits for it. */
const CONF_JOB = `
pre-start exec echo "pre-start: $(initctl status web)" >> @DIR@/order
script
  trap 'echo TERM >> @DIR@/order; kill $child; exit 0' TERM
  sleep 60 & child=$!
  echo main >> @DIR@/order
  wait
end script
post-start script
  until grep -q main @DIR@/order; do sleep 0.02; done
  echo "post-start:" $(initctl status web) >> @DIR@/order
end script
pre-stop exec echo "pre-stop:" $(initctl status web) >> @DIR@/order
post-stop exec echo "post-stop: $(initctl status web)" >> @DIR@/order
`;

const TYPESCRIPT_JOB = `
import { appendFileSync, readFileSync } from "node:fs";
import { job, type HookContext } from "rouse";

const write = (line: string) => appendFileSync("@DIR@/order", line + "\\n");

async function status({ $ }: HookContext, name: string) {
  write(name + ": " + String(await $\`initctl status web\`).trimEnd().replace("\\n", ""));
}

export default job({
  preStart: (context) => status(context, "pre-start"),
  main({ signal }) {
    const alive = setInterval(() => {}, 1000);
    signal.addEventListener("abort", () => {
      write("TERM");
      clearInterval(alive);
    });
    write("main");
  },
  async postStart(context) {
    while (!readFileSync("@DIR@/order", "utf8").includes("main")) await new Promise((done) => setTimeout(done, 20));
    await status(context, "post-start");
  },
  preStop: (context) => status(context, "pre-stop"),
  postStop: (context) => status(context, "post-stop"),
});
`;

for (const [file, text] of [["web.conf", CONF_JOB], ["web.ts", TYPESCRIPT_JOB]] as const) {
  Deno.test(`events, states and processes of ${file} come in Upstart's order`, async () => {
    await using init = await RunningInit.start({ jobs: { [file]: text, "watcher.conf": WATCHER } });
    await init.until(["status", "web"], "web stop/waiting\n");
    assert.match(await init.ask("start", "web"), /^web start\/running, process \d+\n$/);
    await init.untilLines("order", 5);
    assert.equal(await init.ask("stop", "web"), "web stop/waiting\n");
    await init.untilLines("order", 10);
    const order = init.read("order")!.replaceAll(/process \d+/g, "process PID").replaceAll(/[ \t]+/g, " ");
    assert.equal(order, UPSTART_ORDER);
  });
}

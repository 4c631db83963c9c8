/** What modules start while they are evaluated ends with the evaluation, and with whoever wanted it. */

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { chmodSync, existsSync, readFileSync } from "node:fs";
import { environmentWith, Files } from "./support/author.ts";
import { run } from "./support/command.ts";
import { until } from "./support/deadline.ts";
import { RunningInit } from "./support/init.ts";
import { childrenOf, isAlive, sendSignal } from "./support/processes.ts";
import { EXECUTABLE } from "./support/programs.ts";

/**
 * A module that leaves a process behind which has a session, an environment and a parent of its own, and takes no notice of
 * signals that can be ignored. Its pid goes to a file.
 */
function leaving(file: string, more = ""): string {
  const script =
    `(trap "" HUP INT TERM; setsid env -i /bin/sh -c 'echo \\$\\$ > ${file}; exec sleep 1000' &)`;
  return `import { job } from "rouse";
import { spawn, spawnSync } from "node:child_process";
import { statSync } from "node:fs";
spawn("/bin/sh", ["-c", \`${script}\`], { detached: true, stdio: "ignore" }).unref();
while (!statSync(${JSON.stringify(file)}, { throwIfNoEntry: false })?.size) spawnSync("sleep", ["0.01"]);
${more}
export default job({ usage: "evaluated", exec: "sleep 600" });
`;
}

const ENDLESS = "for (;;);";

/** The pid in a file, once it is there. */
function pidIn(file: string): Promise<number> {
  return until(
    `${file} has a pid`,
    () => existsSync(file) && Number(readFileSync(file, "utf8")) || undefined,
  );
}

async function gone(pid: number): Promise<void> {
  await until(`process ${pid} is gone`, () => !isAlive(pid));
}

Deno.test("what a module has started ends with its evaluation, and what a hook has started stays", async () => {
  await using init = await RunningInit.start({
    jobs: {
      "leaves.ts": leaving("@DIR@/leaves.pid"),
      "starts.ts": `import { job } from "rouse";
        export default job({
          preStart: ({ $ }) => $\`(setsid sh -c 'echo $$ > @DIR@/starts.pid; exec sleep 1000' > /dev/null 2>&1 &)\`,
        });\n`,
    },
  });
  await init.until(["usage", "leaves"], "Usage: evaluated\n");
  await gone(await pidIn(init.path("leaves.pid")));
  await init.ask("start", "starts");
  const daemon = await pidIn(init.path("starts.pid"));
  await init.ask("version");
  assert(isAlive(daemon));
  sendSignal(daemon, "SIGKILL");
});

Deno.test("a module that is given up is killed with all that it has started", async () => {
  await using init = await RunningInit.start({ jobs: { "leaves.ts": leaving("@DIR@/pid", ENDLESS) } });
  const fugitive = await pidIn(init.path("pid"));
  await init.untilMessage(/leaves\.ts: Module did not end within 5 s/);
  await gone(fugitive);
});

Deno.test("modules that are being evaluated end with init, also when it is killed", async () => {
  for (const signal of ["SIGKILL", "SIGTERM"] as const) {
    await using init = await RunningInit.start();
    // Who asks while init begins waits for all modules, until this one is given up.
    init.write("leaves.ts", leaving("@DIR@/pid", ENDLESS));
    const fugitive = await pidIn(init.path("pid"));
    const [evaluator] = childrenOf(init.pid);
    assert(evaluator !== undefined && isAlive(evaluator) && isAlive(fugitive));
    init.signal(signal);
    await init.ended();
    await gone(evaluator);
    await gone(fugitive);
  }
});

Deno.test("tools leave nothing of the modules that they evaluate", async () => {
  using files = new Files({});
  const names = ["check", "convert", "build"];
  const options = { directory: files.directory, environment: environmentWith() };
  for (const name of names) {
    const directory = new Files({ "job.ts": leaving(files.path(name)) });
    const words = {
      check: ["check", "--notypes", directory.directory],
      convert: ["convert", directory.path("job.ts")],
      build: ["build", "--jobs", directory.directory, "-o", files.path("built")],
    }[name]!;
    const { exit, stderr } = await run([EXECUTABLE, ...words], { ...options, timeout: 180_000 });
    assert.equal(exit, 0, `${name}: ${stderr}`);
    await gone(await pidIn(files.path(name)));
    directory[Symbol.dispose]();
  }
});

Deno.test("modules that a tool evaluates end with the tool", async () => {
  using files = new Files({});
  for (const name of ["check", "convert"]) {
    using directory = new Files({ "job.ts": leaving(files.path(name), ENDLESS) });
    const words = name === "check"
      ? ["check", "--notypes", directory.directory]
      : ["convert", directory.path("job.ts")];
    const tool = spawn(EXECUTABLE, words, { stdio: "ignore", env: environmentWith() });
    const ended = new Promise((resolve) => tool.on("exit", resolve));
    const fugitive = await pidIn(files.path(name));
    const evaluators = childrenOf(tool.pid!);
    assert(evaluators.length > 0 && isAlive(fugitive));
    tool.kill("SIGKILL");
    await ended;
    for (const pid of [...evaluators, fugitive]) await gone(pid);
  }
});

Deno.test("a module owned by another user leaves nothing either", { ignore: Deno.uid() !== 0 }, async () => {
  using files = new Files({});
  chmodSync(files.directory, 0o777);
  using directory = new Files({ "job.ts": leaving(files.path("pid")) });
  chmodSync(directory.directory, 0o755);
  Deno.chownSync(directory.path("job.ts"), 65534, 65534);
  const { exit, stderr } = await run([EXECUTABLE, "convert", directory.path("job.ts")], {
    directory: "/",
    environment: environmentWith(),
  });
  assert.equal(exit, 0, stderr);
  const fugitive = await pidIn(files.path("pid"));
  assert.equal(Deno.statSync(files.path("pid")).uid, 65534);
  await gone(fugitive);
});

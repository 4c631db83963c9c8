/** An init in user mode, the jobs of demo/jobs, and what becomes of them: `deno task demo --help` tells how. */

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { demandNoArguments, runTask } from "../build/task.ts";
import type { Tool } from "../lib/model/command_line/tool.ts";
import { RunningInit } from "../tests/support/init.ts";
import { describe, sendSignal } from "../tests/support/processes.ts";

const JOBS = join(import.meta.dirname!, "jobs");

/** A sentence of the story. */
function tell(text: string): void {
  console.log(`\n${text}`);
}

/** Runs a command and shows it with what it prints, which is also given. */
async function show(init: RunningInit, ...words: string[]): Promise<string> {
  console.log(`  $ ${words.join(" ")}`);
  const { exit, stdout, stderr } = await init.run(words);
  showLines(stdout + stderr);
  assert.equal(exit, 0, `${words.join(" ")} ended with exit status ${exit}: ${init.messages()}`);
  return stdout;
}

function showLines(text: string): void {
  if (text === "") return;
  for (const line of text.trimEnd().split("\n")) console.log(`    ${line}`);
}

/** The number of the main process in a line such as `worker start/running, process 12`. */
function processIn(status: string): number {
  return Number(/process (\d+)/.exec(status)![1]);
}

/** A TCP port that nobody uses. */
function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().on("error", reject).listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" ? address!.port : 0));
    });
  });
}

async function story(init: RunningInit, port: number): Promise<void> {
  const names = readdirSync(JOBS);
  tell(`Init runs in user mode as process ${init.pid}. It has read ${names.join(", ")}:`);
  await init.until(["list"], new RegExp(`^(?:.*\n){${names.length}}$`));
  await show(init, "initctl", "list");

  tell("shop.ts is started. The task prepare.conf comes first, for the shop needs it to be completed;");
  console.log("then start returns only when the shop answers over HTTP, by which it is ready.");
  await show(init, "initctl", "start", "shop", `PORT=${port}`);
  console.log(`  $ curl http://127.0.0.1:${port}/`);
  const answer = await (await fetch(`http://127.0.0.1:${port}/`)).text();
  showLines(answer);
  assert.equal(answer, "apples pears plums\n");

  tell("worker.conf started by itself, on `started shop'. It is killed, and comes back.");
  const before = processIn(await init.until(["status", "worker"], /start\/running, process/));
  console.log(`  $ kill -KILL ${before}`);
  sendSignal(before, "SIGKILL");
  const after = processIn(
    await init.until(["status", "worker"], new RegExp(`running, process (?!${before}\\b)`)),
  );
  await show(init, "initctl", "status", "worker");
  assert.notEqual(after, before);

  tell("Two orders come in as events. Each starts an instance of delivery.conf of its own.");
  await show(init, "initctl", "emit", "order", "CUSTOMER=ann", "GOODS=pears");
  await show(init, "initctl", "emit", "order", "CUSTOMER=bob", "GOODS=plums");
  const list = await show(init, "initctl", "list");
  for (const customer of ["ann", "bob"]) {
    assert.match(list, new RegExp(`delivery \\(${customer}\\) start/running`));
  }

  tell("What the jobs print is in their logs.");
  for (const name of ["prepare", "shop", "worker", "delivery-ann", "delivery-bob"]) {
    await init.untilLines(`log/${name}.log`, 1);
    await show(init, "tail", `log/${name}.log`);
  }

  tell(
    "The shop stops, after the worker, which needs it, and the deliveries, which say `stop on stopping shop'.",
  );
  await show(init, "initctl", "stop", "shop");
  const stopped = await show(init, "initctl", "list");
  assert.doesNotMatch(stopped, /running/);
  console.log("The worker will be back when the shop is:");
  assert.match(await show(init, "initctl", "status", "worker"), /waits for shop, which is stopped/);
}

async function end(init: RunningInit): Promise<void> {
  tell("Init is asked to end.");
  console.log(`  $ kill -TERM ${init.pid}`);
  init.signal("SIGTERM");
  assert.equal(await init.ended(), 0, init.messages());
  const left = init.leftovers();
  assert.equal(left.length, 0, `left behind:\n${describe(left)}`);
  console.log("Init has ended with exit status 0, and no process is left.");
}

const TASK: Tool = {
  name: "demo",
  summary: "Show what an init does with some jobs, a command after the other.",
  help: "It is an init in user mode: nothing else is needed, and nothing is left behind.\n\n" +
    "Exit status: 0, 1 when init does something else than is told, 2 for wrong arguments.",
  options: [],
  async run(parsed) {
    demandNoArguments(parsed);
    const jobs = Object.fromEntries(
      readdirSync(JOBS).map((name) => [name, readFileSync(join(JOBS, name), "utf8")]),
    );
    await using init = await RunningInit.start({ jobs });
    await story(init, await freePort());
    await end(init);
    return 0;
  },
};

if (import.meta.main) await runTask(TASK);

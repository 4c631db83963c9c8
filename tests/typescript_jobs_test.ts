/** Jobs in TypeScript, alone and together with classic ones. */

import assert from "node:assert/strict";
import { existsSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { until } from "./support/deadline.ts";
import { RunningInit } from "./support/init.ts";

/** A module that exports one job. */
function module(specification: string, head = ""): string {
  return `import { job, on, not, started, stopping } from "rouse";\n${head}\nexport default job(${specification});\n`;
}

Deno.test("the first request finds the jobs of modules: who asks early waits until they are loaded", async () => {
  const jobs = Object.fromEntries(
    Array.from({ length: 5 }, (_, index) => [
      `web${index}.ts`,
      `import { job, on } from "rouse";
export default job({ startOn: on("go"), task: true, exec: ["touch", "@DIR@/web${index}"] });
`,
    ]),
  );
  await using init = await RunningInit.start({ jobs });
  await init.ask("emit", "go");
  for (const name of Object.keys(jobs)) assert(existsSync(init.path(name.replace(".ts", ""))), name);
});

Deno.test("a module and a .conf file start and stop on each other", async () => {
  await using init = await RunningInit.start({
    jobs: {
      "base.conf": "exec sleep 600\n",
      "middle.ts": module('{ startOn: started("base"), stopOn: stopping("base"), exec: ["sleep", "600"] }'),
      "top.conf": "start on started middle\nstop on stopping middle\nexec sleep 600\n",
    },
  });
  for (const name of ["base", "middle", "top"]) await init.until(["status", name], `${name} stop/waiting\n`);
  await init.ask("start", "base");
  await init.until(["status", "top"], /^top start\/running, process \d+\n$/);
  assert.match(await init.ask("status", "middle"), /^middle start\/running, process \d+\n$/);

  await init.ask("stop", "base");
  assert.equal(await init.ask("status", "middle"), "middle stop/waiting\n");
  assert.equal(await init.ask("status", "top"), "top stop/waiting\n");
});

Deno.test("functions see the environment of their job and of the events that started it", async () => {
  await using init = await RunningInit.start({
    jobs: {
      "net.ts": module(
        `{
          startOn: on("net-up", { IFACE: not("lo") }),
          instance: "$IFACE",
          env: { COLOUR: "red" },
          task: true,
          main({ env, job, instance, events, log }) {
            log([job, instance, events.join("+"), env.IFACE, env.COLOUR, env.UPSTART_JOB].join(" "));
          },
        }`,
      ),
      "events.d.ts":
        'declare module "rouse" {\n  interface Events {\n    "net-up": { IFACE: string };\n  }\n}\nexport {};\n',
    },
  });
  await init.until(["list"], "net stop/waiting\n");
  await init.ask("emit", "net-up", "IFACE=lo");
  await init.ask("emit", "net-up", "IFACE=eth0", "COLOUR=blue");
  await init.ask("emit", "net-up", "IFACE=eth1");
  assert.deepEqual(await init.untilLines("log/net-eth0.log", 1), ["net eth0 net-up eth0 blue net"]);
  assert.deepEqual(await init.untilLines("log/net-eth1.log", 1), ["net eth1 net-up eth1 red net"]);
  assert.equal(init.read("log/net-lo.log"), undefined);
});

Deno.test("$ runs commands, quotes what is put in, and throws when one fails", async () => {
  await using init = await RunningInit.start({
    jobs: {
      "shell.ts": module(`{
        task: true,
        async preStart({ $, log }) {
          const words = await $\`printf '%s|' \${"two words"} \${"$HOME; exit 3"}\`;
          log("got " + words);
        },
        async main({ $ }) {
          await $\`exit 3\`;
        },
      }`),
    },
  });
  await init.until(["status", "shell"], "shell stop/waiting\n");
  const { exit, stderr } = await init.initctl("start", "shell");
  assert.equal(exit, 1);
  assert.match(
    stderr,
    /^initctl: Job failed to start\nshell main process \(\d+\) terminated with status 1\n$/,
  );
  const log = await init.untilLines("log/shell.log", 2);
  assert.equal(log[0], "got two words|$HOME; exit 3|");
  assert.match(log.join("\n"), /\b3\b/);
});

Deno.test("cancel gives up starting, and goes on running", async () => {
  await using init = await RunningInit.start({
    jobs: {
      "shy.ts": module(
        `{ async preStart({ cancel, log }) { await cancel(); log("cancelled"); }, exec: "sleep 600" }`,
      ),
      "busy.ts": module('{ preStop: ({ cancel }) => cancel(), exec: "sleep 600" }'),
    },
  });
  for (const name of ["shy", "busy"]) await init.until(["status", name], `${name} stop/waiting\n`);
  await init.initctl("start", "shy");
  await init.until(["status", "shy"], "shy stop/waiting\n");
  assert.deepEqual(await init.untilLines("log/shy.log", 1), ["cancelled"]);

  const before = await init.ask("start", "busy");
  await init.initctl("stop", "busy");
  assert.equal(await init.until(["status", "busy"], /^busy start\/running, process \d+\n$/), before);
});

Deno.test("a module that is edited, and one that it imports, count at once", async () => {
  const text = module(
    "{ usage: text, task: true, main: ({ log }) => log(text) }",
    'import { text } from "./shared.ts";',
  );
  await using init = await RunningInit.start({
    jobs: { "say.ts": text, "shared.ts": 'export const text = "one";\n' },
  });
  await init.until(["status", "say"], "say stop/waiting\n");
  await init.ask("start", "say");
  assert.deepEqual(await init.untilLines("log/say.log", 1), ["one"]);

  init.write("shared.ts", 'export const text = "two";\n');
  await init.until(["usage", "say"], "Usage: two\n");
  await init.ask("start", "say");
  assert.deepEqual(await init.untilLines("log/say.log", 2), ["one", "two"]);

  init.write("say.ts", module('{ exec: "sleep 600" }'));
  await init.until(["start", "say"], /^say start\/running, process \d+\n$/);
});

Deno.test("a module defines several jobs, which refer to each other", async () => {
  await using init = await RunningInit.start({
    jobs: {
      "pair.ts": 'import { job, started, stopping } from "rouse";\n' +
        'const first = job({ name: "first", exec: "sleep 600" });\n' +
        'const second = job({ name: "second", startOn: started(first), stopOn: stopping(first), exec: "sleep 600" });\n' +
        "export default [first, second];\n",
    },
  });
  await init.until(["status", "second"], "second stop/waiting\n");
  await init.ask("start", "first");
  await init.until(["status", "second"], /^second start\/running/);
  await init.ask("stop", "first");
  assert.equal(await init.ask("status", "second"), "second stop/waiting\n");
});

Deno.test("a broken edit keeps the last good definition, and status tells so until it is mended", async () => {
  const good = module('{ description: text, exec: "sleep 600" }', 'import { text } from "./shared.ts";');
  await using init = await RunningInit.start({
    jobs: { "web.ts": good, "shared.ts": 'export const text = "one";\n' },
  });
  await init.until(["status", "web"], "web stop/waiting\n");
  const running = await init.ask("start", "web");

  const told = async () => (await init.initctl("status", "web")).stderr;
  const broken: Array<[file: string, text: string, place: RegExp]> = [
    [
      "web.ts",
      good.replace("exec:", "exce:"),
      /conf\/web\.ts:3:\d+: a job has no field exce; did you mean exec\?\n$/,
    ],
    ["shared.ts", "export const text = ;\n", /conf\/shared\.ts:1:\d+: cannot be parsed: .*\n$/],
  ];
  for (const [file, text, place] of broken) {
    const mended = init.read(`conf/${file}`)!;
    init.write(file, text);
    await until(`status tells of ${file}`, async () => (await told()) !== "");
    assert.match(await told(), /^initctl: The last good definition of web stays in force: \//);
    assert.match(await told(), place);
    assert.equal(await init.ask("status", "web"), running);
    init.write(file, mended);
    await until(`status tells nothing of ${file}`, async () => (await told()) === "");
  }
});

Deno.test("functions are those of the definition in force, whatever becomes of the files", async () => {
  const say = module(
    '{ usage: text, preStart: ({ log }) => log(text, "starts"), exec: "sleep 600", postStop: ({ log }) => log(text, "has gone") }',
    'import { text } from "./shared.ts";',
  );
  const shared = (text: string) => `export const text: string = "${text}";\n`;
  await using init = await RunningInit.start({ jobs: { "say.ts": say, "shared.ts": shared("one") } });
  await init.until(["usage", "say"], "Usage: one\n");
  await init.ask("start", "say");

  init.write("shared.ts", "export const = ;\n");
  await init.untilMessage(/shared\.ts:1.*cannot be parsed/);
  await init.ask("restart", "say");
  assert.deepEqual(await init.untilLines("log/say.log", 3), ["one starts", "one has gone", "one starts"]);

  init.write("shared.ts", shared("two"));
  await until("the edit counts", async () => (await init.initctl("status", "say")).stderr === "");
  await init.ask("stop", "say");
  await init.ask("start", "say");
  assert.deepEqual((await init.untilLines("log/say.log", 5)).slice(3), ["one has gone", "two starts"]);

  init.remove("say.ts");
  init.remove("shared.ts");
  // The job goes with its last process, so what stop asks for then is not there any more.
  await init.initctl("stop", "say");
  assert.equal((await init.untilLines("log/say.log", 6))[5], "two has gone");
});

Deno.test("restart keeps the definition and the functions together, after an edit of both", async () => {
  // The job that does not run tells when the edit counts.
  const say = (text: string) =>
    'import { job } from "rouse";\n' +
    "export default [\n" +
    `  job({ name: "edition", usage: "${text}", exec: "true" }),\n` +
    `  job({ name: "say", env: { TEXT: "${text}" }, exec: "sleep 600",\n` +
    `    preStart: ({ env, log }) => log(env.TEXT, "${text}", "starts"),\n` +
    `    postStop: ({ env, log }) => log(env.TEXT, "${text}", "has gone") }),\n` +
    "];\n";
  await using init = await RunningInit.start({ jobs: { "says.ts": say("one") } });
  await init.until(["usage", "edition"], "Usage: one\n");
  await init.ask("start", "say");

  init.write("says.ts", say("two"));
  await init.until(["usage", "edition"], "Usage: two\n");
  await init.ask("restart", "say");
  await init.ask("stop", "say");
  await init.ask("start", "say");
  assert.deepEqual(await init.untilLines("log/say.log", 5), [
    "one one starts",
    "one one has gone",
    "one one starts",
    "one one has gone",
    "two two starts",
  ]);
});

Deno.test("a link leads to a module, whose imports lie beside the module", async () => {
  const text = module(
    "{ usage: text, task: true, main: ({ log }) => log(text) }",
    'import { text } from "./shared.ts";',
  );
  await using init = await RunningInit.start();
  const directory = init.path("elsewhere");
  mkdirSync(directory);
  writeFileSync(`${directory}/say.ts`, text);
  writeFileSync(`${directory}/shared.ts`, 'export const text = "one";\n');
  symlinkSync(`${directory}/say.ts`, `${init.confdir}/say.ts`);
  await init.until(["usage", "say"], "Usage: one\n");
  writeFileSync(`${directory}/shared.ts`, 'export const text = "two";\n');
  await init.until(["usage", "say"], "Usage: two\n");
  writeFileSync(`${directory}/shared.ts`, "export const = ;\n");
  await init.untilMessage(/shared\.ts:1.*cannot be parsed/);
  await init.ask("start", "say");
  assert.deepEqual(await init.untilLines("log/say.log", 1), ["two"]);
});

Deno.test("overrides count for modules, while init runs too", async () => {
  const usage = async () => (await init.initctl("usage", "web")).stdout;
  await using init = await RunningInit.start({
    jobs: {
      "web.ts": module('{ usage: "one", startOn: on("startup"), exec: "sleep 600" }'),
      "web.override": "usage two\n",
    },
  });
  await until("the override counts", async () => (await usage()) === "Usage: two\n");
  init.write("web.override", "usage three\nmanual\n");
  await until("the new override counts", async () => (await usage()) === "Usage: three\n");
  assert.equal(await init.ask("show-config", "web"), "web\n  semantics rouse\n");
  init.remove("web.override");
  await until("the module counts alone", async () => (await usage()) === "Usage: one\n");
  assert.equal(await init.ask("show-config", "web"), "web\n  semantics rouse\n  start on startup\n");
});

Deno.test("a module goes before a classic file of its name, which counts again when the module has gone", async () => {
  const usage = async () => (await init.initctl("usage", "web")).stdout;
  await using init = await RunningInit.start({
    jobs: { "web.ts": module('{ usage: "module", exec: "true" }'), "web.conf": "usage classic\nexec true\n" },
  });
  await until("the module counts", async () => (await usage()) === "Usage: module\n");
  init.remove("web.ts");
  await until("the classic file counts", async () => (await usage()) === "Usage: classic\n");
});

/** Machines made of namespaces end with the process that has started them, also when that is killed. */

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { TemporaryDirectory } from "../../lib/sys/testing/directory.ts";
import { environmentWith } from "./author.ts";
import { CONTAINERS_POSSIBLE } from "./container.ts";
import { until } from "./deadline.ts";
import { MINIMAL_ROOT_POSSIBLE } from "./minimal_root.ts";
import { NAMESPACES_POSSIBLE } from "./namespace.ts";
import { isAlive } from "./processes.ts";

/** By the module and the class: the number of the process 1 of one that runs, and whether one can be had. */
const MACHINES: Array<[module: string, name: string, pid: string, isPossible: boolean]> = [
  ["support/namespace.ts", "NamespaceInit", "(await NamespaceInit.start({})).pid", NAMESPACES_POSSIBLE],
  [
    "support/minimal_root.ts",
    "MinimalRoot",
    '(await MinimalRoot.start(["/usr/local/bin/rouse", "init", "--confdir", "/tmp"], { files: {} })).pid',
    MINIMAL_ROOT_POSSIBLE,
  ],
  [
    "support/container.ts",
    "Container",
    'await new Container(["run", "sleep", "1000"]).pid()',
    CONTAINERS_POSSIBLE,
  ],
];

for (const [module, name, pid, isPossible] of MACHINES) {
  Deno.test({
    name: `${name}: a machine does not outlive who has started it`,
    ignore: !isPossible,
    async fn() {
      using temporary = new TemporaryDirectory();
      const script = `import { ${name} } from "${import.meta.resolve(`../${module}`)}";
console.log(${pid});
setInterval(() => {}, 1000);
`;
      temporary.write("start.ts", script);
      const starter = spawn(Deno.execPath(), ["run", "-A", "--no-check", temporary.at("start.ts")], {
        env: environmentWith({ TMPDIR: temporary.path }),
        stdio: ["ignore", "pipe", "inherit"],
      });
      const ended = once(starter, "exit");
      let told = "";
      starter.stdout.on("data", (chunk) => told += chunk);
      const init = Number(await until(`${name} is up`, () => /^\d+\n$/.test(told) && told));
      assert(isAlive(init), `${init}`);
      starter.kill("SIGKILL");
      await ended;
      await until(`process 1 of ${name} has ended`, () => !isAlive(init));
    },
  });
}

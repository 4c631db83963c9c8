/** What processes that init starts inherit: of init's descriptors none, of its engine's variables none, no mask of signals. */

import assert from "node:assert/strict";
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { until } from "../support/deadline.ts";
import { RunningInit } from "../support/init.ts";
import { childrenOf } from "../support/processes.ts";

/** Tells what its process has inherited. */
const TELL =
  "ls -m /proc/$$/fd; umask; grep -E '^Sig(Blk|Ign)' /proc/self/status; env | sed 's/^/env /'; echo end";
const QUOTED = `sh -c "${TELL.replaceAll("$", "\\$")}"`;

const HEAD = 'import { job } from "rouse";\n';

/** Variables by which the engine, the loader of programs or a container's maker could have a hand in. */
const GIVEN = { BUN_OPTIONS: "--smol", BUN_INSPECT: "127.0.0.1:0", NODE_OPTIONS: "--no-warnings" };

/** Jobs, each of which has another kind of process tell. */
const KINDS: Record<string, string> = {
  "exec.conf": `task\nexec ${QUOTED}\n`,
  "line.conf": `task\nscript\n${TELL}\nend script\n`,
  "lines.conf": `task\nscript\ntrue\n${QUOTED}\nend script\n`,
  "pipe.conf": `console pipe\ntask\nexec ${QUOTED}\n`,
  "pre-start.conf": `task\npre-start exec ${QUOTED}\nexec true\n`,
  "post-start.conf": `post-start exec ${QUOTED}\nexec sleep 1000\n`,
  "pre-stop.conf": `pre-stop exec ${QUOTED}\nexec sleep 1000\n`,
  "post-stop.conf": `task\nexec true\npost-stop exec ${QUOTED}\n`,
  "arguments.ts": `${HEAD}export default job({ task: true, exec: ["sh", "-c", ${JSON.stringify(TELL)}] });\n`,
  "function.ts": `${HEAD}export default job({ task: true, main: ({ $ }) => $({ stdio: "inherit" })\`sh -c ${
    "${" + JSON.stringify(TELL) + "}"
  }\` });\n`,
};

Deno.test("no process of a job has a descriptor, a flag or a mask of init's", async () => {
  await using init = await RunningInit.start({ jobs: KINDS, environment: GIVEN });
  const names = Object.keys(KINDS).map((file) => file.replace(/\.\w+$/, ""));
  await init.until(["status", "function"], "function stop/waiting\n");
  for (const name of names) await init.ask("start", name);
  await init.ask("stop", "pre-stop");
  for (const name of names) {
    const text = await until(`${name} has told`, () => {
      const found = init.read(`log/${name}.log`)?.replaceAll("\r", "");
      return found?.endsWith("end\n") ? found : undefined;
    });
    const [descriptors, mask, ...rest] = text.split("\n");
    assert.equal(descriptors, "0, 1, 2", name);
    assert.equal(mask, "0022", name);
    assert.deepEqual(rest.filter((line) => /^Sig/.test(line) && !/\t0+$/.test(line)), [], name);
    const own = rest.filter((line) => /^env (BUN_|JSC_|MIMALLOC_|ROUSE_|NODE_|LD_)/.test(line)).sort();
    assert.deepEqual(own, Object.entries(GIVEN).map(([key, value]) => `env ${key}=${value}`).sort(), name);
  }
});

/** What a process has open that no other has by chance, as the links in its `fd` name it, by the descriptors. */
function filesOf(pid: number | "self"): Map<string, string> {
  return new Map(
    readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
      try {
        const file = readlinkSync(`/proc/${pid}/fd/${fd}`);
        return /^(?:socket|pipe):|memfd|ptmx|\/(?:log|conf)\//.test(file) ? [[fd, file]] : [];
      } catch {
        return []; // The descriptor by which the directory was read.
      }
    }),
  );
}

/** A line of a module that has it write into a file what its process has. */
const WRITE = (file: string) =>
  `writeFileSync("@DIR@/${file}", JSON.stringify({
    files: readdirSync("/proc/self/fd").map((fd) => {
      try { return [fd, readlinkSync("/proc/self/fd/" + fd)]; } catch { return [fd, ""]; }
    }),
    variables: readFileSync("/proc/self/environ", "utf8").split("\\0"),
  }));`;

/** The streams of a process, and what it reports by: init has the other ends. */
const STREAMS = ["0", "1", "2", "3", "4"];

Deno.test("init's own children, evaluators and functions share no open file with init but their streams", async () => {
  await using init = await RunningInit.start({
    jobs: {
      "checked.conf": "ready tcp 127.0.0.1:9 every 60\nexec sleep 1000\n",
      "shipped.conf": "log to syslog\nexec sh -c 'echo line; exec sleep 1000'\n",
      "pipe.conf": "console pipe\nexec sleep 1000\n",
      "told.ts": `${HEAD}import { readdirSync, readFileSync, readlinkSync, writeFileSync } from "node:fs";
        ${WRITE("evaluated")}
        export default job({ task: true, main() { ${WRITE("called")} } });\n`,
    },
    environment: GIVEN,
  });
  for (const name of ["checked", "shipped", "pipe"]) await init.initctl("start", "--no-wait", name);
  await init.until(["status", "told"], "told stop/waiting\n");
  await init.ask("start", "told");
  const words = (pid: number) => readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0");
  const found = await until("the processes that check and ship logs run", () => {
    const pids = ["checks", "ship-logs"].map((program) =>
      childrenOf(init.pid).find((pid) => words(pid).includes(program))
    );
    return pids.every((pid) => pid !== undefined) ? pids as number[] : undefined;
  });
  const ofInit = [...filesOf(init.pid).values()];
  assert(ofInit.some((file) => file.startsWith("socket:")), ofInit.join());
  const told = ["evaluated", "called"].map((file) => JSON.parse(init.read(file)!));
  const seen: Array<[who: string, files: Iterable<[string, string]>, variables: string[]]> = [
    ...found.map((pid) =>
      [words(pid).join(" "), filesOf(pid), readFileSync(`/proc/${pid}/environ`, "utf8").split("\0")] as const
    ),
    ...told.map(({ files, variables }, index) =>
      [["evaluator", "function"][index]!, files, variables] as const
    ),
  ] as never;
  for (const [who, files, variables] of seen) {
    for (const [fd, file] of files) {
      if (STREAMS.includes(fd)) assert.doesNotMatch(file, /^socket|memfd|ptmx/, `${who}: ${fd}`);
      else assert(!ofInit.includes(file), `${who} has ${file} of init's as ${fd}`);
    }
    const foreign = variables.filter((each) => /^(?:BUN_(?!JSC_|GC_)|NODE_|LD_|ROUSE_)/.test(each));
    assert.deepEqual(foreign, [], who);
  }
});

/** Jobs that are modules in TypeScript, which Rouse alone has. */

import { pause, until } from "../../tests/support/deadline.ts";
import { procFile } from "../../tests/support/processes.ts";
import type { Peer, Supervision } from "../peers/peer.ts";
import { now } from "../probe.ts";
import { median, times, type Workload } from "./workload.ts";

const MODULES = 500, EDITS = 1000;
/** After this time, in ms, init has given back what busy times left behind. */
const REST = 65_000;

const hasModules = (peer: Peer): boolean => peer.name === "rouse";

function module(fields: string): string {
  return `import { job, on } from "rouse";\n\nexport default job({\n  startOn: on("control-alt-delete"),\n${fields}});\n`;
}

/** A supervision of modules job0, job1 and so on, none of which runs. */
function withModules(peer: Peer): Supervision {
  const supervision = peer.prepare([]);
  const hook = "  async preStart({ $, env }) {\n    await $`test -d ${env.FOLDER}`;\n  },\n";
  for (const index of times(MODULES, (index) => index)) {
    const fields = `  env: { FOLDER: "/tmp" },\n${hook}  exec: ["sleep", "${index}"],\n`;
    supervision.write(`jobs/job${index}.ts`, module(fields));
  }
  return supervision;
}

async function untilAllAreKnown(supervision: Supervision): Promise<void> {
  await until("init knows all modules", async () => {
    return (await supervision.run(["initctl", "list"])).split("\n").length > MODULES;
  });
}

/** Edits a module, and waits until the edit is in force. */
async function edit(supervision: Supervision, number: number): Promise<void> {
  supervision.write("jobs/job0.ts", module(`  usage: "edit ${number}.",\n  exec: "true",\n`));
  await until("the edit is in force", async () => {
    return (await supervision.run(["initctl", "usage", "job0"])).includes(`edit ${number}.`);
  });
}

/** Private memory of init, in kB. */
function privateMemory({ pid }: Supervision): number {
  return Number(/^RssAnon:\s+(\d+) kB/m.exec(procFile(pid, "status"))![1]);
}

/** Workloads about modules, by name. */
export const MODULE_WORKLOADS: Record<string, Workload> = {
  "modules": {
    rounds: 5,
    figures: {
      "modules-load": {
        about: `init's start with ${MODULES} job modules, until it knows them all`,
        unit: "ms",
      },
      "modules-edit": { about: "an edit of one of them, until its new definition is in force", unit: "ms" },
    },
    suits: hasModules,
    async measure(peer) {
      await using supervision = await withModules(peer).start();
      await untilAllAreKnown(supervision);
      const load = now() - supervision.began;
      const edits = [];
      for (let number = 0; number < 20; number++) {
        const began = now();
        await edit(supervision, number);
        edits.push(now() - began);
      }
      return { "modules-load": load, "modules-edit": median(edits) };
    },
  },
  "modules-memory": {
    rounds: 1,
    figures: {
      "modules-memory": { about: `init's private memory with ${MODULES} job modules, at rest`, unit: "kB" },
      "modules-memory-edited": { about: `the same after ${EDITS} edits and reloads`, unit: "kB" },
    },
    suits: hasModules,
    async measure(peer) {
      await using supervision = await withModules(peer).start();
      await untilAllAreKnown(supervision);
      await pause(REST);
      const before = privateMemory(supervision);
      for (let number = 0; number < EDITS; number++) await edit(supervision, number);
      await pause(REST);
      return { "modules-memory": before, "modules-memory-edited": privateMemory(supervision) };
    },
  },
};

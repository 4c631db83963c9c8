/** The process that fuzzes one target: `worker.ts TARGET SEED MINUTES FILE`. It prints reports as lines of JSON. */

import { closeSync, ftruncateSync, openSync, writeSync } from "node:fs";
import process from "node:process";
import { fuzz, type Progress } from "./loop.ts";
import { TARGETS } from "./targets.ts";

/** A report: how far it has got, with inputs in base64. */
export type Report = Omit<Progress, "faults"> & {
  faults: Array<{ kind: string; error: string; input: string }>;
};

/** The name by which the compiled executable is attacked as a whole. */
export const EXECUTABLE = "executable";

/** How often is reported, in ms. */
const REPORT_EVERY = 1000;

function reportOf(progress: Progress): Report {
  const faults = progress.faults.map(({ kind, error, input }) => ({
    kind,
    error: error instanceof Error ? `${error.stack ?? error}` : String(error),
    input: input.toString("base64"),
  }));
  return { ...progress, faults };
}

async function main(name: string, seed: number, minutes: number, file: string): Promise<void> {
  if (name === EXECUTABLE) {
    const { runs, faults } = await (await import("./attacks.ts")).besiege(
      seed,
      Date.now() + minutes * 60_000,
    );
    const told = faults.map((error) => ({ kind: error, error, input: "" }));
    return console.log(
      JSON.stringify({ runs, covered: 0, known: 0, kept: 0, faults: told } satisfies Report),
    );
  }
  const target = TARGETS.find((target) => target.name === name)!;
  const current = openSync(file, "w");
  let told = 0;
  const tell = (progress: Progress) => console.log(JSON.stringify(reportOf(progress)));
  const progress = await fuzz(target, seed, Date.now() + minutes * 60_000, {
    reading(input) {
      writeSync(current, input, 0, input.length, 0);
      ftruncateSync(current, input.length);
    },
    progress(progress) {
      if (Date.now() - told < REPORT_EVERY) return;
      told = Date.now();
      tell(progress);
    },
  });
  closeSync(current);
  tell(progress);
}

if (import.meta.main) {
  const [name = "", seed, minutes, file = ""] = Deno.args;
  await main(name, Number(seed), Number(minutes), file);
  // What a target may have left that would run on.
  process.exit(0);
}

/** Coverage of the product's code by V8's profiler: which blocks have run since it was asked last, and how often. */

import { Session } from "node:inspector";
import { pathToFileURL } from "node:url";
import { resolve } from "node:path";

const ROOT = pathToFileURL(resolve(import.meta.dirname!, "../..")).href;

/** The files whose blocks count: the product's own, without what its tests share. */
const COUNTED = /^\/(?:lib|compat)\/(?!.*\/testing\/)/;

/** What V8 tells of a script. */
interface ScriptCoverage {
  url: string;
  functions: Array<{ ranges: Array<{ startOffset: number; endOffset: number; count: number }> }>;
}

/** What has run. */
interface Ran {
  /** The blocks, by file and place. */
  blocks: string[];
  /** How often blocks were entered in all: a measure of the work, but for what regular expressions and the runtime do. */
  work: number;
}

/** The profiler of this process. */
export class Coverage {
  readonly #session = new Session();
  /** The blocks that are known, whether they have run or not. */
  readonly known = new Set<string>();

  /** Begins. Code that has run before may be counted in larger blocks. */
  static async start(): Promise<Coverage> {
    const coverage = new Coverage();
    coverage.#session.connect();
    await coverage.#ask("Profiler.enable");
    await coverage.#ask("Profiler.startPreciseCoverage", { callCount: true, detailed: true });
    return coverage;
  }

  /** What has run since the last call. */
  async take(): Promise<Ran> {
    const { result } = await this.#ask("Profiler.takePreciseCoverage") as { result: ScriptCoverage[] };
    const ran: Ran = { blocks: [], work: 0 };
    for (const { url, functions } of result) {
      const file = url.startsWith(ROOT) ? url.slice(ROOT.length) : "";
      if (!COUNTED.test(file)) continue;
      for (const { startOffset, count } of functions.flatMap(({ ranges }) => ranges)) {
        const block = `${file}:${startOffset}`;
        this.known.add(block);
        if (count === 0) continue;
        ran.blocks.push(block);
        ran.work += count;
      }
    }
    return ran;
  }

  #ask(method: string, parameters: object = {}): Promise<unknown> {
    return new Promise((resolve, reject) => {
      this.#session.post(method, parameters, (error, result) => error ? reject(error) : resolve(result));
    });
  }
}

/** Upstart's format of job files: `.conf` and `.override`, as init(5) describes them. */

import { claimByEnding } from "../../lib/formats/claims.ts";
import type { JobFormat } from "../../lib/formats/format.ts";
import { formatCondition } from "./condition.ts";
import { applyOverride, parseConf } from "./parse.ts";

export { formatCondition };

/** Upstart's format. */
export const upstart: JobFormat = {
  name: "upstart",
  ...claimByEnding({ ".conf": "definition", ".override": "override" }),
  // Debian's source packages keep a job as NAME.upstart.
  otherEndings: [".upstart"],
  reportsAsUpstart: true,
  parse: ({ path, name, text }) => [parseConf(text, path, name)],
  applyOverride: (definition, { path, text }) => applyOverride(definition, text, path),
  tools: async () => (await import("./tools.ts")).tools,
};

/**
 * Boots a root directory with OpenRC and sixty services as process 1 of namespaces: `deno task openrc-root --help` tells how.
 * docs/openrc.md says how such a root is made, and what was measured.
 */

import { resolve } from "node:path";
import { type RootTask, runRootTask } from "../../support/root_task.ts";
import type { InitName } from "./machine.ts";

const INITS: readonly InitName[] = ["rouse", "parallel", "sequential"];

const TASK: RootTask = {
  name: "openrc-root",
  what: "OpenRC",
  inits: INITS,
  course: resolve(import.meta.dirname!, "course.ts"),
};

if (import.meta.main) await runRootTask(TASK);

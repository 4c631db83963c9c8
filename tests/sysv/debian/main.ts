/**
 * Boots a Debian root directory as process 1 of namespaces: `deno task debian-root --help` tells how. docs/sysv.md says how
 * such a root is made, and what was measured.
 */

import { resolve } from "node:path";
import { type RootTask, runRootTask } from "../../support/root_task.ts";
import type { InitName } from "./machine.ts";

const INITS: readonly InitName[] = ["rouse", "startpar", "sequential"];

const TASK: RootTask = {
  name: "debian-root",
  what: "Debian",
  inits: INITS,
  course: resolve(import.meta.dirname!, "course.ts"),
};

if (import.meta.main) await runRootTask(TASK);

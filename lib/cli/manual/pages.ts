/** The pages of the manual: their sources, and the guides that they have parts of. All are bundled into the executable. */

import containers from "../../../docs/containers.md" with { type: "text" };
import initctlGuide from "../../../docs/initctl.md" with { type: "text" };
import jobs from "../../../docs/jobs.md" with { type: "text" };
import machine from "../../../docs/machine.md" with { type: "text" };
import upstart from "../../../docs/upstart.md" with { type: "text" };
import init5 from "./pages/init.5.md" with { type: "text" };
import init8 from "./pages/init.8.md" with { type: "text" };
import initctl8 from "./pages/initctl.8.md" with { type: "text" };
import rouse1 from "./pages/rouse.1.md" with { type: "text" };
import rouseJobs5 from "./pages/rouse-jobs.5.md" with { type: "text" };
import rouseTesting7 from "./pages/rouse-testing.7.md" with { type: "text" };

/** The sources by the names of the pages' files. */
export const PAGES: Readonly<Record<string, string>> = {
  "rouse.1": rouse1,
  "init.8": init8,
  "initctl.8": initctl8,
  "init.5": init5,
  "rouse-jobs.5": rouseJobs5,
  "rouse-testing.7": rouseTesting7,
};

export const GUIDES: Readonly<Record<string, string>> = {
  "containers.md": containers,
  "initctl.md": initctlGuide,
  "jobs.md": jobs,
  "machine.md": machine,
  "upstart.md": upstart,
};

/**
 * The file of a page: by `init.8`, `init(8)` or its name alone, which means the first one of that name.
 * @returns undefined where there is none.
 */
export function pageFile(wanted: string): string | undefined {
  const name = wanted.replace(/\((\d)\)$/, ".$1");
  return Object.keys(PAGES).find((file) => file === name || file.replace(/\.\d$/, "") === name);
}

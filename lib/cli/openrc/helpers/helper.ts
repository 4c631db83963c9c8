/** The helpers that scripts call through the shell library: `rouse openrc NAME …`. None of them is a link's name. */

import { usageMessage } from "../../../model/command_line/usage_error.ts";
import { writeAll } from "../../../sys/io/write_all.ts";
import { type OpenrcTool, runOpenrcTool } from "../tool.ts";
import { markService, SERVICE_CRASHED, SERVICE_STARTED_DAEMON } from "./states.ts";

/** The helpers. Each is loaded where it is called. */
const TOOLS: Readonly<Record<string, () => Promise<OpenrcTool>>> = {
  checkpath: async () => (await import("./checkpath.ts")).CHECKPATH,
  fstabinfo: async () => (await import("./fstabinfo.ts")).FSTABINFO,
  mountinfo: async () => (await import("./mountinfo.ts")).MOUNTINFO,
  esyslog: async () => (await import("./esyslog.ts")).ESYSLOG,
  is_newer_than: async () => (await import("./file_times.ts")).IS_NEWER_THAN,
  is_older_than: async () => (await import("./file_times.ts")).IS_OLDER_THAN,
  service_crashed: () => Promise.resolve(SERVICE_CRASHED),
  service_started_daemon: () => Promise.resolve(SERVICE_STARTED_DAEMON),
};

/** Runs a helper. Returns the exit status. */
export async function main(args: string[], name: string): Promise<number> {
  const [, state] = /^mark_service_(.+)$/.exec(name) ?? [];
  const tool = state !== undefined ? markService(state) : await loaderOf(name)?.();
  if (tool) return await runOpenrcTool(tool, args, name);
  writeAll(2, usageMessage("rouse", `unknown program: ${name}`));
  return 2;
}

function loaderOf(name: string): (() => Promise<OpenrcTool>) | undefined {
  return Object.hasOwn(TOOLS, name) ? TOOLS[name] : undefined;
}

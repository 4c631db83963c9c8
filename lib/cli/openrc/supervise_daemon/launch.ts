/** The start of a supervisor: this very executable, in the background. */

import process from "node:process";
import { close, O_RDWR, open, pipe } from "../../../sys/io/descriptors.ts";
import { readDescriptor } from "../../../sys/io/streams.ts";
import { restoreDescriptorLimit } from "../../../sys/process/limits.ts";
import { isCompiled, selfCommand } from "../../../sys/runtime/self.ts";
import { SINGLE_THREAD_FLAGS } from "../../../sys/runtime/variables.ts";
import { explain, spawn } from "../../../sys/spawn/spawn.ts";
import type { DaemonEnvironment } from "../daemons/settings.ts";

/** What a supervisor reports once its daemon runs. */
export const STARTED = "started";

/** The supervisor's descriptor for its report. */
const REPORT = 3;

/**
 * Starts a supervisor, and waits until its daemon has started.
 * @param args The command line of this program
 * @returns why it has not; undefined when it has.
 */
export async function launchSupervisor(
  args: readonly string[],
  environment: DaemonEnvironment,
  name: string,
): Promise<string | undefined> {
  const nothing = open("/dev/null", O_RDWR), { reader, writer } = pipe();
  // The option stands before the daemon's own words.
  const [service = "", ...rest] = args, words = [service, `--report=${REPORT}`, ...rest];
  restoreDescriptorLimit();
  const { failed } = spawn({
    ...isCompiled()
      ? { program: process.execPath, argv: [name, ...words] }
      : { argv: [...selfCommand("openrc"), name, ...words] },
    environment: [
      ...Object.entries(environment).flatMap(([key, value]) =>
        value === undefined ? [] : [`${key}=${value}`]
      ),
      ...SINGLE_THREAD_FLAGS,
    ],
    descriptors: { 0: nothing, 1: nothing, 2: nothing, [REPORT]: writer },
    newSession: true,
  });
  close(nothing);
  close(writer);
  const report = await textOf(reader);
  if (failed) return `${name}: ${explain(failed)}`;
  if (report === STARTED) return undefined;
  return report || `${name}: the supervisor has ended before the daemon has started`;
}

function textOf(reader: number): Promise<string> {
  let text = "";
  return new Promise((resolve) => {
    readDescriptor(reader, {
      onData: (bytes) => text += new TextDecoder().decode(bytes),
      onEnd: () => resolve(text),
    });
  });
}

/** What a job says of its output, and the log that follows from it. */

import { type LogLimit, type LogTarget, type Rotation, USUAL_ROTATION } from "../../model/logs/settings.ts";
import { logPath } from "../../model/logs/log_names.ts";
import type { LogDescription } from "./files/log_store.ts";

/** What a job says of its output. */
export interface OutputSettings {
  /** True for an init script, see `JobOutput.showScripts`. */
  isScript?: boolean;
  /** True: what comes through a terminal is logged without escape sequences and carriage returns. */
  isPlain?: boolean;
  rotate?: Rotation | "none" | undefined;
  limit?: LogLimit | undefined;
  to?: LogTarget[] | undefined;
}

/**
 * The log of an instance. Undefined where there is none: no directory, and no other place that output goes to.
 *
 * @param usual The directory of logs, and the rotation where the job says nothing of it.
 */
export function describeLog(
  job: string,
  instance: string,
  settings: OutputSettings,
  usual: { directory?: string; rotation?: Rotation | "none" },
): LogDescription | undefined {
  const { directory } = usual, { rotate, limit, isPlain } = settings;
  const to = settings.to?.filter((target) => target !== "file" || directory !== undefined);
  if (directory === undefined && !to?.length) return undefined;
  const rotation = rotate ?? usual.rotation ?? (isPlain ? USUAL_ROTATION : "none");
  return {
    job,
    instance,
    path: logPath(directory ?? "", job, instance),
    ...(isPlain && { isPlain }),
    ...(rotation !== "none" && { rotation }),
    ...(limit && { limit }),
    ...(to && { to }),
  };
}

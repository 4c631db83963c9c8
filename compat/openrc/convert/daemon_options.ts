/** The options in `start_stop_daemon_args` and `supervise_daemon_args`, as fields of a job. */

import type { JobDefinition } from "../../../lib/model/job.ts";
import { OtherKind } from "./declarations.ts";

/** An option: its letter, if it takes an argument, and what becomes of that. */
interface Option {
  letter?: string;
  /** The fields that say it; undefined where the value is none that a job can have. */
  fields?: (value: string) => Partial<JobDefinition> | undefined;
  /** Without a field: true where it says nothing to a job, which knows its processes. */
  isMeaningless?: true;
  hasArgument?: true;
}

const OPTIONS: Readonly<Record<string, Option>> = {
  background: { letter: "b", isMeaningless: true },
  "make-pidfile": { letter: "m", isMeaningless: true },
  oknodo: { letter: "o", isMeaningless: true },
  progress: { letter: "P", isMeaningless: true },
  quiet: { letter: "q", isMeaningless: true },
  verbose: { letter: "v", isMeaningless: true },
  name: { letter: "n", hasArgument: true, isMeaningless: true },
  wait: { letter: "w", hasArgument: true, isMeaningless: true },
  chdir: { letter: "d", hasArgument: true, fields: (chdir) => ({ chdir }) },
  chroot: { letter: "r", hasArgument: true, fields: (chroot) => ({ chroot }) },
  group: { letter: "g", hasArgument: true, fields: (setgid) => ({ setgid }) },
  nicelevel: {
    letter: "N",
    hasArgument: true,
    fields: (value) => /^-?\d{1,2}$/.test(value) ? { nice: Number(value) } : undefined,
  },
  umask: { letter: "k", hasArgument: true, fields: maskOf },
  user: { letter: "u", hasArgument: true, fields: accountOf },
  ionice: { letter: "I", hasArgument: true },
  stderr: { letter: "2", hasArgument: true },
  stdout: { letter: "1", hasArgument: true },
};

/** `USER:GROUP`. Root is whom a job runs as anyway. */
export function accountOf(value: string): Partial<JobDefinition> {
  const [user = "", group = ""] = value.split(":");
  return { ...user !== "" && user !== "root" && { setuid: user }, ...group !== "" && { setgid: group } };
}

/** A mask in octal digits; undefined for any other text. */
export function maskOf(value: string): Partial<JobDefinition> | undefined {
  return /^[0-7]{1,4}$/.test(value) ? { umask: parseInt(value, 8) } : undefined;
}

/** What options say. */
export interface DaemonOptions {
  fields: Partial<JobDefinition>;
  isInBackground: boolean;
  /** The options that no field says, with their arguments. */
  lost: string[];
}

/**
 * Reads options.
 * @throws {OtherKind} where one of them is not known, or the words cannot be told.
 */
export function daemonOptions(text: string): DaemonOptions {
  const found: DaemonOptions = { fields: {}, isInBackground: false, lost: [] };
  if (/["'\\$`]/.test(text)) throw new OtherKind("there are quotes in the options for its daemon");
  const words = text.split(/\s+/).filter((word) => word !== "");
  for (let word; (word = words.shift()) !== undefined;) {
    const [, long, letter, joined] = /^(?:--([\w-]+)|-(\w))(?:=(.*))?$/.exec(word) ?? [];
    const [name, option] = Object.entries(OPTIONS).find(([key, row]) =>
      key === long || letter !== undefined && row.letter === letter
    ) ?? [];
    if (name === undefined || !option) {
      throw new OtherKind(`its daemon has the option ${word}`);
    }
    const value = option.hasArgument ? joined ?? words.shift() ?? "" : "";
    const fields = option.fields?.(value);
    if (name === "background") {
      found.isInBackground = true;
    }
    if (fields) {
      Object.assign(found.fields, fields);
    } else if (!option.isMeaningless) {
      found.lost.push(`--${name} ${value}`.trim());
    }
  }
  return found;
}

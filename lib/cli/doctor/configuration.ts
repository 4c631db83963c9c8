/** What the doctor says of the jobs, and of the init that runs. */

import { existsSync, readlinkSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { isDirectory } from "../../config/files.ts";
import { connectIfThere } from "../../control/client/system.ts";
import { type Client, connect } from "../../control/client/client.ts";
import { inTime } from "../../control/client/in_time.ts";
import { MANAGER_INTERFACE, MANAGER_PATH, ROUSE_INTERFACE } from "../../control/names.ts";
import { formatInFull } from "../../formats/diagnostic.ts";
import { SCRIPTS_VERSION_LINE, VERSION, VERSION_LINE } from "../../model/version.ts";
import { ifAllowed } from "../../sys/call/refused.ts";
import { inspect } from "../check/inspection.ts";
import type { Diagnosis } from "./examinations.ts";

/** So many errors and warnings are told; `rouse check` tells them all. */
const MOST_TOLD = 5;

/** So long an init may take to answer, in ms. */
const PATIENCE = 5000;

/** What the kernel says behind the name of a file that was removed. */
const GONE = " (deleted)";

/** Where jobs are read from where no directory is named: init's own places that there are here. */
export function usualDirectories(environment: Record<string, string | undefined>): string[] {
  const { UPSTART_CONFDIR, XDG_CONFIG_HOME, HOME } = environment;
  if (process.geteuid?.() === 0) return [UPSTART_CONFDIR || "/etc/init"].filter(isDirectory);
  const configuration = XDG_CONFIG_HOME || join(HOME || "/", ".config");
  return [join(configuration, "upstart")].filter(isDirectory);
}

/** What is wrong with the jobs in these directories. */
export async function judgeJobs(directories: readonly string[]): Promise<Diagnosis[]> {
  if (directories.length === 0) {
    return [{ level: "ok", what: "No directory of jobs is there; `rouse doctor DIR...' looks at others" }];
  }
  const missing = directories.filter((path) => !isDirectory(path)).map((path): Diagnosis => ({
    level: "problem",
    what: `${path} is no directory, or is not there`,
    advice: "make it, or name one that is there",
  }));
  const { jobs, errors, warnings } = await inspect(directories.filter(isDirectory), {
    scripts: true,
    types: false,
  });
  const told = [
    ...errors.map((error): Diagnosis => ({
      level: "problem",
      what: formatInFull(error),
      advice: "correct the file; init goes on with the last good definition, if it has one",
    })),
    ...warnings.map((warning): Diagnosis => ({
      level: "warning",
      what: formatInFull(warning),
      advice: "see whether it is meant",
    })),
  ];
  const more: Diagnosis[] = told.length > MOST_TOLD
    ? [{
      level: errors.length > MOST_TOLD ? "problem" : "warning",
      what: `There is more: ${errors.length} errors and ${warnings.length} warnings in all`,
      advice: `see \`rouse check ${directories.join(" ")}'`,
    }]
    : [];
  const fine: Diagnosis = {
    level: "ok",
    what: `${jobs} ${jobs === 1 ? "job" : "jobs"} in ${directories.join(", ")}`,
  };
  return [...missing, ...told.length > 0 ? [] : [fine], ...told.slice(0, MOST_TOLD), ...more];
}

/** Whether an init answers, and whether it is this executable's. */
export async function judgeInit(environment: Record<string, string | undefined>): Promise<Diagnosis[]> {
  const untrusted: string[] = [];
  const { UPSTART_SESSION } = environment;
  const client = UPSTART_SESSION
    ? await connect(UPSTART_SESSION).catch(() => undefined)
    : await connectIfThere(environment, (line) => untrusted.push(line));
  if (!client) {
    return [
      untrusted.length === 0 && !UPSTART_SESSION
        ? { level: "ok", what: "No init answers: none runs here, or none that you may ask" }
        : {
          level: "warning",
          what: untrusted[0] ?? `No init answers at ${UPSTART_SESSION}, which UPSTART_SESSION names`,
          advice: "ask as the user that init runs as, or start it again",
        },
    ];
  }
  try {
    const answer = await inTime(client, PATIENCE, async (init) => ({
      version: String(await init.get(MANAGER_PATH, MANAGER_INTERFACE, "version")),
      crashes: await crashesOf(init),
    }));
    if (answer === undefined) return [silent(`not within ${PATIENCE / 1000} seconds`)];
    return [judgeVersion(answer.version, client.server), ...judgeCrashes(answer.crashes)];
  } catch (error) {
    return [silent((error as Error).message)];
  } finally {
    client.close();
  }
}

/** How often the init was restarted in place for an internal error; 0 where it is of a version that does not tell. */
async function crashesOf(init: Client): Promise<number> {
  return Number(await init.get(MANAGER_PATH, ROUSE_INTERFACE, "crashes").catch(() => 0));
}

function judgeCrashes(crashes: number): Diagnosis[] {
  if (crashes === 0) return [];
  return [{
    level: "warning",
    what: `Init was restarted in place ${crashes === 1 ? "once" : `${crashes} times`} for an internal error`,
    advice: "report the error, which `initctl events --kind=message' and init's log tell",
  }];
}

function judgeVersion(version: string, server: number | undefined): Diagnosis {
  const replaced = replacedExecutable(server);
  if (replaced !== undefined) {
    const isThere = existsSync(replaced);
    return {
      level: "warning",
      what: `The init that answers is ${version}; its file ${replaced} was ${
        isThere ? "replaced" : "removed"
      }`,
      advice: `have ${isThere ? "the new one" : "another one"} take its place, which stops nothing: ` +
        (isThere ? "`initctl restart-init'" : `\`rouse upgrade ${process.execPath}'`),
    };
  }
  if ([VERSION_LINE, SCRIPTS_VERSION_LINE].includes(version)) {
    return { level: "ok", what: `The init that answers is ${version}, as this executable` };
  }
  return {
    level: "warning",
    what: `The init that answers is ${version}; this executable is rouse ${VERSION}`,
    advice: `have it take init's place, which stops nothing: \`rouse upgrade ${process.execPath}'`,
  };
}

/** The file that the process was executed from, where that is not what has its name now, as far as one may know. */
function replacedExecutable(pid: number | undefined): string | undefined {
  const file = pid && ifAllowed(() => readlinkSync(`/proc/${pid}/exe`));
  return file && file.endsWith(GONE) ? file.slice(0, -GONE.length) : undefined;
}

/** An init that listens and does not answer. */
function silent(how: string): Diagnosis {
  return {
    level: "problem",
    what: `The init that was reached does not answer: ${how}`,
    advice: "look at its messages, on its standard error or in the kernel's log",
  };
}

/** Owners of modules: the users as whom modules are evaluated and the functions of their jobs are run. */

import * as fs from "node:fs";
import { resolve } from "node:path";
import process from "node:process";
import { hasFunctions, type JobDefinition } from "../../model/job.ts";
import { Trust } from "../../sys/access/trust.ts";
import {
  lookupGroup,
  lookupUser,
  supplementaryGroups,
  type User,
  userVariables,
} from "../../sys/access/users.ts";
import { COMPILED_IN } from "../../author/protocol.ts";
import { ifAllowed } from "../../sys/call/refused.ts";

/** The owner of a module, when that is another user than this process's. */
export interface ModuleOwner {
  uid: number;
  gid: number;
}

const ROOT = 0;

/** The group of a user who is not in /etc/passwd. The file's group may be its directory's, and says nothing of the user. */
const NO_GROUP = 65534;

/**
 * The user as whom a module is evaluated, when this process is root's: the module's owner. Undefined for this process's own
 * user, which also evaluates modules that only root can change, such as those in a read-only file system.
 */
export function ownerOf(module: string): ModuleOwner | undefined {
  if (process.geteuid?.() !== ROOT || module.startsWith(COMPILED_IN)) return undefined;
  // Where it cannot be looked at, the evaluator child reports the reason.
  const uid = ifAllowed(() => fs.statSync(module).uid) ?? ROOT;
  if (uid === ROOT || new Trust().problem(resolve(module), { wasThere: true }) === undefined) {
    return undefined;
  }
  return { uid, gid: account(uid)?.gid ?? NO_GROUP };
}

/** The variables that name a child's user, as `KEY=VALUE` strings. */
export function environmentOf(uid = process.geteuid?.() ?? ROOT): string[] {
  const user = account(uid);
  if (!user) return ["HOME=/"];
  return Object.entries(userVariables(user)).map(([name, value]) => `${name}=${value}`);
}

/**
 * A job whose functions are run as its module's owner, and as nobody else.
 * @throws {Error} when the job names another user or group, or its owner is not in /etc/passwd.
 */
export function runAsOwner(job: JobDefinition, { uid, gid }: ModuleOwner): JobDefinition {
  if (!hasFunctions(job)) return job;
  const user = account(uid), name = user?.name ?? String(uid);
  const because =
    `the functions of job ${job.name} can only be run as user ${name}, who can write the module`;
  if (!user) throw new Error(`${because} and is not in /etc/passwd; ${REMEDY}`);
  if (job.setuid !== undefined && accountOf(job.setuid)?.uid !== uid) {
    throw new Error(`${because}, not as ${job.setuid}; ${REMEDY}`);
  }
  if (job.setgid !== undefined && !isMember(job.setgid, user, gid)) {
    throw new Error(`${because} and is not in group ${job.setgid}; ${REMEDY}`);
  }
  return { ...job, setuid: job.setuid ?? name };
}

const REMEDY = "chown root the module";

function isMember(group: string, user: User, gid: number): boolean {
  const found = lookupGroup(group);
  return found !== undefined && supplementaryGroups(user.name, gid).includes(found.gid);
}

/** The account with this uid. `lookupUser` also accepts names, so a user named "1000" is excluded. */
function account(uid: number): User | undefined {
  const user = accountOf(String(uid));
  return user?.uid === uid ? user : undefined;
}

/** The account of a name or number. Undefined when there is none, and when /etc/passwd cannot be read. */
function accountOf(nameOrNumber: string): User | undefined {
  return ifAllowed(() => lookupUser(nameOrNumber));
}

/** The policy layer of invoke-rc.d: what the administrator's policy-rc.d says of an action. */

import process from "node:process";
import { isFile, mayRun, runScript } from "./script.ts";

/** The program that says what is allowed. Where it is not there, or is not executable, all is. */
const PROGRAM = "/usr/sbin/policy-rc.d";

/** The exit statuses of policy-rc.d, and of `invoke-rc.d --query`. */
export const POLICY = {
  unknownScript: 100,
  denied: 101,
  subsystemError: 102,
  syntaxError: 103,
  allowed: 104,
  uncertain: 105,
  fallback: 106,
} as const;

/** What a status stands for where it is another that counts. */
const SAME_AS: Readonly<Record<number, number>> = { 0: POLICY.allowed, 1: POLICY.uncertain };

/** What the policy says. */
export interface Verdict {
  /** One of {@link POLICY}. */
  status: number;
  /** The actions that are to be tried instead, in order, where it is a fallback. */
  fallback: string[];
  /** What is to be told of an odd answer. */
  warning?: string;
}

/** What is asked. `action` stands in parentheses where the runlevel forbids it. */
interface PolicyQuestion {
  name: string;
  action: string;
  runlevel: string;
  isQuiet: boolean;
}

/** Asks the policy; undefined where there is none. */
export function askPolicy({ name, action, runlevel, isQuiet }: PolicyQuestion): Verdict | undefined {
  if (!hasPolicy()) return undefined;
  const argv = [PROGRAM, ...isQuiet ? ["--quiet"] : [], name, action, runlevel];
  const environment = Object.entries(process.env).map(([key, value]) => `${key}=${value}`);
  const { status: given, output, problem } = runScript(argv, environment, {}, [1]);
  const status = SAME_AS[given] ?? given;
  if (Object.values<number>(POLICY).includes(status)) {
    return { status, fallback: output.split(/\s+/).filter((word) => word !== "") };
  }
  const told = `WARNING: policy-rc.d returned unexpected error status ${given}, ` +
    `${POLICY.subsystemError} used instead.`;
  const warning = problem === undefined ? told : `Unable to run ${problem}\n${told}`;
  return { status: POLICY.subsystemError, fallback: [], warning };
}

/** True where there is a policy. */
export function hasPolicy(): boolean {
  return isFile(PROGRAM) && mayRun({ name: PROGRAM, path: PROGRAM });
}

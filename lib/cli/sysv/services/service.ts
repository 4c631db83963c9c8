/** The program service(8): runs an action of a service, by its init script in a clean environment or as a job of init. */

import process from "node:process";
import type { Client } from "../../../control/client/client.ts";
import { errnoMessage } from "../../../sys/call/errno.ts";
import { executeProgram } from "../../../sys/process/execute.ts";
import { VERSION } from "../../../model/version.ts";
import { write } from "../../output.ts";
import { listDirectory } from "../../../config/sysv/scripts.ts";
import { closing, isUp, jobAction, jobOf, ownInit, serviceJob } from "./job.ts";
import {
  cleanEnvironment,
  emptyInput,
  mayRun,
  runScript,
  saysUsage,
  type Script,
  scriptNamed,
  SCRIPTS,
} from "./script.ts";

const USAGE = "Usage: service < option > | --status-all | [ service_name [ command | --full-restart ] ]\n";

/** Files beside the scripts that are none, or that have no status. */
const NO_SERVICES = [
  "functions",
  "halt",
  "killall",
  "single",
  "linuxconf",
  "kudzu",
  "README",
  "skeleton",
  "rc",
  "rcS",
  "reboot",
  "bootclean.sh",
];

/** Copies that a package manager has left. */
const LEFTOVER = /\.dpkg-(?:dist|old)$/;

/** Runs the program. Returns the exit status, unless the script's process has taken this one's place. */
export async function main(args: string[]): Promise<number> {
  const option = args.find((word) => word === "-h" || word.startsWith("--h") || word === "--version");
  if (option !== undefined || args.length === 0) {
    write(2, option === "--version" ? `rouse ${VERSION}\n` : USAGE);
    return option === undefined ? 1 : 0;
  }
  if (args.length === 1 && args[0] === "--status-all") return await statusOfAll();
  const [name, action, ...more] = args.filter((word, index) => word !== "" || index > 1);
  if (name === undefined) return refuse("");
  if (action === "--full-restart" && more.length === 0) return await fullRestart(name);
  return await act({ name, action, more, isLast: true });
}

/** An action on a service. */
interface Request {
  name: string;
  action: string | undefined;
  more: string[];
  /** Nothing follows it, so a script may take this process's place. */
  isLast: boolean;
}

async function fullRestart(name: string): Promise<number> {
  const script = scriptNamed(name);
  if (!(script && mayRun(script)) && !(await closing(serviceJob(name), (job) => job !== undefined))) {
    return refuse(name);
  }
  await act({ name, action: "stop", more: [], isLast: false });
  return await act({ name, action: "start", more: [], isLast: true });
}

function refuse(name: string): number {
  write(2, `${name}: unrecognized service\n`);
  return 1;
}

async function act(request: Request): Promise<number> {
  const script = scriptNamed(request.name);
  const name = script?.name ?? request.name;
  process.chdir("/");
  const exit = await throughInit({ ...request, name });
  if (exit !== undefined) return exit;
  if (!script || !mayRun(script)) return refuse(request.name);
  const argv = [script.path, ...request.action === undefined ? [] : [request.action], ...request.more];
  const environment = cleanEnvironment(process.env);
  if (!request.isLast) return runScript(argv, environment).status;
  const { code, errno } = executeProgram(argv, environment);
  write(2, `env: '${script.path}': ${errnoMessage(errno)}\n`);
  return code === "ENOENT" ? 127 : 126;
}

/** The exit status of an action that goes through init; undefined where it is for the script to do. */
export async function throughInit(
  { name, action, more }: Pick<Request, "name" | "action" | "more">,
): Promise<number | undefined> {
  const run = jobAction(action), native = NATIVE_ACTIONS.get(action ?? "");
  if (!run && !native) return undefined;
  return await closing(serviceJob(name), async (job) => {
    if (job && !job.isScript) return await native?.(name, more);
    if (!job || !run) return undefined;
    const answer = await run(job);
    if (!answer) return undefined;
    const { exit, line } = answer;
    if (line !== "") write(action === "status" || exit === 0 ? 1 : 2, `${line}\n`);
    return exit;
  });
}

type NativeAction = (name: string, more: string[]) => Promise<number>;

const initctl = (command: string): NativeAction => async (name, more) => {
  const { main } = await import("../../initctl/initctl.ts");
  return await main(["--system", name, ...more], command);
};

/** What is done with jobs that are no init scripts: initctl's commands. A restart takes the new definition. */
const NATIVE_ACTIONS: ReadonlyMap<string, NativeAction> = new Map([
  ...["start", "stop", "status", "reload"].map((command) => [command, initctl(command)] as const),
  ["restart", async (name: string, more: string[]) => {
    await initctl("stop")(name, more);
    return await initctl("start")(name, more);
  }],
]);

/** Prints what each script says of its service: `+` runs, `-` does not, `?` has no status. */
async function statusOfAll(): Promise<number> {
  process.chdir("/");
  const environment = cleanEnvironment(process.env), input = emptyInput();
  const init = await ownInit();
  for (const name of listDirectory(SCRIPTS).sort()) {
    const script = scriptNamed(name);
    if (!script || name.startsWith(".") || NO_SERVICES.includes(name) || LEFTOVER.test(name)) continue;
    if (!mayRun(script)) continue;
    const { status, output } = runScript([script.path, "status"], environment, {
      descriptors: { 0: input },
    }, [1, 2]);
    const sign = saysUsage(output)
      ? await signOfJob(init, script)
      : status === 0 && output.trim() !== ""
      ? "+"
      : "-";
    write(sign === "?" ? 2 : 1, ` [ ${sign} ]  ${name}\n`);
  }
  init?.close();
  return 0;
}

/** What init knows of a service whose script cannot tell. */
async function signOfJob(init: Client | undefined, { name }: Script): Promise<string> {
  const job = init && await jobOf(init, name);
  if (!job?.isScript) return "?";
  return await isUp(job) ? "+" : "-";
}

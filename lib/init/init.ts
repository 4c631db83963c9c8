/** The program `init`: puts the parts together and runs. */

import process from "node:process";
import { COMPILED_IN_JOBS } from "rouse:jobs";
import { serve } from "../control/service.ts";
import { type Environment, environment } from "../model/environment.ts";
import { onChildChange, setChildSubreaper } from "../sys/processes.ts";
import { Configuration } from "./configuration/configuration.ts";
import { evaluator } from "./configuration/evaluation.ts";
import { formatReport } from "./configuration/report.ts";
import { Messages } from "./messages.ts";
import {
  configurationDirectories,
  logDirectory,
  type Options,
  parseOptions,
  usage,
  UsageError,
} from "./options.ts";
import { JobOutput } from "./output/output.ts";
import { RunningInit } from "./running.ts";
import { selfCommand } from "../sys/self.ts";
import { sessionAddress, SessionFile, SYSTEM_ADDRESS } from "./session.ts";
import { Shutdown } from "./shutdown.ts";
import { versionText } from "../model/version.ts";

/** Runs init; the promise settles when it is to exit, with the exit status. */
export async function main(args: string[], name: string): Promise<number> {
  if (args.includes("--help")) return print(usage());
  if (args.includes("--version")) return print(versionText("init"));
  let options: Options;
  try {
    options = parseOptions(args, process.pid === 1);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    process.stderr.write(`${name}: ${error.message}\nTry \`${name} --help' for more information.\n`);
    return 1;
  }
  return await run(options);
}

function print(text: string): number {
  process.stdout.write(text);
  return 0;
}

async function run(options: Options): Promise<number> {
  const messages = new Messages(options.priority);
  const address = options.user ? sessionAddress() : SYSTEM_ADDRESS;
  if (process.pid !== 1) setChildSubreaper();

  const left = Promise.withResolvers<number>();
  const output = new JobOutput({
    ...directoryOf(options),
    onProblem: (message) => messages.tell("warn", message),
  });
  const init: RunningInit = new RunningInit(defaultEnvironment(options), environmentOfInit(), {
    messages,
    processes: {
      output,
      defaultConsole: options.defaultConsole,
      hookCommand: selfCommand("hook"),
      stopsForDebug: options.priority === "debug",
      privileged: process.geteuid?.() === 0,
    },
    sessionEnvironment: options.user ? [`UPSTART_SESSION=${address}`] : [],
    reloadConfiguration: () => configuration.reload(),
    endSession: () => shutdown.begin("logout"),
    restart: () => messages.tell("warn", "Failed to restart: not supported yet"),
    onIdle: () => shutdown.check(),
  });
  const shutdown = new Shutdown(init, messages, () => left.resolve(0));
  const http = options.http && (await import("./http/mod.ts")).serveHttp(init, options.http, messages);
  const directories = configurationDirectories(options);
  const configuration = new Configuration({
    directories,
    compiledIn: Object.keys(COMPILED_IN_JOBS),
    evaluate: evaluator({ command: selfCommand("evaluate"), directories }),
    onChanges: (changes) => init.tell({ kind: "definitions", changes }),
    onReport: (report) => messages.report("error", formatReport(report)),
  });

  for (const failure of ["uncaughtException", "unhandledRejection"] as const) {
    process.on(failure, (error: unknown) => {
      // Process 1 must not end by a fault of its own: the machine would.
      messages.tell("error", `Internal error: ${error instanceof Error ? error.stack : error}`);
    });
  }
  onChildChange(() => init.reap());
  const loaded = configuration.load();
  const service = await serve(init, { addresses: [address], othersMayRead: !options.user });
  const session = openSession(options, address, messages);
  process.on("SIGHUP", () => void configuration.reload());
  for (const signal of ["SIGTERM", "SIGINT"] as const) process.on(signal, () => shutdown.begin("shutdown"));
  await loaded;
  if (options.startupEvent !== undefined) {
    init.tell({ kind: "event", event: options.startupEvent, environment: [] });
  }
  http?.loaded();

  const status = await left.promise;
  http?.close();
  session?.remove();
  configuration.close();
  service.close();
  output.close();
  process.exit(status);
}

function directoryOf(options: Options): { directory?: string } {
  const directory = logDirectory(options);
  return directory === undefined ? {} : { directory };
}

function environmentOfInit(): Environment {
  return new Map(
    Object.entries(process.env).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
}

/** Variables that take over this executable's engine, and never are any job's business. */
const ENGINE_VARIABLES = ["BUN_BE_BUN", "BUN_OPTIONS"];

/** What every job's environment begins with: PATH and TERM, and in a user's session all that init has. */
function defaultEnvironment(options: Options): Environment {
  const own = environmentOfInit();
  for (const name of ENGINE_VARIABLES) own.delete(name);
  if (options.user && options.inheritEnvironment) return own;
  const kept = ["PATH", "TERM"].flatMap((name) => own.has(name) ? [`${name}=${own.get(name)}`] : []);
  return environment(kept);
}

function openSession(options: Options, address: string, messages: Messages): SessionFile | undefined {
  if (!options.user) return undefined;
  try {
    return new SessionFile(address);
  } catch (error) {
    messages.tell("warn", `Failed to write the session file: ${(error as Error).message}`);
    return undefined;
  }
}

/** initctl(8): speaks to the running init. `start`, `stop`, `restart`, `reload` and `status` are its links. */

import process from "node:process";
import { CallError, type Client, connect } from "../control/client.ts";
import { BUS_NAME } from "../control/names.ts";
import { connectToSystem } from "../control/system.ts";
import { versionText } from "../model/version.ts";
import type { Command, CommandGroup, Invocation } from "./command.ts";
import { environmentCommands } from "./environment_commands.ts";
import { eventCommands } from "./event_commands.ts";
import { commandHelp, commandList, programHelp } from "./help.ts";
import { jobCommands } from "./job_commands.ts";
import { type Option, type Parsed, parseOptions, UsageError } from "./options.ts";
import { otherCommands } from "./other_commands.ts";
import { write } from "./output.ts";

/** The name that is no command's. */
const PROGRAM = "initctl";

/** Options of all commands. */
const OPTIONS: Option[] = [
  { long: "session", help: "speak to an init on the D-Bus session bus" },
  { long: "system", help: "speak to the system's init, even inside a session" },
  { long: "dest", argument: "NAME", help: "name of the init on the bus" },
  { long: "user", help: "speak to the init of the user's session" },
  { short: "q", long: "quiet", help: "print errors only" },
  { short: "v", long: "verbose", help: "print more" },
  { long: "debug" },
  { long: "help", help: "display this help and exit" },
  { long: "version", help: "output version information and exit" },
];

/** The groups of commands. Each is made when it is looked at: what is called most stands in front. */
const GROUPS: Array<() => CommandGroup> = [jobCommands, eventCommands, environmentCommands, lastCommands];

function lastCommands(): CommandGroup {
  const { title, commands } = otherCommands();
  const help = {
    name: "help",
    summary: "Show the list of commands.",
    run: () => {}, // It needs the list of all commands, which {@link run} prints.
  };
  return { title, commands: [...commands, help] };
}

function commandNamed(name: string): Command | undefined {
  for (const group of GROUPS) {
    for (const command of group().commands) if (command.name === name) return command;
  }
}

/** Where a program runs. */
export interface Surroundings {
  environment: Record<string, string | undefined>;
  /** Writes all of a text to standard output (1) or the error output (2). */
  write(descriptor: 1 | 2, text: string): void;
  /** As `connect` of the client does it. */
  connect: typeof connect;
}

/** The program: gives the exit status. `name` is what it was called by. */
export async function main(
  args: string[],
  name: string,
  surroundings: Surroundings = { environment: process.env, write, connect },
): Promise<number> {
  try {
    const linked = name === PROGRAM ? undefined : commandNamed(name);
    if (linked) return await run({ command: linked, name, usage: name, args, surroundings });
    const { options, args: [word], rest } = parseOptions(args, OPTIONS, true);
    if (options.has("help")) return print(surroundings, programHelp(name, OPTIONS));
    if (options.has("version")) return print(surroundings, versionText(name));
    if (word === undefined) throw new UsageError("missing command");
    const command = commandNamed(word);
    if (!command) throw new UsageError(`invalid command: ${word}`);
    return await run({ command, name, usage: `${name} ${word}`, args: rest, surroundings }, options);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    surroundings.write(2, `${name}: ${error.message}\nTry \`${name} --help' for more information.\n`);
    return 1;
  }
}

/** A command as it was called: `usage` is the words that led to it. */
interface Called {
  command: Command;
  name: string;
  usage: string;
  args: string[];
  surroundings: Surroundings;
}

/** Runs a command. `before` are the options that stood before its name. */
async function run(
  { command, name, usage, args, surroundings }: Called,
  before: Parsed["options"] = new Map(),
): Promise<number> {
  const options = [...command.options ?? [], ...OPTIONS];
  const parsed = parseOptions(args, options);
  const values = (option: string) => [...before.get(option) ?? [], ...parsed.options.get(option) ?? []];
  const has = (option: string) => values(option).length > 0;
  if (has("help")) return print(surroundings, commandHelp(usage, command, options));
  if (has("version")) return print(surroundings, versionText(name));
  if (command.name === "help") return print(surroundings, commandList(name, GROUPS.map((group) => group())));
  const { environment } = surroundings;
  const verbosity = lastOf(VERBOSITY, parsed.options) ?? lastOf(VERBOSITY, before);
  const complain = (line: string) => surroundings.write(2, `${name}: ${line}\n`);
  let client: Client | undefined;
  let output = "";
  const invocation: Invocation = {
    args: parsed.args,
    environment,
    has,
    values,
    say: (line) => void (output += verbosity === "quiet" ? "" : `${line}\n`),
    inform: (line) => void (output += verbosity === "quiet" || !verbosity ? "" : `${line}\n`),
    complain,
    client: async () => client ??= await open(has, values("dest").pop(), surroundings),
  };
  try {
    return await command.run(invocation) ?? 0;
  } catch (error) {
    if (error instanceof UsageError || !(error instanceof Error)) throw error;
    complain(error.message);
    return 1;
  } finally {
    client?.close();
    print(surroundings, output);
  }
}

/** Options of which the last one given counts. */
const VERBOSITY = ["quiet", "verbose", "debug"];

function lastOf(wanted: string[], given: Parsed["options"]): string | undefined {
  let last: string | undefined;
  for (const name of given.keys()) if (wanted.includes(name)) last = name;
  return last;
}

/** Connects to the init that the options and the environment choose. Rejects with an Error for the user. */
async function open(
  has: (option: string) => boolean,
  destination: string | undefined,
  { environment, connect }: Surroundings,
): Promise<Client> {
  const { UPSTART_SESSION, DBUS_SESSION_BUS_ADDRESS, DBUS_SYSTEM_BUS_ADDRESS } = environment;
  if (has("session")) {
    return await attempt(
      "session bus",
      () => connect(DBUS_SESSION_BUS_ADDRESS ?? "", destination ?? BUS_NAME),
    );
  }
  const system = has("system");
  if (has("user") || (UPSTART_SESSION && !system)) {
    if (UPSTART_SESSION === undefined) {
      throw new Error("UPSTART_SESSION isn't set in the environment. Unable to locate the Upstart instance.");
    }
    return await attempt("Upstart", () => connect(UPSTART_SESSION));
  }
  if (destination !== undefined && !system) throw new UsageError("--dest given without --system");
  const bus = DBUS_SYSTEM_BUS_ADDRESS ?? "unix:path=/run/dbus/system_bus_socket";
  if (destination !== undefined) return await attempt("system bus", () => connect(bus, destination));
  return await attempt("Upstart", () => connectToSystem(environment, connect));
}

async function attempt(what: string, connecting: () => Promise<Client>): Promise<Client> {
  try {
    return await connecting();
  } catch (error) {
    if (error instanceof CallError) throw error;
    throw new Error(`Unable to connect to ${what}: ${(error as Error).message}`);
  }
}

function print({ write }: Surroundings, text: string): number {
  if (text !== "") write(1, text);
  return 0;
}

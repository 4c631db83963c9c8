/** initctl(8): speaks to the running init. `start`, `stop`, `restart`, `reload` and `status` are its links. */

import { writeSync } from "node:fs";
import process from "node:process";
import { CallError, type Client, connect } from "../control/client.ts";
import { BUS_NAME, SYSTEM_ADDRESS } from "../control/names.ts";
import { versionLine } from "../model/version.ts";
import type { Command, CommandGroup, Invocation } from "./command.ts";
import { ENVIRONMENT_COMMANDS } from "./environment_commands.ts";
import { EVENT_COMMANDS } from "./event_commands.ts";
import { commandHelp, commandList, programHelp } from "./help.ts";
import { JOB_COMMANDS } from "./job_commands.ts";
import { type Option, type Parsed, parseOptions, UsageError } from "./options.ts";
import { OTHER_COMMANDS } from "./other_commands.ts";

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

const GROUPS: CommandGroup[] = [
  JOB_COMMANDS,
  EVENT_COMMANDS,
  ENVIRONMENT_COMMANDS,
  {
    ...OTHER_COMMANDS,
    commands: [...OTHER_COMMANDS.commands, {
      name: "help",
      summary: "Show the list of commands.",
      run: () => print(commandList("initctl", GROUPS)),
    }],
  },
];

function commandNamed(name: string): Command | undefined {
  return GROUPS.flatMap(({ commands }) => commands).find((command) => command.name === name);
}

/** The program: gives the exit status. `name` is what it was called by. */
export async function main(args: string[], name: string): Promise<number> {
  try {
    const linked = commandNamed(name);
    if (linked) return await run(linked, name, name, args);
    const parsed = parseOptions(args, OPTIONS, true);
    if (parsed.options.has("help")) return print(programHelp(name, OPTIONS));
    if (parsed.options.has("version")) return print(`${versionLine(name)}\n`);
    const [word] = parsed.args;
    if (word === undefined) throw new UsageError("missing command");
    const command = commandNamed(word);
    if (!command) throw new UsageError(`invalid command: ${word}`);
    return await run(command, name, `${name} ${word}`, parsed.rest, parsed);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    complain(name, `${error.message}\nTry \`${name} --help' for more information.`);
    return 1;
  }
}

/** Runs a command. `usage` is how it was called, `before` what stood before its name. */
async function run(
  command: Command,
  name: string,
  usage: string,
  args: string[],
  before?: Parsed,
): Promise<number> {
  const options = [...command.options ?? [], ...OPTIONS];
  const parsed = parseOptions(args, options);
  const values = (option: string) => [
    ...before?.options.get(option) ?? [],
    ...parsed.options.get(option) ?? [],
  ];
  const has = (option: string) => values(option).length > 0;
  if (has("help")) return print(commandHelp(usage, command, options));
  if (has("version")) return print(`${versionLine(name)}\n`);
  let client: Client | undefined;
  let output = "";
  const invocation: Invocation = {
    args: parsed.args,
    environment: process.env,
    has,
    values,
    say: (line) => void (output += has("quiet") ? "" : `${line}\n`),
    inform: (line) => void (output += has("verbose") || has("debug") ? `${line}\n` : ""),
    complain: (line) => complain(name, line),
    client: async () => client ??= await open(has, values("dest").at(-1)),
  };
  let status = 0;
  try {
    status = await command.run(invocation) ?? 0;
  } catch (error) {
    if (error instanceof UsageError || !(error instanceof Error)) throw error;
    complain(name, error.message);
    status = 1;
  } finally {
    client?.close();
    print(output);
  }
  return status;
}

/** Connects to the init that the options and the environment choose. Rejects with an Error for the user. */
async function open(has: (option: string) => boolean, destination: string | undefined): Promise<Client> {
  const { UPSTART_SESSION, DBUS_SESSION_BUS_ADDRESS, DBUS_SYSTEM_BUS_ADDRESS } = process.env;
  if (has("session")) {
    return await attempt("session bus", DBUS_SESSION_BUS_ADDRESS ?? "", destination ?? BUS_NAME);
  }
  const system = has("system");
  if (has("user") || (UPSTART_SESSION && !system)) {
    if (UPSTART_SESSION === undefined) {
      throw new Error("UPSTART_SESSION isn't set in the environment. Unable to locate the Upstart instance.");
    }
    return await attempt("Upstart", UPSTART_SESSION);
  }
  if (destination !== undefined && !system) throw new UsageError("--dest given without --system");
  const bus = DBUS_SYSTEM_BUS_ADDRESS ?? "unix:path=/run/dbus/system_bus_socket";
  if (destination !== undefined) return await attempt("system bus", bus, destination);
  return await attempt("Upstart", SYSTEM_ADDRESS);
}

async function attempt(what: string, address: string, destination?: string): Promise<Client> {
  try {
    return await connect(address, destination);
  } catch (error) {
    if (error instanceof CallError) throw error;
    throw new Error(`Unable to connect to ${what}: ${(error as Error).message}`);
  }
}

function complain(name: string, message: string): void {
  write(2, `${name}: ${message}\n`);
}

function print(text: string): number {
  write(1, text);
  return 0;
}

/** Writes all of a text, also where the descriptor is one that does not block. Nobody reading is no error. */
function write(descriptor: number, text: string): void {
  let bytes: Uint8Array = new TextEncoder().encode(text);
  while (bytes.length > 0) {
    try {
      bytes = bytes.subarray(writeSync(descriptor, bytes));
    } catch (error) {
      const { code } = error as { code?: string };
      if (code === "EPIPE") return;
      if (code !== "EAGAIN") throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
    }
  }
}

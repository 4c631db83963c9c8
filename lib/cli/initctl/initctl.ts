/** The program initctl(8), a client of the running init. Called as `start`, `stop`, `restart`, `reload` or `status`, it is that command. */

import process from "node:process";
import { CallError, type Client, connect } from "../../control/client/client.ts";
import { BUS_NAME } from "../../control/names.ts";
import { connectToSystem } from "../../control/client/system.ts";
import { versionText } from "../../model/version.ts";
import type { CommandGroup, InitctlCommand, Invocation } from "./command.ts";
import { ConnectionError, errorAsData } from "./errors.ts";
import { environmentCommands } from "./environment_commands.ts";
import { explainCommands } from "./explain_commands.ts";
import { eventCommands } from "./event_commands.ts";
import { commandHelp, commandList, programHelp } from "../../model/command_line/help.ts";
import { jobCommands } from "./jobs/job_commands.ts";
import {
  HELP,
  HELP_LETTER,
  lastGiven,
  NO_PAGER,
  type Option,
  type ParsedOptions,
  parseOptions,
  QUIET,
  VERBOSE,
  VERSION,
} from "../../model/command_line/options.ts";
import { UsageError, usageMessage } from "../../model/command_line/usage_error.ts";
import { initCommands } from "./init/init_commands.ts";
import { isFault } from "../../sys/call/fault.ts";
import { isTerminal } from "../../sys/io/descriptors.ts";
import { readingCommands } from "./reading_commands.ts";
import { printableJson, printableLines } from "../../model/text/printable.ts";
import { write, writeStyled } from "../output.ts";

/** The program's own name. By any other it is one of the commands. */
const PROGRAM = "initctl";

/** Options of all commands. */
export const OPTIONS: Option[] = [
  { long: "session", help: "speak to an init on the D-Bus session bus" },
  { long: "system", help: "speak to the system's init, even inside a session" },
  { long: "dest", argument: "NAME", help: "name of the init on the bus" },
  { long: "user", help: "speak to the init of the user's session" },
  {
    short: "H",
    long: "host",
    argument: "[USER@]HOST",
    help: "run the command there, by ssh; several with commas, or as often as there are hosts",
  },
  { long: "json", help: "print the answer, and an error, as an object of JSON" },
  QUIET,
  VERBOSE,
  { long: "debug" },
  HELP,
  HELP_LETTER,
  VERSION,
];

/** The groups of commands, the most used first: a group is only made when a command is not in those before it. */
export const GROUPS: Array<() => CommandGroup> = [
  jobCommands,
  eventCommands,
  environmentCommands,
  readingCommands,
  explainCommands,
  lastCommands,
];

function lastCommands(): CommandGroup {
  const { title, commands } = initCommands();
  const help = {
    name: "help",
    summary: "Show the list of commands.",
    examples: ["initctl help"],
    run: () => {}, // It needs the list of all commands, so `run` below prints it.
  };
  return { title, commands: [...commands, help] };
}

function commandNamed(name: string): InitctlCommand | undefined {
  for (const group of GROUPS) {
    for (const command of group().commands) if (command.name === name) return command;
  }
}

/** The environment, the output and the connections of initctl, which tests replace. */
interface InitctlHost {
  environment: Record<string, string | undefined>;
  /** Writes all of a text to standard output (1) or the error output (2). False where nobody reads it. */
  write(descriptor: 1 | 2, text: string): boolean;
  /** The same for text that has colours. */
  writeStyled(descriptor: 1 | 2, text: string | Uint8Array): boolean;
  isTerminal(descriptor: 0 | 1 | 2): boolean;
  /** Connects to an address, as `connect` of the client does. */
  connect: typeof connect;
}

/** The program `initctl`. Returns its exit status. @param name the name by which it was called. */
export async function main(
  args: string[],
  name: string,
  host: InitctlHost = { environment: process.env, write, writeStyled, isTerminal, connect },
): Promise<number> {
  try {
    const linked = name === PROGRAM ? undefined : commandNamed(name);
    if (linked) return await run({ command: linked, name, usage: name, args, host });
    const { options, given, args: [word], rest } = parseOptions(args, OPTIONS, { stopAtArgument: true });
    if (options.has("help")) return print(host, programHelp(name, OPTIONS));
    if (options.has("version")) return print(host, versionText(name));
    if (word === undefined) throw new UsageError("missing command");
    const command = commandNamed(word);
    if (!command) throw new UsageError(`invalid command: ${word}${await nearestCommand(word, host)}`);
    return await run({ command, name, usage: `${name} ${word}`, args: rest, host }, { options, given });
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    if (args.includes("--json")) host.write(1, jsonLine(errorAsData(error)));
    host.write(2, usageMessage(name, error.message));
    return 1;
  }
}

/** On a terminal, the command that may be meant. It is not looked for before it is needed. */
async function nearestCommand(word: string, { isTerminal }: InitctlHost): Promise<string> {
  if (!isTerminal(2)) return "";
  const { closest } = await import("../../model/text/closest.ts");
  const near = closest(word, GROUPS.flatMap((group) => group().commands.map(({ name }) => name)));
  return near === undefined ? "" : ` (is ${near} meant?)`;
}

/** A command that has been called. */
interface CalledCommand {
  command: InitctlCommand;
  /** The program's name. */
  name: string;
  /** The words by which the command was called. */
  usage: string;
  args: string[];
  host: InitctlHost;
}

/** What is said where an answer is another one than expected: an init of another version has given it, or no init at all. */
const UNREADABLE = "Unable to read init's answer, which this initctl does not know; see `initctl version'";

/** Runs a command. @param before the options in front of its name. */
async function run(
  { command, name, usage, args, host: direct }: CalledCommand,
  { options: before, given }: Pick<ParsedOptions, "options" | "given"> = { options: new Map(), given: [] },
): Promise<number> {
  const options = [...command.options ?? [], ...command.isListing ? [NO_PAGER] : [], ...OPTIONS];
  const parsed = parseOptions(args, options);
  const values = (option: string) => [...before.get(option) ?? [], ...parsed.options.get(option) ?? []];
  const has = (option: string) => values(option).length > 0;
  if (has("help")) return print(direct, commandHelp(usage, command, options));
  if (has("version")) return print(direct, versionText(name));
  if (command.name === "help") return print(direct, commandList(name, GROUPS.map((group) => group())));
  const verbosity = lastGiven(parsed.options, VERBOSITY) ?? lastGiven(before, VERBOSITY);
  const complain = (line: string) => void direct.write(2, `${name}: ${line}\n`);
  if (has("host")) {
    const { runRemotely } = await import("./remote.ts");
    const result = await runRemotely({
      hosts: values("host"),
      words: [
        ...optionWords(given, OPTIONS),
        command.name,
        ...optionWords(parsed.given, options),
        "--",
        ...parsed.args,
      ],
      isInteractive: direct.isTerminal(0) && direct.isTerminal(1),
      isJson: has("json"),
      write: direct.write,
      complain,
    });
    if (typeof result === "number") return result;
    throw new UsageError(result.wrong);
  }
  const paged = command.isListing && direct.isTerminal(1) && !NOT_PAGED.some(has)
    ? await pagedHost(direct)
    : undefined;
  const host = paged?.host ?? direct, { environment } = host;
  let client: Client | undefined;
  let output = "", isTold = false;
  const isJson = has("json"), isQuiet = verbosity === "quiet" || isJson;
  const invocation: Invocation = {
    args: parsed.args,
    environment,
    has,
    values,
    say: (line) => void (output += isQuiet ? "" : `${line}\n`),
    inform: (line) => void (output += isQuiet || !verbosity ? "" : `${line}\n`),
    complain,
    isTerminal: host.isTerminal,
    show: (lines) => {
      if (!isQuiet) { for (const line of lines) host.writeStyled(1, `${line}\n`); }
    },
    put: (bytes) => host.writeStyled(1, bytes),
    isJson,
    tell: (...answers) => {
      isTold = true;
      if (isJson) { for (const answer of answers) host.write(1, jsonLine(answer)); }
    },
    client: async () => client ??= await open(has, values("dest").pop(), host, complain),
  };
  try {
    const status = await command.run(invocation) ?? 0;
    // Whoever asks for JSON gets an object, also where there is nothing to be said.
    if (!isTold) invocation.tell({});
    return status;
  } catch (error) {
    if (error instanceof UsageError || !(error instanceof Error)) throw error;
    const told = client && isFault(error) ? new Error(`${UNREADABLE}: ${error.message}`) : error;
    if (isJson) host.write(1, jsonLine(errorAsData(told)));
    complain(told.message + await helpWith(told, host));
    return 1;
  } finally {
    client?.close();
    print(host, output);
    paged?.end();
  }
}

/** On a terminal, what helps where no init answers. It is not looked for before it is needed. */
async function helpWith(error: Error, { isTerminal, environment }: InitctlHost): Promise<string> {
  if (!(error instanceof ConnectionError) || !isTerminal(2)) return "";
  return (await import("./init/sessions.ts")).whereInitsAre(environment);
}

/** Options as the words of a command line, but for the hosts. */
function optionWords(given: ParsedOptions["given"], table: readonly Option[]): string[] {
  return given.filter(([name]) => name !== "host").map(([name, value]) => {
    const { argument } = table.find(({ long }) => long === name)!;
    return argument === undefined ? `--${name}` : `--${name}=${value}`;
  });
}

/** With these a command's output is shown as it comes. */
const NOT_PAGED = ["no-pager", "follow", "watch", "json"];

/** A host whose standard output is kept, and goes through the pager at the end where it is long. */
async function pagedHost(host: InitctlHost): Promise<{ host: InitctlHost; end(): void }> {
  const { PagedOutput } = await import("../pager.ts");
  const kept = new PagedOutput(host.environment);
  return {
    host: {
      ...host,
      write: (descriptor, text) =>
        descriptor === 1 ? kept.add(printableLines(text)) : host.write(descriptor, text),
      writeStyled: (descriptor, text) =>
        descriptor === 1 ? kept.add(text) : host.writeStyled(descriptor, text),
    },
    end: () => kept.end(),
  };
}

/** The options of which the one that is given last counts. */
const VERBOSITY = ["quiet", "verbose", "debug"];

/**
 * Connects to the init that the options and the environment choose.
 * @throws {Error} with a message for the user, when it cannot.
 */
async function open(
  has: (option: string) => boolean,
  destination: string | undefined,
  { environment, connect }: InitctlHost,
  complain: (line: string) => void,
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
      throw new ConnectionError(
        "UPSTART_SESSION isn't set in the environment. Unable to locate the Upstart instance.",
      );
    }
    return await attempt("Upstart", () => connect(UPSTART_SESSION));
  }
  if (destination !== undefined && !system) throw new UsageError("--dest given without --system");
  const bus = DBUS_SYSTEM_BUS_ADDRESS ?? "unix:path=/run/dbus/system_bus_socket";
  if (destination !== undefined) return await attempt("system bus", () => connect(bus, destination));
  return await attempt("Upstart", () => connectToSystem(environment, connect, complain));
}

async function attempt(what: string, connecting: () => Promise<Client>): Promise<Client> {
  try {
    return await connecting();
  } catch (error) {
    if (error instanceof CallError) throw error;
    throw new ConnectionError(`Unable to connect to ${what}: ${(error as Error).message}`);
  }
}

function jsonLine(answer: object): string {
  return `${printableJson(answer)}\n`;
}

function print({ write }: InitctlHost, text: string): number {
  if (text !== "") write(1, text);
  return 0;
}

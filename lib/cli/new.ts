/** `rouse new`: writes a job with comments, from options or from what the user answers. */

import { Buffer } from "node:buffer";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import process from "node:process";
import { createInterface } from "node:readline/promises";
import { formatConf, parseConf, ParseError } from "../../compat/upstart/mod.ts";
import { formatModule } from "../../compat/upstart/typescript/mod.ts";
import { type Comments, noComments } from "../author/comments.ts";
import { isJobModule } from "../author/protocol.ts";
import type { Condition } from "../model/condition.ts";
import { isPair } from "../model/environment.ts";
import { emptyJob, type JobDefinition } from "../model/job.ts";
import { isJobName } from "../model/validate.ts";
import { UsageError } from "./options.ts";
import { runTool, type Tool, valueOf } from "./tool.ts";

/** What the user wants of the job. */
interface Wishes {
  description?: string;
  exec: string;
  task: boolean;
  respawn: boolean;
  startOn?: string;
  stopOn?: string;
  user?: string;
  env: string[];
}

const TOOL: Tool = {
  name: "new",
  arguments: "NAME",
  summary: "Write a new job.",
  help: "Without options about the job, asks for what is wanted. CONDITION is written as in `start on': " +
    "`started db and net-device-up IFACE!=lo'. A service starts in the runlevels 2 to 5 and stops in the others, " +
    "unless told otherwise.\n\nA file that is there already is left as it is.",
  options: [
    { long: "ts", help: "write NAME.ts, in TypeScript; the default" },
    { long: "conf", help: "write NAME.conf" },
    {
      short: "o",
      long: "output",
      argument: "DIR",
      help: "directory to write to; the current one by default",
    },
    { long: "description", argument: "TEXT", help: "what the job does" },
    { long: "exec", argument: "COMMAND", help: "what to run" },
    { long: "task", help: "the job is done when its command ends" },
    { long: "respawn", help: "start the command again when it ends" },
    { long: "start-on", argument: "CONDITION", help: "when to start" },
    { long: "stop-on", argument: "CONDITION", help: "when to stop" },
    { long: "manual", help: "start by hand alone" },
    { long: "user", argument: "USER", help: "whom to run as" },
    { long: "env", argument: "KEY=VALUE", help: "a variable; may be given several times" },
  ],
  async run(parsed) {
    const has = (option: string) => parsed.options.has(option);
    const [name, ...more] = parsed.args;
    if (name === undefined) throw new UsageError("missing job name");
    if (more.length > 0) throw new UsageError(`unexpected argument: ${more[0]}`);
    if (has("ts") && has("conf")) throw new UsageError("--ts and --conf exclude each other");
    const file = `${name}.${has("conf") ? "conf" : "ts"}`;
    if (!isJobName(name) || !has("conf") && !isJobModule(file)) {
      throw new UsageError(`no job can be called ${JSON.stringify(name)}`);
    }
    const path = join(valueOf(parsed, "output") ?? ".", file);
    if (existsSync(path)) throw new Error(`Unable to write ${path}: it exists`);
    const asks = ABOUT_THE_JOB.every((option) => !has(option));
    const wishes = asks ? await ask(name) : {
      exec: valueOf(parsed, "exec") ?? fail("missing option --exec"),
      task: has("task"),
      respawn: has("respawn"),
      env: parsed.options.get("env") ?? [],
      ...defined("description", valueOf(parsed, "description")),
      ...defined(
        "startOn",
        has("manual") ? undefined : valueOf(parsed, "start-on") ?? usual("2345", has("task")),
      ),
      ...defined("stopOn", valueOf(parsed, "stop-on") ?? usual("!2345", has("task") || has("manual"))),
      ...defined("user", valueOf(parsed, "user")),
    };
    const job = define(name, path, wishes);
    const text = has("conf")
      ? formatConf(job, remarks(job, CONF))
      : formatModule(job, { comments: remarks(job, TS) }).text;
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text, { encoding: has("conf") ? "latin1" : "utf8", flag: "wx" });
    process.stdout.write(`${path}: written\n`);
    return 0;
  },
};

const ABOUT_THE_JOB = TOOL.options.map(({ long }) => long).filter((name) =>
  !["ts", "conf", "output"].includes(name)
);

/** The program `new`. Gives its exit status. */
export function main(args: string[]): Promise<number> {
  return runTool(TOOL, args);
}

function fail(message: string): never {
  throw new UsageError(message);
}

/** A property that is there if its value is. */
function defined<Key extends string>(key: Key, value: string | undefined): { [Name in Key]?: string } {
  return value === undefined || value === "" ? {} : { [key]: value } as { [Name in Key]?: string };
}

/** The runlevels of services; nothing for other jobs. */
function usual(runlevels: string, other: boolean): string | undefined {
  return other ? undefined : `runlevel [${runlevels}]`;
}

/** Asks on the terminal. */
async function ask(name: string): Promise<Wishes> {
  if (!process.stdin.isTTY) fail("missing option --exec, and there is no terminal to ask on");
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  const left = new Promise<never>((_, reject) =>
    terminal.once("close", () => reject(new Error("Nothing is written")))
  );
  left.catch(() => {});
  const question = async (text: string, usual = "") => {
    const hint = usual === "" ? "" : ` [${usual}]`;
    return (await Promise.race([terminal.question(`${text}${hint}: `), left])).trim() || usual;
  };
  const agreed = async (text: string) => /^y/i.test(await question(`${text} (y/n)`, "n"));
  try {
    const description = await question(`What does ${name} do`);
    let exec = "";
    while (exec === "") exec = await question("Command to run");
    const task = await agreed("Is it done when the command ends");
    const startOn = await question("When to start (- for by hand alone)", usual("2345", task) ?? "-");
    const stopOn = task ? "" : await question("When to stop", usual("!2345", false));
    const respawn = !task && await agreed("Start it again when it ends on its own");
    const user = await question("User to run as", "root");
    return {
      exec,
      task,
      respawn,
      env: [],
      ...defined("description", description),
      ...defined("startOn", startOn === "-" ? undefined : startOn),
      ...defined("stopOn", stopOn),
      ...defined("user", user === "root" ? undefined : user),
    };
  } finally {
    terminal.close();
  }
}

function define(name: string, path: string, wishes: Wishes): JobDefinition {
  const { description, exec, task, respawn, startOn, stopOn, user, env } = wishes;
  for (const pair of env) if (!isPair(pair)) fail(`invalid value of --env: ${pair}`);
  return {
    ...emptyJob(name, path),
    ...defined("description", description),
    ...(startOn !== undefined && { startOn: condition("start-on", startOn) }),
    ...(stopOn !== undefined && { stopOn: condition("stop-on", stopOn) }),
    env,
    task,
    respawn,
    ...defined("setuid", user),
    processes: { main: { kind: "exec", command: exec } },
  };
}

function condition(option: string, text: string): Condition {
  try {
    return parseConf(Buffer.from(`start on ${text}`).toString("latin1"), "", "").startOn!;
  } catch (error) {
    if (!(error instanceof ParseError)) throw error;
    fail(`invalid value of --${option}: ${text}: ${error.reason}`);
  }
}

/** What is said of fields that are there, and what else a job may say. */
interface Explanation {
  fields: Record<string, string>;
  more: string[];
}

const FIELDS = {
  startOn: "When to start; `initctl start` does it at any time.",
  stopOn: "When to stop.",
  task: "Done when its command ends; who starts it waits for that.",
  respawn: "Started again when it ends on its own, 10 times in 5 seconds at most.",
  user: "Whom it runs as.",
  env: "Variables of all its processes.",
  exec: "What runs, in the foreground. Quotes, pipes and $VARIABLES have a shell run it.",
};

const TS: Explanation = {
  fields: FIELDS,
  more: [
    "More that a job may say:",
    'respawn: { limit: 5, within: "1min" },',
    'env: { PORT: "8080" },',
    'user: "nobody",',
    "limit: { nofile: 65536 },",
    "preStart: async ({ $, env }) => {",
    "  await $`install -d /run/${env.UPSTART_JOB}`;",
    "},",
  ],
};

const CONF: Explanation = {
  fields: FIELDS,
  more: [
    "More that a job may say:",
    "respawn limit 5 60",
    "env PORT=8080",
    "setuid nobody",
    "limit nofile 65536 65536",
    "pre-start exec install -d /run/$UPSTART_JOB",
  ],
};

function remarks(job: JobDefinition, { fields, more }: Explanation): Comments {
  const said = Object.entries(fields).map(([field, text]) => [field, [` ${text}`]] as [string, string[]]);
  const present = new Map(said.filter(([field]) => isSaid(job, field)));
  return { ...noComments(), fields: present, foot: more.map((line) => ` ${line}`) };
}

function isSaid(job: JobDefinition, field: string): boolean {
  if (field === "exec") return true;
  const value = job[(field === "user" ? "setuid" : field) as keyof JobDefinition];
  return Array.isArray(value) ? value.length > 0 : Boolean(value);
}

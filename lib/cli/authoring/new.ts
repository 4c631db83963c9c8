/** `rouse new`: writes a job with comments, from options or from what the user answers. */

import { Buffer } from "node:buffer";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import process from "node:process";
import { createInterface } from "node:readline/promises";
import { formatNamed } from "../../config/formats.ts";
import { ParseError } from "../../formats/error.ts";
import { formatModule } from "../../formats/typescript/mod.ts";
import { type Comments, noComments } from "../../formats/comments.ts";
import type { JobSpecification } from "../../author/job.ts";
import { isJobModule } from "../../author/protocol.ts";
import { isPair } from "../../model/environment.ts";
import { FIELD_ROWS, moduleField } from "../../model/fields.ts";
import { emptyJob, type JobDefinition, type Semantics } from "../../model/job.ts";
import { isJobName } from "../../model/validate.ts";
import type { Tool } from "../../model/command_line/tool.ts";
import { onlyValueOf } from "../../model/command_line/options.ts";
import { UsageError } from "../../model/command_line/usage_error.ts";
import { runTool } from "../tool.ts";

/** The job that the user wants. */
interface Wishes {
  description?: string;
  exec: string;
  task: boolean;
  respawn: boolean;
  needs?: string;
  ready?: string;
  startOn?: string;
  stopOn?: string;
  user?: string;
  env: string[];
}

export const TOOL: Tool = {
  name: "new",
  arguments: "NAME",
  summary: "Write a new job.",
  help: "Without options about the job, asks for what is wanted. CONDITION is written as in `start on': " +
    "`started db and net-device-up IFACE!=lo', CHECK as in `ready': `http http://127.0.0.1:8080/', `tcp 8080', " +
    "`unix /run/web', `exec 'web --ping'', `notify'. Unless told otherwise, a service starts with init, runs until it is " +
    "stopped, and is started again when it ends. On a machine, services may wait for its runlevels: " +
    "`--start-on 'runlevel [2345]' --stop-on 'runlevel [!2345]''.\n\nA file that is there already is left as it is.",
  examples: [
    "rouse new web --exec '/usr/bin/web --port 80' --user www",
    "rouse new backup --task --exec /usr/bin/backup --manual",
  ],
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
    { long: "respawn", help: "start the command again when it ends, or a task's when it fails" },
    { long: "no-respawn", help: "leave a service down when its command ends" },
    {
      long: "needs",
      argument: "JOB",
      help: "a job to start first, or completed(TASK); may be given several times",
    },
    { long: "ready", argument: "CHECK", help: "how init sees that the job is up" },
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
    for (const [one, other] of [["ts", "conf"], ["respawn", "no-respawn"]] as const) {
      if (has(one) && has(other)) throw new UsageError(`--${one} and --${other} exclude each other`);
    }
    const file = `${name}.${has("conf") ? "conf" : "ts"}`;
    if (!isJobName(name) || !has("conf") && !isJobModule(file)) {
      throw new UsageError(`no job can be called ${JSON.stringify(name)}`);
    }
    if (/\s/.test(name)) {
      const better = name.trim().replace(/\s+/g, "-");
      throw new UsageError(
        `no job should be called ${
          JSON.stringify(name)
        }: conditions are parted at blanks; how about ${better}`,
      );
    }
    const path = join(onlyValueOf(parsed, "output") ?? ".", file);
    if (existsSync(path)) throw new Error(`Unable to write ${path}: it exists`);
    const asks = ABOUT_THE_JOB.every((option) => !has(option));
    const wishes = asks ? await ask(name) : {
      exec: onlyValueOf(parsed, "exec") ?? fail("missing option --exec"),
      task: has("task"),
      respawn: has("respawn") || !has("task") && !has("no-respawn"),
      env: parsed.options.get("env") ?? [],
      ...defined("description", onlyValueOf(parsed, "description")),
      ...defined(
        "startOn",
        has("manual") ? undefined : onlyValueOf(parsed, "start-on") ?? usualStart(has("task")),
      ),
      ...defined("needs", parsed.options.get("needs")?.join(" ")),
      ...defined("ready", onlyValueOf(parsed, "ready")),
      ...defined("stopOn", onlyValueOf(parsed, "stop-on")),
      ...defined("user", onlyValueOf(parsed, "user")),
    };
    const job = define(name, path, wishes, has("conf") ? "upstart" : "rouse");
    const text = has("conf")
      ? (await UPSTART.tools()).write(job, commentsOn(job, MORE_IN_CONF)).text
      : formatModule(job, { comments: commentsOn(job, MORE_IN_TYPESCRIPT) }).text;
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text, { encoding: has("conf") ? "latin1" : "utf8", flag: "wx" });
    process.stdout.write(`${path}: written\n`);
    return 0;
  },
};

/** The format of `--conf`, in which conditions are given, too. */
const UPSTART = formatNamed("upstart");

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

/** Services start with init, tasks when they are asked for. */
function usualStart(task: boolean): string | undefined {
  return task ? undefined : "startup";
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
  const agreed = async (text: string, usual: "y" | "n") => /^y/i.test(await question(`${text} (y/n)`, usual));
  try {
    const description = await question(`What does ${name} do`);
    let exec = "";
    while (exec === "") exec = await question("Command to run");
    const task = await agreed("Is it done when the command ends", "n");
    const needs = await question("Jobs that it needs");
    const ready = task ? "" : await question("How to see that it is up, such as tcp 8080 or http URL");
    const startOn = await question("When to start (- for by hand alone)", usualStart(task) ?? "-");
    const stopOn = task ? "" : await question("When to stop, beside by hand");
    const respawn = !task && await agreed("Start it again when it ends on its own", "y");
    const user = await question("User to run as", "root");
    return {
      exec,
      task,
      respawn,
      env: [],
      ...defined("description", description),
      ...defined("needs", needs),
      ...defined("ready", ready),
      ...defined("startOn", startOn === "-" ? undefined : startOn),
      ...defined("stopOn", stopOn),
      ...defined("user", user === "root" ? undefined : user),
    };
  } finally {
    terminal.close();
  }
}

function define(name: string, path: string, wishes: Wishes, semantics: Semantics): JobDefinition {
  const { description, exec, task, respawn, needs, ready, startOn, stopOn, user, env } = wishes;
  for (const pair of env) if (!isPair(pair)) fail(`invalid value of --env: ${pair}`);
  return {
    ...emptyJob(name, path, { semantics }),
    ...defined("description", description),
    ...(startOn !== undefined && { startOn: said("start-on", "start on", startOn).startOn! }),
    ...(stopOn !== undefined && { stopOn: said("stop-on", "start on", stopOn).startOn! }),
    ...(needs !== undefined && { needs: said("needs", "needs", needs).needs }),
    ...(ready !== undefined && { ready: said("ready", "ready", ready).ready! }),
    env,
    task,
    respawn,
    ...defined("setuid", user),
    processes: { main: { kind: "exec", command: exec } },
  };
}

/** What an option's value says behind the words of a stanza. */
function said(option: string, stanza: string, value: string): JobDefinition {
  try {
    const text = Buffer.from(`${stanza} ${value}`).toString("latin1");
    return UPSTART.parse({ path: "", name: "", text })[0]!;
  } catch (error) {
    if (!(error instanceof ParseError)) throw error;
    fail(`invalid value of --${option}: ${value}: ${error.reason}${error.detail}`);
  }
}

/** The comments on the fields that are there. */
const EXPLANATIONS: { readonly [Field in keyof JobSpecification]: string } = {
  startOn: "When to start; `initctl start` does it at any time.",
  stopOn: "When to stop.",
  needs: "Started first; this job goes down and comes back with them.",
  task: "Done when its command ends; who starts it waits for that.",
  ready: "Until this check passes, the job is not up, and who needs it waits.",
  respawn: "Started again when it ends on its own.",
  user: "Whom it runs as.",
  env: "Variables of all its processes.",
  exec: "What runs, in the foreground. Quotes, pipes and $VARIABLES have a shell run it.",
};

/** Said of a job that waits for one of these events alone. */
const ABOUT_EVENTS: ReadonlyMap<string, string> = new Map([
  ["startup", "On a machine, disks and network come later: wait for their events, or for a runlevel."],
  ["runlevel", "In a container, and for a user, nobody sets a runlevel: wait for startup there."],
]);

/** What else a job may say, with the field that says it; left out where the job says it, or where it makes no sense. */
type Hints = ReadonlyArray<readonly [field: keyof JobSpecification, ...lines: string[]]>;

/** The hints in TypeScript. */
const MORE_IN_TYPESCRIPT: Hints = [
  ["needs", 'needs: "database",'],
  ["ready", 'ready: http("http://127.0.0.1:8080/healthz"), // with `http` from "rouse"'],
  ["alive", 'alive: http("http://127.0.0.1:8080/healthz", { every: "10s" }),'],
  ["respawn", 'respawn: { limit: 5, within: "5min" },'],
  ["env", 'env: { PORT: "8080" },'],
  ["user", 'user: "nobody",'],
  ["limit", "limit: { nofile: 65536 },"],
  ["startTimeout", 'startTimeout: "30s",'],
  [
    "preStart",
    "preStart: async ({ $, env }) => {",
    "  await $`install -d /run/${env.UPSTART_JOB}`;",
    "},",
  ],
];

/** The same in a `.conf` file. */
const MORE_IN_CONF: Hints = [
  ["semantics", "semantics rouse"],
  ["needs", "needs database"],
  ["ready", "ready http http://127.0.0.1:8080/healthz"],
  ["alive", "alive http http://127.0.0.1:8080/healthz every 10"],
  ["respawn", "respawn limit 5 60"],
  ["env", "env PORT=8080"],
  ["user", "setuid nobody"],
  ["limit", "limit nofile 65536 65536"],
  ["preStart", "pre-start exec install -d /run/$UPSTART_JOB"],
];

/** Fields of services alone. */
const OF_SERVICES: ReadonlyArray<keyof JobSpecification> = ["ready", "alive"];

function commentsOn(job: JobDefinition, hints: Hints): Comments {
  const explained = Object.entries(EXPLANATIONS).filter(([field]) => isSaid(job, field));
  const present = new Map(explained.map(([field, text]) => [field, [` ${text}`]]));
  const remark = job.startOn?.kind === "event" ? ABOUT_EVENTS.get(job.startOn.name) : undefined;
  if (remark !== undefined) present.get("startOn")!.push(` ${remark}`);
  const more = hints.filter(([field]) =>
    present.has(field) ? field === "respawn" : !(job.task && OF_SERVICES.includes(field))
  );
  const foot = ["More that a job may say:", ...more.flatMap(([, ...lines]) => lines)];
  return { ...noComments(), fields: present, foot: foot.map((line) => ` ${line}`) };
}

function isSaid(job: JobDefinition, field: string): boolean {
  if (field === "exec") return true;
  const [name] = FIELD_ROWS.find(([name]) => moduleField(name) === field)!;
  const value = job[name];
  return Array.isArray(value) ? value.length > 0 : Boolean(value);
}

/**
 * The rules of the house, checked on the sources. Each rule comes with what would break it, and is tried on that too:
 * a rule that finds nothing in a broken house would find nothing in ours either.
 */

import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("..", import.meta.url));

/**
 * The floors, lowest first, and the rooms on each. A file may import from its own room and from lower floors: never
 * from a higher one, nor from another room of its own.
 */
const FLOORS: string[][] = [
  ["lib/model", "jobs"],
  ["lib/sys"],
  ["lib/engine"],
  ["lib/dbus"],
  ["lib/author"],
  ["lib/control"],
  ["lib/formats"],
  ["lib/lint"],
  ["compat"],
  ["lib/config"],
  ["lib/testing"],
  ["lib/insight"],
  ["lib/init", "lib/cli"],
  ["build"],
  ["main.ts", "build.ts"],
];

/** So many source files a folder holds. */
const MOST_FILES = 15;

/** Texts by their paths from the root. */
type Sources = ReadonlyMap<string, string>;

/** A rule of the house. */
interface Rule {
  name: string;
  /** What breaks it, a sentence each. */
  violations(sources: Sources): string[];
  /** Files that break it, by their paths: each of these is added by itself. */
  broken: Array<Record<string, string>>;
}

function readSources(): Map<string, string> {
  const patterns = ["lib/**/*.ts", "compat/**/*.ts", "jobs/**/*.ts", "build/**/*.ts", "main.ts", "build.ts"];
  const files = globSync(patterns, { cwd: ROOT }).filter((file) => !file.endsWith(".d.ts")).sort();
  return new Map(files.map((file) => [file, readFileSync(join(ROOT, file), "utf8")]));
}

/** True for what is only run by tests, and so may import whatever it tests. */
function isTest(file: string): boolean {
  return /_test\.ts$|\/testing\/(?<!^lib\/testing\/)/.test(file);
}

function product(sources: Sources): [file: string, text: string][] {
  return [...sources].filter(([file]) => !isTest(file));
}

/** A text without its comments. */
function codeOf(text: string): string {
  return text.replace(/\/\*[^]*?\*\/|(?<![:"'`\\])\/\/.*/g, "");
}

/** What a file imports, statically or not: other files by their path from the root, the rest as written. */
function importsOf(file: string, text: string): string[] {
  const found = codeOf(text).matchAll(/(?:\bfrom|\bimport)\s*\(?\s*["']([^"'\n]+)["']/g);
  return Array.from(
    found,
    ([, specifier = ""]) => specifier.startsWith(".") ? join(dirname(file), specifier) : specifier,
  );
}

/** The room of a file; undefined where it has none. */
function roomOf(file: string): string | undefined {
  return FLOORS.flat().find((room) => file === room || file.startsWith(`${room}/`));
}

function floorOf(file: string): number {
  const room = roomOf(file);
  return FLOORS.findIndex((rooms) => rooms.includes(room!));
}

/** The first two names of a path. */
function folderOf(file: string): string {
  return file.split("/", 2).join("/");
}

/** What each file imports that a judge finds wrong. */
function wrongImports(sources: Sources, isWrong: (file: string, target: string) => boolean): string[] {
  return product(sources).flatMap(([file, text]) =>
    importsOf(file, text).filter((target) => isWrong(file, target)).map((target) =>
      `${file} imports ${target}`
    )
  );
}

/** The lines of code outside of some rooms in which a pattern is found. */
function linesWith(sources: Sources, pattern: RegExp, isExempt: (file: string) => boolean): string[] {
  return product(sources).filter(([file]) => !isExempt(file)).flatMap(([file, text]) =>
    codeOf(text).split("\n").filter((line) => pattern.test(line)).map((line) => `${file}: ${line.trim()}`)
  );
}

const isPure = (file: string) => /^lib\/(engine|model)\//.test(file);

/** The classes of init that need not be saved, and why. */
const NOT_SAVED: Readonly<Record<string, string>> = {
  AppArmor: "asks the kernel each time",
  Bytes: "is that of HttpAnswer",
  CheckChild: "its process ends with init, and CheckRunner has its checks begun anew",
  CheckSchedule: "begins anew, by CheckRunner",
  Checks: "is that process's",
  Channels: "is saved by JobOutput, which knows where its streams lead",
  CommandRun: "is made anew, by CheckRunner",
  ConsoleEcho: "what it keeps is in the logs",
  Backlog: "is followed when InitInsight is saved",
  Connection: "is that of CheckChild to its process",
  FrameReader: "is that process's",
  HttpAnswer: "is that process's",
  HttpConnection: "does not survive",
  HttpServer: "connections do not survive",
  Interruption: "is an error",
  LeftoverProcesses: "looks anew each time that the engine asks",
  LineAssembly: "is that process's",
  LineSender: "what waits is said anew, for the checks begin anew",
  LineReader: "ends with what it reads from",
  LineSink: "what it keeps is saved by Channels, and its place in a line by SharedStream",
  LogRotator: "asks the file and its directory anew",
  LoopDelay: "measures this process alone",
  MemoryBudget: "is what the logs leave of it",
  MemoryWatch: "begins anew, by CheckRunner",
  MemoryTrim: "measures this process alone",
  Metrics: "what it counts is saved by NoticeCounters; the rest is read when it is asked for",
  NoticeSubscriptions: "clients and parts subscribe again",
  OwnChild: "its process ends with init, and its owner starts another",
  OutputReader: "is saved by Channels",
  OutputSieve: "is saved by OutputRing, which takes what it holds back",
  PlainText: "an escape sequence that is cut in two is no loss",
  ProcessTable: "is read anew for each request",
  Refusal: "is an error",
  RunlevelPrompt: "whoever is asked is asked anew",
  Sender: "is that process's",
  Shipping: "is that process's",
  Sequencer: "is saved by InittabSequence",
  ScriptLevels: "the changes that it carries out are saved by EntryProcesses",
  SignalTable: "signals that come meanwhile are kept by the kernel",
  SysvEnvironment: "what clients have set is saved by InittabSequence",
  Chunk: "is saved by OutputRing",
  ChunksView: "is made for one look",
  OutputStreamRing: "is saved by OutputRing",
  RecordRing: "is saved by Journal",
  Wakeups: "who waits is a client, whose connection does not survive",
  TeeSink: "what it keeps is that of LineSink",
  TimeStamps: "is saved by JobOutput",
  ValueError: "is an error",
};

/** The classes of init: `saved` is the type of what is saved of one, if something is. */
function classesOfInit(sources: Sources): Array<{ file: string; name: string; saved: string | undefined }> {
  return product(sources).filter(([file]) => file.startsWith("lib/init/")).flatMap(([file, text]) =>
    Array.from(
      codeOf(text).matchAll(
        /^(?:export )?(?:abstract )?class (\w+)(?: extends \w+)?(?: implements ([^{]*))? \{/gm,
      ),
      ([, name = "", interfaces = ""]) => {
        const saved = /\bPart<(\w+)>/.exec(interfaces)?.[1] ??
          (/\bTeardown\b/.test(interfaces) ? "SavedTeardown" : undefined);
        return { file, name, saved };
      },
    )
  );
}

/** The names of types in what is saved of other parts: in the bodies of types whose names begin with `Saved`. */
function savedTypes(sources: Sources): Set<string> {
  const bodies = product(sources).filter(([file]) => file.startsWith("lib/init/")).flatMap(([, text]) =>
    Array.from(
      codeOf(text).matchAll(/^(?:export )?(?:interface|type) Saved\w+ (\{[^]*?^\}|=[^;]*;)/gm),
      ([, body = ""]) => body,
    )
  );
  return new Set(bodies.flatMap((body) => body.match(/\bSaved\w+/g) ?? []));
}

/** The root of all that is saved. */
const ALL_SAVED = "SavedProgram";

/** Programs that are over in a moment, and what meets whatever users' code throws. */
const MAY_SWALLOW = /^lib\/(cli|author\/child|testing)\//;

const RULES: Rule[] = [
  {
    name: "every source file has a room",
    violations: (sources) => [...sources.keys()].filter((file) => roomOf(file) === undefined),
    broken: [
      { "lib/misc/helpers.ts": "" },
      { "lib/helpers.ts": "" },
      { "main_too.ts": "" },
    ],
  },
  {
    name: "imports run downwards, and never into another room of the same floor, such as from init to cli",
    violations: (sources) =>
      wrongImports(sources, (file, target) =>
        target.endsWith(".ts") && (floorOf(target) > floorOf(file) ||
          floorOf(target) === floorOf(file) && roomOf(target) !== roomOf(file))),
    broken: [
      { "lib/model/broken.ts": `import { call } from "../sys/call/kernel.ts";` },
      { "lib/control/broken.ts": `const load = () => import("../init/init.ts");` },
      { "lib/init/broken.ts": `import { write } from "../cli/output.ts";` },
      { "lib/cli/broken.ts": `export { main } from "../init/init.ts";` },
    ],
  },
  {
    name: "the product imports nothing of its tests",
    violations: (sources) => wrongImports(sources, (_, target) => target.endsWith(".ts") && isTest(target)),
    broken: [
      { "lib/init/broken.ts": `import { inDirectory } from "../sys/testing/directory.ts";` },
    ],
  },
  {
    name: "a folder of compat/ is known by config, cli and testing alone, through its mod.ts",
    violations: (sources) =>
      wrongImports(sources, (file, target) =>
        target.startsWith("compat/") && !file.startsWith("compat/") &&
        !(/^lib\/(config|cli|testing)\//.test(file) && /^compat\/[a-z]+\/mod\.ts$/.test(target))),
    broken: [
      { "lib/lint/broken.ts": `import { upstart } from "../../compat/upstart/mod.ts";` },
      { "lib/init/broken.ts": `import { upstart } from "../../compat/upstart/mod.ts";` },
      { "lib/config/broken.ts": `import { parseConf } from "../../compat/upstart/parse.ts";` },
    ],
  },
  {
    name: "a folder of compat/ knows the model and the formats' interface alone",
    violations: (sources) =>
      wrongImports(
        sources,
        (file, target) =>
          file.startsWith("compat/") && target.endsWith(".ts") && folderOf(target) !== folderOf(file) &&
          !/^lib\/(model|formats)\//.test(target),
      ),
    broken: [
      { "compat/upstart/broken.ts": `import { Engine } from "../../lib/engine/engine.ts";` },
    ],
  },
  {
    name: "the engine is pure: it imports the model alone, and asks for no time and no chance",
    violations: (sources) => [
      ...wrongImports(
        sources,
        (file, target) => isPure(file) && !isPure(target) && !["node:buffer", "deno.json"].includes(target),
      ),
      ...linesWith(
        sources,
        /\b(Date\.now|new Date|performance\.now|Math\.random|setTimeout|setInterval|setImmediate)\b/,
        (file) => !isPure(file),
      ),
    ],
    broken: [
      { "lib/engine/broken.ts": `import { readFileSync } from "node:fs";` },
      { "lib/engine/clock.ts": `export const now = () => Date.now();` },
      { "lib/model/broken.ts": `import process from "node:process";` },
    ],
  },
  {
    name: "kernel calls are made in lib/sys alone",
    violations: (sources) =>
      wrongImports(
        sources,
        (file, target) =>
          !file.startsWith("lib/sys/") && /^lib\/sys\/(runtime\/ffi|call\/(kernel|stub))/.test(target),
      ),
    broken: [
      { "lib/init/broken.ts": `import { kernel } from "../sys/call/kernel.ts";` },
    ],
  },
  {
    name:
      "runtimes are named, and their undocumented members used, in lib/sys/runtime and by the build alone",
    violations: (sources) =>
      linesWith(
        sources,
        /\bBun\b|\bbun:|\bDeno\b(?=[."'\]])|\bBUN_[A-Z]|bunfs|\bFFI\b|\b_handle\b|\b_resolveFilename\b/,
        (file) => /^(lib\/sys\/runtime\/|build\/|build\.ts$)/.test(file),
      ),
    broken: [
      { "lib/init/broken.ts": `const isCompiled = process.argv[1]?.startsWith("/$bunfs/");` },
      { "lib/sys/io/broken.ts": `const memory = Deno.UnsafePointer;` },
      { "lib/cli/broken.ts": `const env = { BUN_BE_BUN: "1" };` },
      { "lib/sys/io/handle.ts": "const { fd } = socket._handle;" },
      { "lib/author/broken.ts": "Module._resolveFilename = resolve;" },
    ],
  },
  {
    name: "options are parsed by one parser, and main.ts alone takes the command line",
    violations: (sources) =>
      linesWith(
        sources,
        /\bparseArgs\b|\bprocess\.argv\b(?!\[[01]\])|\bargv\b[^;]*\}? = process\b|\bDeno\.args\b/,
        // The second does so for the developers' tasks; the third is run by bundler.ts alone.
        (file) => ["main.ts", "build/task.ts", "build/bundle.ts"].includes(file),
      ),
    broken: [
      { "lib/cli/broken.ts": `import { parseArgs } from "node:util";` },
      { "compat/upstart/broken.ts": `import * as util from "node:util";\nutil.parseArgs({});` },
      { "lib/init/broken.ts": `const args = process.argv.slice(2);` },
      { "lib/author/broken.ts": `const { argv } = process;` },
      { "build.ts": `const { values } = parseArgs({ args: Deno.args });` },
      { "build/broken.ts": "const [name] = Deno.args;" },
    ],
  },
  {
    name:
      "what is caught is looked at: a fault of init's own is neither swallowed nor taken for something else",
    violations: (sources) =>
      linesWith(
        sources,
        /\bcatch \{|\.catch\(\(\) =>/,
        (file) => !/^(lib|compat)\//.test(file) || MAY_SWALLOW.test(file),
      ),
    broken: [
      { "lib/init/broken.ts": "try {\n  start();\n} catch {\n  // It may fail.\n}" },
      { "lib/config/broken.ts": "read().catch(() => {});" },
      { "compat/upstart/broken.ts": "const read = () => {\n  try {\n    return parse();\n  } catch {}\n};" },
    ],
  },
  {
    name: "what init holds across time is saved with the rest, or it is said why not",
    violations: (sources) => {
      const classes = classesOfInit(sources), saved = savedTypes(sources);
      return [
        ...classes.filter((one) => one.saved === undefined && !Object.hasOwn(NOT_SAVED, one.name))
          .map(({ file, name }) => `${file}: nothing is saved of ${name}`),
        ...classes.filter((one) =>
          one.saved !== undefined && one.saved !== ALL_SAVED && !saved.has(one.saved)
        )
          .map(({ file, name }) => `${file}: ${name} is in no table of parts`),
        ...Object.keys(NOT_SAVED).filter((name) => !classes.some((one) => one.name === name && !one.saved))
          .map((name) => `${name} is saved, or is no class`),
      ];
    },
    broken: [
      { "lib/init/broken.ts": "export class Waiters {\n  readonly #all = new Set();\n}" },
      { "lib/init/broken.ts": "class Waiters implements Part<SavedWaiters> {\n}" },
      { "lib/init/spawn/apparmor.ts": "/** No class. */" },
    ],
  },
  {
    name: "no exported type has the name of another",
    violations: (sources) => {
      const exported = product(sources).flatMap(([file, text]) =>
        Array.from(
          codeOf(text).matchAll(/^export (?:declare )?(?:abstract )?(?:class|interface|type|enum) (\w+)/gm),
          ([, name = ""]) => ({ name, file }),
        )
      );
      return Array.from(Map.groupBy(exported, ({ name }) => name).values())
        .filter((group) => group.length > 1)
        .map((group) => `${group[0]!.name}: ${group.map(({ file }) => file).join(", ")}`);
    },
    broken: [
      { "lib/init/broken.ts": "export interface JobDefinition { name: string }" },
    ],
  },
  {
    name: `a folder holds at most ${MOST_FILES} source files`,
    violations: (sources) =>
      Array.from(Map.groupBy(product(sources), ([file]) => dirname(file)))
        .filter(([, files]) => files.length > MOST_FILES)
        .map(([folder, files]) => `${folder} has ${files.length}`),
    broken: [
      Object.fromEntries(Array.from({ length: MOST_FILES + 1 }, (_, index) => [`lib/new/${index}.ts`, ""])),
    ],
  },
  {
    name: "every file begins with what it holds",
    violations: (sources) =>
      product(sources).filter(([, text]) => !text.startsWith("/**")).map(([file]) => file),
    broken: [
      { "lib/model/broken.ts": "export const answer = 42;" },
    ],
  },
  {
    name: "errors are told by @throws",
    violations: (sources) =>
      product(sources).flatMap(([file, text]) =>
        Array.from(
          text.matchAll(/^ *(?:\/\*)?\*+ Throws\b.*/gm),
          ([line]) => `${file}: ${line.trim()}`,
        )
      ),
    broken: [
      { "lib/model/broken.ts": "/** Nothing. */\n\n/** Throws when it is late. */\nexport const a = 1;" },
    ],
  },
];

const sources = readSources();

for (const { name, violations, broken } of RULES) {
  Deno.test(name, () => {
    assert(sources.size > 200);
    assert.deepEqual(violations(sources), []);
    assert(broken.length > 0);
    for (const files of broken) {
      const house = new Map([...sources, ...Object.entries(files)]);
      assert.notDeepEqual(violations(house), [], `${Object.keys(files)} is not found`);
    }
  });
}

/** What is loaded with files of the house: other packages and Node's modules. */
function loadedWith(...files: string[]): string[] {
  const statically = /^(?:import|export) (?!type\b)(?:[\w{][^"';=]* from )?"([^"]+)";$/gm;
  const seen = new Set<string>();
  const visit = (file: string): void => {
    if (seen.has(file)) return;
    seen.add(file);
    if (!sources.has(file)) return;
    for (const [, specifier = ""] of sources.get(file)!.matchAll(statically)) {
      visit(specifier.startsWith(".") ? join(dirname(file), specifier) : specifier);
    }
  };
  files.forEach(visit);
  assert(seen.has("lib/sys/call/kernel.ts"));
  return [...seen].filter((module) => !module.endsWith(".ts")).sort();
}

Deno.test("what a command loads is its own: to load Node's modules would take longer than the rest of it", () => {
  assert.deepEqual(loadedWith("main.ts", "lib/cli/initctl/initctl.ts"), ["node:buffer", "node:process"]);
});

Deno.test("init loads little that is not its own: Node's larger modules take a megabyte and milliseconds", () => {
  assert.deepEqual(loadedWith("main.ts", "lib/sys/runtime/flags.ts", "lib/init/init.ts"), [
    "node:buffer",
    "node:fs",
    "node:os",
    "node:path",
    "node:process",
    "rouse:jobs",
  ]);
});

Deno.test("init never imports what runs users' code", () => {
  const seen = new Set<string>();
  const visit = (file: string): void => {
    const text = sources.get(file);
    if (seen.has(file) || text === undefined) return;
    seen.add(file);
    importsOf(file, text).forEach(visit);
  };
  visit("lib/init/init.ts");
  assert(seen.has("lib/engine/engine.ts"));
  const wrong = [...seen].filter((file) => /^lib\/author\/((mod|job|shell)\.ts$|child\/)|^jobs\//.test(file));
  assert.deepEqual(wrong, []);
});

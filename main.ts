/** The entry point: finds the program that is called, by the executable's name or the first word, and runs it. */

import process from "node:process";
import type { Host } from "./lib/cli/manual/programs.ts";
import type { InitSystem } from "./lib/sys/machine/setup.ts";
import { VERSION } from "./lib/model/version.ts";
import { restoreJitPolicy } from "./lib/sys/runtime/jit.ts";
import { AS_PROGRAM } from "./lib/sys/runtime/self.ts";

/** The module of a program. */
interface ProgramModule {
  /** Returns the exit status. @param name the name by which the program was called. */
  main(args: string[], name: string): number | Promise<number>;
}

/** Loads a program's module, and no other. */
type Load = (args: string[]) => Promise<ProgramModule>;

const init = async () => {
  const { applyRuntimeFlags } = await import("./lib/sys/runtime/flags.ts");
  const { holdSignals } = await import("./lib/init/host/signal_actions.ts");
  const { namedDescriptors } = await import("./lib/init/host/passed_descriptors.ts");
  applyRuntimeFlags(holdSignals, namedDescriptors(process.argv));
  return await import("./lib/init/init.ts");
};
const initctl = () => import("./lib/cli/initctl/initctl.ts");
const check = () => import("./lib/cli/check/check.ts");
const reboot = () => import("./lib/cli/system/reboot.ts");
const runlevel = () => import("./lib/cli/system/runlevel.ts");
const sysvRunlevel = () => import("./lib/cli/system/sysv/runlevel.ts");
const sysvHalt = () => import("./lib/cli/system/sysv/halt.ts");
const insserv = () => import("./lib/cli/sysv/insserv.ts");
const rc = () => import("./lib/cli/sysv/rc/rc.ts");
const enterLevel = () => import("./lib/cli/sysv/rc/enter_level.ts");
const startStopDaemon = () => import("./lib/cli/openrc/start_stop_daemon/openrc.ts");
const openrcHelper = () => import("./lib/cli/openrc/helpers/helper.ts");
const openrcRun = () => import("./lib/cli/openrc/run/openrc_run.ts");
const runscriptJob = () => import("./lib/cli/openrc/init_jobs/for_init.ts");
const rcService = () => import("./lib/cli/openrc/rc_service.ts");
const dpkgStartStopDaemon = () => import("./lib/cli/openrc/start_stop_daemon/dpkg.ts");
const enterOpenrcLevel = () => import("./lib/cli/openrc/levels/openrc.ts");
const telinit = () => import("./lib/cli/system/telinit.ts");
const sysvTelinit = () => import("./lib/cli/system/sysv/telinit.ts");
/** True where a call of `init` is the init itself, whatever the machine is set up for: as process 1, or with an option of ours. */
const isInit = (args: string[]) => process.pid === 1 || args.some((word) => /^--(?!version$)/.test(word));
/** SysV's init is telinit elsewhere. */
const sysvInit = (args: string[]) => isInit(args) ? init() : sysvTelinit();

/** The programs that end so soon that compiling them would not pay. */
const BRIEF: Load[] = [
  initctl,
  openrcHelper,
  openrcRun,
  rcService,
  runscriptJob,
  reboot,
  runlevel,
  sysvRunlevel,
  sysvTelinit,
  telinit,
  startStopDaemon,
  dpkgStartStopDaemon,
];

/** The programs of a system, by the names that links have. */
type Programs = Readonly<Record<string, Load>>;

/** Upstart's: `--install` makes links of these names. */
const UPSTART: Programs = {
  halt: reboot,
  init,
  "init-checkconf": check,
  initctl,
  poweroff: reboot,
  reboot,
  reload: initctl,
  restart: initctl,
  runlevel,
  shutdown: () => import("./lib/cli/system/shutdown.ts"),
  start: initctl,
  status: initctl,
  stop: initctl,
  telinit,
};

/** SysV's: `--install --sysv` makes links of these names, too. */
const SYSV: Programs = {
  chkconfig: () => import("./lib/cli/sysv/services/chkconfig.ts"),
  halt: sysvHalt,
  init: sysvInit,
  insserv,
  "invoke-rc.d": () => import("./lib/cli/sysv/services/invoke_rc_d.ts"),
  poweroff: sysvHalt,
  rc,
  rcS: rc,
  reboot: sysvHalt,
  service: () => import("./lib/cli/sysv/services/service.ts"),
  "start-stop-daemon": dpkgStartStopDaemon,
  "update-rc.d": () => import("./lib/cli/sysv/services/update_rc_d.ts"),
  runlevel: sysvRunlevel,
  shutdown: () => import("./lib/cli/system/sysv/shutdown.ts"),
  telinit: sysvTelinit,
  wall: () => import("./lib/cli/system/sysv/wall.ts"),
};

/** Of these, `rouse sysv NAME` has init do what it can, which a link of that name does itself. */
const SYSV_WORDS: Programs = { rc: enterLevel, rcS: enterLevel };

/** OpenRC's: `--install --openrc` makes links of these names, too. */
const OPENRC: Programs = {
  "depscan.sh": () => import("./lib/cli/openrc/depscan.ts"),
  "dpkg-start-stop-daemon": dpkgStartStopDaemon,
  openrc: enterOpenrcLevel,
  "openrc-run": openrcRun,
  rc: enterOpenrcLevel,
  "rc-depend": () => import("./lib/cli/openrc/rc_depend.ts"),
  "rc-service": rcService,
  "rc-status": () => import("./lib/cli/openrc/rc_status.ts"),
  "rc-update": () => import("./lib/cli/openrc/rc_update.ts"),
  runscript: openrcRun,
  "start-stop-daemon": startStopDaemon,
  "supervise-daemon": () => import("./lib/cli/openrc/supervise_daemon/supervise_daemon.ts"),
};

/** Whose program a name means on a machine that is set up for a system: the first one's that has it. */
const BY_SETUP: Readonly<Record<InitSystem, Programs[]>> = {
  upstart: [UPSTART, SYSV, OPENRC],
  sysv: [SYSV, UPSTART, OPENRC],
  openrc: [OPENRC, SYSV, UPSTART],
};

/** The program of a link's name. One that several systems have is that of the system which the machine is set up for. */
async function programOf(name: string, args: string[]): Promise<Load | undefined> {
  // Before it has the flags that keep the runtime from starting threads, init runs as little as can be.
  if (name === "init" && isInit(args)) return init;
  // Without the functions of arrays: the engine would have to compile them for each command.
  const upstart = lookUp(UPSTART, name), sysv = lookUp(SYSV, name), openrc = lookUp(OPENRC, name);
  const isShared = upstart ? sysv || openrc : sysv && openrc;
  if (!isShared) return upstart ?? sysv ?? openrc;
  // A single file that is mounted under this name, as into a container, is the program of its own name.
  if (basename(process.execPath) === name) {
    const { mountedFile } = await import("./lib/sys/machine/mounts.ts");
    const own = basename(mountedFile(process.execPath) ?? "");
    const known = own !== name && BY_SETUP.upstart.map((programs) => lookUp(programs, own)).find(Boolean);
    if (known) return known;
  }
  const { machineSetup } = await import("./lib/sys/machine/setup.ts");
  const first = BY_SETUP[machineSetup()].find((programs) => lookUp(programs, name));
  return first && lookUp(first, name);
}

/** The last name of a path. */
function basename(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

/** A program that only the first word calls: `rouse WORD …`. */
interface Word {
  load: Load;
  /** Its part of `rouse --help`, the words after `rouse`. Without it, the help does not show the program. */
  help?: string;
}

/** In the order of the help. */
const WORDS: Record<string, Word> = {
  run: { load: init, help: "run [--] COMMAND [ARGUMENT]...    as a container's entrypoint" },
  "--install": {
    load: async () => {
      const { install } = await import("./lib/cli/install.ts");
      const further = { sysv: Object.keys(SYSV), openrc: Object.keys(OPENRC) };
      return { main: (args) => install(args, ["rouse", ...Object.keys(UPSTART)], further, host()) };
    },
    help: `--install [-s] [--sysv] [--openrc] [--skip|--force] [--no-manual] DIR [NAME]...
                                      hard (-s: symbolic) links in DIR for these or all programs;
                                      what others have there is left (--skip) or replaced (--force)`,
  },
  man: {
    load: async () => {
      const { man } = await import("./lib/cli/manual/man.ts");
      return { main: (args) => man(args, host()) };
    },
    help: "man [PAGE]               the manual, also without man",
  },
  completion: {
    load: async () => {
      const { completion } = await import("./lib/cli/manual/completion.ts");
      return { main: (args) => completion(args, host()) };
    },
    help: "completion SHELL         what bash, zsh or fish reads to complete command lines",
  },
  build: {
    load: () => import("./lib/cli/build/build.ts"),
    help: "build --jobs DIR -o FILE    an executable like this one with jobs inside",
  },
  upgrade: {
    load: () => import("./lib/cli/upgrade.ts"),
    help: "upgrade FILE             another executable takes the place of the init that runs; jobs go on",
  },
  check: { load: check, help: "check FILE|DIR...        what is wrong with job files" },
  doctor: {
    load: () => import("./lib/cli/doctor/doctor.ts"),
    help: "doctor [DIR]...          what init can do here, what is wrong, and what to do about it",
  },
  convert: {
    load: () => import("./lib/cli/authoring/convert.ts"),
    help: "convert [-o FILE|DIR] FILE|DIR...   classic job files and init scripts as TypeScript, or back",
  },
  new: {
    load: () => import("./lib/cli/authoring/new.ts"),
    help: "new [OPTION]... NAME     a new job, with comments",
  },
  types: {
    load: () => import("./lib/cli/authoring/types.ts"),
    help: "types DIR                completion for the jobs in DIR, in any editor",
  },
  sysv: {
    load: () => Promise.resolve({ main: sysvWord }),
    help: `sysv order|explain|lint ...   init scripts, their headers and their order
   or: rouse sysv PROGRAM ...   SysV's program, also where the machine is set up for another system`,
  },
  openrc: {
    load: () => Promise.resolve({ main: openrcWord }),
    help: "openrc PROGRAM ...       likewise OpenRC's",
  },
  upstart: {
    load: () => Promise.resolve({ main: upstartWord }),
    help: "upstart PROGRAM ...      likewise Upstart's",
  },
  probe: {
    load: () => import("./lib/cli/probe.ts"),
    help: "probe ADDRESS [PATH]     ask an init that runs with --http",
  },
  licences: {
    load: () => import("./lib/cli/licences.ts"),
    help: "licences [--sbom]        what is compiled in, and the licences of that",
  },
  "--version": { load: () => Promise.resolve({ main: version }), help: "--version" },
  "--help": { load: () => Promise.resolve({ main: help }) },
  "-h": { load: () => Promise.resolve({ main: help }) },
  help: {
    load: () => Promise.resolve({ main: helpOn }),
    help: "help [TOPIC]             of a program, a command of initctl, a stanza or a field of jobs",
  },
};

/** What our own processes and the shells' completion call by a first word. It is no program for people. */
const INTERNAL: Programs = {
  complete: async () => {
    const { complete } = await import("./lib/cli/manual/complete.ts");
    return { main: (args) => complete(args, host()) };
  },
  evaluate: () => import("./lib/author/child/evaluate.ts"),
  checks: () => import("./lib/init/checks/child/main.ts"),
  "ship-logs": () => import("./lib/init/logs/shipping/ship_logs.ts"),
  "tidy-logs": () => import("./lib/init/logs/tidying/tidy_logs.ts"),
  "check-state": () => import("./lib/init/reexec/check_state.ts"),
  hook: () => import("./lib/author/child/hook.ts"),
  "runscript-job": runscriptJob,
  "openrc-logger": () => import("./lib/cli/openrc/levels/logger.ts"),
  "runscript-jobs": () => import("./lib/cli/openrc/init_jobs/jobs.ts"),
};

function help(): Promise<number> {
  const words = Object.values(WORDS).flatMap(({ help }) =>
    help === undefined ? [] : [`   or: rouse ${help}`]
  );
  return print(
    1,
    `Usage: rouse PROGRAM [ARGUMENT]...\n` +
      `   or: PROGRAM [ARGUMENT]...          through a link of that name\n` +
      `${words.join("\n")}\n\n` +
      `Programs:\n  ${Object.keys(UPSTART).sort().join(" ")}\n` +
      `SysV's:\n  ${Object.keys(SYSV).sort().join(" ")}\n` +
      `OpenRC's:\n  ${Object.keys(OPENRC).sort().join(" ")}\n` +
      "A name of several means OpenRC's where there is /etc/runlevels, else SysV's where there is /etc/inittab\n" +
      "or a directory such as /etc/rc2.d.\n\n" +
      `For help on a program, try \`rouse PROGRAM --help'.\n`,
  );
}

/** What programs that tell of all others are given. */
function host(): Host {
  const programs = new Set([...Object.keys(UPSTART), ...Object.keys(SYSV), ...Object.keys(OPENRC)]);
  return {
    programs: [...programs].sort(),
    words: Object.entries(WORDS).flatMap(([word, { help }]) => help === undefined ? [] : [word]),
    init: async (program) => (await import("./lib/init/options/command_line.ts")).describe(program),
  };
}

/** `rouse help [TOPIC]`. */
async function helpOn([topic, ...more]: string[]): Promise<number> {
  if (topic === undefined) return help();
  const about = host(), words = [topic, ...more].join(" ");
  const { isCommand, isStanza, showTopic } = await import("./lib/cli/manual/topics.ts");
  // `start on` is none of `start`, nor is `reload signal` of `reload`.
  if (more.length > 0 && await isStanza(words, about)) return showTopic(words, about);
  const load = lookUp(WORDS, topic)?.load ?? await programOf(topic, ["--help"]);
  if (load) return start(load, [...more, "--help"], topic);
  return await isCommand(topic, about)
    ? start(initctl, [topic, "--help"], "initctl")
    : showTopic(words, about);
}

/** `rouse openrc NAME …`: a program of OpenRC's, or a helper that its scripts call. */
function openrcWord([name = "", ...args]: string[]): Promise<number> {
  if (isHelp(name)) return programHelp("openrc", OPENRC);
  return name === "" ? unknown(undefined) : start(lookUp(OPENRC, name) ?? openrcHelper, args, name);
}

/** `rouse upstart NAME …`. */
function upstartWord([name = "", ...args]: string[]): Promise<number> {
  if (isHelp(name)) return programHelp("upstart", UPSTART);
  const load = lookUp(UPSTART, name);
  return load ? start(load, args, name) : unknown(name === "" ? undefined : name);
}

function isHelp(word: string): boolean {
  return word === "--help" || word === "-h";
}

/** The help on `rouse SYSTEM`. */
function programHelp(system: string, programs: Programs): Promise<number> {
  return print(
    1,
    `Usage: rouse ${system} PROGRAM [ARGUMENT]...\n\nPrograms:\n  ${
      Object.keys(programs).sort().join(" ")
    }\n\n` +
      `For help on one, try \`rouse ${system} PROGRAM --help'.\n`,
  );
}

/** `rouse sysv NAME …`: a program of SysV's, or a tool for its scripts. */
async function sysvWord([name = "", ...args]: string[]): Promise<number> {
  const load = lookUp(SYSV_WORDS, name) ?? lookUp(SYSV, name);
  if (load) return start(load, args, name);
  const { main } = await import("./lib/cli/sysv/sysv.ts");
  return main([name, ...args], Object.keys(SYSV));
}

function version(): Promise<number> {
  return print(1, `rouse ${VERSION}\n`);
}

async function unknown(word: string | undefined): Promise<number> {
  const what = word === undefined
    ? "missing program"
    : word.startsWith("-")
    ? `invalid option: ${word}`
    : `unknown program: ${word}`;
  const { usageMessage } = await import("./lib/model/command_line/usage_error.ts");
  await print(2, usageMessage("rouse", what));
  return 2;
}

async function print(descriptor: 1 | 2, text: string): Promise<number> {
  const { write } = await import("./lib/cli/output.ts");
  write(descriptor, text);
  return 0;
}

/** A table's row, and never a property that all objects inherit. */
function lookUp<Row>(table: Record<string, Row>, name: string): Row | undefined {
  return Object.hasOwn(table, name) ? table[name] : undefined;
}

async function run(): Promise<number> {
  const args = process.argv.slice(2);
  // A login shell's or the kernel's argv[0] may begin with a dash.
  const file = basename(process.argv0);
  const called = file.startsWith("-") ? file.slice(1) : file;
  const linked = args[0] === AS_PROGRAM ? void args.shift() : await programOf(called, args);
  if (linked) return start(linked, args, called);
  if (args.length === 0 && process.pid === 1) args.push("init");
  const [word = "", ...rest] = args;
  // `rouse openrc NAME …` is no call of the program openrc.
  const load = lookUp(WORDS, word)?.load ?? lookUp(INTERNAL, word) ?? await programOf(word, rest);
  return load ? start(load, rest, word) : unknown(args[0]);
}

async function start(load: Load, args: string[], name: string): Promise<number> {
  const program = await load(args);
  // Init knows itself when.
  if (load !== init && !BRIEF.includes(load)) restoreJitPolicy();
  return program.main(args, name);
}

run().then((status) => process.exitCode = status, (error) => {
  const isFault = error instanceof Error && error.name !== "OutputError";
  process.stderr.write(`rouse: ${isFault ? error.stack ?? error.message : error?.message ?? error}\n`);
  process.exitCode = 1;
});

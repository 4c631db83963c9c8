/** The world of a simulation: the machine with its files, init, and all other programs. */

import { Buffer } from "node:buffer";
import { Inode } from "./kernel/inodes.ts";
import { Kernel } from "./kernel/kernel.ts";
import { Pipe, type PipeEnd } from "./kernel/pipes.ts";
import { Process } from "./kernel/process.ts";
import { OpenNull } from "./kernel/files.ts";
import { loadProgram } from "./image.ts";
import { ownChild } from "./programs/own_children.ts";
import { shell } from "./programs/shell.ts";
import { begin, type Program } from "./programs/system.ts";
import { type LineListener, work } from "./programs/work.ts";
import { Random } from "./random.ts";
import { Runtime } from "./runtime/runtime.ts";
import type { EngineListener } from "./program.ts";

/** Where init's executable is, and its configuration and logs. */
const EXECUTABLE = "/sbin/rouse";
export const CONFIGURATION = "/etc/init", LOGS = "/var/log/upstart";

/** The environment of init. */
export const ENVIRONMENT = [["PATH", "/sbin:/bin"], ["TERM", "linux"]] as const;

const DIRECTORIES = [
  "/bin",
  "/sbin",
  "/etc/init",
  "/var/log/upstart",
  "/run",
  "/tmp",
  "/dev",
  "/root",
  "/proc",
];

/** The programs, by their paths. */
const PROGRAMS = { "/bin/sh": "sh", "/bin/work": "work", [EXECUTABLE]: "rouse" };

const PASSWD =
  "root:x:0:0:root:/root:/bin/sh\nwww:x:33:33:www:/var/www:/bin/sh\nnobody:x:65534:65534::/:/bin/false\n";
const GROUP = "root:x:0:\nwww:x:33:\nnogroup:x:65534:\n";

/** What a world is made of. */
export interface WorldOptions {
  seed: number;
  setting: Setting;
  onEngine: EngineListener;
  onLine: LineListener;
}

/** Where init runs. */
export interface Setting {
  /** Its number: as process 1 it ends its namespace with itself. */
  pid: number;
  /** Words behind its name on its command line. */
  words: readonly string[];
  /** Where clients find it, root and others; the first that answers counts. */
  addresses: { privileged: readonly string[]; others: readonly string[] };
}

const SYSTEM = {
  privileged: ["/run/rouse/private", "\0/com/ubuntu/upstart", "/run/rouse/control"],
  others: ["\0/com/ubuntu/upstart", "/run/rouse/control"],
};

const SESSION_PID = 77, SESSION = [`\0/com/ubuntu/upstart-session/0/${SESSION_PID}`];

/** The settings: a container's process 1, an init below another, and a user's session, which is root's here. */
export const SETTINGS: readonly Setting[] = [
  { pid: 1, words: [`--logdir=${LOGS}`], addresses: SYSTEM },
  { pid: 42, words: [`--logdir=${LOGS}`, "--shutdown-timeout=20"], addresses: SYSTEM },
  {
    pid: SESSION_PID,
    words: ["--user", `--confdir=${CONFIGURATION}`, `--logdir=${LOGS}`],
    addresses: { privileged: SESSION, others: SESSION },
  },
];

/** The world. */
export class World {
  readonly kernel: Kernel;
  /** What init has written on its standard output and error, as lines. */
  readonly messages: string[] = [];
  /** The present runtime of init. */
  runtime: Runtime | undefined;
  /** How often init was replaced in place. */
  restarts = -1;
  /** True: nobody reads what init writes. */
  isDeaf = false;
  readonly #programs: Record<string, Program>;
  #outsider = 2_000_000;

  constructor(readonly options: WorldOptions) {
    const { seed } = options;
    this.kernel = new Kernel(new Random(seed, 1), new Random(seed, 2), options.setting.pid);
    this.#programs = { sh: shell, work: work(options.onLine), rouse: ownChild };
    this.kernel.load = (process, program) => {
      if (process === this.kernel.init) this.#loadInit();
      else begin(this.kernel, process, this.#programs[program]!);
    };
    this.#makeFiles();
  }

  #makeFiles(): void {
    const { files } = this.kernel;
    for (const path of DIRECTORIES) files.makeDirectories(path);
    (files.find("/tmp") as Inode).mode = 0o1777;
    for (const [path, program] of Object.entries(PROGRAMS)) files.make(path, "regular", 0o755, program);
    for (
      const [path, device] of [["/dev/null", "null"], ["/dev/ptmx", "ptmx"], [
        "/dev/console",
        "console",
      ]] as const
    ) {
      files.make(path, "character", 0o666, device);
    }
    this.write("/etc/passwd", PASSWD);
    this.write("/etc/group", GROUP);
  }

  /** Writes a file, as an editor does that puts a new one in its place, or one that writes it anew. */
  write(path: string, text: string, inPlace = true): void {
    const { files } = this.kernel, draft = inPlace ? path : `${path}.new~`;
    const known = files.find(draft);
    const inode = known instanceof Inode ? known : files.make(draft, "regular", 0o644) as Inode;
    const place = files.place(draft, files.root);
    inode.truncate(0);
    inode.put(Buffer.from(text), 0);
    files.touch(inode);
    if (typeof place === "object") {
      files.tell(inode, 0x2, place.directory, place.name);
      files.tell(inode, 0x8, place.directory, place.name);
    }
    if (!inPlace) files.rename(draft, path);
  }

  /** Starts init. */
  start(): void {
    const { kernel, options } = this, { init } = kernel;
    init.place(0, new OpenNull(kernel.files.find("/dev/null") as Inode, 0), false);
    for (const fd of [1, 2]) init.place(fd, this.#collector(), false);
    init.executed(
      [EXECUTABLE, ...options.setting.words],
      ENVIRONMENT.map(([name, value]) => `${name}=${value}`),
    );
    this.#loadInit();
  }

  /** A pipe whose other end is read all the time. */
  #collector(): PipeEnd {
    const pipe = new Pipe(), reader = pipe.open(0).hold(), { clock } = this.kernel;
    let rest = "", isScheduled = false;
    const read = () => {
      isScheduled = false;
      if (this.isDeaf) return schedule();
      const bytes = reader.read(65536);
      if (typeof bytes === "number" || bytes.length === 0) return;
      const lines = (rest + Buffer.from(bytes).toString("utf8")).split("\n");
      rest = lines.pop()!;
      this.messages.push(...lines);
      for (const line of lines) this.kernel.trace(0, "init says", line.length);
      schedule();
    };
    const schedule = () => {
      if (isScheduled) return;
      isScheduled = true;
      clock.after(this.isDeaf ? 100 : 0.2, read);
    };
    reader.onChange(schedule);
    return pipe.open(1);
  }

  #loadInit(): void {
    const { kernel, options } = this, runtime = this.runtime = new Runtime(kernel, kernel.init);
    this.restarts++;
    kernel.clock.after(5, () => {
      if (runtime.isOver) return;
      const program = loadProgram(runtime);
      program.observe({
        handled: (...told) => runtime.isOver || options.onEngine.handled(...told),
        muted: (kinds) => runtime.isOver || options.onEngine.muted(kinds),
        restored: (pause) => runtime.isOver || options.onEngine.restored(pause),
      });
      runtime.enter(() => {
        program.main(kernel.init.argv.slice(1), "init").then((status) => runtime.exit(status), (error) => {
          runtime.uncaught("unhandledRejection", error);
        });
      });
    });
  }

  /** Runs a program outside of what init has started, as a user. */
  run(program: Program, uid = 0): Process {
    const { kernel } = this, { processes, clock, files } = kernel;
    const process = new Process(processes, ++this.#outsider, undefined, clock.now, files.root);
    process.uid = process.gid = uid;
    process.hasExecuted = true;
    process.descriptorLimit = { soft: 1024, hard: 1024 };
    processes.all.set(process.pid, process);
    begin(kernel, process, program);
    return process;
  }
}

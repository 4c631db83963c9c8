/** The one shell that runs the depend() of many scripts, each in a process of its own, so that none disturbs another. */

import { Buffer } from "node:buffer";
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { dirname } from "node:path";
import process from "node:process";
import { DEPEND_WORDS, type DependLines, variableName } from "../../../../compat/openrc/mod.ts";
import { errorReason } from "../../../sys/call/errno.ts";
import { ifAllowed } from "../../../sys/call/refused.ts";
import { writeAll } from "../../../sys/io/write_all.ts";
import { PatientTimer } from "../../../sys/io/patient_timer.ts";
import { settingsFiles } from "../rc_conf.ts";
import type { OpenrcScript } from "./scripts.ts";
import { bashPath, SH, shellFor } from "../shells.ts";

/** What the shell is given. */
export interface ShellOptions {
  /** Functions for the scripts, as text for a shell; empty by default. */
  library?: string;
  /** The environment; this process's by default. */
  environment?: Record<string, string | undefined>;
  /** The time that a script's depend() may take, in s. */
  timeLimit?: number;
  /** Told what is wrong with a service: a sentence. */
  warn(problem: string): void;
}

/** By default a script's depend() may take so long, in s: a machine under load may be slow. */
const TIME_LIMIT = 30;

/** The descriptor to which what depend() says is written, and between that what scripts print. */
const ANSWERS = 3;

/** Begins a line of what depend() says, before a word that no script knows; as a shell's printf has it. */
const MARK = "\x01", SHELL_MARK = "\\001";

/** A line of output that is no answer is told in pieces of this length; the longest answer. */
const LONGEST_PIECE = 65_536, LONGEST_ANSWER = 1 << 24;

/** Begins the answers of a service, tells that its script could be read, and ends them. */
const BEGIN = "service", READ = "read", END = "end";

/** The words of depend(), as functions of a shell. */
const functions = (secret: string) => [
  `_rc_say() { _rc_kind=$1; shift; [ -z "$*" ] || printf '${SHELL_MARK}${secret}%s\\n' "$_rc_kind $*" >&${ANSWERS}; }`,
  ...Object.keys(DEPEND_WORDS).map((word) => `${word}() { _rc_say ${word} "$@"; }`),
  "depend() { :; }",
];

/** Runs each script of the arguments: its path, its variables' name, how many files come before it, and these. */
const loop = (secret: string) => `
exec 2>&${ANSWERS}
_rc_word() {
  eval "_rc_words=\\\${rc_\${_rc_variable}_$1:-\\\${rc_$1:-\\\${RC_\${_rc_variable}_$2:-\\\${RC_$2:-}}}}"
  $1 $_rc_words
}
while [ $# -gt 0 ]; do
  RC_SERVICE=$1 _rc_variable=$2 _rc_count=$3
  shift 3
  RC_SVCNAME=\${RC_SERVICE##*/}
  SVCNAME=$RC_SVCNAME
  export RC_SERVICE RC_SVCNAME SVCNAME
  printf '${SHELL_MARK}${secret}${BEGIN} %s\\n' "$RC_SVCNAME" >&${ANSWERS}
  (
    cd "\${RC_SERVICE%/*}" || exit
    while [ "$_rc_count" -gt 0 ]; do
      . "$1"
      shift
      _rc_count=$((_rc_count - 1))
    done
    set --
    . "$RC_SERVICE" || exit
    printf '${SHELL_MARK}${secret}${READ}\\n' >&${ANSWERS}
    depend
    _rc_word config CONFIG; _rc_word need NEED; _rc_word use USE; _rc_word want WANT
    _rc_word after AFTER; _rc_word before BEFORE; _rc_word provide PROVIDE; _rc_word keyword KEYWORD
  ) >&2
  _rc_status=$?
  shift "$_rc_count"
  printf '${SHELL_MARK}${secret}${END} %s\\n' $_rc_status >&${ANSWERS}
done
`;

/** The lines of the services that could be asked. */
export type Answers = Map<string, DependLines["lines"]>;

/** Asks scripts for what their depend() says. What is wrong with one is told, and harms no other. */
export async function askShell(scripts: readonly OpenrcScript[], options: ShellOptions): Promise<Answers> {
  const answers: Answers = new Map();
  const shared = sharedSettings();
  const isForSh = ({ text, settings }: OpenrcScript) => shellFor(text, [...shared, ...settings]) === SH;
  const { sh = [], bash = [] } = Object.groupBy(scripts, (script) => isForSh(script) ? "sh" : "bash");
  const unread = await askAll(sh, SH, options, answers);
  const other = bashPath();
  const left = other === undefined
    ? unread
    : await askAll([...unread.keys(), ...bash], other, options, answers);
  for (const [{ path }, status] of left) {
    options.warn(
      `${path}: Not a part of the dependency tree: the script ends before its depend() can be asked, with exit status ${status}`,
    );
  }
  return answers;
}

function sharedSettings(): string[] {
  return settingsFiles().filter((file) => existsSync(file));
}

/**
 * Asks scripts, with a new shell behind each that takes too long. Gives those that the shell could not read, with the exit
 * status of each.
 */
async function askAll(
  scripts: readonly OpenrcScript[],
  shell: string,
  options: ShellOptions,
  answers: Answers,
): Promise<Map<OpenrcScript, string>> {
  const { timeLimit = TIME_LIMIT, warn } = options;
  const unread = new Map<OpenrcScript, string>();
  let left = [...scripts];
  while (left.length > 0) {
    const asked = await new DependShell(shell, left, options, answers).run(timeLimit * 1000);
    for (const script of left) {
      const status = asked.unread.get(script.service);
      if (status !== undefined) unread.set(script, status);
    }
    left = left.slice(asked.count);
    if (asked.problem === undefined) continue;
    const stuck = left.shift();
    warn(`${stuck?.path ?? shell}: Not a part of the dependency tree: ${asked.problem}`);
    if (stuck) answers.delete(stuck.service);
  }
  return unread;
}

/** How far a shell has come. */
interface Asked {
  /** The number of scripts that it has asked. */
  count: number;
  /** The services whose scripts it could not read, with the exit status of each. */
  unread: Map<string, string>;
  /** Why it came no further. */
  problem?: string;
}

/** One shell, and what it answers. */
class DependShell {
  /** What begins its answers. What a script prints is none, whatever it prints. */
  readonly #secret = crypto.randomUUID();
  #rest = "";
  #service = "";
  #isRead = false;
  readonly #asked: Asked = { count: 0, unread: new Map() };

  constructor(
    private readonly shell: string,
    private readonly scripts: readonly OpenrcScript[],
    private readonly options: ShellOptions,
    private readonly answers: Answers,
  ) {}

  /** @param limit The time that one script may take, in ms */
  async run(limit: number): Promise<Asked> {
    const child = this.#start();
    let timer: PatientTimer | undefined;
    await new Promise<void>((resolve) => {
      const stop = (problem: string) => {
        this.#asked.problem = problem;
        if (child.pid !== undefined) ifAllowed(() => process.kill(-child.pid!, "SIGKILL"));
        resolve();
      };
      const wind = () => {
        timer?.cancel();
        timer = new PatientTimer(limit, () => stop(`depend() takes more than ${limit / 1000} s`));
      };
      wind();
      child.on("error", (error) => stop(errorReason(error)));
      const answers = child.stdio[ANSWERS]!;
      answers.on("data", (bytes: Uint8Array) => {
        const { count } = this.#asked;
        this.#take(bytes);
        if (this.#asked.count > count) wind();
        if (this.#asked.count === this.scripts.length) resolve();
      });
      answers.on("end", resolve);
    });
    timer?.cancel();
    child.stdio[ANSWERS]!.destroy();
    this.#tell(this.#rest);
    if (this.#asked.count < this.scripts.length) this.#asked.problem ??= `${this.shell} ends early`;
    return this.#asked;
  }

  #start(): ChildProcess {
    const { library = "", environment = process.env } = this.options;
    const shared = sharedSettings();
    const words = this.scripts.flatMap(({ path, service, settings }) => {
      const files = [...settings, ...shared];
      return [path, variableName(service), String(files.length), ...files];
    });
    const program = [library, ...functions(this.#secret), loop(this.#secret)].join("\n");
    return spawn(this.shell, ["-c", program, this.shell, ...words], {
      env: { RC_UNAME: "Linux", ...environment },
      cwd: dirname(this.scripts[0]!.path),
      stdio: ["ignore", "inherit", "inherit", "pipe"],
      detached: true,
    });
  }

  #take(bytes: Uint8Array): void {
    const lines = (this.#rest + Buffer.from(bytes).toString("latin1")).split("\n");
    this.#rest = lines.pop()!;
    for (const line of lines) {
      const [said, answer] = this.#parts(line);
      this.#tell(said);
      if (answer !== undefined) this.#takeAnswer(answer);
    }
    this.#shorten();
  }

  /** What a script has printed at the beginning of a line, and the answer at its end. */
  #parts(line: string): [said: string, answer?: string] {
    const mark = MARK + this.#secret, at = line.lastIndexOf(mark);
    return at < 0 ? [line] : [line.slice(0, at), line.slice(at + mark.length)];
  }

  /** Tells of a line that has no end yet what is too long to wait for it. */
  #shorten(): void {
    const { length } = this.#rest;
    if (length <= LONGEST_PIECE) return;
    const at = this.#rest.lastIndexOf(MARK);
    const end = at < 0 || length - at > LONGEST_ANSWER ? length : at;
    this.#tell(this.#rest.slice(0, end));
    this.#rest = this.#rest.slice(end);
  }

  /** Tells what a script prints. Of a message of the shell that the script is the reason for, it says which script. */
  #tell(line: string): void {
    if (line === "") return;
    const path = this.scripts[this.#asked.count]?.path ?? this.shell, own = `${this.shell}: `;
    const message = /^(line )?\d+: /.test(line.slice(own.length)) && line.startsWith(own)
      ? `${path}: ${line.slice(own.length)}`
      : line;
    writeAll(2, Buffer.from(`${message}\n`, "latin1"));
  }

  #takeAnswer(line: string): void {
    const [first = "", ...words] = line.split(/\s+/).filter((word) => word !== "");
    if (first === BEGIN) {
      this.#service = this.scripts[this.#asked.count]?.service ?? "";
      this.#isRead = false;
    } else if (first === READ) {
      this.#isRead = true;
      this.answers.set(this.#service, []);
    } else if (first === END) {
      if (!this.#isRead) this.#asked.unread.set(this.#service, words[0] ?? "");
      this.#asked.count++;
    } else if (Object.hasOwn(DEPEND_WORDS, first)) {
      this.answers.get(this.#service)?.push({ kind: DEPEND_WORDS[first]!, words });
    }
  }
}

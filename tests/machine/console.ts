/** A serial console: waits for what it shows, types on it, and runs commands of a shell there. */

import type { Readable, Writable } from "node:stream";
import { StringDecoder } from "node:string_decoder";
import { within } from "../support/deadline.ts";

/** How much of the console is told where something has failed, in lines. */
const TAIL = 60;

/** What ends all waiting: nothing good comes behind it. */
const FATAL = /Kernel panic - not syncing.*/;

/** What terminals are told by programs, as opposed to people: colours, cursor movements, titles. */
// deno-lint-ignore no-control-regex
const CONTROLS = /\x1b\[[0-9;?]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[=>cM78]|\r|\x07|\0/g;

/** The beginning of one that is not complete yet. */
// deno-lint-ignore no-control-regex
const INCOMPLETE = /\x1b(?:\[[0-9;?]*|\][^\x07\x1b]*\x1b?)?$/;

/** What a command of a shell has come to. */
export interface Answer {
  exit: number;
  /** Its output and error output, without the newline at the end. */
  told: string;
}

/** A serial console. */
export class Console {
  readonly #decoder = new StringDecoder("utf8");
  #incomplete = "";
  #shown = "";
  /** What is before it has been waited for. */
  #position = 0;
  #isOver = false;
  /** Called whenever there is more. */
  #wake: Array<() => void> = [];
  #commands = 0;

  /**
   * @param output What the machine writes
   * @param input What it reads
   */
  constructor(output: Readable, private readonly input: Writable) {
    output.on("data", (bytes: Uint8Array) => this.add(this.#decoder.write(bytes as Buffer)));
    output.on("close", () => {
      this.#isOver = true;
      this.add("");
    });
    // Who types on a machine that is off is told by what does not come.
    input.on("error", () => {});
  }

  /** Takes a text for shown. */
  add(text: string): void {
    const all = this.#incomplete + text;
    this.#incomplete = INCOMPLETE.exec(all)?.[0] ?? "";
    this.#shown += all.slice(0, all.length - this.#incomplete.length).replace(CONTROLS, "");
    const waiting = this.#wake;
    this.#wake = [];
    for (const wake of waiting) wake();
  }

  /** All that has been shown so far, as lines without control sequences. */
  get shown(): string {
    return this.#shown;
  }

  /** The last lines. */
  get tail(): string {
    return this.#shown.trimEnd().split("\n").slice(-TAIL).join("\n");
  }

  /**
   * Waits until a pattern is shown behind all that has been waited for.
   * @param what What it shows, for the message
   * @param timeout In milliseconds
   * @throws {Error} once that is impossible: at a panic of the kernel, when the machine is off, when the time is over.
   */
  async expect(what: string, pattern: RegExp, timeout: number): Promise<RegExpExecArray> {
    let isLate = false;
    const search = async () => {
      while (!isLate) {
        const rest = this.#shown.slice(this.#position);
        const match = pattern.exec(rest), fatal = FATAL.exec(rest);
        if (match && !(fatal && fatal.index < match.index)) {
          this.#position += match.index + match[0].length;
          return match;
        }
        if (fatal) throw new Error(`${fatal[0]}, before ${what}`);
        if (this.#isOver) throw new Error(`The machine was off before ${what}`);
        await new Promise<void>((resolve) => this.#wake.push(resolve));
      }
      throw new Error("late");
    };
    try {
      return await within(what, search(), timeout);
    } finally {
      isLate = true;
    }
  }

  /** Types a text. */
  type(text: string): void {
    this.input.write(text);
  }

  /** Waits for the prompt of a getty. */
  async loginPrompt(timeout: number): Promise<void> {
    await this.expect("the prompt for a login", /^\S+ login: $/m, timeout);
  }

  /**
   * Logs in at the prompt that has been waited for.
   * @throws {Error} when the password is not taken, or no shell comes.
   */
  async logIn(user: string, password: string, timeout: number): Promise<void> {
    this.type(`${user}\n`);
    await this.expect("the prompt for a password", /^Password: $/m, timeout);
    this.type(`${password}\n`);
    await this.takeShell(timeout);
  }

  /**
   * Waits for a shell's prompt, and has a shell there that {@link run} can use: it edits no lines, and the terminal does not
   * repeat what is typed, so all that is shown is said by a program.
   * @throws {Error} when a login is refused instead.
   */
  async takeShell(timeout: number): Promise<void> {
    const [said] = await this.expect("a shell's prompt", /^\S*[#$] $|Login incorrect/m, timeout);
    if (said === "Login incorrect") throw new Error("The password was refused");
    this.type("exec /bin/sh\n");
    await this.expect("the prompt of sh", /^# $/m, timeout);
    this.type("stty -echo; PS1=; PS2=\n");
    await this.run("true", timeout);
  }

  /**
   * Runs a line of the shell that has been logged in to, and shows what it has written at its end. So programs do not write
   * to a terminal, and little of what the kernel and init write meanwhile gets between.
   * @throws {Error} when its end is not shown.
   */
  async run(line: string, timeout: number): Promise<Answer> {
    const mark = `@${++this.#commands}@`;
    // In two parts, so that a terminal that repeats what is typed does not show it.
    const [one, other] = [mark.slice(0, 2), mark.slice(2)];
    this.type(
      `told=$({ ${line}\n} 2>&1; printf '\\n%s' $?); ` +
        `printf '\\n%s%s<\\n%s\\n%s%s>\\n' '${one}' '${other}' "$told" '${one}' '${other}'\n`,
    );
    const end = new RegExp(`^${mark}<\\n([^]*?)\\n?^(\\d+)\\n${mark}>$`, "m");
    const [, told, exit] = await this.expect(`the end of: ${line}`, end, timeout);
    return { exit: Number(exit), told: told!.trimEnd() };
  }
}

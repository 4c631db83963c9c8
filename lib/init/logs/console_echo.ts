/**
 * The console while init carries out a change of the runlevel: what a script prints is shown there beside its log, as
 * startpar does it: whole when it ends, or as it goes on while no other one runs. Nothing is waited for: of a console that takes no more, the rest is left out.
 */

import { Buffer } from "node:buffer";
import { ifAllowed } from "../../sys/call/refused.ts";
import { O_NOCTTY, O_NONBLOCK, O_WRONLY, open } from "../../sys/io/descriptors.ts";
import { DescriptorWriter } from "../../sys/io/writer.ts";

/** When nothing was shown for so long (ms), the script with the oldest output is shown as it goes on. */
const LONGEST_SILENCE = 3000;

/** So much of a script's output is kept until its end, and so much waits for the console at most, in bytes. */
const MAX_KEPT = 64 * 1024, MAX_WAITING = 1 << 20;

/** What a script prints. */
interface ScriptOutput {
  kept: Uint8Array[];
  size: number;
  /** It is shown as it goes on. */
  isLive: boolean;
}

/** The console, for the scripts that run. */
export class ConsoleEcho {
  /** How many changes of the runlevel are carried out. */
  #changes = 0;
  #writer: DescriptorWriter | undefined;
  /** The scripts that run, by their jobs. */
  readonly #outputs = new Map<string, ScriptOutput>();
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** Whose output was written last, where that has not ended its line. */
  #midLine: ScriptOutput | undefined;

  /**
   * @param path The console's.
   * @param longestSilence For tests.
   */
  constructor(private readonly path: string, private readonly longestSilence = LONGEST_SILENCE) {}

  /** Shows what scripts print that start from now on, until the function is called that it returns. */
  show(): () => void {
    this.#changes++;
    return () => {
      if (--this.#changes === 0) this.#hide();
    };
  }

  /** Follows a script that starts. Returns what is to be called at its end; undefined where nothing is shown. */
  follow(job: string): (() => void) | undefined {
    if (this.#changes === 0) return undefined;
    const output: ScriptOutput = { kept: [], size: 0, isLive: false };
    this.#outputs.set(job, output);
    return () => {
      this.#write(output);
      if (this.#outputs.get(job) === output) this.#outputs.delete(job);
      if (this.#outputs.size === 1) this.showKept();
    };
  }

  /** Takes what a job has printed. The bytes may change later. */
  take(job: string, bytes: Uint8Array): void {
    const output = this.#outputs.get(job);
    if (!output) return;
    output.kept.push(new Uint8Array(bytes));
    output.size += bytes.length;
    // The last script of all ends the machine, and nobody is left to show what it has printed before.
    const isAlone = this.#outputs.size === 1;
    if (isAlone || output.isLive || output.size > MAX_KEPT) this.#write(output);
    else this.#await();
  }

  /** True while scripts are shown. */
  get isShowing(): boolean {
    return this.#changes > 0;
  }

  /** Shows what is kept. */
  showKept(): void {
    for (const output of this.#outputs.values()) this.#write(output);
  }

  /** Shows nothing any more. */
  close(): void {
    this.#hide();
    this.#closeConsole();
  }

  #hide(): void {
    this.showKept();
    this.#outputs.clear();
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#closeUnused();
  }

  #await(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      const oldest = this.#outputs.values().find(({ size }) => size > 0);
      if (!oldest) return;
      oldest.isLive = true;
      this.#write(oldest);
    }, this.longestSilence);
  }

  /** Writes what is kept. What follows the beginning of another script's line has a line of its own. */
  #write(output: ScriptOutput): void {
    if (output.size === 0) return;
    const text = Buffer.concat(output.kept).toString("latin1").replaceAll("\r\n", "\n");
    output.kept = [];
    output.size = 0;
    this.#writer ??= ifAllowed(() => this.#open());
    if (!this.#writer || this.#writer.waiting > MAX_WAITING) return;
    const isOther = this.#midLine !== undefined && this.#midLine !== output;
    this.#writer.write(Buffer.from(isOther ? `\n${text}` : text, "latin1"));
    this.#midLine = text.endsWith("\n") ? undefined : output;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#outputs.values().some(({ size }) => size > 0)) this.#await();
  }

  /** @throws {SystemError} where there is no console, or it cannot be opened. */
  #open(): DescriptorWriter {
    return new DescriptorWriter(open(this.path, O_WRONLY | O_NOCTTY | O_NONBLOCK), {
      onProgress: () => this.#closeUnused(),
      onBroken: () => this.#closeConsole(),
    });
  }

  #closeUnused(): void {
    if (this.#changes === 0 && this.#writer?.waiting === 0) this.#closeConsole();
  }

  #closeConsole(): void {
    this.#writer?.close();
    this.#writer = this.#midLine = undefined;
  }
}

/** A machine on its way through boots and ends, seen and driven from its serial console. */

import assert from "node:assert/strict";
import { until } from "../support/deadline.ts";
import type { Answer } from "./console.ts";
import { diskFault } from "./disk.ts";
import type { Machine } from "./machine.ts";

/** Who logs in, and by which password. */
export const USER = "root", PASSWORD = "rouse";

/** How long things may take on a processor of its own, in seconds. Emulation has more: {@link Machine.patience}. */
const BOOT = 120, COMMAND = 30, END = 90;

/** What the kernel says of a root disk that was not unmounted, or is damaged. */
const DISK_FAULTS = "dmesg | grep -iE 'EXT4-fs.*(recover|error|check)' || :";

/** What steps get. */
export class Walk {
  constructor(readonly machine: Machine, private readonly disk: string) {}

  /**
   * Waits for the prompt of a boot, and logs in. Gives the seconds from now to the prompt.
   * @throws {Error} when none comes, and when the kernel has had to repair the disk.
   */
  async logIn(): Promise<number> {
    const { machine, machine: { console } } = this;
    const begin = performance.now();
    await console.loginPrompt(machine.patience(BOOT));
    const seconds = (performance.now() - begin) / 1000;
    await console.logIn(USER, PASSWORD, machine.patience(COMMAND));
    assert.equal(await this.run(DISK_FAULTS), "");
    return seconds;
  }

  /** What a line of shell comes to. */
  try(line: string): Promise<Answer> {
    return this.machine.console.run(line, this.machine.patience(COMMAND));
  }

  /** The output of a line of shell that has to succeed. */
  async run(line: string): Promise<string> {
    const { exit, told } = await this.try(line);
    assert.equal(exit, 0, `${line}: exit ${exit}: ${told}`);
    return told;
  }

  /** Waits until a line of shell succeeds and tells what matches; gives the match. */
  async until(line: string, pattern: RegExp): Promise<RegExpExecArray> {
    let last: Answer | undefined;
    try {
      return await until(`${line} tells ${pattern}`, async () => {
        last = await this.try(line);
        return last.exit === 0 ? pattern.exec(last.told) ?? undefined : undefined;
      }, this.machine.patience(COMMAND));
    } catch (error) {
      throw new Error(`${(error as Error).message}: ${JSON.stringify(last)}`);
    }
  }

  /** Types a line by which the machine goes down and up again; logs in. */
  async restart(line: string): Promise<string> {
    this.machine.console.type(`${line}\n`);
    return await this.comesUpAgain();
  }

  /** Waits until the machine has gone down and has come up again, and logs in. */
  async comesUpAgain(): Promise<string> {
    const { machine, machine: { console } } = this;
    const begin = performance.now();
    await console.expect("the kernel restarts", /reboot: Restarting system/, machine.patience(END));
    const down = (performance.now() - begin) / 1000;
    const up = await this.logIn();
    return `down in ${inSeconds(down)}, the prompt for a login ${inSeconds(up)} later`;
  }

  /** Types a line by which the machine goes off. */
  async switchOff(line: string): Promise<void> {
    this.machine.console.type(`${line}\n`);
    await this.machine.off(END);
  }

  /** Examines the disk of a machine that is off. */
  diskIsClean(): string {
    assert.equal(diskFault(this.disk), undefined);
    return "its state is clean, and e2fsck -fn finds nothing";
  }
}

/** A time for people. */
export function inSeconds(seconds: number): string {
  return `${seconds.toFixed(seconds < 10 ? 1 : 0)} s`;
}

/** The interactive boot: the user is asked what is to be started. */

import { spawnSync } from "node:child_process";
import { existsSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { RC_DIR } from "../../../model/openrc/paths.ts";
import { readKey } from "../../../sys/machine/terminal.ts";
import { write } from "../../output.ts";
import type { OpenrcMessages } from "../messages.ts";

/** There while the user is asked, also in the runlevels after that of the boot. */
const MARK = join(RC_DIR, "interactive");

const INPUT = 0, OUTPUT = 1;

/** Asks the user, once a key has told that this is wanted. */
export class Prompt {
  #isAsking: boolean;

  /**
   * @param isOffered The key `I` has the user asked
   * @param shell The shell that the user may have
   */
  constructor(
    private readonly messages: OpenrcMessages,
    private readonly isOffered: boolean,
    private readonly shell: string,
  ) {
    this.#isAsking = !messages.isQuiet && existsSync(MARK);
  }

  /** False for a service that the user wants to be passed over. */
  mayStart(service: string): boolean {
    if (!this.#isAsking && !this.#isCalled()) return true;
    this.#isAsking = true;
    for (;;) {
      write(OUTPUT, "\n");
      this.messages.info(`About to start the service ${service}`);
      this.messages.info("  1) Start the service\t\t2) Skip the service");
      this.messages.info("  3) Continue boot process\t\t4) Exit to shell");
      const answer = this.#answer();
      if (answer === "4") {
        spawnSync(this.shell, [], { stdio: "inherit" });
        continue;
      }
      if (answer === "3") this.#isAsking = false;
      return answer !== "2";
    }
  }

  /** Notes for the next runlevel whether the user is asked there. */
  keep(isBoot: boolean): void {
    if (this.#isAsking && isBoot) writeFileSync(MARK, "", { flag: existsSync(MARK) ? "r+" : "wx" });
    else rmSync(MARK, { force: true });
  }

  #isCalled(): boolean {
    if (!this.isOffered || this.messages.isQuiet) return false;
    return readKey(INPUT, false)?.toLowerCase() === "i";
  }

  /** Waits for one of the keys. Without a terminal everything is started. */
  #answer(): string {
    for (;;) {
      const key = readKey(INPUT, true);
      if (key === undefined) return "3";
      if ("1234".includes(key)) return key;
    }
  }
}

/** The shell for a user: that of the settings, of the environment, or `/bin/sh`. */
export function userShell(wanted: string | undefined): string {
  return wanted || process.env["SHELL"] || "/bin/sh";
}

/** The marks of a change of runlevels below /run/openrc: others see by them that one is left or entered. */

import { accessSync, constants, mkdirSync, rmdirSync } from "node:fs";
import { join } from "node:path";
import { failureMessage } from "../../../config/files.ts";
import type { ServiceStates } from "../../../config/openrc/states.ts";
import { ENTERING, LEAVING } from "../../../model/openrc/paths.ts";
import { ifAllowed, unlessRefused } from "../../../sys/call/refused.ts";
import { close, lockFile, O_RDONLY, open } from "../../../sys/io/descriptors.ts";
import { ToolError } from "../tool.ts";

/** The marks of one change. */
export class LevelMarks {
  #lock: number | undefined;
  #isChanging = false;

  constructor(private readonly states: ServiceStates) {}

  /**
   * Makes the directories of the states.
   * @throws {ToolError} where only root may.
   */
  prepare(program: string): void {
    unlessRefused(() => {
      this.states.prepare();
      accessSync(this.states.directory, constants.W_OK);
    }, (error) => {
      const reason = error.code === "EACCES" ? "superuser access required" : failureMessage(error);
      throw new ToolError(`${program}: ${reason}`);
    });
  }

  /**
   * Marks that a runlevel is left. What a change has left that was killed is taken over.
   * @throws {ToolError} where another change is under way, or the kernel's error.
   */
  beginLeaving(program: string): void {
    const path = this.#at(LEAVING);
    mkdirSync(path, { recursive: true, mode: 0o755 });
    const lock = open(path, O_RDONLY);
    if (!lockFile(lock, "exclusive")) {
      close(lock);
      throw new ToolError(`${program}: the runlevel is being changed by another openrc`);
    }
    this.#lock = lock;
    this.#isChanging = true;
  }

  endLeaving(): void {
    if (this.#lock === undefined) return;
    ifAllowed(() => rmdirSync(this.#at(LEAVING)));
    close(this.#lock);
    this.#lock = undefined;
  }

  beginEntering(): void {
    ifAllowed(() => mkdirSync(this.#at(ENTERING), { mode: 0o755 }));
  }

  /** Forgets which services have failed. */
  clearFailed(): void {
    for (const service of this.states.services("failed")) this.states.clearMark(service, "failed");
  }

  /** Takes away what is left of the marks. */
  end(): void {
    if (!this.#isChanging) return;
    this.endLeaving();
    ifAllowed(() => rmdirSync(this.#at(ENTERING)));
    this.#isChanging = false;
    this.clearFailed();
  }

  #at(name: string): string {
    return join(this.states.directory, name);
  }
}

/** Where init is to be found: its address, and in user mode the session file that tells it (initctl(8), list-sessions). */

import * as fs from "node:fs";
import process from "node:process";

/** The address of this process as the init of a user's session. */
export function sessionAddress(): string {
  return `unix:abstract=/com/ubuntu/upstart-session/${process.getuid?.() ?? 0}/${process.pid}`;
}

/** The file that tells a user's programs of a session. */
export class SessionFile {
  readonly #path: string;

  /**
   * Writes `$XDG_RUNTIME_DIR/upstart/sessions/PID.session`.
   *
   * @throws Error when there is no such directory or it cannot be written.
   */
  constructor(address: string) {
    const runtime = process.env.XDG_RUNTIME_DIR;
    if (!runtime) throw new Error("XDG_RUNTIME_DIR is not set");
    const directory = `${runtime}/upstart/sessions`;
    fs.mkdirSync(directory, { recursive: true, mode: 0o700 });
    this.#path = `${directory}/${process.pid}.session`;
    // Renamed into place, so that nobody reads half of it.
    const draft = `${this.#path}.new`;
    fs.writeFileSync(draft, `UPSTART_SESSION=${address}\n`, { mode: 0o600 });
    fs.renameSync(draft, this.#path);
  }

  remove(): void {
    fs.rmSync(this.#path, { force: true });
  }
}

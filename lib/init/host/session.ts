/** The address of a user's session, and the session file that it is found by (initctl(8), list-sessions). */

import * as fs from "node:fs";
import { resolve } from "node:path";
import process from "node:process";
import { directoryProblem } from "../../config/files.ts";
import type { Messages } from "../logs/messages.ts";
import type { Part } from "../parts/part.ts";
import { untrustedWriterAt } from "../../sys/access/trust.ts";
import { isFault } from "../../sys/call/fault.ts";

/** The address of this process as the init of a user's session. */
export function sessionAddress(): string {
  return `unix:abstract=/com/ubuntu/upstart-session/${process.getuid?.() ?? 0}/${process.pid}`;
}

/** What is saved of {@link SessionFile}. */
export interface SavedSessionFile {
  /** The file, if it was written. */
  path?: string;
}

/** The file by which a user's programs find a session. */
export class SessionFile implements Part<SavedSessionFile> {
  #path: string | undefined;

  constructor(private readonly messages: Messages) {}

  /** Writes the file. If that fails, warns how init can be found without. */
  open(address: string): void {
    try {
      this.#write(address);
    } catch (error) {
      if (isFault(error)) return this.messages.fault("the writing of the session file", error);
      const reason = (error as Error).message;
      this.messages.log(
        "warn",
        `Failed to write the session file: ${reason}; to be found, init needs UPSTART_SESSION=${address}`,
      );
    }
  }

  /**
   * Writes `$XDG_RUNTIME_DIR/upstart/sessions/PID.session`.
   *
   * @throws {Error} when the directory does not exist or cannot be written.
   */
  #write(address: string): void {
    const runtime = process.env.XDG_RUNTIME_DIR;
    if (!runtime) throw new Error("XDG_RUNTIME_DIR is not set");
    // The login makes it and removes it, so it is not made here.
    const problem = directoryProblem(runtime);
    if (problem !== undefined) throw new Error(`XDG_RUNTIME_DIR, ${runtime}: ${problem}`);
    // As when root has become another's session with that one's environment (su(1)).
    const writer = untrustedWriterAt(resolve(runtime));
    if (writer !== undefined) throw new Error(`XDG_RUNTIME_DIR, ${writer}`);
    const directory = `${runtime}/upstart/sessions`;
    fs.mkdirSync(directory, { recursive: true, mode: 0o700 });
    const path = `${directory}/${process.pid}.session`;
    // A rename is atomic: nobody reads half of the file.
    const draft = `${path}.new`;
    fs.rmSync(draft, { force: true });
    fs.writeFileSync(draft, `UPSTART_SESSION=${address}\n`, { flag: "wx", mode: 0o600 });
    fs.renameSync(draft, path);
    this.#path = path;
  }

  /** Removes the file, if it was written. */
  remove(): void {
    if (this.#path !== undefined) fs.rmSync(this.#path, { force: true });
    this.#path = undefined;
  }

  save(): SavedSessionFile {
    return this.#path === undefined ? {} : { path: this.#path };
  }

  restore({ path }: SavedSessionFile): void {
    this.#path = path;
  }
}

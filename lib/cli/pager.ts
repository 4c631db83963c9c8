/** The one rule for paging: on a terminal, what is longer than it is shown by PAGER. One chunk of its own. */

import { Buffer } from "node:buffer";
import { spawnSync } from "node:child_process";
import process from "node:process";
import { withoutColours } from "../model/text/printable.ts";
import { isTerminal } from "../sys/io/descriptors.ts";
import { terminalSize } from "../sys/machine/terminal.ts";
import { writeStyled } from "./output.ts";

/** What is longer is not paged, but written as it comes, in bytes. */
const MOST = 64 << 20;

/** The pager where the user has named none. Minimal images do not have it, which is no error. */
const USUAL = "command -v less >/dev/null || exit 127; exec less";

/** The options of less, where the user has set none: it ends by itself at short texts, shows colours, and leaves the text. */
const LESS = "FRX";

/** The exit status of a shell that finds no such command. */
const NOT_FOUND = 127;

/** What a command writes to a terminal, which is kept until it is known whether it is long. */
export class PagedOutput {
  #kept: Uint8Array[] = [];
  #size = 0;
  #isRead = true;

  constructor(private readonly environment: Record<string, string | undefined>) {}

  /** Returns false where nobody reads it any more. */
  add(text: string | Uint8Array): boolean {
    const bytes = typeof text === "string" ? Buffer.from(text) : text;
    this.#kept.push(bytes);
    this.#size += bytes.length;
    return this.#size <= MOST || this.#writeOut();
  }

  /** Shows it all. */
  end(): void {
    if (this.#size > MOST) return;
    const whole = Buffer.concat(this.#kept), pager = this.environment["PAGER"] ?? USUAL;
    const isPaged = pager !== "" && pager !== "cat" && isLong(whole.toString());
    if (!isPaged || !page(pager, whole, this.environment)) this.#writeOut();
  }

  #writeOut(): boolean {
    for (const bytes of this.#kept.splice(0)) this.#isRead &&= writeStyled(1, bytes);
    return this.#isRead;
  }
}

/**
 * Writes a text to standard output, by the pager where that is a terminal and the text is long.
 * @param isOff True: never by the pager
 */
export function showPaged(text: string, isOff: boolean): void {
  const output = new PagedOutput(isOff || !isTerminal(1) ? { PAGER: "" } : process.env);
  output.add(text);
  output.end();
}

/** True for what does not fit the terminal, with a line left for the shell's prompt. */
function isLong(text: string): boolean {
  const { rows = 0, columns = 0 } = terminalSize(1) ?? {};
  if (rows === 0) return false;
  let used = 0;
  for (const line of withoutColours(text).trimEnd().split("\n")) {
    used += columns === 0 ? 1 : Math.max(1, Math.ceil(line.length / columns));
    if (used >= rows) return true;
  }
  return false;
}

/** Runs the pager to its end. Returns false where there is none. */
function page(command: string, text: Uint8Array, environment: Record<string, string | undefined>): boolean {
  const ignore = () => {};
  // ^C is the pager's.
  process.on("SIGINT", ignore);
  try {
    const { status, error } = spawnSync("/bin/sh", ["-c", command], {
      input: text,
      stdio: ["pipe", "inherit", "inherit"],
      env: { LESS, ...environment },
    });
    const isUnread = (error as { code?: string } | undefined)?.code === "EPIPE";
    return (error === undefined || isUnread) && status !== NOT_FOUND;
  } finally {
    process.off("SIGINT", ignore);
  }
}

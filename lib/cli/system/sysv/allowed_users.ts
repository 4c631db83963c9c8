/** Who may shut down from the console's keyboard: `shutdown -a` and /etc/shutdown.allow. */

import { statSync } from "node:fs";
import { readSource } from "../../../config/files.ts";
import { untrustedWriterAt } from "../../../sys/access/trust.ts";
import { ifAllowed } from "../../../sys/call/refused.ts";
import { logins } from "../../../sys/utmp/records.ts";

/** The users, one a line. */
const ALLOWED = "/etc/shutdown.allow";

/**
 * True when root or a user of the list is logged in on a virtual console, or when there is no list.
 * @param warn Is told why the list does not count. Then nobody is on it but root.
 */
export function isAllowedUserThere(warn: (reason: string) => void): boolean {
  const found = readSource(ALLOWED);
  if (found.state === "absent") return true;
  const writer = untrustedWriterAt(ALLOWED);
  const isGood = found.state === "regular" && writer === undefined;
  if (!isGood) warn(writer ?? `${ALLOWED}: not a file that can be read`);
  const users = new Set(["root", ...isGood ? linesOf(found.text) : []]);
  return logins().some(({ user, terminal }) => users.has(user) && isVirtualConsole(terminal));
}

function linesOf(text: string): string[] {
  return text.split("\n").map((line) => line.trim()).filter((line) => line !== "" && !line.startsWith("#"));
}

/** The kernel's virtual consoles are devices 4:1 to 4:63 (tty(4)). */
function isVirtualConsole(terminal: string): boolean {
  const device = ifAllowed(() => statSync(terminal))?.rdev ?? 0;
  const major = device >> 8 & 0xfff, minor = device & 0xff;
  return major === 4 && minor >= 1 && minor < 64;
}

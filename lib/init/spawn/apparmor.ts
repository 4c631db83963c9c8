/** The AppArmor profiles of jobs (init(5), `apparmor load`, `apparmor switch`). */

import { readFileSync } from "node:fs";
import { ifAllowed } from "../../sys/call/refused.ts";

/** The file and the program that belong to AppArmor. */
interface AppArmorOptions {
  /** Contains `Y` where the kernel has AppArmor enabled. */
  enabledFile?: string;
  /** The program that loads profiles. */
  parser?: string;
  /** Receives a warning each time that stanzas are ignored. */
  warn(message: string): void;
}

/** AppArmor, if the kernel has it. */
export class AppArmor {
  readonly #options: Required<AppArmorOptions>;

  constructor(options: AppArmorOptions) {
    this.#options = {
      enabledFile: "/sys/module/apparmor/parameters/enabled",
      parser: "/sbin/apparmor_parser",
      ...options,
    };
  }

  /** The command that loads a profile. Undefined, with a warning, where there is no AppArmor. */
  loadCommand(profile: string): string[] | undefined {
    return this.#available() ? [this.#options.parser, "-r", "-W", profile] : undefined;
  }

  /** The profile that a process is to switch to. Undefined, with a warning, where there is no AppArmor. */
  availableProfile(profile: string | undefined): string | undefined {
    return profile !== undefined && this.#available() ? profile : undefined;
  }

  #available(): boolean {
    // The file is missing where the kernel does not have it.
    const enabled = ifAllowed(() => readFileSync(this.#options.enabledFile, "latin1"));
    if (enabled?.startsWith("Y")) return true;
    this.#options.warn("Ignoring apparmor stanzas: the kernel has no AppArmor, or has it disabled");
    return false;
  }
}

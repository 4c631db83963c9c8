/** AppArmor profiles of jobs (init(5), `apparmor load`, `apparmor switch`). */

import { readFileSync } from "node:fs";

/** Where AppArmor is to be found. */
export interface AppArmorOptions {
  /** Holds `Y` where the kernel has it. */
  enabledFile?: string;
  /** The program that loads profiles. */
  parser?: string;
  /** Told that stanzas are ignored, for as often as they are. */
  warn(message: string): void;
}

/** The kernel's AppArmor, if it has it. */
export class AppArmor {
  readonly #options: Required<AppArmorOptions>;

  constructor(options: AppArmorOptions) {
    this.#options = {
      enabledFile: "/sys/module/apparmor/parameters/enabled",
      parser: "/sbin/apparmor_parser",
      ...options,
    };
  }

  /** The command that loads a profile; undefined where there is no AppArmor, which is warned of. */
  loading(profile: string): string[] | undefined {
    return this.#available() ? [this.#options.parser, "-r", "-W", profile] : undefined;
  }

  /** The profile to run under; undefined where there is no AppArmor, which is warned of. */
  switching(profile: string | undefined): string | undefined {
    return profile !== undefined && this.#available() ? profile : undefined;
  }

  #available(): boolean {
    let enabled = "";
    try {
      enabled = readFileSync(this.#options.enabledFile, "latin1");
    } catch {
      // A kernel without it.
    }
    if (enabled.startsWith("Y")) return true;
    this.#options.warn("Ignoring apparmor stanzas: the kernel has no AppArmor, or has it disabled");
    return false;
  }
}

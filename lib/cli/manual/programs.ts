/** The tables of all programs in one: what help texts, the manual and completion are made from. */

import { FORMATS } from "../../config/formats.ts";
import type { CommandDescription } from "../../model/command_line/help.ts";
import { NO_PAGER, type Option } from "../../model/command_line/options.ts";

/** What only the entry point knows: it stands above all programs. */
export interface Host {
  /** The names of all programs that links can have. */
  programs: readonly string[];
  /** What `rouse WORD` calls beside them. */
  words: readonly string[];
  /** The descriptions of init and of `rouse run`. */
  init(program: "init" | "run"): Promise<CommandDescription>;
}

/** A tool whose table has no summary, or that has none. */
const described = (
  name: string,
  args: string,
  summary: string,
  { options }: { options: readonly Option[] } = { options: [] },
) => ({ name, arguments: args, summary, options });

/** Descriptions by the names of programs, and of words behind `rouse`. */
const DESCRIPTIONS: Readonly<Record<string, (name: string) => Promise<CommandDescription>>> = {
  "--install": async () => (await import("../install.ts")).INSTALL,
  build: async () => (await import("../build/build.ts")).BUILD,
  check: async () => (await import("../check/check.ts")).CHECK,
  chkconfig: async () => (await import("../sysv/services/chkconfig.ts")).CHKCONFIG,
  completion: async () => (await import("./completion.ts")).COMPLETION,
  convert: async () => (await import("../authoring/convert.ts")).convertTool(FORMATS),
  doctor: async () => (await import("../doctor/doctor.ts")).DOCTOR,
  halt: systemEnd,
  licences: async () => (await import("../licences.ts")).LICENCES,
  "init-checkconf": async () => (await import("../check/init_checkconf.ts")).CHECKCONF,
  insserv: async () => (await import("../sysv/insserv.ts")).INSSERV,
  "invoke-rc.d": async () => (await import("../sysv/services/invoke_rc_d.ts")).INVOKE,
  man: async () => (await import("./man.ts")).MAN,
  new: async () => (await import("../authoring/new.ts")).TOOL,
  openrc: async () =>
    described("openrc", "[RUNLEVEL]", "Enter a runlevel.", (await import("../openrc/levels/openrc.ts")).TOOL),
  poweroff: systemEnd,
  probe: async () => (await import("../probe.ts")).PROBE,
  upgrade: async () => (await import("../upgrade.ts")).UPGRADE,
  "rc-depend": async () =>
    described(
      "rc-depend",
      "SERVICE...",
      "Show what services depend on.",
      (await import("../openrc/rc_depend.ts")).TOOL,
    ),
  "rc-service": async () =>
    described(
      "rc-service",
      "SERVICE ACTION...",
      "Run a service's script.",
      (await import("../openrc/rc_service.ts")).TOOL,
    ),
  "rc-status": async () =>
    described(
      "rc-status",
      "[RUNLEVEL]...",
      "Show services by runlevels.",
      (await import("../openrc/rc_status.ts")).TOOL,
    ),
  "rc-update": async () =>
    described(
      "rc-update",
      "[add|del|show] [SERVICE] [RUNLEVEL]...",
      "Put services into runlevels.",
      (await import("../openrc/rc_update.ts")).TOOL,
    ),
  reboot: systemEnd,
  runlevel: async () => (await import("../system/runlevel.ts")).RUNLEVEL,
  service: () =>
    Promise.resolve(
      described("service", "SERVICE [ACTION [ARGUMENT]...]", "Run an action of a service.", {
        options: [{ long: "status-all", help: "show the status of all services" }],
      }),
    ),
  shutdown: async () => (await import("../system/shutdown.ts")).SHUTDOWN,
  telinit: async () => (await import("../system/telinit.ts")).TELINIT,
  types: async () => (await import("../authoring/types.ts")).TOOL,
  "update-rc.d": () =>
    Promise.resolve(
      described("update-rc.d", "SCRIPT ACTION [LEVEL]...", "Enable and disable init scripts."),
    ),
};

async function systemEnd(name: string): Promise<CommandDescription> {
  return (await import("../system/reboot.ts")).program(name);
}

/** The words behind `rouse` that have a part in its page, in this order. */
const TOOLS = [
  "check",
  "doctor",
  "new",
  "types",
  "convert",
  "build",
  "probe",
  "upgrade",
  "licences",
  "man",
  "completion",
  "--install",
];

/** The descriptions of the tables. @param host Of the entry point */
export class ProgramTables {
  constructor(readonly host: Host) {}

  /** The description of a program or a word; undefined where its options stand in no table. */
  async describe(name: string): Promise<CommandDescription | undefined> {
    if (name === "initctl") {
      return { name, summary: "Ask and command init.", options: (await this.initctl()).options };
    }
    if (name === "init" || name === "run") return await this.host.init(name);
    return Object.hasOwn(DESCRIPTIONS, name) ? await DESCRIPTIONS[name]!(name) : undefined;
  }

  /** The commands of initctl, and the options that all of them have. */
  async initctl(): Promise<{ commands: CommandDescription[]; options: readonly Option[] }> {
    const { GROUPS, OPTIONS } = await import("../initctl/initctl.ts");
    const commands = GROUPS.flatMap((group) => group().commands).map((command) =>
      command.isListing ? { ...command, options: [...command.options ?? [], NO_PAGER] } : command
    );
    return { commands, options: OPTIONS };
  }

  /** What can follow on `initctl`, or on `rouse`, as the manual tells of it. */
  async commands(program: string): Promise<CommandDescription[]> {
    if (program === "initctl") return (await this.initctl()).commands;
    return await Promise.all(TOOLS.map(async (name) => (await this.describe(name))!));
  }
}

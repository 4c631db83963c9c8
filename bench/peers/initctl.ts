/** Rouse and Upstart, which take the same job files and commands. */

import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { until } from "../../tests/support/deadline.ts";
import { type Action, type Peer, type Service, Supervision } from "./peer.ts";

/**
 * An init that speaks Upstart, by the folder that holds its programs.
 *
 * @param stampOption The option that has lines of logs bear the time, if there is one.
 */
export function initctlPeer(name: string, programs: string, files: string[], stampOption?: string): Peer {
  const missing = existsSync(`${programs}/init`) ? {} : { missing: `no ${programs}/init` };
  return {
    name,
    events: true,
    stamps: stampOption !== undefined,
    files,
    ...missing,
    prepare: (services) => new Init(programs, services, stampOption),
  };
}

/** A running init in a user's session. */
export class Init extends Supervision {
  protected readonly words: string[];
  readonly #jobs: number;

  constructor(programs: string, services: Service[], stampOption?: string) {
    super();
    this.#jobs = services.length;
    this.environment["PATH"] = `${programs}:${this.environment["PATH"]}`;
    this.environment["XDG_RUNTIME_DIR"] = this.path("run");
    for (const [folder, mode] of [["run", 0o700], ["log", 0o755], ["jobs", 0o755]] as const) {
      mkdirSync(this.path(folder), { mode });
    }
    for (const service of services) this.write(`jobs/${service.name}.conf`, jobFile(service));
    const folders = ["--confdir", this.path("jobs"), "--logdir", this.path("log")];
    const stamps = stampOption && services.some(({ stamped }) => stamped) ? [stampOption] : [];
    this.words = [`${programs}/init`, "--user", "--no-dbus", ...stamps, ...folders];
  }

  /** The address of its control socket. */
  get address(): string {
    return this.environment["UPSTART_SESSION"]!;
  }

  override async ready(): Promise<void> {
    const session = this.path(`run/upstart/sessions/${this.pid}.session`);
    await until(
      "init has a session file",
      () => existsSync(session) && readFileSync(session, "utf8").includes("\n"),
    );
    this.environment["UPSTART_SESSION"] = readFileSync(session, "utf8").trim().replace(
      "UPSTART_SESSION=",
      "",
    );
    await until("init has read its jobs", async () => {
      try {
        return (await this.run(["initctl", "list"])).split("\n").length > this.#jobs;
      } catch {
        return false;
      }
    });
  }

  override async startAll(): Promise<void> {
    await this.run(["initctl", "emit", "all-start"]);
  }

  override async stopAll(): Promise<void> {
    await this.run(["initctl", "emit", "all-stop"]);
  }

  override command(action: Action, service: string): string[] | undefined {
    if (action === "emit") return ["initctl", "emit", "nobody-listens"];
    if (action === "list") return ["initctl", "list"];
    if (action === "reload") return ["initctl", "reload-configuration"];
    return ["initctl", action, service];
  }

  override log(service: string): string {
    return this.path(`log/${service}.log`);
  }
}

function jobFile({ command, task, respawn, logged, automatic, after, startOn }: Service): string {
  const event = startOn ??
    (automatic ? "startup" : after === undefined ? "all-start" : `started JOB=${after}`);
  const lines = [
    `start on ${event}`,
    ...(task ? ["task"] : ["stop on all-stop"]),
    ...(respawn ? ["respawn", "respawn limit unlimited"] : []),
    `console ${logged === "pipe" ? "pipe" : logged ? "log" : "none"}`,
    `exec ${command.join(" ")}`,
  ];
  return `${lines.join("\n")}\n`;
}

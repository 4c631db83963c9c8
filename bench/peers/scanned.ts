/** s6 and runit: a directory for each service, a supervisor for each, and one that scans for directories. */

import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { until } from "../../tests/support/deadline.ts";
import { type Action, type Peer, type Service, Supervision } from "./peer.ts";

/** What the two differ in. */
interface Kind {
  name: string;
  programs: string[];
  scan(directory: string): string[];
  /** Says that the supervisor of a service is there. */
  ready: string;
  start(services: string[]): string[];
  once(services: string[]): string[];
  stop(services: string[]): string[];
  command(action: Action, service: string): string[] | undefined;
  /** The command that logs, with time stamps or without. */
  logger(directory: string, stamped: boolean): string;
}

/** s6-svc takes one service at a time. */
const each = (option: string) => (services: string[]) => [
  "sh",
  "-c",
  `for service; do s6-svc ${option} "$service" || exit 1; done`,
  "sh",
  ...services,
];

const S6: Kind = {
  name: "s6",
  programs: ["s6-svscan", "s6-supervise", "s6-svc", "s6-svstat", "s6-log"],
  scan: (directory) => ["s6-svscan", "-c", "4000", directory],
  ready: "supervise/control",
  start: each("-u"),
  once: each("-o"),
  stop: each("-d"),
  command(action, service) {
    if (action === "status") return ["s6-svstat", service];
    if (action === "start") return ["s6-svc", "-wu", "-u", service];
    if (action === "stop") return ["s6-svc", "-wd", "-d", service];
    return undefined;
  },
  logger: (directory, stamped) => `exec s6-log -b ${stamped ? "t " : ""}n2 s99999999 ${directory}`,
};

const RUNIT: Kind = {
  name: "runit",
  programs: ["runsvdir", "runsv", "sv", "svlogd"],
  scan: (directory) => ["runsvdir", directory],
  ready: "supervise/ok",
  start: (services) => ["sv", "up", ...services],
  once: (services) => ["sv", "once", ...services],
  stop: (services) => ["sv", "down", ...services],
  command(action, service) {
    if (action === "status") return ["sv", "status", service];
    if (action === "start" || action === "stop") return ["sv", action, service];
    return undefined;
  },
  logger: (directory, stamped) => `exec svlogd ${stamped ? "-t " : ""}${directory}`,
};

/** Both: s6 as it is installed, for its programs know each other by their paths; runit unpacked below a folder. */
export function scannedPeers(folder: string): Peer[] {
  return [S6, RUNIT].map((kind) => {
    const root = kind === S6 ? "/" : folder;
    const files = kind.programs.map((program) => join(root, "usr/bin", program));
    return {
      name: kind.name,
      stamps: true,
      files,
      ...(existsSync(files[0]!) ? {} : { missing: `${kind.name} is not there` }),
      prepare: (services: Service[]) => new Scanned(kind, root, services),
    };
  });
}

class Scanned extends Supervision {
  protected readonly words: string[];
  readonly #directories: string[];

  constructor(private readonly kind: Kind, root: string, private readonly services: Service[]) {
    super();
    this.environment["PATH"] = `${join(root, "usr/bin")}:${this.environment["PATH"]}`;
    mkdirSync(this.path("services"));
    this.#directories = services.map(({ name }) => this.path(`services/${name}`));
    services.forEach((service) => this.#write(service));
    this.words = kind.scan(this.path("services"));
  }

  #write({ name, command, logged, stamped = false, automatic }: Service): void {
    const folder = `services/${name}`;
    this.write(`${folder}/run`, `#!/bin/sh\nexec 2>&1 ${command.join(" ")}\n`, 0o755);
    if (!automatic) this.write(`${folder}/down`, "");
    if (!logged) return;
    mkdirSync(this.path(`logs/${name}`), { recursive: true });
    this.write(`logs/${name}/config`, "s99999999\n");
    this.write(
      `${folder}/log/run`,
      `#!/bin/sh\n${this.kind.logger(this.path(`logs/${name}`), stamped)}\n`,
      0o755,
    );
  }

  override async ready(): Promise<void> {
    for (const directory of this.#directories) {
      await until(`${directory} is supervised`, () => existsSync(`${directory}/${this.kind.ready}`), 60_000);
    }
  }

  override async startAll(): Promise<void> {
    const tasks = this.services.some(({ task }) => task);
    await this.run((tasks ? this.kind.once : this.kind.start)(this.#directories));
  }

  override async stopAll(): Promise<void> {
    await this.run(this.kind.stop(this.#directories));
  }

  override command(action: Action, service: string): string[] | undefined {
    return this.kind.command(action, this.path(`services/${service}`));
  }

  override log(service: string): string {
    return this.path(`logs/${service}/current`);
  }
}

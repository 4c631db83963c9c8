/** systemd's user manager, in a place where it finds what it asks for: a booted system, and control groups. */

import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync } from "node:fs";
import { basename } from "node:path";
import process from "node:process";
import { until } from "../../tests/support/deadline.ts";
import { type Action, type Peer, type Service, Supervision } from "./peer.ts";

const MANAGER = "/lib/systemd/systemd";
const LIBRARIES = "/usr/lib/x86_64-linux-gnu/systemd";

/** The user manager of the systemd that is installed here, if it is. */
export function systemdPeer(): Peer {
  const missing = !existsSync(MANAGER)
    ? "systemd is not there"
    : process.getuid?.() !== 0
    ? "systemd's user manager gets control groups of its own from root alone"
    : undefined;
  return {
    name: "systemd",
    logless: true,
    files: [MANAGER, LIBRARIES, "/usr/bin/systemctl"].filter((file) => existsSync(file)),
    ...(missing === undefined ? {} : { missing }),
    prepare: (services) => new Systemd(services),
  };
}

/** In mount and control group namespaces of its own; `$1` names the group. The process stays the same throughout. */
const ENTER = `
  mount --make-rprivate /
  mount -t tmpfs none /run
  mkdir -p /run/systemd/system
  umount -R /sys/fs/cgroup
  mount -t cgroup2 none /sys/fs/cgroup
  mkdir "/sys/fs/cgroup/$1"
  echo $$ > "/sys/fs/cgroup/$1/cgroup.procs"
  exec unshare --cgroup sh -ec '
    umount /sys/fs/cgroup
    mount -t cgroup2 none /sys/fs/cgroup
    exec ${MANAGER} --user
  '
`;

/** Removes the group and those below it. */
const CLEAR = `
  umount -R /sys/fs/cgroup
  mount -t cgroup2 none /sys/fs/cgroup
  find "/sys/fs/cgroup/$1" -depth -type d -exec rmdir {} +
`;

class Systemd extends Supervision {
  protected readonly words: string[];

  constructor(services: Service[]) {
    super();
    const group = basename(this.directory);
    this.words = ["unshare", "--mount", "sh", "-ec", ENTER, "sh", group];
    this.environment["XDG_RUNTIME_DIR"] = this.path("run");
    this.environment["SYSTEMD_UNIT_PATH"] = this.path("units");
    this.environment["SYSTEMD_LOG_LEVEL"] = "err";
    mkdirSync(this.path("run"), { mode: 0o700 });
    const names = services.map(({ name }) => `${name}.service`);
    const automatic = services.filter((service) => service.automatic).map(({ name }) => `${name}.service`);
    this.write("units/basic.target", target([]));
    this.write("units/default.target", target(automatic));
    this.write("units/all.target", target(names));
    for (const service of services) this.write(`units/${service.name}.service`, unit(service));
  }

  override async ready(): Promise<void> {
    await until("systemd listens", () => existsSync(this.path("run/systemd/private")));
    await this.run(["systemctl", "--user", "show", "--property=Version"]);
  }

  override async startAll(): Promise<void> {
    await this.run(["systemctl", "--user", "start", "all.target"]);
  }

  override async stopAll(): Promise<void> {
    await this.run(["systemctl", "--user", "stop", "job*.service"]);
  }

  override command(action: Action, service: string): string[] | undefined {
    // A list has what has been started, or asked for, alone: units are loaded by need.
    if (action === "emit" || action === "list") return undefined;
    if (action === "reload") return ["systemctl", "--user", "daemon-reload"];
    if (action === "status") return ["systemctl", "--user", "status", "--no-pager", "--lines=0", service];
    return ["systemctl", "--user", action, service];
  }

  override log(service: string): string {
    return this.path(`${service}.log`);
  }

  override async [Symbol.asyncDispose](): Promise<void> {
    await super[Symbol.asyncDispose]();
    spawnSync("unshare", ["--mount", "sh", "-c", CLEAR, "sh", basename(this.directory)]);
  }
}

function target(wants: string[]): string {
  return `[Unit]\n${wants.map((name) => `Wants=${name}\n`).join("")}`;
}

function unit({ command, task, respawn }: Service): string {
  const lines = [
    "[Unit]",
    "StartLimitIntervalSec=0",
    "[Service]",
    `Type=${task ? "oneshot" : "simple"}`,
    ...(respawn ? ["Restart=always", "RestartSec=0"] : []),
    "StandardOutput=null",
    `ExecStart=${command.join(" ")}`,
  ];
  return `${lines.join("\n")}\n`;
}

/** Supervisor (supervisord.org), a daemon in Python. */

import { existsSync } from "node:fs";
import { join } from "node:path";
import { until } from "../../tests/support/deadline.ts";
import { type Action, type Peer, type Service, Supervision } from "./peer.ts";

/** Supervisor, unpacked below a folder. */
export function supervisordPeer(root: string): Peer {
  const program = join(root, "usr/bin/supervisord");
  return {
    name: "supervisord",
    files: [join(root, "usr/lib/python3/dist-packages/supervisor")],
    ...(existsSync(program) ? {} : { missing: "supervisor is not there" }),
    prepare: (services) => new Supervisord(root, services),
  };
}

const PYTHON = "/usr/bin/python3";

class Supervisord extends Supervision {
  protected readonly words: string[];
  readonly #client: string[];

  constructor(root: string, services: Service[]) {
    super();
    this.environment["PYTHONPATH"] = join(root, "usr/lib/python3/dist-packages");
    const socket = this.path("socket");
    const configuration = [
      "[supervisord]",
      "nodaemon=true",
      "minfds=8192",
      `logfile=${this.path("supervisord.log")}`,
      `pidfile=${this.path("pid")}`,
      `childlogdir=${this.directory}`,
      "[unix_http_server]",
      `file=${socket}`,
      "[rpcinterface:supervisor]",
      "supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface",
      "[supervisorctl]",
      `serverurl=unix://${socket}`,
      ...services.flatMap((service) => this.#program(service)),
    ];
    this.write("supervisord.conf", `${configuration.join("\n")}\n`);
    const arguments_ = ["-c", this.path("supervisord.conf")];
    this.words = [PYTHON, program(root, "supervisord"), ...arguments_];
    this.#client = [PYTHON, program(root, "supervisorctl"), ...arguments_];
  }

  #program({ name, command, respawn, logged, automatic }: Service): string[] {
    return [
      `[program:${name}]`,
      `command=${command.join(" ")}`,
      `autostart=${Boolean(automatic)}`,
      `autorestart=${Boolean(respawn)}`,
      "startsecs=0",
      "redirect_stderr=true",
      `stdout_logfile=${logged ? this.log(name) : "NONE"}`,
      "stdout_logfile_maxbytes=0",
    ];
  }

  override async ready(): Promise<void> {
    await until("supervisord listens", () => existsSync(this.path("socket")));
    await this.run([...this.#client, "version"]);
  }

  override async startAll(): Promise<void> {
    // With 500 at once it takes one or the other for ended before it began; it runs all the same.
    await this.run(["sh", "-c", `${this.#client.join(" ")} start all || :`]);
  }

  override async stopAll(): Promise<void> {
    await this.run([...this.#client, "stop", "all"]);
  }

  override command(action: Action, service: string): string[] | undefined {
    if (action === "emit") return undefined;
    // The status of one that is stopped is told by the exit status, too.
    if (action === "list") return ["sh", "-c", `${this.#client.join(" ")} status || :`];
    if (action === "reload") return [...this.#client, "update"];
    return [...this.#client, action, service];
  }

  override log(service: string): string {
    return this.path(`${service}.log`);
  }
}

function program(root: string, name: string): string {
  return join(root, "usr/bin", name);
}

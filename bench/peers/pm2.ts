/** pm2, a daemon in JavaScript that Node runs. */

import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { until } from "../../tests/support/deadline.ts";
import { killTree } from "../../tests/support/processes.ts";
import { type Action, type Peer, type Service, Supervision } from "./peer.ts";

/** pm2, installed by npm below a folder. */
export function pm2Peer(folder: string): Peer {
  return {
    name: "pm2",
    files: [join(folder, "node_modules")],
    ...(existsSync(join(folder, "node_modules/.bin/pm2")) ? {} : { missing: "pm2 is not there" }),
    prepare: (services) => new Pm2(folder, services),
  };
}

class Pm2 extends Supervision {
  protected readonly words = ["pm2", "ping"];

  constructor(folder: string, private readonly services: Service[]) {
    super();
    this.environment["PATH"] = `${join(folder, "node_modules/.bin")}:${process.env["PATH"]}`;
    this.environment["PM2_HOME"] = this.path("pm2");
    const apps = services.map(({ name, command: [script, ...args], respawn, logged }) => ({
      name,
      script,
      args,
      interpreter: "none",
      autorestart: Boolean(respawn),
      out_file: logged ? this.log(name) : "/dev/null",
      error_file: "/dev/null",
    }));
    this.write("apps.json", JSON.stringify({ apps }));
  }

  /** The first client starts the daemon and ends. A second one meanwhile would start another, and wait for ever. */
  override async ready(): Promise<void> {
    await until("pm2 answers its client", () => this.output().includes("pong"));
    if (this.services.some(({ automatic }) => automatic)) await this.startAll();
  }

  override get pid(): number {
    return Number(readFileSync(this.path("pm2/pm2.pid"), "utf8"));
  }

  /** It knows what has been started once. */
  override async introduce(): Promise<void> {
    await this.startAll();
    await this.stopAll();
  }

  override async startAll(): Promise<void> {
    await this.#pm2("start", this.path("apps.json"));
  }

  override async stopAll(): Promise<void> {
    await this.#pm2("stop", "all");
  }

  /** The daemon, and what it runs, must not hold the pipes that a command's output is read from. */
  async #pm2(...words: string[]): Promise<void> {
    await this.run(["sh", "-c", 'pm2 "$@" > /dev/null 2>&1', "sh", ...words]);
  }

  override command(action: Action, service: string): string[] | undefined {
    if (action === "status") return ["pm2", "describe", service];
    if (action === "start" || action === "stop") return ["pm2", action, service];
    return action === "list" ? ["pm2", "list"] : undefined;
  }

  override log(service: string): string {
    return this.path(`${service}.log`);
  }

  override async [Symbol.asyncDispose](): Promise<void> {
    if (existsSync(this.path("pm2/pm2.pid"))) killTree(this.pid);
    await super[Symbol.asyncDispose]();
  }
}

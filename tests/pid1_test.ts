/** Init as process 1 of a PID namespace, which root alone may make. */

import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Outcome, run } from "./support/command.ts";
import { until } from "./support/deadline.ts";
import { allProcesses, childrenOf, killNaming, killTree, procFile } from "./support/processes.ts";
import { installed, programs } from "./support/programs.ts";

const POSSIBLE = Deno.uid() === 0 && installed("unshare") && installed("nsenter");

/** An init that is process 1 of namespaces of its own, so that its system socket is its own, too. */
class NamespaceInit implements AsyncDisposable {
  readonly directory = mkdtempSync(join(tmpdir(), "rouse-pid1."));
  readonly environment = { PATH: `${programs()}:/usr/sbin:/usr/bin:/sbin:/bin`, TERM: "linux", LC_ALL: "C" };
  #unshare: ChildProcess | undefined;
  /** Init's process number outside its namespace. */
  pid = 0;

  static async start(jobs: Record<string, string>): Promise<NamespaceInit> {
    const init = new NamespaceInit();
    try {
      await init.#start(jobs);
    } catch (error) {
      await init[Symbol.asyncDispose]();
      throw error;
    }
    return init;
  }

  async #start(jobs: Record<string, string>): Promise<void> {
    for (const name of ["conf", "log"]) mkdirSync(join(this.directory, name));
    for (const [name, text] of Object.entries(jobs)) {
      writeFileSync(join(this.directory, "conf", name), text.replaceAll("@DIR@", this.directory));
    }
    const output = openSync(join(this.directory, "init.log"), "a");
    const init = ["init", "--confdir", join(this.directory, "conf"), "--logdir", join(this.directory, "log")];
    this.#unshare = spawn(
      "unshare",
      ["--fork", "--kill-child", "--pid", "--mount-proc", "--net", "--uts", "--ipc", ...init],
      { env: this.environment, cwd: "/", stdio: ["ignore", output, output], detached: true },
    );
    closeSync(output);
    this.pid = await until("unshare has started init", () => childrenOf(this.#unshare!.pid!)[0]);
    await until(`init answers; it said:\n${this.messages()}`, async () => {
      if (this.#unshare!.exitCode !== null) throw new Error(`init ended: ${this.messages()}`);
      return (await this.run("initctl", "version")).exit === 0;
    });
  }

  /** Runs a program in init's namespaces. */
  run(...words: string[]): Promise<Outcome> {
    const enter = ["nsenter", "--target", String(this.pid), "--pid", "--mount", "--net", "--uts", "--ipc"];
    return run([...enter, ...words], { environment: this.environment, directory: "/" });
  }

  /** What an initctl command prints; throws when it fails. */
  async ask(...words: string[]): Promise<string> {
    const { exit, stdout, stderr } = await this.run("initctl", ...words);
    assert.equal(exit, 0, stderr + this.messages());
    return stdout;
  }

  /** What init itself has written. */
  messages(): string {
    return readFileSync(join(this.directory, "init.log"), "utf8");
  }

  read(name: string): string {
    return readFileSync(join(this.directory, name), "utf8");
  }

  /** The zombies among the children of init. */
  zombies(): number[] {
    return childrenOf(this.pid).filter((pid) => /^State:\s+Z/m.test(procFile(pid, "status")));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const unshare = this.#unshare;
    if (unshare?.pid !== undefined && unshare.exitCode === null) {
      const ended = new Promise((resolve) => unshare.once("exit", resolve));
      killTree(unshare.pid);
      await ended;
    }
    killNaming(this.directory);
    rmSync(this.directory, { recursive: true, force: true });
  }
}

Deno.test({
  name: "process 1 emits startup, runs jobs of both kinds and keeps their logs",
  ignore: !POSSIBLE,
  async fn() {
    await using init = await NamespaceInit.start({
      "first.conf": "start on startup\ntask\nexec echo first > @DIR@/first\n",
      "web.conf": "start on stopped first\nscript\n  echo web is $$\n  exec sleep 600\nend script\n",
      "fine.ts": 'import { job } from "rouse";\n' +
        'export default job({ main({ log }) { log("from TypeScript"); }, task: true });\n',
    });
    const web = await until("web runs", async () => {
      const status = await init.ask("status", "web");
      return /^web start\/running, process (\d+)\n$/.exec(status)?.[1];
    });
    assert.equal(init.read("first"), "first\n");
    await until("web's log has its line", () => init.read("log/web.log").includes(`web is ${web}`));
    assert.equal(await init.ask("start", "fine"), "fine stop/waiting\n");
    await until("fine's log has its line", () => init.read("log/fine.log").includes("from TypeScript"));
    assert.equal(await init.ask("stop", "web"), "web stop/waiting\n");
  },
});

Deno.test({
  name: "process 1 reaps orphans",
  ignore: !POSSIBLE,
  async fn() {
    await using init = await NamespaceInit.start({
      "orphans.conf": "task\nscript\n  for i in 1 2 3 4 5 6 7 8 9 10; do\n" +
        "    (sh -c 'echo $$ >> @DIR@/orphans; exec sleep 0.2' &)\n  done\nend script\n",
    });
    await init.ask("start", "orphans");
    const count = await until("all orphans have begun", () => {
      const lines = init.read("orphans").split("\n").length - 1;
      return lines === 10 ? lines : undefined;
    });
    assert.equal(count, 10);
    await until("init has no child left", () => childrenOf(init.pid).length === 0);
    assert.deepEqual(init.zombies(), []);
  },
});

Deno.test({
  name: "process 1 survives the signals that a stray program may send it",
  ignore: !POSSIBLE,
  async fn() {
    await using init = await NamespaceInit.start({ "web.conf": "exec sleep 600\n" });
    await init.ask("start", "web");
    for (const signal of ["HUP", "USR1", "USR2", "CHLD", "PIPE", "ALRM", "CONT", "KILL"]) {
      await init.run("/bin/kill", "-s", signal, "1");
      assert.match(await init.ask("status", "web"), /^web start\/running/);
    }
    assert.ok(allProcesses().includes(init.pid));
  },
});

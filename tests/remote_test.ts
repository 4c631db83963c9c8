/** initctl --host: commands on other machines, by an ssh that runs them here. */

import assert from "node:assert/strict";
import { chmodSync, existsSync, readFileSync } from "node:fs";
import { delimiter } from "node:path";
import { Files } from "./support/author.ts";
import { type Outcome, run } from "./support/command.ts";
import { RunningInit } from "./support/init.ts";
import { onTerminal, Terminal } from "./support/terminal.ts";
import { installed } from "./support/programs.ts";

/** Notes its words, then runs the command as a login shell does. Each host has its own idea of that. */
const SSH = `#!/bin/sh
printf '%s\\n' "$*" >> @DIR@/calls
while [ "$1" != -- ]; do shift; done
case $2 in
down) echo "ssh: connect to host down port 22: Connection refused" >&2; exit 255;;
bare) exec /bin/sh -c "PATH=/nowhere; $3";;
esac
exec /bin/sh -c "$3"
`;

/** An init, and a PATH with that ssh. */
class Network implements AsyncDisposable {
  readonly #files = new Files({});
  readonly environment: Record<string, string>;

  private constructor(readonly init: RunningInit) {
    this.#files.write({ "bin/ssh": SSH.replaceAll("@DIR@", this.#files.directory) });
    chmodSync(this.#files.path("bin/ssh"), 0o755);
    const session = `unix:abstract=/com/ubuntu/upstart-session/${Deno.uid()}/${init.pid}`;
    const path = [this.#files.path("bin"), init.environment["PATH"]!].join(delimiter);
    this.environment = { ...init.environment, PATH: path, UPSTART_SESSION: session };
  }

  static async start(jobs: Record<string, string>): Promise<Network> {
    return new Network(await RunningInit.start({ jobs }));
  }

  run(...words: string[]): Promise<Outcome> {
    return run(words, { directory: "/", environment: this.environment });
  }

  /** The words that ssh was called with, a line for each call. */
  get calls(): string[] {
    const file = this.#files.path("calls");
    return existsSync(file) ? readFileSync(file, "utf8").trimEnd().split("\n") : [];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.init[Symbol.asyncDispose]();
    this.#files[Symbol.dispose]();
  }
}

const JOBS = {
  "web.conf": "exec sleep 600\n",
  "echo.conf": "task\nexport X\nexec sh -c 'test \"$X\" = \"a '\\''b\"'\n",
};

Deno.test("initctl --host: a command on another machine prints and ends as it does there", async () => {
  await using network = await Network.start(JOBS);
  const started = await network.run("initctl", "-H", "root@far", "start", "web");
  assert.match(started.stdout, /^web start\/running, process \d+\n$/);
  assert.equal(started.exit, 0);
  assert.deepEqual(await network.run("initctl", "status", "--host=far", "nosuch"), {
    exit: 1,
    stdout: "",
    stderr: "initctl: Unknown job: nosuch\n",
  });
  const linked = await network.run("stop", "-H", "far", "web");
  assert.deepEqual([linked.exit, linked.stdout], [0, "web stop/waiting\n"]);
  assert.match(network.calls[0]!, /^-T -- root@far 'sh' '-c' /);
});

Deno.test("initctl --host: words get there as they are", async () => {
  await using network = await Network.start(JOBS);
  const { exit, stderr } = await network.run("initctl", "-H", "far", "start", "echo", "X=a 'b");
  assert.deepEqual([exit, stderr], [0, ""]);
  const wrong = await network.run("initctl", "-H", "far", "start", "echo", "X=a b");
  assert.deepEqual([wrong.exit, wrong.stderr], [1, "initctl: Job failed to start\n"]);
});

Deno.test("initctl --host: several at once, each line with its host, and the worst exit status", async () => {
  await using network = await Network.start(JOBS);
  const { exit, stdout, stderr } = await network.run(
    "initctl",
    "-H",
    "a,b",
    "-H",
    "down,bare",
    "status",
    "web",
  );
  assert.equal(exit, 255);
  assert.deepEqual(stdout.trimEnd().split("\n").sort(), ["a: web stop/waiting", "b: web stop/waiting"]);
  const told = stderr.trimEnd().split("\n");
  assert(told.includes("down: ssh: connect to host down port 22: Connection refused"), stderr);
  assert(told.some((line) => line.startsWith("initctl: Unable to ask down: ssh has no connection")), stderr);
  assert(
    told.includes("initctl: Unable to ask bare: there is no initctl in its PATH; install rouse there"),
    stderr,
  );
  assert(network.calls.every((call) => !call.startsWith("-") || call.startsWith("-T -o BatchMode=yes -- ")));
});

Deno.test("initctl --host --json: the answers of several hosts name them", async () => {
  await using network = await Network.start(JOBS);
  const { exit, stdout } = await network.run("initctl", "--json", "-H", "a,down", "version");
  assert.equal(exit, 255);
  const answers = stdout.trimEnd().split("\n").map((line) => JSON.parse(line));
  const [a, down] = answers.sort((one, other) => one.host < other.host ? -1 : 1);
  assert.equal(a.host, "a");
  assert.match(a.answer.version, /rouse/);
  assert.equal(down.answer.error.name, "org.rouse.Error.NoConnection");
});

Deno.test("initctl --host: a name that would be an option of ssh is refused", async () => {
  await using network = await Network.start(JOBS);
  for (const host of ["-oProxyCommand=touch /tmp/x", "a,-b", "a b", ""]) {
    const { exit, stderr } = await network.run("initctl", `--host=${host}`, "list");
    assert.equal(exit, 1);
    assert.match(stderr, /^initctl: no host can be called "/);
  }
  assert.deepEqual(network.calls, []);
});

Deno.test("initctl --host: without ssh it is said what is missing", async () => {
  await using init = await RunningInit.start();
  const environment = { ...init.environment, PATH: init.environment["PATH"]!.split(delimiter)[0]! };
  const { exit, stderr } = await run([`${environment.PATH}/initctl`, "-H", "far", "list"], {
    directory: "/",
    environment,
  });
  assert.equal(exit, 255);
  assert.equal(
    stderr,
    "initctl: Unable to run ssh for far: No such file or directory; it is in OpenSSH's client\n",
  );
});

Deno.test("initctl --host: a terminal here is one there", { ignore: !installed("script") }, async () => {
  await using network = await Network.start(JOBS);
  await using terminal = new Terminal("initctl -H far list", { environment: network.environment });
  await terminal.until(/STATE/);
  assert.match(network.calls[0]!, /^-t -o LogLevel=ERROR -- far /);
});

Deno.test("initctl --host: listings of several hosts are shown on a terminal, too", async () => {
  await using network = await Network.start(JOBS);
  const environment = { ...network.environment, PAGER: "echo paged; cat" };
  const { exit, lines } = await onTerminal("initctl -H a,b list", { environment, rows: 3 });
  assert.equal(exit, 0);
  for (const host of ["a", "b"]) assert(lines.includes(`${host}: web stop/waiting`), lines.join("\n"));
});

Deno.test("initctl --host: what nobody reads any more ends on all hosts", async () => {
  await using network = await Network.start({
    "loud.conf": "exec sh -c 'while :; do echo loud; sleep 0.02; done'\n",
  });
  await network.run("initctl", "start", "loud");
  const { exit, stdout } = await network.run("sh", "-c", "initctl -H a,b logs -f loud | head -n 3");
  assert.equal(exit, 0);
  assert.match(stdout, /^(?:[ab]: loud\n){3}$/);
});

/** initctl --host with OpenSSH itself: a server of the test's own, at a port of this machine, with keys that go with it. */

import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { createServer } from "node:net";
import { userInfo } from "node:os";
import { once } from "node:events";
import { delimiter } from "node:path";
import { environmentWith, Files } from "./support/author.ts";
import { type Outcome, run } from "./support/command.ts";
import { until } from "./support/deadline.ts";
import { RunningInit } from "./support/init.ts";
import { isRunning, killTree, processesNaming, procFile } from "./support/processes.ts";
import { installed } from "./support/programs.ts";
import { Terminal } from "./support/terminal.ts";

const SERVER = "/usr/sbin/sshd";
const ignore = Deno.uid() !== 0 || !["ssh", "ssh-keygen", "sshd", "script", "unshare"].every(installed);

/** The server has a directory in /run, and notes logins below /var/log: none of that is to be the machine's. */
const APART = [
  "unshare",
  "--mount",
  "sh",
  "-ec",
  "for folder in /run /var/log; do mount -t tmpfs none $folder; done; mkdir /run/sshd; : > /var/log/lastlog\n" +
  'exec "$@"',
  "sh",
];

const SERVER_CONFIGURATION = `Port @PORT@
ListenAddress 127.0.0.1
HostKey @DIR@/host
AuthorizedKeysFile @DIR@/key.pub
PasswordAuthentication no
KbdInteractiveAuthentication no
StrictModes no
UsePAM no
PidFile none
PrintMotd no
PrintLastLog no
SetEnv @VARIABLES@
`;

/** one and two are this machine by its name; the others cannot be asked, each for a reason of its own. */
const CLIENT_CONFIGURATION = `Host refusing
  Port @CLOSED@
Host stranger
  UserKnownHostsFile /dev/null
Host denying
  IdentityFile @DIR@/other
Host one two
  IdentityFile @DIR@/key
Host *
  HostName 127.0.0.1
  HostKeyAlias here
  Port @PORT@
  IdentitiesOnly yes
  UserKnownHostsFile @DIR@/known
  GlobalKnownHostsFile /dev/null
  StrictHostKeyChecking yes
`;

/** A port at which nobody listens. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, "close");
  return port;
}

/** An init, and a server by which it is asked. Declare it with `await using`. */
class Server implements AsyncDisposable {
  readonly #files = new Files({});
  #server: ChildProcess | undefined;
  environment: Record<string, string> = {};

  private constructor(readonly init: RunningInit) {}

  static async start(jobs: Record<string, string>): Promise<Server> {
    const server = new Server(await RunningInit.start({ jobs }));
    try {
      await server.#start();
    } catch (error) {
      await server[Symbol.asyncDispose]();
      throw error;
    }
    return server;
  }

  async #start(): Promise<void> {
    const { PATH, UPSTART_SESSION, XDG_RUNTIME_DIR } = this.init.environment;
    const { directory } = this.#files;
    for (const key of ["host", "key", "other"]) {
      await this.#keygen("-q", "-t", "ed25519", "-N", "", "-f", this.#files.path(key));
    }
    const hostKey = await Deno.readTextFile(this.#files.path("host.pub"));
    const places: Record<string, string> = {
      "@DIR@": directory,
      "@PORT@": `${await freePort()}`,
      "@CLOSED@": `${await freePort()}`,
      "@VARIABLES@": `PATH=${PATH} UPSTART_SESSION=${UPSTART_SESSION} XDG_RUNTIME_DIR=${XDG_RUNTIME_DIR}`,
    };
    const filled = (text: string) => text.replace(/@\w+@/g, (place) => places[place]!);
    this.#files.write({
      server: filled(SERVER_CONFIGURATION),
      client: filled(CLIENT_CONFIGURATION),
      known: `here ${hostKey}`,
      // The user's own configuration is not asked.
      "bin/ssh": `#!/bin/sh\nexec "$(PATH=$REAL_PATH command -v ssh)" -F '${directory}/client' "$@"\n`,
    });
    await Deno.chmod(this.#files.path("bin/ssh"), 0o755);
    const { UPSTART_SESSION: _, ...environment } = this.init.environment;
    this.environment = {
      ...environment,
      PATH: `${this.#files.path("bin")}${delimiter}${PATH}`,
      REAL_PATH: PATH!,
    };
    const [program, ...words] = [...APART, SERVER, "-D", "-e", "-f", this.#files.path("server")];
    this.#server = spawn(program!, words, {
      stdio: ["ignore", "ignore", "pipe"],
      env: environmentWith(),
    });
    let said = "";
    this.#server.stderr!.on("data", (chunk) => said += chunk);
    await until("the server listens", () => {
      assert(isRunning(this.#server), said);
      return /^Server listening/m.test(said);
    });
  }

  async #keygen(...words: string[]): Promise<void> {
    const { exit, stderr } = await run(["ssh-keygen", ...words], {
      directory: "/",
      environment: environmentWith(),
    });
    assert.equal(exit, 0, stderr);
  }

  initctl(...words: string[]): Promise<Outcome> {
    return run(["initctl", ...words], { directory: "/", environment: this.environment });
  }

  /** The processes that read logs, which only the commands do that came by the server. */
  readers(): number[] {
    return processesNaming(this.init.directory).filter((pid) =>
      /^initctl\0logs\0/.test(procFile(pid, "cmdline"))
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (isRunning(this.#server)) killTree(this.#server.pid);
    await this.init[Symbol.asyncDispose]();
    this.#files[Symbol.dispose]();
  }
}

const JOBS = {
  "web.conf": "script\necho hello\nexec sleep 600\nend script\n",
  "echo.conf": "task\nexport X\nscript\nprintf '[%s]' \"$X\" > @DIR@/said\nend script\n",
  "bad.conf": "pre-start exec false\nexec sleep 600\n",
};

function test(name: string, body: (server: Server) => Promise<void>): void {
  Deno.test({
    name: `initctl --host by OpenSSH: ${name}`,
    ignore,
    async fn() {
      await using server = await Server.start(JOBS);
      await body(server);
    },
  });
}

test("commands end there and here alike, and words get there as they are", async (server) => {
  const started = await server.initctl("-H", `${userInfo().username}@one`, "start", "web");
  assert.deepEqual([started.exit, started.stderr], [0, ""]);
  assert.match(started.stdout, /^web start\/running, process \d+\n$/);
  assert.deepEqual(await server.initctl("-H", "one", "start", "bad"), {
    exit: 1,
    stdout: "",
    stderr: "initctl: Job failed to start\n",
  });
  assert.equal((await server.initctl("-H", "one", "status", "--exit-code", "bad")).exit, 3);
  assert.equal((await server.initctl("-H", "one", "status", "--exit-code", "nosuch")).exit, 4);
  const words = ["", "a  b", "$HOME `id` $(id) \\ '\"'\"'", "*?[a]~ -n --", "grün\nnext line", "!1&;|<>#"];
  for (const word of words) {
    const { exit, stderr } = await server.initctl("-H", "one", "start", "echo", `X=${word}`);
    assert.deepEqual([exit, stderr], [0, ""], word);
    assert.equal(server.init.read("said"), `[${word}]`);
  }
});

test("several hosts are asked side by side, and who cannot be asked is told of with the reason", async (server) => {
  await server.init.ask("start", "web");
  const both = await server.initctl("-H", "one,two", "status", "web", "bad=1");
  assert.equal(both.exit, 0);
  assert.match(
    both.stdout.split("\n").sort().join("\n"),
    /^\none: web start\/running, process (\d+)\ntwo: web start\/running, process \1$/,
  );
  const reasons: Array<[host: string, reason: RegExp]> = [
    ["refusing", /^refusing: ssh: connect to host 127\.0\.0\.1 port \d+: Connection refused$/m],
    ["denying", /^denying: .*: Permission denied \(publickey\)\.$/m],
    ["stranger", /^stranger: Host key verification failed\.$/m],
  ];
  for (const [host, reason] of reasons) {
    const { exit, stdout, stderr } = await server.initctl("-H", `one,${host}`, "status", "bad");
    assert.deepEqual([exit, stdout], [255, "one: bad stop/waiting\n"]);
    assert.match(stderr, reason);
    assert.match(stderr, new RegExp(`^initctl: Unable to ask ${host}: ssh has no connection, `, "m"));
  }
  const told = await server.initctl("-H", "one,refusing", "--json", "version");
  const answers = told.stdout.trimEnd().split("\n").map((line) => JSON.parse(line));
  assert.deepEqual(answers.map(({ host }) => host).sort(), ["one", "refusing"]);
});

test("^C ends what follows, here and there", async (server) => {
  await server.init.ask("start", "web");
  for (
    const [hosts, shown] of [["one", /hello/], [
      "one,two",
      /one: hello[^]*two: hello|two: hello[^]*one: hello/,
    ]] as const
  ) {
    await using terminal = new Terminal(`initctl -H ${hosts} logs -f web`, {
      environment: server.environment,
    });
    await terminal.until(shown);
    assert.equal(server.readers().length, hosts.split(",").length);
    terminal.type("\x03");
    assert.equal(await terminal.ended(), 130);
    await until("nobody reads there", () => server.readers().length === 0);
    assert(!terminal.shown.includes("Unable"), terminal.shown);
  }
});

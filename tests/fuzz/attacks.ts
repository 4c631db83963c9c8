/** Attacks on the executable: bytes thrown at all that init reads while it runs, and at initctl by who listens in init's place. */

import { Buffer } from "node:buffer";
import { once } from "node:events";
import { closeSync, constants, existsSync, mkdirSync, openSync, rmSync, writeFileSync } from "node:fs";
import { connect, createServer, type NetConnectOpts, type Socket } from "node:net";
import { join } from "node:path";
import process from "node:process";
import { clientHello } from "../../lib/dbus/handshake.ts";
import { write } from "../../lib/sys/io/descriptors.ts";
import { until, within } from "../support/deadline.ts";
import { RunningInit } from "../support/init.ts";
import { corpusOf, shapedInputs } from "./inputs.ts";
import { Mutator, Random } from "./mutation.ts";
import { TARGETS } from "./targets.ts";

/** The jobs of an init that is attacked. */
export const ATTACKED_JOBS = {
  "web.conf": "exec sleep 600\n",
};

/** The arguments of such an init. */
export const ATTACKED_WORDS = ["--http", "0", "--verbose"];

/** An attack. */
export interface Attack {
  name: string;
  /** Throws inputs at an init that has {@link ATTACKED_JOBS} and serves HTTP, and waits until it has taken them. */
  run(init: RunningInit, count: number, seed: number): Promise<void>;
}

/** Inputs of a target and changes to them. */
function inputsFor(name: string, count: number, seed: number): Buffer[] {
  const target = TARGETS.find((target) => target.name === name)!;
  const known = [Buffer.alloc(1), ...corpusOf(target), ...shapedInputs(target, 10, seed)];
  const mutator = new Mutator(new Random(seed), target.words ?? [], 1 << 14);
  return Array.from({ length: count }, () => mutator.next(known));
}

/** Sends bytes over a connection of its own, and waits until that is closed: by the other side, which has read what it wants. */
async function throwAt(place: NetConnectOpts, ...pieces: Array<string | Uint8Array>): Promise<void> {
  const socket = connect(place);
  // The other side may close it at any time.
  socket.on("error", () => {});
  socket.resume();
  const gone = closing(socket);
  for (const piece of pieces) socket.write(piece);
  socket.end();
  await within("the end of a connection", gone);
}

function closing(socket: Socket): Promise<void> {
  return new Promise((resolve) => socket.once("close", () => resolve()));
}

function controlSocket(init: RunningInit): NetConnectOpts {
  return { path: init.environment["UPSTART_SESSION"]!.replace("unix:abstract=", "\0") };
}

/** The port of `--http`. */
async function port(init: RunningInit): Promise<number> {
  const [, digits] = await init.untilMessage(/Listening on http:\/\/127\.0\.0\.1:(\d+)/);
  return Number(digits);
}

/** Job files that start by no event: what they would run, nobody has looked at. */
function harmless(bytes: Buffer): Buffer {
  return Buffer.from(bytes.toString("latin1").replaceAll(/start\s+on/g, "stop on"), "latin1");
}

/** Requests for `--http`, which are no target: the runtime reads them. */
const REQUESTS = [
  "GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n",
  "POST /health HTTP/1.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n0\r\n\r\n",
  "HEAD /%2e%2e/?x#y HTTP/1.0\r\n\r\nGET / HTTP/1.1\r\nConnection: keep-alive, upgrade\r\nUpgrade: h2c\r\n\r\n",
].map((text) => Buffer.from(text));

/** Throws so much at once. */
const AT_ONCE = 8;

async function inTurns(
  inputs: readonly Buffer[],
  attack: (input: Buffer, index: number) => Promise<void>,
): Promise<void> {
  for (let at = 0; at < inputs.length; at += AT_ONCE) {
    await Promise.all(inputs.slice(at, at + AT_ONCE).map((input, index) => attack(input, at + index)));
  }
}

/** The program of a service that notifies. */
const SERVICE = join(import.meta.dirname!, "datagrams.ts");

export const ATTACKS: readonly Attack[] = [
  {
    name: "the control socket, before a client is let in",
    run: (init, count, seed) =>
      inTurns(inputsFor("dbus-handshake", count, seed), (input) => throwAt(controlSocket(init), input)),
  },
  {
    name: "the control socket, by a client that was let in",
    run: (init, count, seed) =>
      inTurns(
        inputsFor("dbus-messages", count, seed),
        (input) =>
          throwAt(controlSocket(init), Buffer.from(clientHello(process.geteuid!()), "latin1"), input),
      ),
  },
  {
    name: "the port of --http",
    async run(init, count, seed) {
      const mutator = new Mutator(new Random(seed), ["\r\n", "HTTP/1.1", " ", ": ", "Host:"], 1 << 14);
      const inputs = Array.from({ length: count }, () => mutator.next(REQUESTS));
      const place = { host: "127.0.0.1", port: await port(init) };
      await inTurns(inputs, (input) => throwAt(place, input));
    },
  },
  {
    name: "the socket for notifications, by a service",
    async run(init, count, seed) {
      const [file, done] = ["datagrams", "sent"].map((name) => init.path(name));
      // A service with a watchdog may be ended for what it says, before it has said all.
      const inputs = inputsFor("notify", count, seed).filter((input) => !input.includes("WATCHDOG"));
      const lines = inputs.map((input) => input.toString("base64"));
      writeFileSync(file!, lines.join("\n"));
      rmSync(done!, { force: true });
      const program = [
        Deno.execPath(),
        "run",
        "-A",
        "--no-check",
        "--no-config",
        "--no-lock",
        SERVICE,
        file,
        done,
      ];
      init.write("notes.conf", `ready notify\nexec ${program.join(" ")}\n`);
      await init.until(["reload-configuration"], "");
      await init.initctl("start", "--no-wait", "notes");
      await until(
        `the service has told all; its log: ${init.read("log/notes.log")}`,
        () => existsSync(done!),
      );
    },
  },
  {
    name: "files and names in the directory of jobs",
    async run(init, count, seed) {
      const names: string[] = [];
      for (const [index, input] of inputsFor("conf", count, seed).entries()) {
        const name = index % 5 === 4 ? "web.override" : `fuzz-${index}.conf`;
        names.push(name);
        writeFileSync(join(init.confdir, name), harmless(input));
      }
      for (
        const name of ["a\x1b[2J.conf", "..conf", "\u202e.conf", `${"x".repeat(250)}.conf`, "dir.conf/x.conf"]
      ) {
        names.push(name.split("/")[0]!);
        mkdirSync(join(init.confdir, name, ".."), { recursive: true });
        writeFileSync(join(init.confdir, name), "exec true\n");
      }
      await init.initctl("reload-configuration");
      for (const name of new Set(names)) rmSync(join(init.confdir, name), { recursive: true });
      await init.initctl("reload-configuration");
    },
  },
];

/** Requests whose command is none that ends a machine, or changes its runlevel. */
function withoutOrders(bytes: Buffer): Buffer {
  const changed = Buffer.from(bytes), magic = Buffer.from([0x69, 0x19, 0x09, 0x03]);
  for (let at = changed.indexOf(magic); at >= 0; at = changed.indexOf(magic, at + 1)) {
    if (at + 8 <= changed.length && changed.readInt32LE(at + 4) < 6) changed.writeInt32LE(9, at + 4);
  }
  return changed;
}

/**
 * Writes to the FIFO of an init that is SysV's, as it takes it.
 * @param answers Resolves when init has had its turn: what was written at once is one request to it, and what is none ends it
 */
export async function writeToFifo(
  path: string,
  count: number,
  seed: number,
  answers: () => Promise<unknown>,
): Promise<void> {
  await until("init has its FIFO", () => existsSync(path));
  const fifo = openSync(path, constants.O_WRONLY | constants.O_NONBLOCK);
  try {
    for (const input of inputsFor("initctl-fifo", count, seed).map(withoutOrders)) {
      let rest = input;
      await until("init takes what is written", () => {
        const written = write(fifo, rest);
        if (written > 0) rest = rest.subarray(written);
        return rest.length === 0;
      });
      await answers();
    }
  } finally {
    closeSync(fifo);
  }
}

/** So many inputs are thrown at one place before init is looked at. */
const A_ROUND = 40;

/** Attacks an init again and again until a time, in ms since 1970. Gives how many inputs it got, and what was wrong. */
export async function besiege(seed: number, until: number): Promise<{ runs: number; faults: string[] }> {
  await using init = await RunningInit.start({ jobs: ATTACKED_JOBS, arguments: ATTACKED_WORDS });
  await init.ask("start", "web");
  const faults: string[] = [];
  let runs = 0;
  for (let round = seed; Date.now() < until && faults.length === 0; round++) {
    for (const { name, run } of ATTACKS) {
      await run(init, A_ROUND, round);
      runs += A_ROUND;
      const status = await init.ask("status", "web").catch(String),
        [internal] = /Internal error.*/.exec(init.messages()) ?? [];
      if (internal !== undefined || !status.startsWith("web start/running")) {
        faults.push(`${name}, with the seed ${round}: ${internal ?? status}`);
      }
    }
    const asked = await askHostileServers(init, A_ROUND, round);
    runs += asked.length;
    faults.push(
      ...asked.filter(isBroken).map((one) =>
        `initctl ${one.words.join(" ")}, with the seed ${round}: ${one.stderr}`
      ),
    );
  }
  return { runs, faults };
}

/** True for a program that has not ended with a sentence. */
export function isBroken({ exit, stderr }: Asked): boolean {
  return exit !== 0 && exit !== 1 || exit === 1 && !stderr.startsWith("initctl: ") ||
    /^\s+at \S+ \(/m.test(stderr);
}

/** How a program has ended that asked a hostile server. */
export interface Asked {
  words: string[];
  input: Buffer;
  exit: number;
  stdout: string;
  stderr: string;
}

/** The commands that are asked of a server which says what it likes. */
const COMMANDS =
  "list|status web|start web|emit x|logs web|events|why web|what-if start web|ps|version|show-config|get-env A"
    .split("|");

/** Has initctl ask a server that answers with whatever there is. */
export async function askHostileServers(init: RunningInit, count: number, seed: number): Promise<Asked[]> {
  const inputs = inputsFor("initctl-answers", count, seed), asked: Asked[] = [];
  let answer = inputs[0]!;
  const server = createServer((socket) => {
    socket.on("error", () => {});
    socket.once("data", () => socket.end(answer));
  });
  const name = `rouse-test/${crypto.randomUUID()}`;
  server.listen(`\0${name}`);
  await once(server, "listening");
  try {
    for (const [index, input] of inputs.entries()) {
      const words = COMMANDS[index % COMMANDS.length]!.split(" ");
      // Behind what chooses the command where it is read in one process.
      answer = input.subarray(input.indexOf("OK ") >= 0 ? input.indexOf("OK ") : 0);
      const environment = `UPSTART_SESSION=unix:abstract=${name}`;
      const { exit, stdout, stderr } = await init.run(["env", environment, "initctl", ...words]);
      asked.push({ words, input: answer, exit, stdout, stderr });
    }
  } finally {
    server.close();
  }
  return asked;
}

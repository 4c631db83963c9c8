/** `log to`: output goes to syslog, journald, collectors and init's own output, beside files or in their place. */

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, mkdirSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { close } from "../lib/sys/io/descriptors.ts";
import { DatagramReceiver, openDatagramSocket } from "../lib/sys/io/datagram.ts";
import { until } from "./support/deadline.ts";
import { RunningInit } from "./support/init.ts";
import { NamespaceInit, NAMESPACES_POSSIBLE } from "./support/namespace.ts";
import { childrenOf, procFile, sendSignal } from "./support/processes.ts";
import { EXECUTABLE } from "./support/programs.ts";

const receiver = new DatagramReceiver();

/** A socket that receives, in the place of a system's daemon. */
class Daemon implements Disposable {
  readonly #socket: number;
  readonly messages: string[] = [];

  constructor(path: string) {
    this.#socket = openDatagramSocket(path);
    // The process that ships logs has no rights.
    chmodSync(path, 0o777);
  }

  /** Waits until so many messages have come; gives them. */
  until(count: number): Promise<string[]> {
    return until(`${count} messages have come; these have: ${this.messages}`, () => {
      for (let next = receiver.receive(this.#socket); typeof next === "object";) {
        this.messages.push(new TextDecoder().decode(next.bytes));
        next = receiver.receive(this.#socket);
      }
      return this.messages.length >= count ? this.messages : undefined;
    });
  }

  [Symbol.dispose](): void {
    close(this.#socket);
  }
}

/** The body of a request to a collector, as far as the tests look at it. */
interface LogsBody {
  resourceLogs: Array<{
    resource: { attributes: Array<{ key: string; value: { stringValue: string } }> };
    scopeLogs: Array<{ logRecords: Array<{ timeUnixNano: string; body: { stringValue: string } }> }>;
  }>;
}

/** A collector of OpenTelemetry. */
class Collector implements AsyncDisposable {
  readonly lines: string[] = [];
  readonly services = new Set<string>();
  requests = 0;
  /** What it answers. */
  status = 200;
  readonly #server = createServer((request, response) => void this.#answer(request, response));

  static async start(): Promise<Collector> {
    const collector = new Collector();
    await new Promise<void>((resolve) => collector.#server.listen(0, "127.0.0.1", resolve));
    return collector;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/v1/logs`;
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.requests++;
    let text = "";
    for await (const piece of request) text += piece;
    if (this.status === 200) this.#take(JSON.parse(text));
    response.writeHead(this.status, { "content-type": "application/json" }).end("{}");
  }

  #take({ resourceLogs }: LogsBody): void {
    for (const { resource, scopeLogs } of resourceLogs) {
      this.services.add(resource.attributes.find(({ key }) => key === "service.name")!.value.stringValue);
      for (const { timeUnixNano, body } of scopeLogs.flatMap(({ logRecords }) => logRecords)) {
        assert.match(timeUnixNano, /^\d{19}$/);
        this.lines.push(body.stringValue);
      }
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

/** A job that prints a line for each one that it reads from a FIFO. */
function echo(to: string): string {
  return `console pipe\nlog to ${to}\nscript\nwhile :; do cat @DIR@/fifo; done\nend script\n`;
}

/** The process that ships an init's logs. */
function shipperOf(pid: number): number | undefined {
  return childrenOf(pid).find((child) => procFile(child, "cmdline").split("\0").includes("ship-logs"));
}

/** Gives the namespace a /dev of its own, where syslog may listen, and links to where the test listens. */
const OWN_SOCKETS = [
  "D=${5%/log}",
  "mkdir -p /run/dev /run/systemd/journal",
  "mount --rbind /dev /run/dev",
  "mount -t tmpfs none /dev",
  "mkdir /dev/pts",
  "mount --rbind /run/dev/pts /dev/pts",
  "for name in null zero urandom ptmx; do touch /dev/$name; mount --bind /run/dev/$name /dev/$name; done",
  "ln -s $D/sockets/syslog /dev/log",
  "ln -s $D/sockets/journal /run/systemd/journal/socket",
].join("\n");

Deno.test({
  name: "syslog and journald get each line, also what was printed before they were there",
  ignore: !NAMESPACES_POSSIBLE,
  async fn() {
    await using init = await NamespaceInit.startWithin(OWN_SOCKETS, {
      "early.conf":
        "task\nconsole pipe\nlog to file syslog:local3.notice journald\nexec printf 'one\\n\\ntwo'\n",
      "web.conf": "task\ninstance $N\nconsole log\nlog to syslog\nexec echo three\n",
    });
    chmodSync(init.directory, 0o755);
    mkdirSync(join(init.directory, "sockets"), { mode: 0o755 });
    await init.ask("start", "early");
    await until(
      "it is told that syslog is not there",
      () =>
        /syslog:local3\.notice: unable to ship logs of early: \/dev\/log: No such file or directory/.test(
          init.messages(),
        ),
    );
    using syslog = new Daemon(join(init.directory, "sockets/syslog"));
    using journal = new Daemon(join(init.directory, "sockets/journal"));
    const time = String.raw`[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d`;
    const messages = await syslog.until(2);
    assert.match(messages[0]!, new RegExp(`^<157>${time} early: one$`));
    assert.match(messages[1]!, new RegExp(`^<157>${time} early: two$`));
    assert.deepEqual(
      await journal.until(2),
      ["one", "two"].map((line) => `PRIORITY=6\nSYSLOG_IDENTIFIER=early\nROUSE_JOB=early\nMESSAGE=${line}\n`),
    );
    await until("they are told to work", () => /journald: logs are shipped again/.test(init.messages()));
    assert.equal(init.read("log/early.log"), "one\n\ntwo");
    await init.ask("start", "web", "N=1");
    assert.match((await syslog.until(3))[2]!, new RegExp(`^<30>${time} web_\\(1\\): three$`));
    assert.equal(init.read("log/web-1.log"), "", "there is no file where none is asked for");
  },
});

Deno.test("a collector gets the lines in batches, and all of them when it was away for a while", async () => {
  await using collector = await Collector.start();
  await using init = await RunningInit.start({
    jobs: {
      "web.ts": `import { job } from "rouse";
export default job({ task: true, script: "seq 1 2000", logTo: ["file", "otlp:${collector.url}"] });\n`,
    },
  });
  collector.status = 503;
  await init.until(["status", "web"], "web stop/waiting\n");
  await init.ask("start", "web");
  await init.untilMessage(/otlp:\S+: unable to ship logs of web: the answer is 503/);
  const problem = "unable to ship to otlp: the answer is 503";
  await init.until(["status", "web"], `web stop/waiting\n\t${problem}\n`);
  await init.until(["status", "--long", "web"], new RegExp(`^ +Log fails ${problem}$`, "m"));
  collector.status = 200;
  await until("all lines have come", () => collector.lines.length >= 2000);
  assert.deepEqual(collector.lines, Array.from({ length: 2000 }, (_, index) => String(index + 1)));
  assert.deepEqual([...collector.services], ["web"]);
  await init.untilMessage(/otlp:\S+: logs are shipped again/);
  assert.equal(await init.ask("status", "web"), "web stop/waiting\n");
  assert.equal(init.read("log/web.log"), collector.lines.map((line) => `${line}\n`).join(""));
});

Deno.test("what a collector refuses for good is counted as lost, and not sent again", async () => {
  await using collector = await Collector.start();
  await using init = await RunningInit.start({
    arguments: ["--http", "0", "--verbose"],
    jobs: { "web.conf": `task\nconsole pipe\nlog to otlp:${collector.url}\nexec echo 123456789\n` },
  });
  collector.status = 400;
  await init.ask("start", "web");
  await init.untilMessage(/otlp:\S+: unable to ship logs of web: the answer is 400/);
  const [, url] = await init.untilMessage(/Listening on (http:\S+)/);
  await until("it is counted", async () => {
    const metrics = await (await fetch(`${url}/metrics`)).text();
    return /^rouse_job_log_lost_bytes_total\{job="web"\} 10$/m.test(metrics) &&
      /^rouse_job_log_failing\{job="web"\} 1$/m.test(metrics);
  });
  // Had it been sent again, that would have come before the next line.
  collector.status = 200;
  await init.ask("start", "web");
  await until("the next line has come", () => collector.lines.length > 0);
  assert.deepEqual([collector.lines, collector.requests], [["123456789"], 2]);
});

Deno.test("the process that ships logs is started again when it was killed, and goes on", async () => {
  await using collector = await Collector.start();
  await using init = await RunningInit.start({ jobs: { "web.conf": echo(`otlp:${collector.url}`) } });
  // In a process: to open a FIFO waits for its reader.
  const say = async (line: string) => assert.equal((await init.shell(`echo ${line} > @DIR@/fifo`)).exit, 0);
  assert.equal((await init.shell("mkfifo @DIR@/fifo")).exit, 0);
  await init.ask("start", "web");
  await say("one");
  await until("the first line has come", () => collector.lines.length === 1);
  const first = shipperOf(init.pid);
  assert(first !== undefined);
  sendSignal(first, "SIGKILL");
  await init.untilMessage(
    /The process that ships logs has ended \(KILL signal\); it is started again in 0\.5 s/,
  );
  await say("two");
  await until("the second line has come", () => collector.lines.length === 2);
  assert.deepEqual(collector.lines, ["one", "two"]);
  const second = shipperOf(init.pid);
  assert(second !== undefined && second !== first, `${second}`);
});

Deno.test("what was printed last gets to a collector before init ends", async () => {
  await using collector = await Collector.start();
  await using init = await RunningInit.start({
    jobs: {
      "web.conf": `console pipe\nlog to otlp:${collector.url}\npost-stop exec echo last\nexec sleep 600\n`,
    },
  });
  await init.ask("start", "web");
  init.signal("SIGTERM");
  assert.equal(await init.ended(), 0);
  assert.deepEqual(collector.lines, ["last"]);
  assert.doesNotMatch(init.messages(), /ships logs/);
});

Deno.test("a flood of lines that are lost is told in few words, all of it, however late init reads", async () => {
  const line = "x\n".repeat(1 << 14), count = 20;
  const head = { job: "web", instance: "", targets: ["otlp:http://127.0.0.1:1/v1/logs"], time: 0 };
  const frame = `${JSON.stringify({ ...head, size: line.length })}\n${line}`;
  const child = spawn(EXECUTABLE, ["ship-logs"], { stdio: ["pipe", "pipe", "ignore"] });
  child.stdin.end(frame.repeat(count));
  await once(child, "exit");
  let text = "";
  for await (const piece of child.stdout) text += piece;
  const reports = text.trim().split("\n").map((each) => JSON.parse(each)).filter(({ done }) => done);
  const sum = (key: "bytes" | "lost") => reports.reduce((all, report) => all + report[key], 0);
  assert.deepEqual([sum("bytes"), sum("lost")], [count * line.length, count * line.length]);
  assert(reports.length <= 10 * count, `${reports.length} reports`);
});

Deno.test("a log goes to init's own output, too, with its job's name before each line", async () => {
  await using init = await RunningInit.start({
    jobs: { "web.conf": "task\nconsole pipe\nlog to file stdout\nexec printf 'one\\ntwo\\n'\n" },
  });
  await init.ask("start", "web");
  assert.equal(init.messages(), "web | one\nweb | two\n");
  assert.equal(init.read("log/web.log"), "one\ntwo\n");
});

Deno.test("status names the log of a job whose output goes to a file, whatever its console, and of no other", async () => {
  const main = "exec sleep 600\n";
  await using init = await RunningInit.start({
    arguments: ["--default-console", "none"],
    jobs: {
      "kept.conf": `log to stdout file\n${main}`,
      "sent.conf": `log to stdout\n${main}`,
      "said.conf": `console pipe\nlog to stdout\n${main}`,
      "lost.conf": main,
    },
  });
  await init.until(["status", "lost"], "lost stop/waiting\n");
  const named = ["kept", "sent", "said", "lost"].map(async (job) => {
    await init.ask("start", job);
    return /^ +Log /m.test(await init.ask("status", "--long", job));
  });
  assert.deepEqual(await Promise.all(named), [true, false, false, false]);
});

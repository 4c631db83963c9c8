/** docs/shop.md: its jobs in a container, with the real nginx, redis-server and node. What the page says is seen there. */

import assert from "node:assert/strict";
import { copyFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { TemporaryDirectory } from "../lib/sys/testing/directory.ts";
import { Container, CONTAINERS_POSSIBLE } from "./support/container.ts";
import { until } from "./support/deadline.ts";
import { installed, programs } from "./support/programs.ts";
import { transcripts } from "./support/transcript.ts";

const GUIDE = readFileSync(resolve(import.meta.dirname!, "../docs/shop.md"), "utf8");
const PROGRAMS = resolve(import.meta.dirname!, "fixtures/shop");
const JOBS = Array.from(
  GUIDE.matchAll(/^```ts (\S+)\n([^]*?)^```$/gm),
  ([, name, text]) => [name!, text!] as const,
);
const POSSIBLE = CONTAINERS_POSSIBLE && ["ip", "nginx", "node", "nsenter", "redis-server"].every(installed);

/** What a check that fails three times and the kill timeout take, and a busy machine. */
const LONG = 90_000;

/** The page's shop, in a directory of its own. */
class Shop implements Disposable {
  readonly #temporary = new TemporaryDirectory({ mode: 0o755 });
  readonly container: Container;

  /** @param files Further files beside the shop's programs. */
  constructor(...files: string[]) {
    const shop = join(this.#temporary.path, "shop");
    for (const directory of [shop, join(shop, "data"), this.#jobs]) mkdirSync(directory);
    for (const name of readdirSync(PROGRAMS)) copyFileSync(join(PROGRAMS, name), join(shop, name));
    for (const name of files) writeFileSync(join(shop, name), "");
    for (const [name, text] of JOBS) {
      writeFileSync(join(this.#jobs, name), text.replaceAll("/srv/shop", shop));
    }
    const words = ["init", "--confdir", this.#jobs, "--verbose"];
    this.container = new Container(words, { prepare: "ip link set lo up; exec 2>&1" });
  }

  get #jobs(): string {
    return join(this.#temporary.path, "jobs");
  }

  /** All that init and the jobs have said. */
  get log(): string {
    return this.container.stdout;
  }

  /** Runs a line of shell in the container; gives what it prints. */
  async shell(line: string): Promise<string> {
    const { exit, stdout, stderr } = await this.container.run(
      "sh",
      "-c",
      `PATH=${programs()}:$PATH; ${line}`,
    );
    assert.equal(exit, 0, `${line}: ${stderr}\n${this.log}`);
    return stdout;
  }

  /** The process of a job that is up. */
  async pid(job: string): Promise<string> {
    return await until(`${job} is up`, async () => {
      return /start\/running, process (\d+)/.exec(await this.shell(`initctl status ${job}`))?.[1];
    }, LONG);
  }

  /** Runs the page's transcripts of a kind. */
  async shows(kind: string): Promise<void> {
    for (const { command, told } of transcripts(GUIDE, kind)) {
      assert.equal((await this.shell(command)).replaceAll(/process \d+/g, "process N"), told, command);
    }
  }

  /** What a visitor is told. */
  visit(): Promise<string> {
    const script =
      "fetch('http://127.0.0.1:8080/').then((page) => page.text()).then((text) => console.log(text.trim()))";
    return this.shell(`node -e "${script}"`);
  }

  /** Does something, waits until the log has so many lines more that match, and gives what it has more. */
  async after(act: () => unknown, pattern: RegExp): Promise<string> {
    const before = this.log.length;
    await act();
    await until(
      `the log has ${pattern}; it is\n${this.log}`,
      () => pattern.test(this.log.slice(before)),
      LONG,
    )
      .catch((error: Error) => assert.fail(`${error.message}\nNow it is:\n${this.log}`));
    return this.log.slice(before);
  }

  [Symbol.dispose](): void {
    this.container[Symbol.dispose]();
    this.#temporary.remove();
  }
}

/** Asserts that a text has these, one behind the other. */
function assertOrder(text: string, ...patterns: RegExp[]): void {
  let rest = text;
  for (const pattern of patterns) {
    const match = pattern.exec(rest);
    assert.ok(match, `${pattern} is missing, or comes too early, in\n${text}`);
    rest = rest.slice(match.index + match[0].length);
  }
}

const count = (text: string, pattern: RegExp) => text.match(pattern)?.length ?? 0;

/** Each row of the page's table: what happens, and how it is seen. The rows but the last happen to one container. */
const HAPPENINGS: Record<string, (shop: Shop) => Promise<void>> = {
  async "the container starts"(shop) {
    const said = await shop.after(() => {}, /init: web is ready/);
    assertOrder(
      said,
      /init: redis is ready/,
      /migrate: run 1/,
      /init: migrate main process \(\d+\) exited normally/,
      /init: api main process \(\d+\)/,
      /init: api is ready/,
      /init: web main process \(\d+\)/,
      /init: web is ready/,
    );
    for (const job of ["redis", "api", "web"]) await shop.pid(job);
    assert.equal(await shop.visit(), "visit 1\n");
    await shop.shows("console");
  },
  async "redis is killed"(shop) {
    const redis = await shop.pid("redis");
    const said = await shop.after(() => shop.shell(`kill -9 ${redis}`), /init: web is ready/);
    assertOrder(
      said,
      /init: redis main process \(\d+\) killed by KILL signal/,
      /init: web main process \(\d+\) exited normally/,
      /api: ends, redis says nothing/,
      /init: redis state changed from post-stop to starting/,
      /init: redis is ready/,
      /init: api is ready/,
      /init: web main process \(\d+\)\n/,
      /init: web is ready/,
    );
    assert.notEqual(await shop.pid("redis"), redis);
    assert.equal(count(shop.log, /migrate: run/g), 1);
    await shop.pid("web");
    assert.equal(await shop.visit(), "visit 2\n");
  },
  async "redis is stopped"(shop) {
    const said = await shop.after(() => shop.shows("console down"), /init: web is ready/);
    assertOrder(
      said,
      /api: ends, redis says PONG/,
      /init: redis is ready/,
      /init: api is ready/,
      /init: web is ready/,
    );
    assert.equal(count(shop.log, /migrate: run/g), 1);
  },
  async "the API hangs"(shop) {
    const [redis, api] = [await shop.pid("redis"), await shop.pid("api")];
    const said = await shop.after(() => shop.shell(`kill -STOP ${api}`), /init: web is ready/);
    assertOrder(
      said,
      /init: api is unhealthy: no answer from 127\.0\.0\.1:3000 within 1 s/,
      /init: web main process \(\d+\) exited normally/,
      /init: Sending TERM signal to api main process/,
      /init: Sending KILL signal to api main process/,
      /init: api is ready/,
      /init: web is ready/,
    );
    assert.notEqual(await shop.pid("api"), api);
    assert.equal(await shop.pid("redis"), redis);
    await shop.pid("web");
    assert.equal(await shop.visit(), "visit 3\n");
  },
  async "the container is stopped"(shop) {
    const before = shop.log.length;
    await shop.container.signal("SIGTERM");
    assert.equal(await shop.container.ended(LONG), 0);
    assertOrder(
      shop.log.slice(before),
      /init: web main process \(\d+\) exited normally/,
      /init: Sending TERM signal to api main process/,
      /api: ends, redis says PONG/,
      /init: api main process \(\d+\) exited normally/,
      /init: Sending TERM signal to redis main process/,
      /init: redis main process \(\d+\) exited normally/,
    );
    assert.equal(count(shop.log, /migrate: run/g), 1);
  },
  async "the migration fails"() {
    using shop = new Shop("broken");
    assert.equal(await shop.container.ended(LONG), 3);
    const [, said] = /^```text\n([^]*?)^```$/m.exec(GUIDE)!;
    for (const line of said!.trimEnd().split("\n")) assert.ok(shop.log.includes(`${line}\n`), shop.log);
    assert.doesNotMatch(shop.log, /init: (api|web) main process/);
    assert.match(shop.log, /init: redis main process \(\d+\) exited normally/);
  },
};

Deno.test("the shop's jobs are 35 lines at most, and the page tells all that the test sees", () => {
  const lines = JOBS.reduce((sum, [, text]) => sum + count(text, /\n/g), 0);
  assert.ok(JOBS.length === 4 && lines <= 35, `${lines} lines`);
  assert.match(GUIDE, new RegExp(`jobs of ${lines} lines together`));
  const rows = Array.from(GUIDE.matchAll(/^\| (.+?) +\| /gm), ([, cell]) => cell!);
  assert.deepEqual(rows.slice(2), Object.keys(HAPPENINGS));
});

Deno.test({
  name: "the shop of docs/shop.md does what the page says (needs ip, nginx, node, nsenter, redis-server)",
  ignore: !POSSIBLE,
  async fn(context) {
    using shop = new Shop();
    for (const [what, see] of Object.entries(HAPPENINGS)) {
      assert.ok(await context.step(what, () => see(shop)), what);
    }
  },
});

import assert from "node:assert/strict";
import * as fs from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { emptyJob, type JobDefinition } from "../../model/job.ts";
import { Configuration, type ConfigurationOptions } from "./configuration.ts";
import { formatReport } from "./report.ts";
import type { Evaluate } from "./evaluation.ts";

/** A configuration in directories `one`, `two`, … of its own, and what it has told. */
class Fixture {
  readonly root = fs.realpathSync(fs.mkdtempSync(join(tmpdir(), "configuration-test-")));
  readonly jobs = new Map<string, JobDefinition>();
  readonly reports: string[] = [];
  configuration!: Configuration;
  #news: Array<() => void> = [];

  at(path: string): string {
    return join(this.root, path);
  }

  write(path: string, text: string): void {
    fs.mkdirSync(dirname(this.at(path)), { recursive: true });
    fs.writeFileSync(this.at(path), text);
  }

  remove(path: string): void {
    fs.rmSync(this.at(path), { recursive: true });
  }

  move(from: string, to: string): void {
    fs.renameSync(this.at(from), this.at(to));
  }

  async load(directories = ["one"], options: Partial<ConfigurationOptions> = {}): Promise<void> {
    this.configuration = new Configuration({
      directories: directories.map((directory) => `${this.root}/${directory}`),
      onChanges: (changes) => {
        for (const { name, definition } of changes) {
          if (definition) this.jobs.set(name, definition);
          else assert(this.jobs.delete(name), `${name} was never there`);
        }
        this.#tell();
      },
      onReport: (report) => {
        this.reports.push(formatReport(report).replaceAll(`${this.root}/`, ""));
        this.#tell();
      },
      ...options,
    });
    await this.configuration.load();
  }

  /** The jobs and their usages, sorted. */
  get usages(): Record<string, string> {
    return Object.fromEntries([...this.jobs].map(([name, job]) => [name, job.usage ?? ""]).sort());
  }

  /** Waits until the usages are these. */
  async until(usages: Record<string, string>): Promise<void> {
    const wanted = JSON.stringify(usages);
    await this.when(
      () => JSON.stringify(this.usages) === wanted,
      () => `usages ${JSON.stringify(this.usages)}`,
    );
  }

  async reported(text: string): Promise<void> {
    await this.when(() => this.reports.includes(text), () => `reports ${JSON.stringify(this.reports)}`);
  }

  /** Waits for news until the condition holds; gives up, saying what there is instead, after 20 s. */
  async when(holds: () => boolean, instead: () => string): Promise<void> {
    const end = performance.now() + 20_000;
    while (!holds()) {
      assert(performance.now() < end, instead());
      let timer;
      await Promise.race([
        new Promise<void>((resolve) => this.#news.push(resolve)),
        new Promise<void>((resolve) => timer = setTimeout(resolve, 20_000)),
      ]);
      clearTimeout(timer);
    }
  }

  /** Waits until everything that has happened so far has been seen: events come in order. */
  async seen(directory = "one"): Promise<void> {
    const name = `seen${fs.readdirSync(this.at(directory)).length}`;
    this.write(`${directory}/${name}.conf`, "usage seen\n");
    await this.when(() => this.jobs.has(name), () => `${name} not seen`);
    this.remove(`${directory}/${name}.conf`);
    await this.when(() => !this.jobs.has(name), () => `${name} still seen`);
  }

  close(): void {
    this.configuration?.close();
    fs.rmSync(this.root, { recursive: true, force: true });
  }

  #tell(): void {
    for (const resolve of this.#news.splice(0)) resolve();
  }
}

function test(name: string, body: (fixture: Fixture) => Promise<void>): void {
  Deno.test(name, async () => {
    const fixture = new Fixture();
    try {
      await body(fixture);
    } finally {
      fixture.close();
    }
  });
}

test("the files of all directories are read, sub-directories too; other files are passed over", async (it) => {
  it.write("one/a.conf", "usage one");
  it.write("two/a.conf", "usage two");
  it.write("two/net/b.conf", "usage two");
  it.write("one/a.conf~", "bogus");
  it.write("one/dir.conf/in.conf", "usage in");
  fs.symlinkSync("/dev/null", it.at("one/null.conf"));
  assert(new Deno.Command("mkfifo", { args: [it.at("one/pipe.conf")] }).outputSync().success);
  await it.load(["one", "two", "three"]);
  assert.deepEqual(it.usages, { a: "one", "dir.conf/in": "in", "net/b": "two" });
  assert.deepEqual(it.reports, []);
});

test("errors are told in the order of the files' names", async (it) => {
  const names = ["a.conf", "Z.conf", "a.override", "b/c.conf", "a-x.conf", "b.conf"];
  for (const name of names) it.write(`one/${name}`, "bogus");
  await it.load();
  const order = ["Z.conf", "a-x.conf", "a.conf", "a.override", "b/c.conf", "b.conf"];
  const reports = order.map((name) => `one/${name}:1: Unknown stanza`);
  assert.deepEqual(it.reports, reports);
  await it.configuration.reload();
  assert.deepEqual(it.reports, [...reports, ...reports]);
});

test("classic files are told of before load returns", async (it) => {
  it.write("one/a.conf", "usage one");
  const loading = it.load();
  assert.deepEqual(it.usages, { a: "one" });
  await loading;
});

test("paths in messages are as the directory was written", async (it) => {
  it.write("one/a.conf", "bogus");
  fs.mkdirSync(it.at("two"));
  await it.load(["two/../one/"]);
  assert.deepEqual(it.reports, ["two/../one//a.conf:1: Unknown stanza"]);
});

test("files written in place, copied, moved in, edited, renamed and removed", async (it) => {
  fs.mkdirSync(it.at("one"));
  await it.load();
  it.write("one/a.conf", "usage one");
  await it.until({ a: "one" });
  it.write("one/a.conf", "usage two");
  await it.until({ a: "two" });
  it.write("b.tmp", "usage b");
  it.move("b.tmp", "one/b.conf");
  await it.until({ a: "two", b: "b" });
  it.move("one/b.conf", "one/c.conf");
  await it.until({ a: "two", c: "b" });
  it.move("one/a.conf", "one/a.conf~");
  it.write("one/a.conf", "usage three");
  await it.until({ a: "three", c: "b" });
  it.remove("one/a.conf");
  await it.until({ c: "b" });
  assert.deepEqual(it.reports, []);
});

test("an editor's rename to and fro never takes the job away", async (it) => {
  it.write("one/a.conf", "usage one");
  let gone = 0;
  await it.load();
  const watched = it.jobs.delete.bind(it.jobs);
  it.jobs.delete = (name) => (gone++, watched(name));
  it.write("one/a.conf.tmp", "usage two");
  it.move("one/a.conf.tmp", "one/a.conf");
  await it.until({ a: "two" });
  assert.equal(gone, 0);
});

test("directories made, moved in, renamed, emptied and removed", async (it) => {
  it.write("one/net/a.conf", "usage a");
  await it.load();
  it.write("one/new/deep/b.conf", "usage b");
  await it.until({ "net/a": "a", "new/deep/b": "b" });
  it.write("sub/deep/c.conf", "usage c");
  it.move("sub", "one/sub");
  await it.until({ "net/a": "a", "new/deep/b": "b", "sub/deep/c": "c" });
  it.write("one/sub/deep/d.conf", "usage d");
  await it.until({ "net/a": "a", "new/deep/b": "b", "sub/deep/c": "c", "sub/deep/d": "d" });
  it.move("one/sub", "one/moved");
  await it.until({ "moved/deep/c": "c", "moved/deep/d": "d", "net/a": "a", "new/deep/b": "b" });
  it.write("one/moved/deep/d.conf", "usage changed");
  await it.until({ "moved/deep/c": "c", "moved/deep/d": "changed", "net/a": "a", "new/deep/b": "b" });
  it.remove("one/new");
  await it.until({ "moved/deep/c": "c", "moved/deep/d": "changed", "net/a": "a" });
  it.move("one/moved", "away");
  await it.until({ "net/a": "a" });
  it.write("away/deep/c.conf", "usage unseen");
  await it.seen();
  assert.deepEqual(it.usages, { "net/a": "a" });
});

test("a directory moved from one configuration directory to another", async (it) => {
  it.write("one/net/a.conf", "usage a");
  fs.mkdirSync(it.at("two"));
  await it.load(["one", "two"]);
  it.move("one/net", "two/web");
  await it.until({ "web/a": "a" });
  it.write("two/web/a.conf", "usage changed");
  await it.until({ "web/a": "changed" });
});

test("one directory named twice, in different words", async (it) => {
  it.write("one/a.conf", "usage a");
  await it.load(["one", "one/."]);
  it.write("one/a.conf", "usage changed");
  await it.until({ a: "changed" });
  it.remove("one/a.conf");
  await it.until({});
});

test("a broken edit is reported and leaves the job as it was until it is mended or removed", async (it) => {
  it.write("one/a.conf", "usage good");
  it.write("one/b.conf", "usage good");
  await it.load();
  it.write("one/a.conf", "usage worse\nbogus\n");
  it.write("one/b.conf", "bogus\n");
  await it.reported("one/b.conf:1: Unknown stanza");
  assert.deepEqual(it.reports, ["one/a.conf:2: Unknown stanza", "one/b.conf:1: Unknown stanza"]);
  assert.deepEqual(it.usages, { a: "good", b: "good" });
  it.write("one/a.conf", "usage mended\n");
  it.remove("one/b.conf");
  await it.until({ a: "mended" });
});

test("a file broken in the first directory leaves the second's in place", async (it) => {
  it.write("one/a.conf", "bogus");
  it.write("one/b.conf", "usage first");
  for (const name of ["a", "b"]) it.write(`two/${name}.conf`, "usage second");
  await it.load(["one", "two"]);
  assert.deepEqual(it.usages, { a: "second", b: "first" });
  it.write("one/b.conf", "bogus");
  await it.until({ a: "second", b: "second" });
  it.write("one/a.conf", "usage mended");
  await it.until({ a: "mended", b: "second" });
});

test("overrides come, change, break, are mended and go", async (it) => {
  it.write("one/a.conf", "usage conf");
  it.write("one/b.override", "usage nothing");
  await it.load();
  assert.deepEqual(it.usages, { a: "conf" });
  it.write("one/a.override", "usage override");
  await it.until({ a: "override" });
  it.write("one/a.override", "usage worse\nbogus");
  await it.reported("one/a.override:2: Unknown stanza");
  it.write("one/a.conf", "usage conf\ndescription new");
  await it.when(() => it.jobs.get("a")?.description === "new", () => "the conf's edit was not seen");
  assert.deepEqual(it.usages, { a: "override" });
  it.write("one/a.override", "usage mended");
  await it.until({ a: "mended" });
  it.remove("one/a.override");
  await it.until({ a: "conf" });
  it.write("one/a.override", "usage again");
  await it.until({ a: "again" });
  it.remove("one/a.conf");
  await it.until({});
});

test("reload tells errors again, and of changed jobs alone", async (it) => {
  it.write("one/a.conf", "usage a");
  it.write("one/bad.conf", "task\nbogus");
  await it.load();
  const job = it.jobs.get("a");
  it.jobs.clear();
  await it.configuration.reload();
  await it.configuration.reload();
  assert.deepEqual(it.reports, Array(3).fill("one/bad.conf:2: Unknown stanza"));
  assert.deepEqual(it.usages, {}, `told of ${job?.name} although nothing changed`);
});

test("a hard link is seen by a reload", async (it) => {
  it.write("x", "usage linked");
  fs.mkdirSync(it.at("one"));
  await it.load();
  fs.linkSync(it.at("x"), it.at("one/a.conf"));
  await it.seen();
  assert.deepEqual(it.usages, {});
  await it.configuration.reload();
  assert.deepEqual(it.usages, { a: "linked" });
});

test("symbolic links are seen as they come and go, and so are changes of what they lead to", async (it) => {
  it.write("home/x", "usage linked");
  fs.mkdirSync(it.at("one"));
  await it.load();
  fs.symlinkSync("../home/x", it.at("one/a.conf"));
  await it.until({ a: "linked" });
  it.write("home/x", "usage changed");
  await it.until({ a: "changed" });
  it.move("home/x", "home/y");
  await it.reported("one/a.conf: No such file or directory");
  await it.until({});
  it.move("home/y", "home/x");
  await it.until({ a: "changed" });
  it.remove("one/a.conf");
  await it.until({});
  it.write("home/x", "usage forgotten");
  await it.seen();
  assert.deepEqual(it.usages, {});
});

test("a link to a directory is followed only if its name ends in .conf; loops end", async (it) => {
  it.write("home/d/in.conf", "usage in");
  it.write("one/a.conf", "usage a");
  fs.symlinkSync("../home/d", it.at("one/plain"));
  fs.symlinkSync("../home/d", it.at("one/d.conf"));
  fs.symlinkSync(".", it.at("one/self.conf"));
  fs.symlinkSync("..", it.at("home/d/up.conf"));
  await it.load();
  assert.deepEqual(it.usages, { a: "a", "d.conf/in": "in" });
  it.write("home/d/in.conf", "usage changed");
  await it.until({ a: "a", "d.conf/in": "changed" });
  it.remove("one/d.conf");
  await it.until({ a: "a" });
});

test("a configuration directory that is moved away keeps its jobs until a reload", async (it) => {
  it.write("one/a.conf", "usage a");
  it.write("one/net/b.conf", "usage b");
  it.write("two/c.conf", "usage c");
  await it.load(["one", "two"]);
  it.move("one", "away");
  await it.reported("one: Configuration directory deleted");
  it.write("away/a.conf", "usage changed");
  it.write("away/net/b.conf", "usage changed");
  await it.seen("two");
  assert.deepEqual(it.usages, { a: "a", c: "c", "net/b": "b" });
  await it.configuration.reload();
  assert.deepEqual(it.usages, { c: "c" });
  it.move("away", "one");
  await it.until({ a: "changed", c: "c", "net/b": "changed" });
  it.write("one/net/b.conf", "usage seen");
  await it.until({ a: "changed", c: "c", "net/b": "seen" });
  assert.deepEqual(it.reports, ["one: Configuration directory deleted"]);
});

test("a configuration directory that is not there yet is found when it is made", async (it) => {
  await it.load();
  assert.deepEqual(it.reports, []);
  it.write("one/a.conf", "usage late");
  await it.until({ a: "late" });
  it.remove("one");
  await it.reported("one: Configuration directory deleted");
  await it.until({});
  it.write("one/a.conf", "usage again");
  await it.until({ a: "again" });
});

test("what cannot be read is reported and harms nothing else", async (it) => {
  it.write("one/a.conf", "usage a");
  it.write("one/large.conf", `usage ${"x".repeat(2 << 20)}`);
  fs.symlinkSync("loop.conf", it.at("one/loop.conf"));
  it.write("one/ctrl\u0001.conf", "usage c");
  await it.load();
  assert.deepEqual(it.usages, { a: "a" });
  assert.deepEqual(it.reports.sort(), [
    "one/ctrl\u0001.conf: File name holds control characters",
    "one/large.conf: File is too large, more than 1048576 bytes",
    "one/loop.conf: Too many levels of symbolic links",
  ]);
});

test("a file that cannot be read for a while keeps its job, and is told of once", async (it) => {
  it.write("one/a.conf", "usage a");
  await it.load();
  fs.symlinkSync("a.conf", it.at("loop"));
  it.move("loop", "one/a.conf");
  await it.reported("one/a.conf: Too many levels of symbolic links");
  assert.deepEqual(it.usages, { a: "a" });
  it.write("new", "usage b");
  it.move("new", "one/a.conf");
  await it.until({ a: "b" });
  assert.equal(it.reports.length, 1);
});

/** An evaluator of modules that hold `NAME USAGE`, `import FILE`, or `error`. */
function fakeEvaluator(log: string[] = []): Evaluate {
  return async (modules, onOutcome) => {
    for (const module of modules) {
      await Promise.resolve();
      log.push(module);
      const compiledIn = module.startsWith("compiled-in:") ? `${module.slice(12)} shipped` : undefined;
      const text = compiledIn ?? fs.readFileSync(module, "utf8");
      const [name = "", usage = ""] = text.split(" ");
      if (text === "error") {
        onOutcome({ module, imports: [], report: { file: module, line: 1, reason: "broken" } });
      } else if (name === "import") {
        onOutcome({ module, imports: [usage], jobs: [{ ...emptyJob("i", module), usage }] });
      } else onOutcome({ module, imports: [], jobs: [{ ...emptyJob(name, module), usage }] });
    }
  };
}

test("modules are evaluated, go before classic files, and keep what they said when they break", async (it) => {
  it.write("one/a.ts", "a module");
  it.write("one/a.conf", "usage conf");
  it.write("one/b.ts", "b module");
  await it.load(["one"], { evaluate: fakeEvaluator() });
  assert.deepEqual(it.usages, { a: "module", b: "module" });
  for (const name of ["a", "b"]) it.write(`one/${name}.ts`, "error");
  await it.until({ a: "conf", b: "module" });
  await it.reported("one/b.ts:1: broken");
  it.write("one/b.ts", "b mended");
  it.remove("one/a.conf");
  await it.until({ a: "module", b: "mended" });
  it.remove("one/b.ts");
  await it.until({ a: "module" });
});

test("modules are evaluated again when what they import changes", async (it) => {
  it.write("lib/shared.ts", "");
  it.write("one/i.ts", `import ${it.at("lib/shared.ts")}`);
  const evaluated: string[] = [];
  await it.load(["one"], { evaluate: fakeEvaluator(evaluated) });
  assert.equal(evaluated.length, 1);
  fs.writeFileSync(it.at("one/i.ts.new"), "i new");
  it.write("lib/shared.ts", "changed");
  await it.configuration.reload();
  await it.seen();
  assert(evaluated.length >= 2);
  it.move("one/i.ts.new", "one/i.ts");
  await it.until({ i: "new" });
});

test("a reload evaluates what has changed, or imports what has, and what is broken", async (it) => {
  it.write("lib/shared.ts", "");
  for (const name of ["a", "b", "c"]) it.write(`one/${name}.ts`, `${name} old`);
  it.write("one/i.ts", `import ${it.at("lib/shared.ts")}`);
  it.write("one/x.ts", "error");
  const evaluated: string[] = [];
  await it.load(["one"], { evaluate: fakeEvaluator(evaluated) });
  const names = () =>
    [...new Set(evaluated.splice(0))].map((path) => path.slice(it.at("one/").length)).sort();
  assert.deepEqual(names(), ["a.ts", "b.ts", "c.ts", "i.ts", "x.ts"]);
  // What has only just changed is evaluated again, to be sure.
  const settle = async (last: string[]) => {
    while (JSON.stringify(names()) !== JSON.stringify(last)) await it.configuration.reload();
  };
  await settle(["x.ts"]);
  it.write("one/b.ts", "b new");
  await it.configuration.reload();
  assert.deepEqual(names(), ["b.ts", "x.ts"]);
  await settle(["x.ts"]);
  it.write("lib/shared.ts", "changed");
  await it.configuration.reload();
  assert.deepEqual(names(), ["i.ts", "x.ts"]);
});

test("jobs compiled in are there, and give way to files and overrides", async (it) => {
  it.write("one/a.conf", "usage mine");
  it.write("one/b.override", "usage override");
  await it.load(["one"], { evaluate: fakeEvaluator(), compiledIn: ["a", "b", "c"] });
  assert.deepEqual(it.usages, { a: "mine", b: "override", c: "shipped" });
  it.remove("one/a.conf");
  await it.until({ a: "shipped", b: "override", c: "shipped" });
});

test("a module that everybody may write is not evaluated", async (it) => {
  it.write("one/a.ts", "a module");
  fs.chmodSync(it.at("one/a.ts"), 0o666);
  await it.load(["one"], { evaluate: fakeEvaluator() });
  assert.deepEqual(it.usages, {});
  assert.deepEqual(it.reports, ["one/a.ts: File is writable by everyone and is not evaluated; chmod o-w it"]);
  fs.chmodSync(it.at("one/a.ts"), 0o644);
  await it.until({ a: "module" });
});

test("an evaluator that fails altogether leaves the rest alone", async (it) => {
  it.write("one/a.ts", "a module");
  it.write("one/b.conf", "usage b");
  await it.load(["one"], { evaluate: () => Promise.reject(new Error("no")) });
  assert.deepEqual(it.usages, { b: "b" });
});

test("more changes at once than the kernel's queue holds", async (it) => {
  fs.mkdirSync(it.at("one"));
  await it.load();
  // A new file makes three events: created, modified, written.
  const queue = Number(fs.readFileSync("/proc/sys/fs/inotify/max_queued_events", "utf8"));
  const usages: Record<string, string> = {};
  for (let index = 0; index < Math.min(queue / 3 + 500, 20_000); index++) {
    const name = `job${String(index).padStart(5, "0")}`;
    fs.writeFileSync(it.at(`one/${name}.conf`), `usage ${index}`);
    usages[name] = String(index);
  }
  await it.until(usages);
  it.write("one/job00000.conf", "usage changed");
  await it.until({ ...usages, job00000: "changed" });
});

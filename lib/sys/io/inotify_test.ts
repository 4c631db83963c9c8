import assert from "node:assert/strict";
import { mkdirSync, readdirSync, readlinkSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { ENOMEM, SystemError } from "../call/errno.ts";
import { Epoll } from "./epoll.ts";
import { type DirectoryEvent, watchDirectory } from "./inotify.ts";
import { inDirectory } from "../testing/directory.ts";

/** The events of a watch, to be awaited up to one of a kind; gives `kind name` of each. */
function recorder(): {
  listener: (events: DirectoryEvent[]) => void;
  until: (kind: string) => Promise<DirectoryEvent[]>;
} {
  const events: DirectoryEvent[] = [];
  let wake = () => {};
  return {
    listener: (more) => {
      events.push(...more);
      wake();
    },
    async until(kind) {
      let end;
      while ((end = events.findIndex((event) => event.kind === kind)) < 0) {
        await new Promise<void>((resolve) => wake = resolve);
      }
      return events.splice(0, end + 1);
    },
  };
}

const summary = (events: DirectoryEvent[]) => events.map(({ kind, name }) => `${kind} ${name}`.trim());

Deno.test(
  "what happens to a directory's entries is told in order",
  inDirectory(async (directory) => {
    const { listener, until } = recorder();
    const watch = watchDirectory(directory, listener);
    writeFileSync(`${directory}/größe.conf`, "text");
    assert.deepEqual(summary(await until("written")), [
      "created größe.conf",
      "modified größe.conf",
      "written größe.conf",
    ]);
    renameSync(`${directory}/größe.conf`, `${directory}/b`);
    const moves = await until("moved-to");
    assert.deepEqual(summary(moves), ["moved-from größe.conf", "moved-to b"]);
    rmSync(`${directory}/b`);
    assert.deepEqual(summary(await until("deleted")), ["deleted b"]);
    mkdirSync(`${directory}/sub`);
    const [made] = await until("created");
    assert.deepEqual(made, { kind: "created", name: "sub", isDirectory: true });
    watch.close();
  }),
);

Deno.test(
  "a directory that is moved or deleted says so, and nothing more",
  inDirectory(async (directory) => {
    for (
      const [name, go] of [["moved", renameSync], [
        "deleted",
        (path: string) => rmSync(path, { recursive: true }),
      ]] as const
    ) {
      const path = `${directory}/${name}`;
      mkdirSync(path);
      const { listener, until } = recorder();
      const watch = watchDirectory(path, listener);
      go(path, `${directory}/elsewhere`);
      const last = (await until("self-gone")).at(-1)!;
      assert.equal(last.name, "");
      watch.close();
    }
  }),
);

Deno.test(
  "two may watch one directory, and each ends for itself",
  inDirectory(async (directory) => {
    const [one, two] = [recorder(), recorder()];
    const watches = [watchDirectory(directory, one.listener), watchDirectory(directory, two.listener)];
    writeFileSync(`${directory}/a`, "");
    await Promise.all([one.until("written"), two.until("written")]);
    watches[0]!.close();
    watches[0]!.close();
    writeFileSync(`${directory}/b`, "");
    await two.until("written");
    watches[1]!.close();
    const three = recorder();
    const third = watchDirectory(directory, three.listener);
    writeFileSync(`${directory}/c`, "text");
    assert.deepEqual(summary(await three.until("written")), ["created c", "modified c", "written c"]);
    third.close();
    const late = await Promise.race([one.until("created"), Promise.resolve([])]);
    assert.deepEqual(late, []);
  }),
);

Deno.test(
  "what is no directory cannot be watched",
  inDirectory((directory) => {
    writeFileSync(`${directory}/file`, "");
    assert.throws(() => watchDirectory(`${directory}/none`, () => {}), {
      code: "ENOENT",
      message: `unable to watch ${directory}/none: No such file or directory`,
    });
    assert.throws(() => watchDirectory(`${directory}/file`, () => {}), { code: "ENOTDIR" });
    return Promise.resolve();
  }),
);

Deno.test("an instance that cannot be watched for lack of memory leaves no descriptor", () => {
  const before = instances(), { add } = Epoll.prototype;
  Epoll.prototype.add = () => {
    throw new SystemError("watch a descriptor", ENOMEM);
  };
  try {
    assert.throws(() => watchDirectory("/", () => {}), { code: "ENOMEM" });
  } finally {
    Epoll.prototype.add = add;
  }
  assert.deepEqual(instances(), before);
});

/** The descriptors of inotify that this process has, by what they lead to. */
function instances(): string[] {
  return readdirSync("/proc/self/fd").flatMap((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`);
    } catch {
      return []; // That of the directory itself.
    }
  }).filter((target) => target.includes("inotify"));
}

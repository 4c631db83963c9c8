/** When a log is rotated, by its size and its age, and under which name. */

import assert from "node:assert/strict";
import * as fs from "node:fs";
import { join } from "node:path";
import type { Rotation } from "../../../model/logs/settings.ts";
import { inDirectory } from "../../../sys/testing/directory.ts";
import { LogRotator } from "./log_rotator.ts";

const NOON = Date.UTC(2026, 10, 30, 12);

/** A log whose lines are appended as {@link LogFile} does it. */
class Fixture {
  time = NOON;
  readonly path: string;
  readonly rotator: LogRotator;

  constructor(private readonly directory: string, rotation: Partial<Rotation>) {
    this.path = join(directory, "web.log");
    this.rotator = new LogRotator(this.path, () => this.time);
    this.rotator.rotation = { size: 10, keep: 5, compress: "none", ...rotation };
  }

  append(text: string): string | undefined {
    const told = this.rotator.prepare();
    const size = fs.statSync(this.path, { throwIfNoEntry: false })?.size ?? 0;
    fs.appendFileSync(this.path, text);
    this.rotator.appended(Buffer.from(text), size);
    return told;
  }

  get files(): Record<string, string> {
    const names = fs.readdirSync(this.directory).sort();
    return Object.fromEntries(
      names.map((name) => [name, fs.readFileSync(join(this.directory, name), "utf8")]),
    );
  }
}

Deno.test(
  "a log of its size is rotated before the next line, and the names of the same moment differ",
  inDirectory((directory) => {
    const it = new Fixture(directory, {});
    assert.deepEqual(["0123456789\n", "9876543210\n", "last\n"].map((line) => it.append(line)), [
      undefined,
      "",
      "",
    ]);
    assert.deepEqual(it.files, {
      "web.log": "last\n",
      "web.log.20261130T120000.000Z": "0123456789\n",
      "web.log.20261130T120000.001Z": "9876543210\n",
    });
  }),
);

Deno.test(
  "a log that somebody has removed is made anew, and that is no failure",
  inDirectory((directory) => {
    const it = new Fixture(directory, {});
    it.append("0123456789\n");
    fs.unlinkSync(it.path);
    assert.equal(it.append("9876543210\n"), undefined);
    assert.equal(it.append("last\n"), "");
    assert.equal(it.files["web.log"], "last\n");
  }),
);

Deno.test(
  "a line that goes on stays in one file",
  inDirectory((directory) => {
    const it = new Fixture(directory, {});
    it.append("0123456789");
    const next = Buffer.from("end\nnext\n");
    assert.equal(it.rotator.prepare(), undefined);
    assert.equal(Buffer.from(it.rotator.share(next)).toString(), "end\n");
    it.append("end\n");
    assert.equal(it.append("next\n"), "");
    assert.equal(it.files["web.log.20261130T120000.000Z"], "0123456789end\n");
  }),
);

Deno.test(
  "a log of its age is rotated with the next line; somebody else's rotation begins it anew",
  inDirectory((directory) => {
    const it = new Fixture(directory, { size: 1000, age: 60 });
    it.append("one\n");
    it.time += 59_000;
    assert.equal(it.append("two\n"), undefined);
    fs.renameSync(it.path, join(directory, "web.log.1"));
    it.append("three\n");
    it.time += 59_000;
    assert.equal(it.append("four\n"), undefined);
    it.time += 1000;
    assert.equal(it.append("five\n"), "");
    assert.deepEqual(it.files, {
      "web.log": "five\n",
      "web.log.1": "one\ntwo\n",
      "web.log.20261130T120159.000Z": "three\nfour\n",
    });
  }),
);

Deno.test(
  "names go on behind the latest one, where the clock was set back",
  inDirectory((directory) => {
    fs.writeFileSync(join(directory, "web.log.20991231T235959.999Z.gz"), "");
    const it = new Fixture(directory, {});
    it.append("0123456789\n");
    it.append("next\n");
    assert.equal(it.files["web.log.21000101T000000.000Z"], "0123456789\n");
  }),
);

Deno.test(
  "files named after times that there are not, or that have none behind them, change no name",
  inDirectory((directory) => {
    const strange = ["web.log.99999999T999999.999Z", "web.log.99991231T235959.999Z"];
    for (const name of strange) fs.writeFileSync(join(directory, name), "");
    const it = new Fixture(directory, {});
    it.append("0123456789\n");
    assert.equal(it.append("next\n"), "");
    assert.deepEqual(
      Object.keys(it.files).filter((name) => !strange.includes(name)),
      ["web.log", "web.log.20261130T120000.000Z"],
    );
  }),
);

Deno.test(
  "a log that cannot be rotated grows on, and is tried again when it has grown as much",
  inDirectory((directory) => {
    const it = new Fixture(directory, {});
    it.append("0123456789\n");
    // No file can have the name: a directory that is not empty is there.
    const place = join(directory, "web.log.20261130T120000.000Z");
    it.append("a\n");
    fs.mkdirSync(join(directory, "web.log.20261130T120000.001Z", "x"), { recursive: true });
    it.append("0123456789\n");
    assert.equal(it.append("more\n"), "Is a directory");
    assert.equal(it.append("more\n"), undefined);
    fs.rmSync(join(directory, "web.log.20261130T120000.001Z"), { recursive: true });
    it.time += 5;
    it.append("0123456789\n");
    assert.equal(it.append("next\n"), "");
    assert(fs.existsSync(place));
  }),
);

Deno.test(
  "without a rotation nothing is done",
  inDirectory((directory) => {
    const it = new Fixture(directory, {});
    it.rotator.rotation = undefined;
    for (let count = 0; count < 3; count++) assert.equal(it.append("0123456789\n"), undefined);
  }),
);

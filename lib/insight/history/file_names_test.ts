import assert from "node:assert/strict";
import { filesOfLog, instancesWithLogs } from "./file_names.ts";

const [OLD, NEW] = ["20261129T235959.999Z", "20261130T041530.123Z"];

Deno.test("the files of a log are those of logrotate, those that init has rotated, and the log itself", () => {
  const names = [
    "web.log",
    "web.log.1",
    "web.log.10.gz",
    "web.log.2.gz",
    `web.log.${NEW}`,
    `web.log.${OLD}.zst`,
    "web.log.1x",
    "web.log.gz",
    "web-1.log",
  ];
  assert.deepEqual(filesOfLog("/log/web.log", names).map(({ path, compression }) => [path, compression]), [
    ["/log/web.log.10.gz", "gzip"],
    ["/log/web.log.2.gz", "gzip"],
    ["/log/web.log.1", "none"],
    [`/log/web.log.${OLD}.zst`, "zstd"],
    [`/log/web.log.${NEW}`, "none"],
    ["/log/web.log", "none"],
  ]);
});

Deno.test("logs of instances are known by their jobs, also those of instances that are gone", () => {
  const names = [
    "web.log",
    "web-a.log",
    "web-api.log",
    "web-api-x.log",
    "tty-_dev_tty1.log",
    "other.log",
    "web-b.log.1",
  ];
  const jobs = ["web", "web-api", "tty"], known = new Map([["tty", new Set(["/dev/tty1"])]]);
  const found = (...wanted: string[]) =>
    instancesWithLogs("/log", names, jobs, wanted, known).map(({ job, instance }) => `${job}(${instance})`);
  assert.deepEqual(found("web"), ["web()", "web(a)", "web(b)"]);
  assert.deepEqual(found("web-api", "tty"), ["web-api()", "tty(/dev/tty1)", "web-api(x)"]);
  assert.deepEqual(found("none"), []);
});

import assert from "node:assert/strict";
import * as fs from "node:fs";
import { join } from "node:path";
import { type FileStatus, Trust, trustedUsers, untrustedWriterAt } from "./trust.ts";
import { TemporaryDirectory } from "../testing/directory.ts";

const DIRECTORY = 0o040000, FILE = 0o100000, LINK = 0o120000;
const ALICE = 4711, MALLORY = 4712, STAFF = 4713;

type Entry = FileStatus & { target?: string; isReadOnly?: boolean };

const directory = (mode = 0o755, uid = 0, gid = uid): Entry => ({ uid, gid, mode: DIRECTORY | mode });
const file = (mode = 0o644, uid = 0, gid = uid): Entry => ({ uid, gid, mode: FILE | mode });
const link = (target: string, uid = 0): Entry => ({ uid, gid: uid, mode: LINK | 0o777, target });
const readOnly = (entry: Entry): Entry => ({ ...entry, isReadOnly: true });

/** A machine with these files beside the usual directories; counts what is asked. */
function machine(entries: Record<string, Entry>) {
  const all = new Map(Object.entries({
    "/": directory(),
    "/etc": directory(),
    "/etc/init": directory(),
    "/tmp": directory(0o1777),
    ...entries,
  }));
  let asked = 0;
  return {
    status(path: string) {
      asked++;
      return all.get(path);
    },
    target: (path: string) => all.get(path)?.target,
    isReadOnly: (path: string) => all.get(path)?.isReadOnly ?? false,
    get asked() {
      return asked;
    },
  };
}

function problem(entries: Record<string, Entry>, path = "/etc/init/web.conf", trusted = [0]) {
  return new Trust(trusted, machine(entries)).problem(path);
}

Deno.test("what root alone can write is trusted", () => {
  assert.equal(problem({ "/etc/init/web.conf": file() }), undefined);
  assert.equal(problem({ "/etc/init/web.conf": file(0o664) }), undefined);
  assert.equal(problem({}), undefined);
  assert.equal(problem({}, "/no/such/directory/web.conf"), undefined);
});

Deno.test("a file that others can write is not, and the message says what helps", () => {
  assert.equal(
    problem({ "/etc/init/web.conf": file(0o666) }),
    "/etc/init/web.conf is writable by everyone (owner root, mode 0666); chmod o-w /etc/init/web.conf",
  );
  assert.equal(
    problem({ "/etc/init/web.conf": file(0o644, MALLORY) }),
    "/etc/init/web.conf is writable by 4712 (owner 4712, mode 0644); chown root /etc/init/web.conf",
  );
  assert.equal(
    problem({ "/etc/init/web.conf": file(0o664, 0, STAFF) }),
    "/etc/init/web.conf is writable by group 4713 (owner root, mode 0664); chmod g-w /etc/init/web.conf",
  );
});

Deno.test("neither is one below a directory that others can write", () => {
  const web = { "/etc/init/web.conf": file() };
  assert.match(problem({ ...web, "/etc/init": directory(0o777) })!, /^\/etc\/init is writable by everyone/);
  assert.match(problem({ ...web, "/etc": directory(0o755, MALLORY) })!, /^\/etc is writable by 4712/);
  assert.match(problem({ ...web, "/": directory(0o775, 0, STAFF) })!, /^\/ is writable by group 4713/);
});

Deno.test("init's own user is trusted with files of his, and with his groups", () => {
  const jobs = { "/home": directory(), "/home/jobs": directory(0o775, ALICE, STAFF) };
  const path = "/home/jobs/web.conf";
  assert.equal(problem({ ...jobs, [path]: file(0o664, ALICE) }, path, [0, ALICE]), undefined);
  assert.equal(problem({ ...jobs, [path]: file() }, path, [0, ALICE]), undefined);
  assert.match(problem({ ...jobs, [path]: file(0o666, ALICE) }, path, [0, ALICE])!, /everyone/);
  assert.match(problem({ ...jobs, [path]: file(0o644, MALLORY) }, path, [0, ALICE])!, /by 4712/);
  assert.match(problem({ ...jobs, [path]: file() }, path, [0])!, /^\/home\/jobs is writable by 4711/);
});

Deno.test("in a sticky directory everyone has his own files, and root's are root's", () => {
  assert.equal(problem({ "/tmp/web.conf": file() }, "/tmp/web.conf"), undefined);
  assert.match(problem({ "/tmp/web.conf": file(0o644, MALLORY) }, "/tmp/web.conf")!, /by 4712/);
  assert.match(
    problem({ "/tmp": directory(0o1777, MALLORY) }, "/tmp/web.conf")!,
    /^\/tmp is writable by 4712/,
  );
  const linked = { "/etc/web.conf": file(), "/tmp/web.conf": link("/etc/web.conf", MALLORY) };
  assert.match(problem(linked, "/tmp/web.conf")!, /^\/tmp\/web.conf .*chown -h root/);
});

Deno.test("what is mounted read-only nobody can write", () => {
  const jobs = {
    "/etc/init": readOnly(directory(0o777, MALLORY)),
    "/etc/init/web.conf": readOnly(file(0o666, MALLORY)),
  };
  assert.equal(problem(jobs), undefined);
  assert.match(problem({ ...jobs, "/etc": directory(0o777) })!, /^\/etc is/);
});

Deno.test("links are followed with every directory on their way", () => {
  const config = {
    "/etc/init/web.conf": link("..data/web.conf"),
    "/etc/init/..data": link("../../srv/./v1"),
    "/srv": directory(),
    "/srv/v1": directory(),
    "/srv/v1/web.conf": file(),
  };
  assert.equal(problem(config), undefined);
  // Nobody but root can replace it.
  assert.equal(problem({ ...config, "/etc/init/..data": link("/srv/v1", MALLORY) }), undefined);
  for (const path of ["/srv", "/srv/v1"]) {
    assert.equal(problem({ ...config, [path]: directory(0o777) })?.split(" ")[0], path);
  }
  assert.match(problem({ ...config, "/srv/v1/web.conf": file(0o666) })!, /^\/srv\/v1\/web.conf is/);
  // The way up is that of the directory itself, not that of the link to it.
  const up = { "/etc/init/web.conf": link("up/../web.conf"), "/etc/init/up": link("/srv/v1") };
  assert.match(problem({ ...config, ...up, "/srv/web.conf": file(0o666) })!, /^\/srv\/web.conf is/);
  assert.equal(problem({ "/etc/init/web.conf": link("web.conf") }), undefined);
});

Deno.test("a file that is gone when it is judged could have been anyone's where anyone may make files", () => {
  const gone = (path: string, entries: Record<string, Entry> = {}) =>
    new Trust([0], machine(entries)).problem(path, { wasThere: true });
  assert.equal(gone("/etc/init/web.conf"), undefined);
  assert.match(
    gone("/tmp/web.conf")!,
    /^\/tmp\/web\.conf is gone since it was read, and could be anyone's; /,
  );
  assert.match(gone("/tmp/theirs/web.conf")!, /is gone/, "nor is its directory there any more");
  assert.match(gone("/etc/init/web.conf", { "/etc/init/web.conf": link("/tmp/web.conf") })!, /is gone/);
  assert.equal(gone("/tmp/web.conf", { "/tmp/web.conf": file() }), undefined);
  assert.equal(gone("/tmp/web.conf", { "/tmp": readOnly(directory(0o1777)) }), undefined);
  assert.equal(problem({}, "/tmp/web.conf"), undefined, "of what was never there nobody asks that");
});

Deno.test("directories are looked at once, and files whose status is known not at all", () => {
  const files = machine({});
  const trust = new Trust([0], files);
  for (let index = 0; index < 100; index++) {
    assert.equal(trust.problem(`/etc/init/${index}.conf`, { status: file() }), undefined);
    assert.match(trust.problem(`/etc/init/${index}.conf`, { status: file(0o666) })!, /everyone/);
  }
  assert.equal(files.asked, 3);
});

Deno.test("real files are judged so", () => {
  using temporary = new TemporaryDirectory();
  const jobs = temporary.path;
  const path = join(jobs, "web.conf");
  fs.writeFileSync(path, "");
  fs.symlinkSync("web.conf", join(jobs, "link.conf"));
  assert.equal(untrustedWriterAt(path), undefined);
  assert.equal(untrustedWriterAt(join(jobs, "absent.conf")), undefined);
  fs.chmodSync(path, 0o666);
  for (const name of ["web.conf", "link.conf"]) {
    assert.match(
      untrustedWriterAt(join(jobs, name))!,
      /web\.conf is writable by everyone \(owner .*, mode 0666\)/,
    );
  }
  fs.chmodSync(path, 0o644);
  fs.chmodSync(jobs, 0o777);
  assert.match(untrustedWriterAt(path)!, /writable by everyone .*mode 0777/);
  fs.chmodSync(jobs, 0o1777);
  assert.equal(untrustedWriterAt(path), undefined);
  assert(trustedUsers().includes(0));
});

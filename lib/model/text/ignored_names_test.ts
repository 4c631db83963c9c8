import assert from "node:assert/strict";
import { isIgnoredName } from "./ignored_names.ts";

const IGNORED = [
  ...[".git", ".svn", ".hg", ".bzr", ".arch-ids", ".#x", "..data", "..2026_11_29", ".x"],
  ...["CVS", "CVS.adm", "RCS", "SCCS", "BitKeeper", "{arch}", "_darcs", "web,v"],
  ...["back~", "~", "dir.bak", "dir.BAK", "#e#", "##", "dir.swp", "dir.swo", "dir.swn"],
  ...[
    "dir.dpkg-old",
    "dir.dpkg-dist",
    "dir.dpkg-new",
    "dir.dpkg-tmp",
    "dir.rpmnew",
    "dir.rpmsave",
    "dir.rpmorig",
  ],
  ...["dir;0123abCD", "dir.conf.bak"],
];

const OWN = [
  ...["net", "cvs", "CVSROOT", "git", "v", "x,v.d", "a~b", "#e", "e#", "bak", "dir.bak.d", "dir.swap", "swp"],
  ...[
    "dir.dpkg",
    "dir.dpkg-old.d",
    "dir.rpm",
    "dir;0123",
    "dir;0123abcd0",
    "dir.conf",
    "dir.override",
    "_darcs2",
  ],
];

Deno.test("what version control, editors and package managers leave is told from one's own", () => {
  assert.deepEqual(IGNORED.filter((name) => !isIgnoredName(name)), []);
  assert.deepEqual(OWN.filter(isIgnoredName), []);
});

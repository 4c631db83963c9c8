import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { TemporaryDirectory } from "../testing/directory.ts";
import { lookupGroup, lookupUser, supplementaryGroups } from "./users.ts";

const { path: directory } = TemporaryDirectory.ofFile();
const [passwd, group] = [`${directory}/passwd`, `${directory}/group`];
writeFileSync(
  passwd,
  "root:x:0:0:root:/root:/bin/sh\n\nbroken line\n1000:x:7:7::/seven:\nann:x:1000:100:Ann:/home/ann:/bin/bash\n" +
    "empty:x::::/:\nhalf:x:5:::/:\nhex:x:0x0:0x0::/:\nblank:x: 0:0::/:\nminus:x:-1:-1::/:\nlarge:x:4294967295:1::/:\n",
);
writeFileSync(
  group,
  "root:x:0:\nusers:x:100:\nwheel:x:10:root,ann\nann:x:1001:ann\nstaff:x:50:annabel\nempty:x::ann\nhex:x:0x1:ann\n",
);

Deno.test("a user is found by name, else by number", () => {
  const ann = { name: "ann", uid: 1000, gid: 100, home: "/home/ann", shell: "/bin/bash" };
  assert.deepEqual(lookupUser("ann", passwd), ann);
  assert.deepEqual(lookupUser("1000", passwd), { name: "1000", uid: 7, gid: 7, home: "/seven", shell: "" });
  assert.equal(lookupUser("7", passwd)?.name, "1000");
  assert.equal(lookupUser("bob", passwd), undefined);
  assert.equal(lookupUser("broken line", passwd), undefined);
});

Deno.test("an account without a number of its own is none: an empty field is not root's", () => {
  for (const name of ["empty", "half", "hex", "blank", "minus", "large"]) {
    assert.equal(lookupUser(name, passwd), undefined, name);
  }
  assert.equal(lookupUser("0", passwd)?.name, "root");
  for (const name of ["empty", "hex"]) assert.equal(lookupGroup(name, group), undefined, name);
});

Deno.test("a group is found by name, else by number", () => {
  assert.deepEqual(lookupGroup("wheel", group), { name: "wheel", gid: 10, members: ["root", "ann"] });
  assert.equal(lookupGroup("100", group)?.name, "users");
  assert.equal(lookupGroup("nobody", group), undefined);
});

Deno.test("a user's groups are its own and those that name it", () => {
  assert.deepEqual(supplementaryGroups("ann", 100, group), [100, 10, 1001]);
  assert.deepEqual(supplementaryGroups("nobody", 65534, group), [65534]);
});

Deno.test("the system's own files are read", () => {
  assert.equal(lookupUser("root")?.uid, 0);
  assert.equal(lookupGroup("0")?.gid, 0);
});

Deno.test("without the files there is nobody", () => {
  assert.equal(lookupUser("root", "/nonexistent"), undefined);
  assert.equal(lookupGroup("root", "/nonexistent"), undefined);
  assert.deepEqual(supplementaryGroups("root", 0, "/nonexistent"), [0]);
});

import assert from "node:assert/strict";
import process from "node:process";
import { cgroupDirectory, cgroupOf, isWithinCgroup } from "./cgroups.ts";

Deno.test("a group is within itself and those around it, and not within one whose name it only begins with", () => {
  const within: Array<[group: string, outer: string]> = [
    ["/", "/"],
    ["/a", "/"],
    ["/a", "/a"],
    ["/a/b", "/a"],
    ["/a/b/", "/a/"],
  ];
  const outside: Array<[group: string, outer: string]> = [
    ["/", "/a"],
    ["/ab", "/a"],
    ["/ab/c", "/a"],
    ["/a", "/ab"],
    ["/a", "/a/b"],
    ["/b/a", "/a"],
  ];
  for (const [group, outer] of within) assert(isWithinCgroup(group, outer), `${group} in ${outer}`);
  for (const [group, outer] of outside) assert(!isWithinCgroup(group, outer), `${group} not in ${outer}`);
});

Deno.test("the directory of a group is told by the parts of its path below the mounted group", () => {
  const cases: Array<[point: string, top: string, group: string, directory: string]> = [
    ["/sys/fs/cgroup", "/", "/", "/sys/fs/cgroup"],
    ["/sys/fs/cgroup", "/", "/upstart/web", "/sys/fs/cgroup/upstart/web"],
    ["/sys/fs/cgroup", "/docker/a", "/docker/a", "/sys/fs/cgroup"],
    ["/sys/fs/cgroup", "/docker/a", "/docker/a/web", "/sys/fs/cgroup/web"],
    // Its name only begins with that of the mounted group.
    ["/sys/fs/cgroup", "/docker/a", "/docker/ab/web", "/sys/fs/cgroup/docker/ab/web"],
    ["/sys/fs/cgroup", "/..", "/web", "/sys/fs/cgroup/web"],
    ["/", "/", "/web", "/web"],
  ];
  for (const [point, top, group, directory] of cases) {
    assert.equal(cgroupDirectory({ point, top }, group), directory, `${group} at ${top}`);
  }
});

Deno.test("a process that is not there is in no group", () => {
  assert.equal(cgroupOf(2 ** 30), undefined);
  assert.equal(cgroupOf(process.pid), cgroupOf("self"));
});

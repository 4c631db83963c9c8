/** The documents for developers: every path and link that they name exists, and every room of the house is described. */

import assert from "node:assert/strict";
import { existsSync, globSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";

const ROOT = join(import.meta.dirname!, "..");
const DOCUMENTS = ["*.md", "docs/*.md", "tests/**/README.md"].flatMap((pattern) =>
  globSync(pattern, { cwd: ROOT })
);

function read(document: string): string {
  return readFileSync(join(ROOT, document), "utf8");
}

/** The paths of the repository that a text names. What stands behind another path's slash is a part of that. */
function paths(text: string): string[] {
  const found = text.matchAll(
    /(?<![\w./:$-])(?:(?:lib|compat|build|tests|jobs|bench|demo|docs|\.ci|\.github)\/[\w./-]*|(?:main|build)\.ts|deno\.json)/g,
  );
  return Array.from(found, ([path]) => path.replace(/\.+$/, "")).filter((path) => !path.endsWith("/..."));
}

/** The anchor of a heading, as hosts of repositories make it. */
function anchor(heading: string): string {
  return heading.toLowerCase().replace(/[^\p{L}\p{N} _-]/gu, "").replaceAll(" ", "-");
}

/** The anchors of a document's headings. Code is none. */
function anchors(document: string): Set<string> {
  const text = read(document).replace(/^```[^]*?^```$/gm, "");
  return new Set(Array.from(text.matchAll(/^#+ (.+)$/gm), ([, heading]) => anchor(heading!)));
}

Deno.test("documents: every path that they name exists", () => {
  const named = DOCUMENTS.flatMap((document) => paths(read(document)).map((path) => ({ document, path })));
  assert(named.length > 100, `${named.length}`);
  const missing = named.filter(({ path }) => !existsSync(join(ROOT, path)));
  assert.deepEqual(missing, []);
});

Deno.test("documents: every link between them leads somewhere", () => {
  const broken = DOCUMENTS.flatMap((document) => {
    const text = read(document).replace(/^```[^]*?^```$/gm, "");
    const targets = Array.from(text.matchAll(/\]\(([^)\s]+)\)/g), ([, target]) => target!);
    return targets.filter((target) => !target.includes("://")).filter((target) => {
      const [path = "", fragment] = target.split("#");
      const other = path === "" ? document : join(dirname(document), path);
      return !existsSync(join(ROOT, other)) || fragment !== undefined && !anchors(other).has(fragment);
    }).map((target) => `${document}: ${target}`);
  });
  assert.deepEqual(broken, []);
});

Deno.test("ARCHITECTURE.md describes every room of the house", () => {
  const files = globSync(["lib/**/*.ts", "compat/**/*.ts"], { cwd: ROOT })
    .filter((file) =>
      !/_test\.ts$|\.d\.ts$|\w\/(\w+\/)?testing\//.test(file) || file.startsWith("lib/testing/")
    );
  const rooms = [...new Set(files.map((file) => dirname(file) + "/"))].sort();
  assert(rooms.length > 20);
  const described = new Set(
    Array.from(read("ARCHITECTURE.md").matchAll(/^\| `([^`]+\/)` +\|/gm), ([, room]) => room!),
  );
  assert.deepEqual(rooms.filter((room) => !described.has(room)), [], "not described");
  assert.deepEqual([...described].filter((room) => !rooms.includes(room)), [], "described, but not there");
});

Deno.test("ARCHITECTURE.md draws each way with files that stand in the room that it names", () => {
  const text = read("ARCHITECTURE.md");
  const ways = text.split(/^## The way of /m).slice(1);
  assert.equal(ways.length, 5);
  for (const way of ways) {
    const drawing = /^```text\n([^]*?)^```$/m.exec(way)?.[1] ?? "";
    assert(paths(drawing).filter((path) => path.endsWith(".ts")).length >= 5, way.split("\n")[0]);
  }
});

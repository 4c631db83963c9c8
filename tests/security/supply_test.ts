/** What the executable is made of: the engine is the one that the registry vouches for, all else is listed with its licence. */

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { ENGINE_PARTS } from "../../build/engine_parts.ts";
import { enginePackages, findEngine, verifyEngine } from "../../build/engine.ts";
import ENGINES from "../../build/engines.json" with { type: "json" };
import { TemporaryDirectory } from "../../lib/sys/testing/directory.ts";
import { run } from "../support/command.ts";
import { EXECUTABLE } from "../support/programs.ts";

const ROOT = resolve(import.meta.dirname!, "../..");

Deno.test("the checksums of the engine are those of the version that the lock file has, for each machine", () => {
  const lock = JSON.parse(readFileSync(join(ROOT, "deno.lock"), "utf8"));
  assert.equal(lock.specifiers[`npm:bun@${ENGINES.version}`], ENGINES.version, "run `deno task pin-engines`");
  const packages = ["x64", "arm64"].flatMap((arch) => enginePackages("linux", arch));
  assert.deepEqual(Object.keys(ENGINES.sha256).sort(), packages.sort());
  for (const name of packages) {
    assert.match(lock.npm[`${name}@${ENGINES.version}`].integrity, /^sha512-/, name);
    assert.match(ENGINES.sha256[name as keyof typeof ENGINES.sha256], /^[0-9a-f]{64}$/, name);
  }
});

Deno.test("an engine of which one byte is altered is refused, and the right one is not", () => {
  using temporary = new TemporaryDirectory();
  const { name, path } = findEngine(ROOT);
  const altered = join(temporary.path, "bun"), bytes = readFileSync(path);
  bytes[bytes.length >> 1]! ^= 1;
  writeFileSync(altered, bytes);
  const reason = new RegExp(
    `^Unable to use the Bun engine ${name}: ${altered} is not the program of version `,
  );
  assert.throws(() => verifyEngine(name, altered), { message: reason });
  assert.throws(() => verifyEngine("@oven/bun-other", path), { message: /has no checksum of it/ });
});

Deno.test("an engine that is another program is not even run", () => {
  using temporary = new TemporaryDirectory();
  const at = (path: string) => join(temporary.path, path), mark = at("ran");
  for (const name of ["bun", ...enginePackages()]) {
    const program = at(`node_modules/${name}/bin/bun`);
    mkdirSync(dirname(program), { recursive: true });
    writeFileSync(
      at(`node_modules/${name}/package.json`),
      JSON.stringify({ name, version: ENGINES.version }),
    );
    writeFileSync(program, `#!/bin/sh\ntouch ${mark}\n`, { mode: 0o755 });
  }
  assert.throws(() => findEngine(temporary.path), { message: /is not the program of version/ });
  assert.throws(() => readFileSync(mark), { code: "ENOENT" });
});

/** Licences that a part may have: each lets the executable be passed on as it is. */
const ALLOWED = ["0BSD", "Apache-2.0", "BlueOak-1.0.0", "BSD-2-Clause", "BSD-3-Clause", "ISC", "MIT", "Zlib"];
/** Those that the engine's parts may have besides: where they ask for something, docs/security.md says how it is met. */
const OF_ENGINE = [
  ...ALLOWED,
  "IJG",
  "LGPL-2.0-or-later",
  "LGPL-2.1-or-later",
  "LLVM-exception",
  "Unicode-3.0",
];

interface Component {
  name: string;
  version?: string;
  licenses: Array<{ expression: string }>;
  components?: Component[];
}

function assertAllowed({ name, licenses }: Component, allowed: readonly string[]): void {
  const words = licenses.flatMap(({ expression }) =>
    expression.replace(/[()]/g, "").split(/ (?:AND|OR|WITH) /)
  );
  assert(words.length > 0, `${name} has no licence`);
  for (const word of words) assert(allowed.includes(word), `${name} is under ${word}`);
}

Deno.test("all that is compiled in is in the list, with a licence that is allowed", async () => {
  const options = { environment: {}, directory: "/" };
  const { exit, stdout } = await run([EXECUTABLE, "licences", "--sbom"], options);
  assert.equal(exit, 0);
  const { specVersion, components }: { specVersion: string; components: Component[] } = JSON.parse(stdout);
  assert.equal(specVersion, "1.6");
  const [engine, ...packages] = components;
  for (const part of [engine!, ...engine!.components!]) assertAllowed(part, OF_ENGINE);
  assert.equal(engine!.components!.length, ENGINE_PARTS.length);
  for (const part of packages.flatMap((each) => [each, ...each.components ?? []])) {
    assertAllowed(part, ALLOWED);
  }

  // The bundler names in a comment each file that it puts into a bundle, and so did the one by which zx was made.
  const executable = readFileSync(EXECUTABLE, "latin1");
  const listed = new Set(packages.map(({ name, version }) => `${name}@${version}`));
  const found = new Set(
    Array.from(
      executable.matchAll(/\/\/ node_modules\/\.deno\/([^/\\\s]+)@([^/@\\\s]+)\/node_modules\//g),
      ([, name = "", version = ""]) => `${name.replace("+", "/")}@${version}`,
    ),
  );
  assert(found.has("zx@8.8.5") && found.size > 4, [...found].join());
  assert.deepEqual([...found].filter((name) => !listed.has(name)), []);
  const inner = new Set(packages.flatMap((each) => each.components ?? []).map(({ name }) => name));
  const vendored = new Set(
    Array.from(
      readFileSync(join(ROOT, "node_modules/zx/build/vendor-core.cjs"), "utf8").matchAll(
        /^\/\/ node_modules\/((?:@[^/\s]+\/)?[^/\s]+)\//gm,
      ),
      ([, name = ""]) => name,
    ),
  );
  assert(vendored.has("chalk"), [...vendored].join());
  assert.deepEqual([...vendored].filter((name) => !inner.has(name)), []);

  const notices = (await run([EXECUTABLE, "licences"], options)).stdout;
  for (const { name, version } of packages) assert(notices.includes(`\n${name} ${version}\n\n`), name);
  assert.match(notices, /JavaScriptCore and tinycc are under the GNU Lesser General Public License/);
});

Deno.test("the same sources give the same executable, wherever it is written", async () => {
  using temporary = new TemporaryDirectory();
  const output = join(temporary.path, "another-name");
  const built = await run([Deno.execPath(), "run", "-A", join(ROOT, "build.ts"), "-o", output], {
    environment: Deno.env.toObject(),
    directory: "/",
    timeout: 120_000,
  });
  assert.equal(built.exit, 0, built.stderr);
  const hashOf = (path: string) => createHash("sha256").update(readFileSync(path)).digest("hex");
  assert.equal(
    hashOf(output),
    hashOf(EXECUTABLE),
    "dist/rouse is of other sources, or the build is not reproducible",
  );
});

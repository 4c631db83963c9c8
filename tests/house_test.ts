/** The rules of the house, checked on the sources: imports run downwards, the engine is pure, FFI lives in lib/sys. */

import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("..", import.meta.url));

/** The floors, lowest first. A file may import from its own floor and from those below. */
const FLOORS: RegExp[] = [
  /^(lib\/model|jobs)\//,
  /^lib\/sys\//,
  /^lib\/engine\//,
  /^lib\/author\//,
  /^lib\/control\//,
  /^compat\//,
  /^lib\/cli\//,
  /^lib\/init\//,
  /^(main|build)\.ts$/,
];

const sources = globSync(["lib/**/*.ts", "compat/**/*.ts", "jobs/**/*.ts", "main.ts", "build.ts"], {
  cwd: ROOT,
})
  .filter((file) => !/_test\.ts$|\/testing\/|\.d\.ts$/.test(file));

/** What a file imports, statically or not: other files by their path from the root, the rest as written. */
function imports(file: string): string[] {
  const text = readFileSync(join(ROOT, file), "utf8").replace(/^\s*(\/?\*|\/\/).*$/gm, "");
  const found = text.matchAll(/(?:\bfrom|\bimport)\s*\(?\s*["']([^"'\n]+)["']/g);
  return Array.from(
    found,
    ([, specifier = ""]) => specifier.startsWith(".") ? join(dirname(file), specifier) : specifier,
  );
}

function floor(file: string): number {
  return FLOORS.findIndex((pattern) => pattern.test(file));
}

Deno.test("every source file has a floor", () => {
  assert(sources.length > 50);
  assert.deepEqual(sources.filter((file) => floor(file) < 0), []);
});

Deno.test("imports run downwards", () => {
  const upwards = sources.flatMap((file) =>
    imports(file)
      .filter((target) => target.endsWith(".ts") && floor(target) > floor(file))
      .map((target) => `${file} imports ${target}`)
  );
  assert.deepEqual(upwards, []);
});

Deno.test("the compat folders know nothing of the engine and of init", () => {
  const wrong = sources.filter((file) => file.startsWith("compat/")).flatMap((file) =>
    imports(file).filter((target) => /^lib\/(engine|init|control|cli)\//.test(target)).map((target) =>
      `${file}: ${target}`
    )
  );
  assert.deepEqual(wrong, []);
});

Deno.test("the engine is pure: it imports the model alone, and asks for no time and no chance", () => {
  for (const file of sources.filter((file) => /^lib\/(engine|model)\//.test(file))) {
    const outside = imports(file).filter((target) =>
      !/^lib\/(engine|model)\//.test(target) && target !== "node:buffer"
    );
    assert.deepEqual(outside, [], file);
    const code = readFileSync(join(ROOT, file), "utf8");
    assert.doesNotMatch(
      code,
      /\b(Date\.now|performance\.now|Math\.random|setTimeout|setImmediate)\s*\(/,
      file,
    );
  }
});

Deno.test("kernel calls are made in lib/sys alone, and two files alone know the runtime's FFI", () => {
  for (const file of sources) {
    const code = readFileSync(join(ROOT, file), "utf8").replace(/\/\*[^]*?\*\/|\/\/.*/g, "");
    const adapter = /^lib\/sys\/ffi_(bun|deno)\.ts$/.test(file);
    if (!adapter) assert.doesNotMatch(code, /bun:ffi|\bFFI\b|Deno\.(dlopen|Unsafe)/, file);
    if (!file.startsWith("lib/sys/")) {
      assert(!imports(file).some((target) => /^lib\/sys\/(ffi|kernel|stub)/.test(target)), file);
    }
  }
});

/** What is loaded with files of the house beside the D-Bus codec: other packages and Node's modules. */
function loadedWith(...files: string[]): string[] {
  const statically = /^(?:import|export) (?!type\b)(?:[\w{][^"';=]* from )?"([^"]+)";$/gm;
  const seen = new Set<string>();
  const visit = (file: string): void => {
    if (seen.has(file)) return;
    seen.add(file);
    if (!file.endsWith(".ts")) return;
    for (const [, specifier = ""] of readFileSync(join(ROOT, file), "utf8").matchAll(statically)) {
      visit(specifier.startsWith(".") ? join(dirname(file), specifier) : specifier);
    }
  };
  files.forEach(visit);
  assert(seen.has("lib/sys/kernel.ts"));
  return [...seen].filter((module) => !module.endsWith(".ts") && !CODEC.test(module)).sort();
}

const CODEC = /^dbus-native\/lib\/(dbus-buffer|message|marshall)\.js$/;

Deno.test("what a command loads is its own: to load Node's modules would take longer than the rest of it", () => {
  assert.deepEqual(loadedWith("main.ts", "lib/cli/initctl.ts"), ["node:buffer", "node:process"]);
});

Deno.test("init loads little that is not its own: Node's larger modules take a megabyte and milliseconds", () => {
  assert.deepEqual(loadedWith("main.ts", "lib/init/tune.ts", "lib/init/init.ts"), [
    "node:buffer",
    "node:fs",
    "node:os",
    "node:path",
    "node:process",
    "rouse:jobs",
  ]);
});

Deno.test("init never imports what runs users' code", () => {
  const seen = new Set<string>();
  const visit = (file: string): void => {
    if (seen.has(file) || !sources.includes(file)) return;
    seen.add(file);
    imports(file).forEach(visit);
  };
  visit("lib/init/init.ts");
  const wrong = [...seen].filter((file) =>
    /^lib\/author\/(mod|job|evaluate|hook|modules|shell)\.ts$|^jobs\//.test(file)
  );
  assert.deepEqual(wrong, []);
});

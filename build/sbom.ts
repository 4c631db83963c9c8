/**
 * What an executable is made of, and by which licences: as a list for programs (CycloneDX 1.6,
 * https://cyclonedx.org/docs/1.6/json/), and as a text for people with the notices that licences ask for.
 */

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { ENGINE_PARTS } from "./engine_parts.ts";
import type { EngineProgram } from "./engine.ts";

/** Something of npm's that is compiled in. */
interface Part {
  name: string;
  /** Absent where its bundler has not noted it. */
  version?: string;
  /** An SPDX expression. */
  licence: string;
}

/** A package of npm's that is compiled in. */
interface Package extends Part {
  /** The texts of its licence files. */
  notices: string[];
  /** Those that it has inside itself. */
  bundled: Part[];
}

/** A package's directory in the path of one of its files. */
const PACKAGE = /^(.*\/?node_modules\/(?:@[^/]+\/)?[^/]+)\//;

/** How files are called that hold a licence, or what a licence wants to be passed on. */
const NOTICE = /^(?:licen[cs]e|notice|copying)(?:\.\w+)?$/i;

/** The file in which the bundler of zx lists the packages that it has bundled: their names, versions and licences. */
const BUNDLED = "build/3rd-party-licenses";

/** What packages have inside and do not say. */
const UNSAID: Readonly<Record<string, readonly Part[]>> = {
  zx: [{ name: "@webpod/ingrid", licence: "MIT" }],
};

/** An entry of such a file: name and version in a line, two lines on its authors and its address, and its licence. */
const BUNDLED_ENTRY = /^(@?[^\s@]+)@(\S+)\n {2}.*\n {2}.*\n {2}(\S+)$/gm;

/**
 * The packages that files belong to.
 * @param files Paths below a directory; those of our own sources count for nothing.
 */
export function packagesOf(files: Iterable<string>): Package[] {
  const directories = new Set([...files].flatMap((file) => PACKAGE.exec(file)?.[1] ?? []));
  return [...directories].map(readPackage).sort((one, other) => one.name < other.name ? -1 : 1);
}

/** @throws {Error} when it does not say its licence. */
function readPackage(directory: string): Package {
  const { name, version, license } = JSON.parse(readFileSync(join(directory, "package.json"), "utf8"));
  const notices = readdirSync(directory).filter((file) => NOTICE.test(file)).sort();
  if (typeof license !== "string") throw new Error(`${directory}/package.json does not say its licence`);
  return {
    name,
    version,
    licence: license,
    notices: notices.map((file) => readFileSync(join(directory, file), "utf8").trim()),
    bundled: [...bundledIn(directory), ...UNSAID[name] ?? []],
  };
}

function bundledIn(directory: string): Part[] {
  let text: string;
  try {
    text = readFileSync(join(directory, BUNDLED), "utf8");
  } catch {
    return []; // Hardly any has such a file.
  }
  return Array.from(text.matchAll(BUNDLED_ENTRY), ([, name = "", version = "", licence = ""]) => ({
    name,
    version,
    licence,
  }));
}

/** What an executable is made of. */
interface Contents {
  /** The product's own version. */
  version: string;
  engine: EngineProgram;
  packages: readonly Package[];
}

/** The list as CycloneDX. It has no time and no number of its own: of the same sources it is the same. */
export function cycloneDx({ version, engine, packages }: Contents): string {
  const npm = ({ name, version, licence }: Part, prefix = "") => {
    const at = version === undefined ? "" : `@${version}`;
    return {
      type: "library",
      "bom-ref": `${prefix}${name}${at}`,
      name,
      ...version !== undefined && { version },
      licenses: [{ expression: licence }],
      purl: `pkg:npm/${name.replace("@", "%40")}${at}`,
    };
  };
  const bom = {
    $schema: "http://cyclonedx.org/schema/bom-1.6.schema.json",
    bomFormat: "CycloneDX",
    specVersion: "1.6",
    version: 1,
    metadata: {
      component: {
        type: "application",
        "bom-ref": "rouse",
        name: "rouse",
        version,
        licenses: [{ expression: "MIT" }],
      },
    },
    components: [
      {
        ...npm({ name: engine.name, version: engine.version, licence: "MIT" }),
        type: "platform",
        hashes: [{ alg: "SHA-256", content: engine.sha256 }],
        components: ENGINE_PARTS.map(([name, source, licence]) => ({
          type: "library",
          "bom-ref": `engine/${name}`,
          name,
          licenses: [{ expression: licence }],
          ...source.startsWith("pkg:")
            ? { purl: source }
            : { externalReferences: [{ type: "vcs", url: source }] },
        })),
      },
      ...packages.map((each) => ({
        ...npm(each),
        ...each.bundled.length > 0 &&
          { components: each.bundled.map((inner) => npm(inner, `${each.name}/`)) },
      })),
    ],
  };
  return `${JSON.stringify(bom, null, 2)}\n`;
}

/** The text for people. */
export function noticesOf({ version, engine, packages }: Contents, own: string): string {
  const table = (rows: ReadonlyArray<readonly [name: string, rest: string]>) => {
    const width = Math.max(...rows.map(([name]) => name.length));
    return rows.map(([name, rest]) => `  ${name.padEnd(width)}  ${rest}\n`).join("");
  };
  const of = ({ name, version, licence }: Part) =>
    [version === undefined ? name : `${name} ${version}`, licence] as const;
  return [
    `rouse ${version} is under the MIT License:\n\n${own.trim()}\n`,
    `It has the engine Bun ${engine.version} inside (MIT), and that has:\n\n` +
    table(ENGINE_PARTS.map(([name, source, licence]) => [name, `${licence}  ${source}`])) +
    "\nJavaScriptCore and tinycc are under the GNU Lesser General Public License. Their sources, and how an\n" +
    "engine is linked with others in their place: https://github.com/oven-sh/bun/blob/main/LICENSE.md.\n" +
    "`deno task build` makes this executable with that engine.\n",
    `These packages are compiled in:\n\n${table(packages.map(of))}`,
    ...packages.map((each) =>
      `${each.name} ${each.version}\n\n${each.notices.join("\n\n")}\n` +
      (each.bundled.length > 0 ? `\nIt has these inside:\n\n${table(each.bundled.map(of))}` : "")
    ),
  ].join(`\n${"-".repeat(100)}\n\n`);
}

/** What the bundler makes of dbus-native's codec, so that a command loads and compiles less. */

import { basename } from "node:path";

/** The modules of the codec. */
export const CODEC = /\/dbus-native\/lib\/[\w-]+\.js$/;

/** A text to be replaced, and what by. */
type Replacement = [pattern: RegExp, replacement: string];

/** A call of `forEach` whose function does not return, as a loop. */
const LOOP: Replacement = [
  /^( *)(\S+)\.forEach\((\w+) => (\{$[^]*?^\1\})\);$/m,
  "$1for (const $3 of $2) $4",
];

/**
 * What is written otherwise in dbus-native's codec; it means the same. Node's modules that it names and hardly uses are
 * loaded when they are needed: to load them takes a command longer than to ask init and to tell the answer. And
 * executables hold everything compiled but functions that are constructed, not called, and what the engine itself has
 * in JavaScript, such as `forEach`: to compile that takes a command a twelfth of its time.
 */
const REWRITTEN: Record<string, Replacement[]> = {
  "dbus-buffer": [[/^function DBusBuffer(\(.*\) \{$[^]*?^\})/m, "class DBusBuffer { constructor$1 }"]],
  "marshall": [
    [/require\('assert'\)/, `(value, ...rest) => value || require("node:assert")(value, ...rest)`],
    [/Buffer\.isBuffer\((\w+)\)/g, "($1 instanceof Buffer)"],
  ],
  "message": [LOOP],
  "signature": [
    LOOP,
    // Nobody changes them here, and what is frozen takes long to make and to read.
    [/deepFreeze\((parseSignature\(signature\))\)/, "$1"],
  ],
  "values": [[
    /require\('util'\)/,
    `{
      inspect: Object.assign((...values) => require("node:util").inspect(...values), {
        custom: Symbol.for("nodejs.util.inspect.custom"),
      }),
    }`,
  ]],
};

/** What makes the codec's CommonJS modules of today's kind, whose functions are made when they are called. */
const MODERN: Replacement[] = [
  [/^const (\w+) = require\('(\.\/marshallers)'\);$/m, 'import * as $1 from "$2.js";'],
  [/^const (\w+) = require\('(\.\/\S+)\.json'\);$/m, 'import $1 from "$2.json";'],
  [/^const (\w+) = require\('(\.\/\S+)'\);$/gm, 'import $1 from "$2.js";'],
  [/^const (\{.*\}) = require\('(\.\/\S+)'\);$/gm, 'import $1 from "$2.js";'],
  [/^module\.exports = (\{[\s\w,/]*\});$/m, "export $1;"],
  [/^module\.exports = /m, "export default "],
  [/^(?:module\.)?exports\.(\w+) = (\w+);$/gm, "export { $2 as $1 };"],
  [/^module\.exports\.(\w+) = function (\w+)/gm, "export { $2 as $1 };\nfunction $2"],
  [/^module\.exports\.(\w+) = /gm, "export const $1 = "],
];

/** The text of one of its modules, rewritten. Throws when the module is not as it was, as after an update. */
export function rewriteCodec(path: string, text: string): string {
  let result = text;
  for (const [pattern, replacement] of REWRITTEN[basename(path, ".js")] ?? []) {
    const before = result;
    result = before.replace(pattern, replacement);
    if (result === before) throw new Error(`${path} does not hold ${pattern}`);
  }
  for (const [pattern, replacement] of MODERN) result = result.replace(pattern, replacement);
  if (/^[^/]*(require\('|\bexports\b)/m.test(result)) throw new Error(`${path} is of an unknown kind`);
  return result;
}

/** What editors complete in job modules: TypeScript's own language service is asked, as they do. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import ts from "typescript";
import { environmentWith, Files } from "./support/author.ts";
import { run } from "./support/command.ts";
import { EXECUTABLE } from "./support/programs.ts";

const MARK = "▮";

/** Gives what is offered where the mark stands. */
function editor(files: Files): (marked: string) => string[] {
  const module = files.path("web.ts"), path = files.path(".rouse/tsconfig.json");
  const { config } = ts.readConfigFile(path, ts.sys.readFile);
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, files.path(".rouse"), {}, path);
  let text = "", version = 0;
  const service = ts.createLanguageService({
    getCompilationSettings: () => options,
    getScriptFileNames: () => [module],
    getScriptVersion: (path) => path === module ? String(version) : "1",
    getScriptSnapshot: (path) =>
      path === module
        ? ts.ScriptSnapshot.fromString(text)
        : ts.sys.fileExists(path)
        ? ts.ScriptSnapshot.fromString(readFileSync(path, "utf8"))
        : undefined,
    getCurrentDirectory: () => files.directory,
    getDefaultLibFileName: ts.getDefaultLibFilePath,
    fileExists: ts.sys.fileExists,
    readFile: ts.sys.readFile,
    directoryExists: ts.sys.directoryExists,
  });
  return (marked) => {
    text = marked.replace(MARK, "");
    version++;
    const found = service.getCompletionsAtPosition(module, marked.indexOf(MARK), {});
    return (found?.entries ?? []).map(({ name }) => name);
  };
}

Deno.test("editors complete the variables of job events, and the values of those that have few", async () => {
  using files = new Files({});
  await run([EXECUTABLE, "types", "."], { directory: files.directory, environment: environmentWith() });
  const completions = editor(files);
  const inCondition = (text: string) =>
    completions(
      `import { job, on, stopped } from "rouse";
declare module "rouse" {
  interface Events { bread: { KIND: "rye" | "wheat" } }
  interface ExportedVariables { DISPLAY: string }
}
const database = job({ env: { SCHEMA: "1" } });
export default job({ startOn: ${text} });
`,
    );
  const variables = ["DISPLAY", "EXIT_SIGNAL", "EXIT_STATUS", "INSTANCE", "JOB", "PROCESS", "RESULT"];
  assert.deepEqual(inCondition('stopped("web", { ▮ })').sort(), variables);
  assert.deepEqual(inCondition("stopped(database, { ▮ })").sort(), [...variables, "SCHEMA"]);
  assert.deepEqual(inCondition('stopped("web", { RESULT: "▮" })').sort(), ["failed", "ok"]);
  assert.deepEqual(inCondition('stopped(database, { RESULT: "▮" })').sort(), ["failed", "ok"]);
  assert.ok(inCondition('stopped("web", { PROCESS: "▮" })').includes("pre-start"));
  assert.ok(inCondition('stopped("web", { EXIT_SIGNAL: "▮" })').includes("SEGV"));
  assert.deepEqual(inCondition('on("bread", { KIND: "▮" })').sort(), ["rye", "wheat"]);
  assert.ok(inCondition('on("▮")').includes("bread"));
});

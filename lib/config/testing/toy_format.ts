/** A further format of job files, for tests: what it takes beside a folder and a line in `formats.ts` is nothing. */

import { noComments } from "../../formats/comments.ts";
import { ParseError } from "../../formats/error.ts";
import type { FormatTools, JobFile, JobFormat } from "../../formats/format.ts";
import { emptyJob, type JobDefinition, PROCESS_NAMES } from "../../model/job.ts";

/**
 * The jobs of a file, which says a word a line: `use USAGE`; `after JOB`, which is started before; `most FILES`; `run
 * COMMAND`; `script` with a line of shell behind it; `also JOB USAGE` for one more job.
 */
function read({ path, name, text }: JobFile): JobDefinition[] {
  const job = emptyJob(name, path), others: JobDefinition[] = [];
  for (const [index, line] of text.split("\n").entries()) {
    const [word, ...values] = line.split(" "), value = values.join(" ");
    if (word === "use") job.usage = value;
    else if (word === "after") {
      job.startOn = { kind: "event", name: "started", matches: [{ value }] };
    } else if (word === "most") job.limit.nofile = { soft: Number(value), hard: Number(value) };
    else if (word === "run") job.processes.main = { kind: "exec", command: value };
    else if (word === "script") job.processes.main = { kind: "script", text: `${value}\n` };
    else if (word === "also") others.push({ ...emptyJob(values[0]!, path), usage: values[1]! });
    else if (word !== "" && !word!.startsWith("#")) {
      throw new ParseError(path, index + 1, "Unknown word", `: ${word}`);
    }
  }
  return [job, ...others];
}

/** The words for fields. */
const WORDS: Readonly<Record<string, string>> = {
  usage: "use",
  startOn: "after",
  "limit.nofile": "most",
  "main.exec": "run",
  "main.script": "script",
};

const tools: FormatTools = {
  readComments: (text) => ({
    comments: {
      ...noComments(),
      head: text.split("\n").filter((line) => line.startsWith("#")).map((line) => line.slice(1)),
    },
  }),
  lineOf(text, field) {
    const index = text.split("\n").findIndex((line) => line.startsWith(`${WORDS[field]} `));
    // A script stands on the line that begins it.
    return index < 0 ? undefined : field.endsWith(".script") ? index : index + 1;
  },
  write: ({ usage, processes }) => ({
    text: usage === undefined ? "" : `use ${usage}\n`,
    lost: PROCESS_NAMES.flatMap((name) => processes[name] ? `${name}: cannot be expressed` : []),
  }),
};

/** The first line of a program of the format. */
export const INTERPRETER = "#!/sbin/toy-run\n";

/** `NAME.toy` defines a job, and so does a program in `toy.d` whose interpreter is the format's; `NAME.toy+` overrides. */
export const toy: JobFormat = {
  name: "toy",
  endings: { ".toy": "definition", ".toy+": "override" },
  claim(file) {
    const [, name, plus] = /([^/]*)\.toy(\+?)$/.exec(file.relative) ?? [];
    if (name) return { kind: plus ? "override" : "definition", name };
    const [, program] = /^toy\.d\/([^/.]+)$/.exec(file.relative) ?? [];
    return program && file.head().startsWith(INTERPRETER) ? { kind: "definition", name: program } : undefined;
  },
  fileNames: (job, kind) => kind === "override" ? [`${job}.toy+`] : [`${job}.toy`, `toy.d/${job}`],
  parse: read,
  applyOverride: (definition, file) => ({
    ...definition,
    usage: `${definition.usage}, ${read(file)[0]!.usage}`,
  }),
  tools: () => Promise.resolve(tools),
};

/** The header of an init script: the comment between BEGIN INIT INFO and END INIT INFO, as the LSB has it. */

/** The fields with names of services. */
export const RELATIONS = [
  "Required-Start",
  "Required-Stop",
  "Should-Start",
  "Should-Stop",
  "X-Start-Before",
  "X-Stop-After",
] as const;

/** The fields that have a meaning, as they are written. */
const FIELD_NAMES = [
  "Provides",
  ...RELATIONS,
  "Default-Start",
  "Default-Stop",
  "X-Interactive",
  "Short-Description",
  "Description",
] as const;

export type HeaderFieldName = typeof FIELD_NAMES[number];

/** A field of a header. */
export interface InitHeaderField {
  /** The name as the script writes it. */
  written: string;
  /** All that stands behind the colon; of a description, also what stands in the lines that continue it. */
  text: string;
  /** The words that count, see {@link countedWords}. */
  words: string[];
  /** Counted from 1. */
  line: number;
}

/** The header of a script. */
export interface InitHeader {
  /** Of a field that stands there twice, the first. */
  fields: Partial<Record<HeaderFieldName, InitHeaderField>>;
  /** What is in vain: unknown fields and those that stand there again, in order. */
  unused: InitHeaderField[];
  /** Lines that continue another field than the description. They are passed over. */
  strayLines: number[];
  /** The lines of BEGIN and END. */
  begin: number;
  end?: number;
}

const BEGIN = /^[ \t]*###[ \t]+BEGIN INIT INFO/;
const END = /^[ \t]*###[ \t]+END INIT INFO/;
// What comes last takes the rest of the line, so that no line takes long.
const FIELD = /^#[ \t]*([A-Za-z][\w-]*):[ \t]*([^]*)/;
const CONTINUATION = /^#(?:\t| {2,})[ \t]*([^]*)/;

/** The names as most scripts write them. */
const BY_NAME = new Map<string, HeaderFieldName>(FIELD_NAMES.map((name) => [name, name]));

/** Names in small letters, with a minus sign for a low line, and without `x-` and a vendor. */
const BY_PLAIN_NAME = new Map(FIELD_NAMES.map((name) => [plainName(name), name]));

/** The fields of which several vendors had a form of their own, such as `X-UnitedLinux-Should-Start`. */
function plainName(written: string): string {
  const name = written.toLowerCase().replaceAll("_", "-");
  return name.replace(/^x-(?:[a-z]+-)?(?=(?:should|start|stop|interactive)\b)/, "");
}

/**
 * Finds the header in a script's text; undefined where there is none. One without an end goes as far as the comment does
 * in which it stands.
 */
export function parseHeader(text: string): InitHeader | undefined {
  if (!text.includes("BEGIN INIT INFO")) return undefined;
  // Shells pass over null characters, and no text of a job may have any.
  const lines = text.replaceAll("\0", "").split("\n");
  const begin = lines.findIndex((line) => BEGIN.test(line));
  if (begin < 0) return undefined;
  const end = lines.findIndex((line, index) => index > begin && END.test(line));
  const stop = end < 0 ? lines.findIndex((line, index) => index > begin && !line.startsWith("#")) : end;
  const header: InitHeader = {
    fields: {},
    unused: [],
    strayLines: [],
    begin: begin + 1,
    ...end >= 0 && { end: end + 1 },
  };
  readFields(header, lines.slice(0, stop < 0 ? undefined : stop));
  return header;
}

function readFields(header: InitHeader, lines: readonly string[]): void {
  let last: InitHeaderField | undefined;
  for (const [index, line] of lines.entries()) {
    if (index < header.begin) continue;
    const continued = CONTINUATION.exec(line)?.[1]?.trimEnd();
    const [, written = "", value = ""] = FIELD.exec(line) ?? [];
    const name = BY_NAME.get(written) ?? BY_PLAIN_NAME.get(plainName(written));
    if (name === undefined && continued !== undefined && last !== undefined) {
      if (last === header.fields.Description) last.text += `\n${continued}`;
      else header.strayLines.push(index + 1);
    } else if (written !== "") {
      const text = value.trimEnd();
      last = { written, text, words: countedWords(text), line: index + 1 };
      if (name === undefined || header.fields[name]) header.unused.push(last);
      else header.fields[name] = last;
    } else last = undefined;
  }
}

/**
 * The words of a field that count for insserv, and so for us: one sign lies between two of them, a blank, a comma or a
 * semicolon. What stands behind two such signs or behind a tab is lost.
 */
function countedWords(value: string): string[] {
  const words = value.split("\t", 1)[0]!.split(/[ ,;]/);
  const end = words.indexOf("");
  return end < 0 ? words : words.slice(0, end);
}

/** The words of `Default-Start` and `Default-Stop`: several signs between two of them do no harm. */
export function levelWords(field: InitHeaderField | undefined): string[] {
  return (field?.text ?? "").split("\t", 1)[0]!.split(/[ ,;]+/).filter((word) => word !== "");
}

/** The fields without which insserv calls a header incomplete, in the order of its complaints. */
const NEEDED_FIELDS: readonly HeaderFieldName[] = [
  "Provides",
  "Required-Start",
  "Required-Stop",
  "Default-Start",
  "Default-Stop",
];

/** The needed fields that are not there. */
export function missingFields(header: InitHeader): HeaderFieldName[] {
  return NEEDED_FIELDS.filter((name) =>
    !header.fields[name] || name === "Provides" && !words(header, name).length
  );
}

/** The words of a field; none where it is not there. */
export function words(header: InitHeader | undefined, name: HeaderFieldName): readonly string[] {
  return header?.fields[name]?.words ?? [];
}

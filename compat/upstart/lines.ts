/** The lines of a `.conf` file on which its stanzas stand. */

import { FIELD_ROWS } from "../../lib/model/fields.ts";

/** Stanzas by the fields of the definition. */
const STANZAS: ReadonlyMap<string, string> = new Map(
  FIELD_ROWS.map(([name, { stanza = name }]) => [name, stanza]),
);

/** The last line that begins with a field's stanza, counted from 1: the last stanza of a kind counts. */
export function lineOf(text: string, field: string): number | undefined {
  const words = stanzaOf(field).map((word) => RegExp.escape(word));
  const pattern = new RegExp(`^\\s*${words.join("\\s+")}(?!\\S)`);
  const index = text.split("\n").findLastIndex((line) => pattern.test(line));
  return index < 0 ? undefined : index + 1;
}

/** The words with which the stanza begins: `limit.nofile` is `limit nofile`, `main.exec` is `exec`. */
function stanzaOf(field: string): string[] {
  const [name = "", ...entry] = field.split(".");
  if (name === "main") return entry;
  return [...(STANZAS.get(name) ?? name).split(" "), ...entry];
}

/** The linter of headers: what insserv, Debian's and openSUSE's rules find wrong with an init script. */

import { ALL, type Facilities } from "./facilities.ts";
import {
  type InitHeader,
  type InitHeaderField,
  levelWords,
  missingFields,
  parseHeader,
  RELATIONS,
  words,
} from "./header.ts";
import { readLevels } from "./levels.ts";
import { overlap } from "./service.ts";

/** Something that is wrong with a script. */
export interface HeaderFinding {
  line?: number;
  reason: string;
  /** True where insserv takes the script nevertheless, as it is meant. */
  isWarning: boolean;
}

/** What is known of a script. */
export interface LintedScript {
  name: string;
  text: string;
  header: InitHeader;
  facilities: Facilities;
}

/** A rule: gives what it finds wrong. */
type Rule = (script: LintedScript) => HeaderFinding[];

/** The facilities that the LSB defines, and need no file. */
const STANDARD = [
  "$local_fs",
  "$network",
  "$named",
  "$portmap",
  "$remote_fs",
  "$syslog",
  "$time",
  "$all",
  "$null",
];

/** Actions that every script has, by the LSB and Debian's policy. */
const ACTIONS = ["start", "stop", "restart", "force-reload"];

/** Libraries that bring the actions along. */
const BRINGS_ACTIONS = ["init-d-script", "/lib/init/"];

const error = (reason: string, line?: number): HeaderFinding => ({
  reason,
  isWarning: false,
  ...line !== undefined && { line },
});
const warning = (reason: string, line?: number): HeaderFinding => ({
  ...error(reason, line),
  isWarning: true,
});

const RULES: Rule[] = [
  function ends({ header }) {
    return header.end === undefined
      ? [
        error(
          "the header has no `### END INIT INFO'; insserv then changes nothing, for any script",
          header.begin,
        ),
      ]
      : [];
  },

  function isComplete({ header }) {
    const missing = missingFields(header).map((name) =>
      error(`the header has no ${name}; add it, even if it is empty`, header.begin)
    );
    const isDescribed = header.fields["Short-Description"]?.text || header.fields.Description?.text;
    return isDescribed ? missing : [...missing, warning("the header has no Short-Description", header.begin)];
  },

  function hasOneHeader({ header, text }) {
    if (header.end === undefined) return [];
    const behind = parseHeader("\n".repeat(header.end) + text.split("\n").slice(header.end).join("\n"));
    return behind ? [warning("a second header, which is passed over", behind.begin)] : [];
  },

  function hasKnownFields({ header }) {
    return header.unused.map(({ written, line }) =>
      Object.keys(header.fields).some((name) => name.toLowerCase() === written.toLowerCase())
        ? warning(`${written} stands here again; the first one counts`, line)
        : warning(`unknown field ${written}`, line)
    );
  },

  function losesNoWords({ header }) {
    const lost = RELATIONS.flatMap((name) => {
      const field = header.fields[name];
      return field && lostWords(field)
        ? [warning(`${name}: insserv passes over all behind a tab or two blanks`, field.line)]
        : [];
    });
    const stray = header.strayLines.map((line) =>
      warning("only a Description goes on in the next line", line)
    );
    return [...lost, ...stray];
  },

  function providesItself({ header, name }) {
    const field = header.fields.Provides;
    if (!field) return [];
    const findings = field.words.filter((word) => word.startsWith("$"))
      .map((word) =>
        error(`Provides: ${word} is a facility; insserv.conf says who belongs to it`, field.line)
      );
    const plain = name.replace(/\.sh$/, "");
    if (field.words.some((word) => word === name || word === plain)) return findings;
    return [...findings, warning(`Provides: the script's own name, ${plain}, is not among them`, field.line)];
  },

  function hasLevels({ header }) {
    const findings = (["Default-Start", "Default-Stop"] as const).flatMap((name) => {
      const field = header.fields[name];
      const { unknown, refused } = readLevels(levelWords(field));
      return [
        ...unknown.map((word) => warning(`${name}: ${word} is no runlevel, and is passed over`, field!.line)),
        ...refused === undefined ? [] : [error(`${name}: with ${refused} insserv ends`, field!.line)],
      ];
    });
    const both = overlap(header);
    if (both.length === 0) return findings;
    const reason = `${both.join(" ")} in Default-Start and in Default-Stop: the script is stopped there`;
    return [...findings, warning(reason, header.fields["Default-Stop"]!.line)];
  },

  function stopsAtTheEnd({ header }) {
    const start = levelWords(header.fields["Default-Start"]),
      stop = levelWords(header.fields["Default-Stop"]);
    const missing = ["0", "1", "6"].filter((level) => !stop.includes(level));
    if (
      missing.length === 0 || missing.length === 3 || !["2", "3", "4", "5"].some((one) => start.includes(one))
    ) {
      return [];
    }
    return [
      warning(
        `Default-Stop: 0 1 6 are usual, ${missing.join(" ")} not there`,
        header.fields["Default-Stop"]!.line,
      ),
    ];
  },

  function knowsFacilities({ header, facilities }) {
    return RELATIONS.flatMap((name) =>
      words(header, name).filter((word) => word.startsWith("$")).flatMap((word) => {
        const { line } = header.fields[name]!;
        if (word === ALL && name.startsWith("Required")) {
          return [warning(`${name}: ${ALL} is no requirement; name what is needed`, line)];
        }
        return STANDARD.includes(word) || facilities.members.has(word)
          ? []
          : [warning(`${name}: nothing defines the facility ${word}`, line)];
      })
    );
  },

  function doesNotWaitForItself({ header }) {
    const own = words(header, "Provides").filter((word) => !word.startsWith("$"));
    return RELATIONS.flatMap((name) =>
      words(header, name).filter((word) => own.includes(word))
        .map((word) => warning(`${name}: ${word} is the script itself`, header.fields[name]!.line))
    );
  },

  function hasActions({ text }) {
    if (BRINGS_ACTIONS.some((library) => text.includes(library))) return [];
    const missing = ACTIONS.filter((action) => !text.includes(action));
    // One without a case is no script that takes actions.
    return missing.length === 0 || !text.includes("esac") ? [] : [warning(`no action ${missing.join(", ")}`)];
  },

  function hasUnixLines({ text }) {
    return text.includes("\r\n")
      ? [error("lines end with CR LF; the kernel finds no interpreter then", 1)]
      : [];
  },
];

/** What is wrong with a script. */
export function lintScript(name: string, text: string, facilities: Facilities): HeaderFinding[] {
  const header = parseHeader(text);
  if (!header) return [error("no header: `### BEGIN INIT INFO' is missing, so the script is not started")];
  return RULES.flatMap((rule) => rule({ name, text, header, facilities }));
}

function lostWords({ text, words }: InitHeaderField): boolean {
  return text.split(/[ \t,;]+/).filter((word) => word !== "").length > words.length;
}

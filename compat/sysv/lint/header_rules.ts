/** The rules of the linter about what headers say: insserv's, Debian's and openSUSE's. */

import { ALL, expand, STANDARD_FACILITIES } from "../facilities.ts";
import { type InitHeaderField, levelWords, missingFields, parseHeader, RELATIONS, words } from "../header.ts";
import { readLevels } from "../levels.ts";
import { overlap } from "../service.ts";
import { error, type Rule, warning } from "./finding.ts";

const NETDAEMONS = "$netdaemons";

/** The runlevels in which machines work, and those in which they do not. */
const USUAL_LEVELS = ["2", "3", "4", "5"], END_LEVELS = ["0", "1", "6"];

/** What precedes a field's name where a vendor had it before the LSB did. */
const OBSOLETE = /^x[-_](?:suse|unitedlinux)[-_](?=(?:should|required)[-_])/i;

/** So many characters a Short-Description has at most. */
const LONGEST_SHORT = 80;

/** What headers say. */
export const HEADER_RULES: readonly Rule[] = [
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

  function isDescribedInShort({ header }) {
    const short = header.fields["Short-Description"];
    if (!short || Array.from(short.text).length <= LONGEST_SHORT) return [];
    return [
      warning(
        `Short-Description: ${Array.from(short.text).length} characters; ${LONGEST_SHORT} at most`,
        short.line,
      ),
    ];
  },

  function hasOneHeader({ header, text }) {
    if (header.end === undefined) return [];
    const behind = parseHeader("\n".repeat(header.end) + text.split("\n").slice(header.end).join("\n"));
    return behind ? [warning("a second header, which is passed over", behind.begin)] : [];
  },

  function hasKnownFields({ header }) {
    const obsolete = Object.values(header.fields).filter(({ written }) => OBSOLETE.test(written))
      .map(({ written, line }) =>
        warning(`${written} is an old name of ${written.replace(OBSOLETE, "")}`, line)
      );
    const unused = header.unused.map(({ written, line }) =>
      Object.keys(header.fields).some((name) => name.toLowerCase() === written.toLowerCase())
        ? warning(`${written} stands here again; the first one counts`, line)
        : warning(`unknown field ${written}`, line)
    );
    return [...obsolete, ...unused];
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

  function holdsFieldsAlone({ header, text }) {
    if (header.end === undefined) return [];
    const lines = text.split("\n").slice(header.begin, header.end - 1);
    return lines.flatMap((line, index) =>
      line.startsWith("#") ? [] : [warning("this line of the header is no comment", header.begin + index + 1)]
    ).slice(0, 1);
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

  function knowsWhereItRuns({ header }) {
    const start = levelWords(header.fields["Default-Start"]), field = header.fields["Default-Stop"];
    const stop = levelWords(field);
    const findings = stop.some((level) => /^s$/i.test(level))
      ? [warning("Default-Stop: S is the boot, in which nothing is stopped", field!.line)]
      : [];
    if (stop.length === 0 || !USUAL_LEVELS.some((level) => start.includes(level))) return findings;
    const [open, ends] = [USUAL_LEVELS, END_LEVELS].map((levels) =>
      levels.filter((level) => !start.includes(level) && !stop.includes(level))
    );
    if (open!.length > 0) {
      const reason = `in ${open!.join(" ")} the script is neither started nor stopped: it stays as it was`;
      findings.push(warning(reason, field!.line));
    }
    if (ends!.length > 0) {
      findings.push(
        warning(`Default-Stop: 0 1 6 are usual, ${ends!.join(" ")} not there`, field!.line),
      );
    }
    return findings;
  },

  function ordersItsStops({ header }) {
    const { "Should-Start": should, "Should-Stop": stop } = header.fields;
    const isFacilityOnly = should?.words.every((word) => word.startsWith("$")) ?? true;
    return isFacilityOnly || stop || levelWords(header.fields["Default-Stop"]).length === 0 ? [] : [
      warning("Should-Start without Should-Stop: at the stop nothing waits for these", should!.line),
    ];
  },

  function knowsFacilities({ header, facilities }) {
    return RELATIONS.flatMap((name) =>
      words(header, name).filter((word) => word.startsWith("$")).flatMap((word) => {
        const { line } = header.fields[name]!;
        if (word === ALL && name.startsWith("Required")) {
          return [warning(`${name}: ${ALL} is no requirement; name what is needed`, line)];
        }
        if (word === NETDAEMONS) {
          return [warning(`${name}: ${word} is gone since LSB 1.2; name the daemons`, line)];
        }
        return STANDARD_FACILITIES.includes(word) || facilities.members.has(word)
          ? []
          : [warning(`${name}: nothing defines the facility ${word}`, line)];
      })
    );
  },

  function requiresWhatIsThere({ header, facilities, isInstalled, isProvided }) {
    const own = words(header, "Provides"), { line } = header.fields["Required-Start"] ?? {};
    const members = words(header, "Required-Start").flatMap((word) => expand(facilities, word).services);
    const missing = members.filter(({ name, optional }) =>
      !optional && !own.includes(name) && !isProvided(name)
    );
    return [...new Set(missing.map(({ name }) => name))].map((name) =>
      (isInstalled ? error : warning)(
        `Required-Start: no script provides ${name}; insserv does not enable this one without -f`,
        line,
      )
    );
  },

  function doesNotWaitForItself({ header }) {
    const own = words(header, "Provides").filter((word) => !word.startsWith("$"));
    return RELATIONS.flatMap((name) =>
      words(header, name).filter((word) => own.includes(word))
        .map((word) => warning(`${name}: ${word} is the script itself`, header.fields[name]!.line))
    );
  },
];

function lostWords({ text, words }: InitHeaderField): boolean {
  return text.split(/[ \t,;]+/).filter((word) => word !== "").length > words.length;
}

/** The rules of the linter about the script itself: its name, its actions, and what it uses. Nothing of it is run. */

import { words } from "../header.ts";
import { labelsOf } from "../shell/labels.ts";
import { error, type Rule, warning } from "./finding.ts";

/** Actions that every script has, by the LSB and Debian's policy. */
const ACTIONS = ["start", "stop", "restart", "force-reload", "status"];

/** The interpreter and library that bring the actions along. */
const BRINGS_ACTIONS = /\binit-d-script\b/;

/** Names as the LSB has them: those of packages. */
const PACKAGE_NAME = /^[a-z0-9][a-z0-9.+-]*$/;

/** Words of the example that scripts are copied from. */
const SKELETON = /\bExample initscript\b|\bFoo Bar <foobar@baz\.org>|\bdaemonexecutablename\b/;

/** Directories that may lie in a file system of their own, and the facilities by which a script waits for it. */
const LATE_DIRECTORIES = [
  { path: /(?<![\w/])\/usr\//, name: "/usr", facilities: ["$remote_fs"] },
  { path: /(?<![\w/])\/var\//, name: "/var", facilities: ["$local_fs", "$remote_fs"] },
];

/** Facilities that come after all file systems. */
const AFTER_FILES = ["$syslog", "$all"];

/** What scripts do. */
export const BODY_RULES: readonly Rule[] = [
  function hasALegalName({ name }) {
    if (PACKAGE_NAME.test(name)) return [];
    return [
      warning(
        `the name ${name} is not one that the LSB allows: small letters, digits, and . + - behind the first`,
      ),
    ];
  },

  function hasActions({ text }) {
    const labels = labelsOf(text);
    // One without a case is no script that takes actions.
    if (BRINGS_ACTIONS.test(text) || labels.size === 0) return [];
    const missing = ACTIONS.filter((action) => !labels.has(action));
    const findings = missing.length === 0 ? [] : [warning(`no action ${missing.join(", ")}`)];
    return labels.has("*")
      ? findings
      : [...findings, warning("an unknown action is not answered: a label `*)' with the usage is missing")];
  },

  function isNoExample({ text }) {
    const line = text.split("\n").findIndex((line) => SKELETON.test(line));
    return line < 0 ? [] : [warning("words of the example are still there", line + 1)];
  },

  function waitsForFiles({ header, text }) {
    const required = [...words(header, "Required-Start"), ...words(header, "Should-Start")];
    if (required.some((name) => AFTER_FILES.includes(name))) return [];
    const lines = text.split("\n");
    return LATE_DIRECTORIES.flatMap(({ path, name, facilities }) => {
      if (facilities.some((facility) => required.includes(facility))) return [];
      const line = lines.findIndex((line) => path.test(line) && !/^[ \t]*(?:#|(?:export )?PATH=)/.test(line));
      const found = header.fields["Required-Start"]?.line ?? header.begin;
      return line < 0 ? [] : [
        warning(
          `Required-Start: no ${facilities[0]}, though line ${
            line + 1
          } uses ${name}, which may be mounted late`,
          found,
        ),
      ];
    });
  },

  function hasUnixLines({ text }) {
    return text.includes("\r\n")
      ? [error("lines end with CR LF; the kernel finds no interpreter then", 1)]
      : [];
  },
];

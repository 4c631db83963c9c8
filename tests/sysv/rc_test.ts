/** rc, as recorded: which scripts a change of runlevel runs, in which order and how; and what is better than that. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Outcome } from "../support/command.ts";
import { MINIMAL_ROOT_POSSIBLE, MinimalRoot } from "../support/minimal_root.ts";
import { scriptText } from "./player.ts";

const PLACE = "/usr/local/bin/rouse";

/** What rc did at a change of runlevel. */
interface RecordedChange {
  level: string;
  previous: string;
  /** By what name each script was called, and with which action. */
  trace: string[];
}

/** A recorded case. */
interface RecordedRc {
  id: string;
  about: string;
  files?: Record<string, string>;
  links?: Record<string, string>;
  /** The fields of their headers, and what they end with. */
  scripts: Record<string, Parameters<typeof scriptText>[0] & { exit?: number }>;
  /** The scripts that insserv enables first. */
  insserv?: string[];
  steps: RecordedChange[];
}

const RECORDED: RecordedRc[] = JSON.parse(
  readFileSync(join(import.meta.dirname!, "rc/cases.json"), "utf8"),
);

/** A directory that stands for `/`, in which rc runs. */
class Root implements AsyncDisposable {
  private constructor(readonly root: MinimalRoot) {}

  static async make(files: Record<string, string>, links: Record<string, string> = {}): Promise<Root> {
    const levels = [..."S0123456"].map((level) => [`etc/rc${level}.d/.keep`, ""]);
    const root = await MinimalRoot.start(
      ["/bin/sh", "-c", "mount -t devpts -o newinstance,ptmxmode=0666 devpts /dev/pts && exec sleep 1000"],
      {
        files: { ...Object.fromEntries(levels), "dev/pts/.keep": "", ...files },
        links: { "dev/ptmx": "pts/ptmx", ...links },
        programs: ["/bin/sh", "/bin/sleep", "/bin/mount", "/bin/ls", "/bin/mv"],
      },
    );
    await root.untilSucceeds("/bin/ls", "/dev/pts/ptmx");
    return new Root(root);
  }

  /** Runs rc. */
  rc(level: string, previous: string, ...options: string[]): Promise<Outcome> {
    const words = [PLACE, "sysv", "rc", ...options, level].join(" ");
    return this.shell(`export RUNLEVEL=${level} PREVLEVEL=${previous}; exec ${words}`);
  }

  shell(line: string): Promise<Outcome> {
    return this.root.run("/bin/sh", "-c", line);
  }

  /** The lines that scripts have traced since the last call. */
  traced(): string[] {
    const lines = this.root.read("trace").split("\n").slice(this.#seen, -1);
    this.#seen += lines.length;
    return lines;
  }

  #seen = 0;

  [Symbol.asyncDispose](): Promise<void> {
    return this.root[Symbol.asyncDispose]();
  }
}

/** The text of a script with this header, which writes down how it was called. */
function tracing({ exit = 0, ...facts }: RecordedRc["scripts"][string]): string {
  const variables = "$RUNLEVEL $PREVLEVEL $runlevel $previous";
  return scriptText(facts).replace(/exit 0\n$/, `echo "\${0##*/} $1 ${variables}" >> /trace\nexit ${exit}\n`);
}

for (const { id, about, files, links, scripts, insserv, steps } of RECORDED) {
  Deno.test(`rc, ${id}: ${about}`, { ignore: !MINIMAL_ROOT_POSSIBLE }, async () => {
    const texts = Object.entries(scripts).map(([name, facts]) => [`etc/init.d/${name}`, tracing(facts)]);
    await using root = await Root.make({ ...files, ...Object.fromEntries(texts) }, links);
    if (insserv) assert.equal((await root.shell(`${PLACE} insserv ${insserv.join(" ")}`)).exit, 0);
    for (const { level, previous, trace } of steps) {
      const { exit, stderr } = await root.rc(level, previous);
      assert.equal(exit, 0, stderr);
      assert.deepEqual(
        root.traced(),
        trace.map((line) => `${line} ${level} ${previous} ${level} ${previous}`),
      );
    }
  });
}

/** The .depend files of these rules, all of which are for starts. */
function dependFiles(start: string): Record<string, string> {
  return {
    "etc/init.d/.depend.boot": "TARGETS =\nINTERACTIVE =\n",
    "etc/init.d/.depend.start": start,
    "etc/init.d/.depend.stop": "TARGETS =\n",
  };
}

/** Scripts with these bodies, and links to them in rc2.d in this order. */
function scriptsOf(bodies: Record<string, string>): [Record<string, string>, Record<string, string>] {
  const names = Object.keys(bodies);
  return [
    Object.fromEntries(names.map((name) => [`etc/init.d/${name}`, `#!/bin/sh\n${bodies[name]}\n`])),
    Object.fromEntries(names.map((name, index) => [`etc/rc2.d/S0${index + 1}${name}`, `../init.d/${name}`])),
  ];
}

/** A line of shell that waits for a file. */
const awaiting = (file: string) => `until [ -e ${file} ]; do sleep 0.05; done`;

Deno.test("side by side: scripts that do not wait for each other meet, and the output of each stays whole", {
  ignore: !MINIMAL_ROOT_POSSIBLE,
}, async () => {
  const [files, links] = scriptsOf({
    one: `echo one begins; : > /one; ${awaiting("/two")}; echo one ends`,
    two: `echo two begins; : > /two; ${awaiting("/one")}; echo two ends; : > /done`,
    last: `[ -e /done ] && echo last`,
  });
  const rules = dependFiles("TARGETS = one two last\nINTERACTIVE =\nlast: one two\n");
  await using root = await Root.make({ ...files, ...rules }, links);
  const { exit, stdout, stderr } = await root.rc("2", "N", "--parallel");
  assert.equal(exit, 0, stderr);
  const outputs = ["one begins\none ends\n", "two begins\ntwo ends\n"];
  assert([outputs.join(""), outputs.toReversed().join("")].includes(stdout.replace(/last\n$/, "")), stdout);
  assert.match(stdout, /last\n$/);
});

Deno.test(
  "side by side: one that talks to the user is alone, with the streams of rc; others have a terminal",
  {
    ignore: !MINIMAL_ROOT_POSSIBLE,
  },
  async () => {
    const [files, links] = scriptsOf({
      first: "[ -t 1 ] && echo first at a terminal",
      other: `[ -t 1 ] && echo other at a terminal; : > /busy; sleep 0.2; mv /busy /idle`,
      ask: "[ -t 1 ] || echo ask at none; [ ! -e /busy ] && echo ask is alone",
    });
    const rules = dependFiles("TARGETS = first other ask\nINTERACTIVE = ask\nask: first\n");
    await using root = await Root.make({ ...files, ...rules }, links);
    const { stdout } = await root.rc("2", "N", "--parallel");
    assert.deepEqual(stdout.trimEnd().split("\n").sort(), [
      "ask at none",
      "ask is alone",
      "first at a terminal",
      "other at a terminal",
    ]);
  },
);

Deno.test("what a script leaves behind may go on writing when rc has ended", {
  ignore: !MINIMAL_ROOT_POSSIBLE,
}, async () => {
  const [files, links] = scriptsOf({
    daemon: `(${awaiting("/go")}; echo more; echo "lives on" >> /trace) &`,
  });
  const rules = dependFiles("TARGETS = daemon\nINTERACTIVE =\n");
  await using root = await Root.make({ ...files, ...rules }, links);
  assert.equal((await root.rc("2", "N", "--parallel")).exit, 0);
  await root.shell(": > /go");
  await root.root.untilSucceeds("/bin/sh", "-c", "read line < /trace && [ \"$line\" = 'lives on' ]");
});

Deno.test("what cannot be run, ends badly or is no script is told of, and the rest runs", {
  ignore: !MINIMAL_ROOT_POSSIBLE,
}, async () => {
  const [files, links] = scriptsOf({
    fails: "exit 6",
    absent: "",
    foreign: "",
    plain: "",
    killed: "kill -9 $$",
    good: 'echo "good $1"',
  });
  files["etc/init.d/foreign"] = "#!/no/such/shell\n";
  files["etc/init.d/plain"] = 'echo "plain $1"\n';
  delete files["etc/init.d/absent"];
  await using root = await Root.make({ ...files, "etc/rc2.d/S00good~": "#!/bin/sh\necho copy\n" }, {
    ...links,
    "etc/rc2.d/S9odd": "../init.d/good",
    "etc/rc2.d/s01good": "../init.d/good",
  });
  const { exit, stdout, stderr } = await root.rc("2", "N");
  assert.equal(exit, 0);
  assert.equal(stdout, "good start\ngood start\n");
  assert.deepEqual(stderr.trimEnd().split("\n"), [
    "rc: Passed over /etc/rc2.d/S00good~: its name is that of a copy",
    "rc: Passed over /etc/rc2.d/S02absent: it leads to nothing",
    "rc: /etc/rc2.d/S01fails start: exit status 6: program is not configured",
    "rc: Unable to run /etc/rc2.d/S03foreign: No such file or directory",
    "rc: Unable to run /etc/rc2.d/S04plain: Permission denied",
    "rc: /etc/rc2.d/S05killed start: killed by SIGKILL",
  ]);
});

Deno.test(
  "without a level, or with one that is none, nothing is run",
  { ignore: !MINIMAL_ROOT_POSSIBLE },
  async () => {
    await using root = await Root.make({});
    for (const [words, reason] of [["", "missing runlevel"], ["../x", "illegal runlevel: ../x"]] as const) {
      const { exit, stderr } = await root.shell(`unset RUNLEVEL; exec ${PLACE} sysv rc ${words}`);
      assert.equal(exit, 2);
      assert.match(stderr, new RegExp(reason.replaceAll(".", "\\.")));
    }
  },
);

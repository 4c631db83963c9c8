/** What a page about init scripts teaches: headers, facilities, runlevels, actions and exit statuses. */

import assert from "node:assert/strict";
import { parseHeader } from "../../compat/sysv/mod.ts";
import { actionExitInWords, statusExitInWords } from "../../lib/model/sysv/lsb_exits.ts";
import { TemporaryDirectory } from "../../lib/sys/testing/directory.ts";
import { type RecordedCase, ScriptRoot } from "../sysv/player.ts";

/** The facilities of the page, each with who stands for it here. */
const FACILITIES: ReadonlyArray<readonly [facility: string, member: string]> = [
  ["$local_fs", "disks"],
  ["$remote_fs", "shares"],
  ["$syslog", "scribe"],
  ["$network", "cables"],
  ["$named", "names"],
  ["$netdaemons", "portals"],
  ["$time", "clock"],
  ["$portmap", "ports"],
];

const CONFIG = FACILITIES.map(([facility, member]) => `${facility} +${member}\n`).join("");

type Scripts = RecordedCase["scripts"];

/** What a good script has besides. */
const USUAL = {
  required_start: [],
  required_stop: [],
  default_start: ["2", "3", "4", "5"],
  default_stop: ["0", "1", "6"],
};

function script(fields: Record<string, string[]> & { provides: string[] }): Scripts[string] {
  return { ...USUAL, ...fields };
}

async function withScripts(scripts: Scripts, test: (root: ScriptRoot) => Promise<void>): Promise<void> {
  using directory = new TemporaryDirectory();
  await test(new ScriptRoot(directory.path, { files: { "etc/insserv.conf": CONFIG }, scripts }));
}

/** Enables all scripts; gives the links of runlevels, which has to work. */
async function enabled(root: ScriptRoot, ...names: string[]): Promise<Record<string, string[]>> {
  const { exit, stderr } = await root.insserv(names);
  assert.equal(exit, 0, stderr);
  return root.links();
}

/** A whole script, of which tests change parts. */
const WHOLE = `#!/bin/sh
### BEGIN INIT INFO
# Provides:          oven
# Required-Start:    $remote_fs $syslog
# Required-Stop:     $remote_fs $syslog
# Default-Start:     2 3 4 5
# Default-Stop:      0 1 6
# Short-Description: bakes
# Description:       Bakes bread,
#                    and cakes.
### END INIT INFO
case "$1" in
  start) ;;
  stop) ;;
  restart) ;;
  force-reload) ;;
  status) ;;
  *) echo "usage: $0 start|stop|restart|force-reload|status" >&2; exit 2 ;;
esac
`;

/** What the linter says of the whole script, with a part changed. */
async function lint(from: string, to: string, name = "oven"): Promise<string> {
  assert(WHOLE.includes(from));
  let told = "";
  await withScripts({ [name]: { text: WHOLE.replace(from, to) } }, async (root) => {
    const { stdout, stderr } = await root.rouse("lint", ...root.options);
    assert.equal(stderr, "");
    told = stdout;
  });
  return told;
}

Deno.test("a script is started in the levels of Default-Start, and stopped in those of Default-Stop", () =>
  withScripts({ oven: script({ provides: ["oven"] }) }, async (root) => {
    const links = await enabled(root, "oven");
    const [start, stop] = [["S01oven"], ["K01oven"]];
    assert.deepEqual(links, { 0: stop, 1: stop, 2: start, 3: start, 4: start, 5: start, 6: stop });
  }));

Deno.test("a script that nobody enables is not started", () =>
  withScripts(
    { oven: script({ provides: ["oven"] }), mill: script({ provides: ["mill"] }) },
    async (root) => {
      assert.deepEqual((await enabled(root, "mill"))["2"], ["S01mill"]);
    },
  ));

Deno.test("scripts of which nothing is known have no order, and dependencies give them one", async () => {
  const scripts = { oven: script({ provides: ["oven"] }), mill: script({ provides: ["mill"] }) };
  await withScripts(scripts, async (root) => {
    const links = await enabled(root, "oven", "mill");
    assert.deepEqual([links["2"], links["0"]], [["S01mill", "S01oven"], ["K01mill", "K01oven"]]);
  });
  const oven = script({ provides: ["oven"], required_start: ["mill"], required_stop: ["mill"] });
  await withScripts({ ...scripts, oven }, async (root) => {
    const links = await enabled(root, "oven", "mill");
    // What is required is there before the start, and goes after the stop.
    assert.deepEqual([links["2"], links["0"]], [["S01mill", "S02oven"], ["K01oven", "K02mill"]]);
  });
});

Deno.test("the example of the page is whole but for its placeholders", async () => {
  assert.equal(await lint("bakes", "bakes"), "");
  assert.match(
    await lint("bakes", "Example initscript"),
    /:8: warning: words of the example are still there/,
  );
});

for (const action of ["start", "stop", "restart", "force-reload", "status"]) {
  Deno.test(`every script has the action ${action}, though it may do nothing`, async () => {
    assert.match(await lint(`  ${action}) ;;\n`, ""), new RegExp(`no action ${action}\\n$`));
  });
}

Deno.test("reload is an action that scripts need not have; any other word is answered with what there is", async () => {
  assert.equal(await lint("  stop) ;;", "  stop) ;;\n  reload) ;;"), "");
  assert.match(await lint("*) echo", "help) echo"), /an unknown action is not answered/);
});

Deno.test("names are those of packages", async () => {
  assert.match(await lint("oven\n", "Oven_Service\n", "Oven_Service"), /the name Oven_Service is not one/);
  assert.equal(await lint("oven\n", "ovend\n", "ovend"), "");
});

Deno.test("a script mostly provides its own name, and may provide others", async () => {
  assert.match(await lint("oven\n", "stove\n"), /:3: warning: Provides: the script's own name, oven,/);
  const scripts = {
    oven: script({ provides: ["oven", "heat"] }),
    cook: script({ provides: ["cook"], required_start: ["heat"], required_stop: ["heat"] }),
  };
  await withScripts(scripts, async (root) => {
    assert.deepEqual((await enabled(root, "oven", "cook"))["2"], ["S01oven", "S02cook"]);
  });
});

Deno.test("Required-Start has to be there, and may be empty", async () => {
  assert.equal(await lint("Required-Start:    $remote_fs $syslog", "Required-Start:"), "");
  assert.match(
    await lint("# Required-Start:    $remote_fs $syslog\n", ""),
    /no Required-Start; add it, even if it is empty/,
  );
});

Deno.test("what is required has to be there", () =>
  withScripts({ oven: script({ provides: ["oven"], required_start: ["mill"] }) }, async (root) => {
    const { exit, stderr } = await root.insserv(["oven"]);
    assert.deepEqual([exit, root.links()], [1, {}]);
    assert.match(stderr, /service mill has to be enabled to use service oven/);
  }));

Deno.test("Required-Stop may be missing, says the page; insserv and we ask for it, and take the script", async () => {
  assert.match(await lint("# Required-Stop:     $remote_fs $syslog\n", ""), /no Required-Stop; add it/);
  const { required_stop: _, ...rest } = script({ provides: ["oven"], required_start: ["mill"] });
  await withScripts({ oven: rest as Scripts[string], mill: script({ provides: ["mill"] }) }, async (root) => {
    const links = await enabled(root, "oven", "mill");
    assert.deepEqual(links["2"], ["S01mill", "S02oven"]);
    // It has no order at the stop then, and not that of the start.
    assert.deepEqual(links["0"], ["K01mill", "K01oven"]);
  });
});

Deno.test("$null is no dependency: an empty field has no other effect", () =>
  withScripts({
    oven: script({ provides: ["oven"], required_start: ["mill"], required_stop: ["$null"] }),
    cook: script({ provides: ["cook"], required_start: ["mill"], required_stop: [] }),
    mill: script({ provides: ["mill"] }),
  }, async (root) => {
    const links = await enabled(root, "oven", "cook", "mill");
    assert.deepEqual(links["2"], ["S01mill", "S02cook", "S02oven"]);
    assert.deepEqual(links["0"], ["K01cook", "K01mill", "K01oven"]);
  }));

Deno.test("what a script should have counts where it is there, and is not missed where it is not", async () => {
  const oven = script({ provides: ["oven"], should_start: ["mill"], should_stop: ["mill"] });
  await withScripts({ oven }, async (root) => {
    assert.deepEqual((await enabled(root, "oven"))["2"], ["S01oven"]);
  });
  await withScripts({ oven, mill: script({ provides: ["mill"] }) }, async (root) => {
    const links = await enabled(root, "oven", "mill");
    assert.deepEqual([links["2"], links["0"]], [["S01mill", "S02oven"], ["K01oven", "K02mill"]]);
  });
});

for (const [facility, member] of FACILITIES) {
  Deno.test(`${facility} is there before what requires it`, () =>
    withScripts({
      oven: script({ provides: ["oven"], required_start: [facility], required_stop: [facility] }),
      [member]: script({ provides: [member] }),
    }, async (root) => {
      const links = await enabled(root, "oven", member);
      assert.deepEqual(links["2"], [`S01${member}`, "S02oven"]);
      assert.deepEqual(links["0"], ["K01oven", `K02${member}`]);
    }));
}

Deno.test("$netdaemons is old, and still does what insserv.conf says", async () => {
  assert.match(
    await lint("$remote_fs $syslog", "$netdaemons $syslog"),
    /\$netdaemons is gone since LSB 1\.2/,
  );
});

Deno.test("what comes after $all comes last, and all of these together", () =>
  withScripts({
    oven: script({ provides: ["oven"] }),
    cook: script({ provides: ["cook"], required_start: ["oven"] }),
    eat: script({ provides: ["eat"], should_start: ["$all"] }),
    wash: script({ provides: ["wash"], should_start: ["$all"] }),
  }, async (root) => {
    const links = await enabled(root, "oven", "cook", "eat", "wash");
    assert.deepEqual(links["2"], ["S01oven", "S02cook", "S03eat", "S03wash"]);
  }));

Deno.test("levels are parted by blanks; one that is in neither field is told of", async () => {
  assert.equal(await lint("2 3 4 5", "2   3 4  5"), "");
  assert.match(
    await lint("2 3 4 5", "2 3 5"),
    /:7: warning: in 4 the script is neither started nor stopped/,
  );
  assert.match(await lint("0 1 6", "0 6"), /Default-Stop: 0 1 6 are usual, 1 not there/);
});

Deno.test("a short description has one line of 80 characters at most", async () => {
  assert.equal(await lint("bakes", "b".repeat(80)), "");
  assert.match(await lint("bakes", "b".repeat(81)), /:8: warning: Short-Description: 81 characters/);
  assert.match(
    await lint("bakes\n", "bakes\n#   much\n"),
    /:9: warning: only a Description goes on in the next line/,
  );
});

const CONTINUATIONS: Array<[line: string, text: string]> = [
  ["#\tand cakes.", "Bakes bread,\nand cakes."],
  ["#  and cakes.", "Bakes bread,\nand cakes."],
  ["#    and cakes.", "Bakes bread,\nand cakes."],
  // The page allows four blanks. Debian's scripts have twenty.
  ["#          and cakes.", "Bakes bread,\nand cakes."],
  ["# and cakes.", "Bakes bread,"],
  ["#and cakes.", "Bakes bread,"],
  ["#", "Bakes bread,"],
];

for (const [line, text] of CONTINUATIONS) {
  Deno.test(`a description ${text.includes("\n") ? "goes on" : "ends"} at ${JSON.stringify(line)}`, () => {
    const found = parseHeader(WHOLE.replace("#                    and cakes.", line))!;
    assert.equal(found.fields.Description!.text, text);
  });
}

const ACTION_EXITS: Array<[status: number, meaning: RegExp | undefined]> = [
  [0, /^success$/],
  [1, /generic|unspecified/],
  [2, /invalid|excess/],
  [3, /unimplemented/],
  [4, /privilege/],
  [5, /not installed/],
  [6, /not configured/],
  [7, /not running/],
  [8, undefined],
  [99, undefined],
  [100, undefined],
  [150, undefined],
  [254, undefined],
];

for (const [status, meaning] of ACTION_EXITS) {
  Deno.test(`an action that ends with ${status} ${meaning ? "says why" : "is left to others"}`, () => {
    if (meaning) assert.match(actionExitInWords(status)!, meaning);
    else assert.equal(actionExitInWords(status), undefined);
  });
}

const STATUS_EXITS: Array<[status: number, meaning: RegExp | undefined]> = [
  [0, /^running$/],
  [1, /dead.*pid file/],
  [2, /dead.*lock file/],
  [3, /^not running$/],
  [4, /unknown/],
  [5, undefined],
  [100, undefined],
  [150, undefined],
  [200, undefined],
];

for (const [status, meaning] of STATUS_EXITS) {
  Deno.test(`status that ends with ${status} ${meaning ? "says what is" : "is left to others"}`, () => {
    if (meaning) assert.match(statusExitInWords(status)!, meaning);
    else assert.equal(statusExitInWords(status), undefined);
  });
}

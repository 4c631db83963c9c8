import assert from "node:assert/strict";
import process from "node:process";
import { UsageError } from "../../model/command_line/usage_error.ts";
import { bootFlags } from "./boot_flags.ts";
import { helpText, parseCommandLine, readOptions } from "./command_line.ts";
import { type BootFlags, type InitOptions, type Operands, ValueError } from "./option_table.ts";
import { defaultConsole, ROLE_DEFAULTS } from "../host/role_defaults.ts";

function parse(args: string[], operands: Operands, environment: Record<string, string>): InitOptions {
  return readOptions(parseCommandLine(args, operands), operands, environment);
}

const ENVIRONMENT = { UPSTART_CONFDIR: "/env/conf", UPSTART_LOGDIR: "/env/log" };

Deno.test("UPSTART_CONFDIR and UPSTART_LOGDIR stand in for options, unless these are given", () => {
  const cases: Array<
    [args: string[], environment: Record<string, string>, confdir: string[], logdir?: string]
  > = [
    [[], {}, []],
    [[], { UPSTART_CONFDIR: "", UPSTART_LOGDIR: "" }, []],
    [[], ENVIRONMENT, ["/env/conf"], "/env/log"],
    [["--confdir", "/a"], ENVIRONMENT, ["/a"], "/env/log"],
    [["--logdir", "/b"], ENVIRONMENT, ["/env/conf"], "/b"],
    [["--user"], ENVIRONMENT, []],
    [["--user", "--confdir", "/a", "--logdir", "/b"], ENVIRONMENT, ["/a"], "/b"],
  ];
  for (const [args, environment, confdir, logdir] of cases) {
    const options = parse(args, "none", environment);
    assert.deepEqual([options.confdir, options.logdir], [confdir, logdir], args.join(" "));
  }
  // Directories before and after are beside it.
  const { confdir, appendConfdir } = parse(["--append-confdir", "/more"], "none", ENVIRONMENT);
  assert.deepEqual([confdir, appendConfdir], [["/env/conf"], ["/more"]]);
  assert.equal(defaultConsole(parse([], "none", ENVIRONMENT), "container"), "log");
});

Deno.test("directories are absolute, wherever init's children run, and written as they are given", () => {
  const args = [
    "--confdir",
    "a",
    "--prepend-confdir",
    "./b",
    "--append-confdir",
    "c/../d/",
    "--logdir",
    "log",
  ];
  const { confdir, prependConfdir, appendConfdir, logdir } = parse(args, "none", {});
  const here = process.cwd();
  assert.deepEqual([...confdir, ...prependConfdir, ...appendConfdir, logdir], [
    `${here}/a`,
    `${here}/./b`,
    `${here}/c/../d/`,
    `${here}/log`,
  ]);
});

Deno.test("a value that an option does not take is told from an option that there is not", () => {
  const values = [
    ["--default-console", "lp0"],
    ["--log-format=xml"],
    ["--shutdown-timeout", "soon"],
    ["--http", "nowhere:at:all"],
  ];
  for (const args of values) assert.throws(() => parse(args, "none", {}), ValueError, args.join(" "));
  for (const args of [["--bogus"], ["--confdir"], ["--quiet=1"]]) {
    const isUsage = (error: unknown) => error instanceof UsageError && !(error instanceof ValueError);
    assert.throws(() => parse(args, "none", {}), isUsage, args.join(" "));
  }
});

Deno.test("the last of contradicting options counts, and the words of a command are its own", () => {
  assert.equal(parse(["--debug", "-q"], "none", {}).priority, "error");
  assert.equal(parse(["-qv"], "none", {}).priority, "info");
  assert.equal(parse(["--startup-event=go", "--no-startup-event"], "none", {}).startupEvent, undefined);
  assert.equal(parse(["--no-startup-event", "--startup-event=go"], "none", {}).startupEvent, "go");
  const { command, priority } = parse(["-v", "sleep", "--debug", "5"], "command", {});
  assert.deepEqual([command, priority], [["sleep", "--debug", "5"], "info"]);
  assert.deepEqual(parse(["--", "-x", "--", "y"], "command", {}).command, ["-x", "--", "y"]);
  for (const args of [[], ["--"], ["--user", "--daemon", "sleep"]]) {
    assert.throws(() => parse(args, "command", {}), UsageError, args.join(" "));
  }
});

Deno.test("process 1 passes over what the kernel was told and init does not know", () => {
  const options = parse(["splash", "-b", "--frob=1", "-xvx", "--confdir", "/a"], "ignored", {});
  assert.deepEqual([options.priority, options.confdir], ["info", ["/a"]]);
});

Deno.test("--help fits a terminal, and tells the time for the teardown in each role", () => {
  const text = helpText("none");
  assert(text.split("\n").every((line) => line.length <= 80), text);
  const told = text.slice(text.indexOf("--shutdown-timeout")).replace(/\s+/g, " ");
  const { container, machine } = ROLE_DEFAULTS;
  assert.match(
    told,
    new RegExp(`${container.shutdownTimeout} in a container, ${machine.shutdownTimeout} on a machine`),
  );
  assert.match(helpText("command"), /^Usage: rouse run \[OPTION\]\.\.\. \[--\] COMMAND/);
});

Deno.test("process 1 takes the arguments of SysV's init", () => {
  const cases: Array<[args: string, flags: BootFlags]> = [
    ["", {}],
    ["3", { runlevel: "3" }],
    ["4 5", { runlevel: "5" }],
    ["7", { runlevel: "7" }],
    ["s", { runlevel: "S" }],
    ["single", { runlevel: "S" }],
    ["-s 2", { runlevel: "2" }],
    ["2 -s", { runlevel: "S" }],
    ["-x 3", { runlevel: "3" }],
    ["-z 3 5", { runlevel: "5" }],
    ["-a auto", { auto: true }],
    ["-b 1", { emergency: true, runlevel: "1" }],
    ["emergency", { emergency: true }],
    ["--shutdown-timeout 5 --log-format=2 quiet 22 root=/dev/sda1", {}],
  ];
  for (const [args, flags] of cases) assert.deepEqual(bootFlags(args.split(" ")), flags, args);
  assert.equal(parse(["--sysv"], "ignored", {}).sysv, true);
  assert.equal(parse(["--sysv", "--no-sysv"], "ignored", {}).sysv, false);
});

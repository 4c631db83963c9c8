/** `rouse man`, `rouse help` and the files that `rouse --install` puts beside the links. */

import assert from "node:assert/strict";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { FIELD_ROWS, moduleField } from "../lib/model/fields.ts";
import { TemporaryDirectory } from "../lib/sys/testing/directory.ts";
import { type Outcome, run } from "./support/command.ts";
import { NAMESPACES_POSSIBLE } from "./support/namespace.ts";
import { EXECUTABLE, installed } from "./support/programs.ts";

const PAGES = ["rouse.1", "init.8", "initctl.8", "init.5", "rouse-jobs.5", "rouse-testing.7"];

function rouse(...words: string[]): Promise<Outcome> {
  return run([EXECUTABLE, ...words], {
    environment: { PATH: "/usr/bin:/bin", LANG: "C.UTF-8" },
    directory: "/",
  });
}

async function printed(...words: string[]): Promise<string> {
  const { exit, stdout, stderr } = await rouse(...words);
  assert.deepEqual([exit, stderr], [0, ""], words.join(" "));
  return stdout;
}

Deno.test("rouse man lists its pages, and shows each as text, Markdown and roff", async () => {
  const list = await printed("man");
  for (const file of PAGES) {
    const [name, section] = file.split(/\.(?=\d$)/) as [string, string];
    assert.match(list, new RegExp(`^${name}\\(${section}\\) – [a-z]`, "m"));
    const text = await printed("man", file);
    assert.match(text, new RegExp(`^${name}\\(${section}\\) – .+\n\nNAME\n {7}${name} - `));
    assert(!/<!--|\]\(|\*\*/.test(text.replace(/^ {11}.*$/gm, "")), file);
    assert.equal(await printed("man", `${name}(${section})`), text);
    assert.match(await printed("man", "--markdown", file), /^# .+\n\n## [A-Z]/);
    const roff = await printed("man", "--roff", file);
    assert(roff.startsWith(`.TH ${name.toUpperCase().replace("-", "\\-")} ${section} `), roff.slice(0, 80));
  }
  const { exit, stderr } = await rouse("man", "nosuch");
  assert.equal(exit, 1);
  assert.match(stderr, /^rouse: Unable to show the page nosuch: it is none of rouse\.1, /);
});

Deno.test({
  name: "mandoc has no complaint about the manual",
  ignore: !installed("mandoc"),
  async fn() {
    using temporary = new TemporaryDirectory();
    for (const file of PAGES) {
      const path = join(temporary.path, file);
      writeFileSync(path, await printed("man", "--roff", file));
      const lint = await run(["mandoc", "-T", "lint", "-W", "warning", path], {
        environment: { PATH: "/usr/bin:/bin" },
        directory: "/",
      });
      assert.deepEqual(lint, { exit: 0, stdout: "", stderr: "" }, file);
    }
  },
});

Deno.test("the manual tells of every stanza and every field, and help knows each", async () => {
  const stanzas = (await printed("man", "init.5")).replace(/\s+/g, " "),
    fields = await printed("man", "rouse-jobs.5");
  for (const [name, { stanza }] of FIELD_ROWS) {
    if (stanza !== undefined) {
      const [first = ""] = stanza.split(" ");
      assert([stanza, `${first} …`].some((term) => stanzas.includes(term)), stanza);
    }
    const field = moduleField(name);
    assert(new RegExp(`\\b${field}\\b`).test(fields), field);
    assert.match(await printed("help", field), new RegExp(`\\b${field}\\b`));
  }
  assert.match(await printed("help", "kill", "timeout"), /^init\(5\) – .+\n[^]*kill timeout SECONDS/);
});

Deno.test("initctl(8) and rouse(1) have every option and every example of the programs' help", async () => {
  const page = (await printed("man", "initctl.8")).replace(/\s+/g, " ");
  const commands = Array.from(
    (await printed("initctl", "help")).matchAll(/^ {2}([a-z-]+)/gm),
    ([, name]) => name!,
  ).filter((name) => name !== "help"); // That is a word of rouse's own.
  assert(commands.length > 20);
  for (const command of commands) {
    const help = await printed("help", command);
    assert.match(help, new RegExp(`^Usage: .*${command}`));
    for (const [, option] of help.matchAll(/--([a-z-]+)/g)) assert(page.includes(`--${option}`), option);
    const [, examples = ""] = help.split("\nExamples:\n");
    for (const example of examples.split("\n").filter(Boolean)) {
      assert(page.includes(example.trim()), example);
    }
  }
});

Deno.test("every program answers help, -h and --help alike", async () => {
  for (
    const words of [["initctl"], ["initctl", "list"], ["start"], ["init"], ["run"], ["check"], ["man"], [
      "telinit",
    ], ["--install"]]
  ) {
    // Names that several systems have.
    const system = ["init", "telinit"].includes(words[0]!) ? ["upstart"] : [];
    const help = await printed(...system, ...words, "--help");
    assert.match(help, /^Usage: /);
    assert.equal(await printed(...system, ...words, "-h"), help);
    if (words.length === 1 && system.length === 0) assert.equal(await printed("help", ...words), help);
  }
  assert.equal(await printed("-h"), await printed("help"));
});

Deno.test("the help of every word of rouse has examples", async () => {
  const words = Array.from(
    (await printed("--help")).matchAll(/^ +or: rouse (--install|[a-z]+) /gm),
    ([, word]) => word!,
  );
  // Of systems, whose programs have helps of their own, and of help itself.
  const tools = words.filter((word) => !["sysv", "openrc", "upstart", "help"].includes(word));
  assert(tools.length > 9, tools.join());
  for (const tool of new Set(tools)) {
    assert.match(await printed(tool, "--help"), new RegExp(`\\nExamples:\\n[^]*rouse ${tool}`), tool);
  }
});

Deno.test("help tells the nearest topic of one that it does not know", async () => {
  assert.deepEqual(await rouse("help", "stauts"), {
    exit: 1,
    stdout: "",
    stderr:
      "rouse: Unable to help with stauts: it is no program, command, stanza, field or page; did you mean status?\n",
  });
});

Deno.test("help on a stanza of two words is not help on a command of the first", async () => {
  assert.match(await printed("help", "start", "on"), /^init\(5\)[^]*start on/);
  assert.match(await printed("help", "reload", "signal"), /^init\(5\)[^]*reload signal/);
  assert.equal(await printed("help", "initctl", "start"), await printed("initctl", "start", "--help"));
});

Deno.test("help on a system names its programs", async () => {
  for (const [system, program] of [["openrc", "rc-service"], ["upstart", "initctl"], ["sysv", "insserv"]]) {
    const help = await printed("help", system!);
    assert.match(help, /^Usage: rouse /);
    assert(help.includes(program!), help);
    assert.equal(await printed(system!, "-h"), help);
  }
});

Deno.test("help starts nothing that is not for people", async () => {
  for (const word of ["hook", "checks", "ship-logs", "tidy-logs", "evaluate", "complete", "runscript-job"]) {
    const { exit, stdout, stderr } = await rouse("help", word);
    assert.deepEqual([exit, stdout], [1, ""], word);
    assert.match(stderr, new RegExp(`^rouse: Unable to help with ${word}: `));
  }
});

Deno.test("the options of each tool that rouse --help shows are completed, and its page tells of it", async () => {
  const page = await printed("man", "rouse.1");
  const words = Array.from((await printed("--help")).matchAll(/or: rouse ([a-z]+) /g), ([, word]) => word!);
  assert(words.includes("doctor"));
  for (const word of words.filter((word) => !["sysv", "openrc", "upstart", "help"].includes(word))) {
    assert.match(await printed("complete", "zsh", "rouse", word, "--"), /^--help\t/m, word);
    if (word !== "run") assert.match(page, new RegExp(`rouse ${word}`), word);
  }
});

Deno.test("--install puts the manual and completion beside bin, and leaves what others have there", async () => {
  using temporary = new TemporaryDirectory();
  const at = (...names: string[]) => join(temporary.path, ...names);
  mkdirSync(at("bin"));
  mkdirSync(at("share/man/man8"), { recursive: true });
  writeFileSync(at("share/man/man8/init.8"), ".TH INIT 8\n");
  for (let time = 0; time < 2; time++) {
    assert.equal(
      await printed("--install", "-s", at("bin")),
      `Left as they are, for they are not of rouse: ${at("share/man/man8/init.8")}\n`,
    );
  }
  assert.equal(readFileSync(at("share/man/man8/init.8"), "utf8"), ".TH INIT 8\n");
  assert.equal(readFileSync(at("share/man/man5/init.5"), "utf8"), await printed("man", "--roff", "init.5"));
  for (
    const file of [
      "bash-completion/completions/start",
      "fish/vendor_completions.d/start.fish",
      "zsh/site-functions/_rouse",
    ]
  ) {
    assert(existsSync(at("share", file)), file);
  }
  assert.equal(await printed("--install", "-s", "--force", at("bin")), "");
  assert.equal(readFileSync(at("share/man/man8/init.8"), "utf8"), await printed("man", "--roff", "init.8"));
  mkdirSync(at("other"));
  mkdirSync(at("third/sbin"), { recursive: true });
  assert.equal(await printed("--install", "-s", at("other")), "");
  assert.equal(await printed("--install", "-s", "--no-manual", at("third/sbin")), "");
  assert.equal(await printed("--install", "-s", at("third/sbin"), "init"), "");
  assert.deepEqual([readdirSync(at()).sort(), readdirSync(at("third"))], [
    ["bin", "other", "share", "third"],
    ["sbin"],
  ]);
});

Deno.test({
  name: "--install leaves no part of a file where the disk is full, and says so",
  ignore: !NAMESPACES_POSSIBLE,
  async fn() {
    using temporary = new TemporaryDirectory();
    /** Installs on a disk of some size. Gives what was said, and the checksums of the files beside the links. */
    const filesOn = async (size: string) => {
      const line = 'mount -t tmpfs -o "size=$2" none "$0" && mkdir "$0/bin" && "$1" --install -s "$0/bin"; ' +
        'cd "$0/share" && find . -type f -exec sha256sum {} +';
      const words = ["unshare", "--mount", "/bin/sh", "-c", line, temporary.path, EXECUTABLE, size];
      const { stdout, stderr } = await run(words, { environment: { PATH: "/usr/bin:/bin" }, directory: "/" });
      return { files: stdout.trimEnd().split("\n"), stderr };
    };
    const { files: whole, stderr } = await filesOn("10m");
    assert.equal(stderr, "");
    for (const size of ["24k", "36k", "48k", "100k"]) {
      const { files, stderr } = await filesOn(size);
      assert.match(stderr, /^rouse: Unable to install the manual, the links are made: \S+: No space left/);
      for (const file of files) assert(file === "" || whole.includes(file), `${size}: ${file}`);
    }
  },
});

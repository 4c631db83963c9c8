/** The dependency tree of a machine: when it is made anew, what it takes, and what cannot harm it. */

import assert from "node:assert/strict";
import { MINIMAL_ROOT_POSSIBLE } from "../support/minimal_root.ts";
import { installed } from "../support/programs.ts";
import { OpenrcRoot, service } from "./openrc_root.ts";

const CACHING = " * Caching service dependencies ... [ ok ]\n";

Deno.test({
  name: "what is wrong with a script's depend() is told, and harms that service alone",
  ignore: !MINIMAL_ROOT_POSSIBLE || !installed("bash"),
  fn: async () => {
    await using root = await OpenrcRoot.make({
      scripts: {
        "a-exit": "exit 3\ndepend() { need good; }\n",
        "b-syntax": "depend() { need good;\n",
        "d-noise": "depend() { echo 'noise “€”'; echo need other; need good; frobnicate; use good; }\n",
        "e-exits": "depend() { need good; exit 1; need fine; }\n",
        "f-bash": "words=(fine good)\ndepend() { need ${words[1]}; }\n",
        "f-test": "depend() { if [[ -d / ]]; then need fine; fi; }\n",
        "f-settings": "depend() { need ${wanted[0]}; }\n",
        "g-code": "depend() { case $RC_SVCNAME in g-*) need $(echo good) ;; esac; }\n",
        "h-circle": service("need i-circle"),
        "i-circle": service("use h-circle; need nowhere"),
        "j-circle": service("need k-circle"),
        "k-circle": service("need j-circle"),
        fine: service("need d-noise"),
        good: service(),
      },
      files: { "etc/conf.d/f-settings": "wanted=(good fine)\n" },
      programs: ["/bin/bash"],
    });
    const { exit, stdout, stderr } = await root.shell("rc-update -u");
    assert.deepEqual([exit, stdout], [0, CACHING], stderr);
    for (
      const told of [
        /a-exit: Not a part of the dependency tree: the script ends .*, with exit status 3\n/,
        /^\/etc\/init\.d\/d-noise: (line )?2: .*frobnicate: /m,
        /^noise “€”$/m,
        /b-syntax: Not a part of the dependency tree: the script ends/,
        /Service `i-circle' needs non existent service `nowhere'/,
        /Services wait for each other in a circle: h-circle needs i-circle, i-circle uses h-circle/,
      ]
    ) assert.match(stderr, told);
    assert.doesNotMatch(stderr, /f-/, "bash reads these, and sh is not asked");
    const needs = await root.shell(
      "for s in d-noise e-exits f-bash f-test f-settings g-code fine; do rc-depend -t ineed $s; done",
    );
    assert.equal(
      needs.stdout,
      "good d-noise\ngood e-exits\ngood f-bash\ngood d-noise fine f-test\ngood f-settings\ngood g-code\ngood d-noise fine\n",
    );
    await root.shell("mkdir -p /run/openrc && echo default >/run/openrc/softlevel");
    const inCircle = await root.shell("rc-service j-circle start");
    const circle =
      "Services wait for each other in a circle: j-circle needs k-circle, k-circle needs j-circle";
    assert.deepEqual([inCircle.exit, inCircle.stderr], [1, ` * ERROR: j-circle cannot start. ${circle}\n`]);
    const gone = await root.shell("rc-depend a-exit; rc-depend b-syntax");
    assert.equal(gone.stdout, "");
  },
});

Deno.test({
  name: "much output, output that looks like answers, and a tree of more than a megabyte harm nobody",
  ignore: !MINIMAL_ROOT_POSSIBLE,
  fn: async () => {
    const grow = "w=xxxxxxxx; for n in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17; do w=$w$w; done";
    await using root = await OpenrcRoot.make({
      scripts: {
        "a-marks":
          "depend() { printf '\\001end 0\\n\\001need good\\n\\001service x\\n'; need $(echo good); }\n",
        "b-long": `depend() { ${grow}; for n in 1 2 3 4; do printf %s $w; done; need $(echo good); }\n`,
        "c-need": `depend() { ${grow}; need $w good; }\n`,
        "d-last": "depend() { need $(echo good); }\n",
        good: service(),
      },
    });
    const made = await root.shell("rc-update -u");
    assert.equal(made.stdout, CACHING);
    // What is printed, what is missing, and two letters of messages.
    assert.equal(made.stderr.replace(/[^x]/g, "").length, 5 * 2 ** 20 + 2);
    const all = "for s in a-marks b-long d-last; do rc-depend -t ineed $s; done; rc-service d-last ineed";
    const { stdout, stderr } = await root.shell(all);
    assert.deepEqual([stdout, stderr], ["good a-marks\ngood b-long\ngood d-last\ngood \n", ""]);
    assert.match((await root.shell("ls -l /run/openrc/deptree")).stdout, / \d{7} /);
  },
});

Deno.test({
  name: "a depend() that does not end is told after a while, and no other waits for it again",
  ignore: !MINIMAL_ROOT_POSSIBLE,
  fn: async () => {
    const endless = "depend() { need good; sleep 100000 & while :; do :; done; }\n";
    await using root = await OpenrcRoot.make({
      scripts: { a: endless, app: service("need good"), good: service(), z: endless },
      files: { "etc/rc.conf": "rc_depend_timeout=1\n" },
    });
    const { stdout, stderr } = await root.shell("rc-depend -t ineed app a");
    assert.equal(stdout, `${CACHING}good app\n`);
    for (const name of ["a", "z"]) {
      assert.match(
        stderr,
        new RegExp(`/${name}: Not a part of the dependency tree: depend\\(\\) takes more than 1 s`),
      );
    }
    const left = await root.shell(
      'for p in /proc/[0-9]*; do read -r line <$p/cmdline; echo "$line"; done 2>/dev/null',
    );
    assert.doesNotMatch(left.stdout, /_rc_say/);
  },
});

Deno.test({
  name: "the tree is made anew when a script, its settings or a file of `config` has changed, and not else",
  ignore: !MINIMAL_ROOT_POSSIBLE,
  fn: async () => {
    await using root = await OpenrcRoot.make({
      scripts: {
        app: service("config /etc/app.list; need $(cat /etc/app.list)"),
        db: service(),
        web: service(),
      },
      files: { "etc/app.list": "db\n" },
    });
    const depend = async (expected: string) => {
      const { stdout, stderr } = await root.shell("rc-depend -t ineed app");
      assert.equal(stdout, expected, stderr);
    };
    await depend(`${CACHING}db app\n`);
    await depend("db app\n");
    await root.shell("echo web >/etc/app.list");
    await depend(`${CACHING}web app\n`);
    await root.shell("echo 'rc_need=db' >/etc/conf.d/web");
    await depend(`${CACHING}db web app\n`);
    await root.shell("echo 'rc_web_need=!db' >/etc/rc.conf");
    await depend(`${CACHING}web app\n`);
    await depend("web app\n");
    const forced = await root.shell("depscan.sh");
    assert.deepEqual([forced.exit, forced.stdout], [0, CACHING]);
    await root.shell("touch -d 2101-01-01 /etc/init.d/web");
    await depend(`${CACHING}web app\n`);
    await depend("web app\n");
  },
});

Deno.test({
  name: "the tree of 2,000 services with plain words is made without a shell",
  ignore: !MINIMAL_ROOT_POSSIBLE,
  fn: async () => {
    const scripts = Object.fromEntries(Array.from({ length: 2000 }, (_, at) => {
      const before = at > 9 ? `need s${at - 7}; use s${at - 1} logger` : ":";
      return [`s${at}`, service(at === 5 ? "provide logger" : before)];
    }));
    await using root = await OpenrcRoot.make({ scripts });
    await root.shell("mv /bin/sh /bin/nothing");
    const { exit, stdout, stderr } = await root.root.run("/sbin/rc-depend", "-t", "ineed", "s1999");
    assert.deepEqual([exit, stderr], [0, ""]);
    const names = stdout.replace(CACHING, "").trim().split(" ");
    assert.equal(names.length, 286);
    assert.equal(names.at(-1), "s1999");
  },
});

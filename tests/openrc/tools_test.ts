/** OpenRC's tools: rc-update, rc-service, rc-status and rc-depend, as somebody uses them who follows Gentoo's guide. */

import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { MINIMAL_ROOT_POSSIBLE } from "../support/minimal_root.ts";
import { OpenrcRoot, service } from "./openrc_root.ts";

const SETPRIV = "/usr/bin/setpriv";

const ignore = !MINIMAL_ROOT_POSSIBLE;

Deno.test({
  name: "an offline runlevel is made as the guide says, and the machine boots into it",
  ignore,
  fn: async () => {
    await using root = await OpenrcRoot.make({
      scripts: {
        "net.eth0": service("provide net"),
        bootmisc: service("before *"),
        local: service("after *"),
        postfix: service("need net; use logger dns; provide mta"),
        syslog: service("provide logger"),
      },
      levels: { boot: ["bootmisc"], default: ["local", "net.eth0", "postfix", "syslog"] },
      files: { "etc/conf.d/rc": 'RC_COLDPLUG="yes"\nRC_PLUG_SERVICES="!net.eth0"\n' },
      commandLine: "softlevel=offline",
    });
    const copy = await root.shell(
      "mkdir /etc/runlevels/offline && cd /etc/runlevels/default && " +
        "for service in *; do rc-update add $service offline; done",
    );
    assert.equal(
      copy.stdout,
      ["local", "net.eth0", "postfix", "syslog"].map((one) => ` * service ${one} added to runlevel offline\n`)
        .join(""),
    );
    await root.shell("rc-update del net.eth0 offline; rc-update del postfix offline");
    const shown = await root.shell("rc-update show offline; rc-update -v show offline");
    assert.equal(
      shown.stdout.replaceAll(/ +(?=\S)/g, " ").replaceAll(/ +$/gm, ""),
      " local | offline\n syslog | offline\n" +
        " bootmisc |\n local | offline\n net.eth0 |\n postfix |\n syslog | offline\n",
    );
    await root.boot("default");
    assert.deepEqual(root.traced(), ["start bootmisc", "start syslog", "start local"]);
    const plugged = await root.shell("IN_HOTPLUG=1 rc-service net.eth0 start");
    assert.deepEqual([plugged.exit, plugged.stderr], [1, " * net.eth0: not allowed to be hotplugged\n"]);
    await root.shell("IN_HOTPLUG=1 rc-service postfix start; rc-service postfix start");
    assert.deepEqual(root.traced(), ["start net.eth0", "start postfix"]);
    const status = await root.shell("rc-status -f ini");
    assert.deepEqual(status.stdout.split("\n").sort(), [
      "",
      "[Dynamic hotplugged]",
      "[Dynamic manual]",
      "[Dynamic needed/wanted]",
      "[offline]",
      "local =  started ",
      "net.eth0 =  started ",
      "postfix =  started ",
      "syslog =  started ",
    ]);
    const answers = await root.shell(
      "rc-depend postfix; rc-service postfix ineed; rc-service net.eth0 needsme",
    );
    assert.equal(answers.stdout, "net.eth0 syslog postfix\nnet.eth0 \npostfix \n");
  },
});

Deno.test({
  name: "the tools say what cannot be done, and do the rest",
  ignore,
  fn: async () => {
    await using root = await OpenrcRoot.make({
      scripts: { a: service(), "not.sh": service(), "z-plain": "" },
      levels: { default: ["gone"] },
      programs: existsSync(SETPRIV) ? [SETPRIV] : [],
      files: { "etc/init.d/no-x": "text\n", "usr/local/etc/init.d/own": `#!/sbin/openrc-run\n${service()}` },
    });
    await root.boot();
    const wrong = await root.shell(
      "for s in no-x not.sh nowhere; do rc-update add $s default; done; rc-update add own boot; " +
        "rc-update add a nowhere; rc-update del a default; rc-update -a add a; rc-update frob",
    );
    assert.deepEqual(wrong.stderr.split("\n"), [
      " * rc-update: service `no-x' is not executable",
      " * rc-update: service `not.sh' does not exist",
      " * rc-update: service `nowhere' does not exist",
      " * rc-update: failed to add service `own' to runlevel `boot': Operation not permitted",
      " * rc-update: `nowhere' is not a valid runlevel",
      " * rc-update: service `a' is not in the runlevel `default'",
      " * rc-update: the -a option is invalid with add",
      " * rc-update: invalid command `frob'",
      "",
    ]);
    // A link to nothing is in nobody's way.
    await root.shell(
      "mv /etc/init.d/a /etc/init.d/gone; rc-update add gone default; mv /etc/init.d/gone /etc/init.d/a",
    );
    assert.equal(
      (await root.shell("rc-update add own default; rc-service -l")).stdout,
      " * service own added to runlevel default\na\nno-x\nown\nz-plain\n",
    );
    assert.equal(
      (await root.shell("rc-service -r own; rc-service -e own && ! rc-service -e gone && echo so")).stdout,
      "/usr/local/etc/init.d/own\nso\n",
    );
    const conditions = await root.shell(
      "rc-service -s a start; rc-service -S a start; rc-service -S a stop; rc-service -c a stop; rc-service -N a stop; " +
        "rc-service -i nowhere start && rc-status -m && rc-status -l | cat",
    );
    assert.equal(conditions.exit, 0, conditions.stderr);
    assert.deepEqual(root.traced(), ["start a"]);
    assert.match(
      conditions.stdout,
      /^ a +\[ {2}started {2}\]\nboot\ndefault\nnonetwork\nshutdown\nsysinit\n$/m,
    );
    const refused = await root.shell(
      "rc-service no-x start; rc-service; rc-depend; openrc -o nowhere; openrc -s nowhere x",
    );
    assert.deepEqual(refused.stderr.split("\n"), [
      " * rc-service: Permission denied",
      " * rc-service: you need to specify a service",
      " * no services specified",
      " * runlevel `nowhere' does not exist",
      " * openrc: service `nowhere' does not exist",
      "",
    ]);
    const asUser = await root.shell(
      `for line in "rc-update -u" depscan.sh "rc-depend -u"; do ${SETPRIV} --reuid 1500 --clear-groups $line; echo $?; done`,
    );
    if (existsSync(SETPRIV)) {
      assert.equal(
        asUser.stderr,
        " * Failed to update the dependency tree: superuser access required\n".repeat(3),
      );
      assert.equal(asUser.stdout, "1\n".repeat(3));
    }
    for (const program of ["openrc", "rc-depend", "rc-service", "rc-status", "rc-update"]) {
      const help = await root.shell(`${program} --help; ${program} --nonsense 2>&1 >/dev/null | cat`);
      assert.match(
        help.stdout,
        new RegExp(`^Usage: ${program} [^]*Options:[^]*${program}: invalid option: --nonsense`),
      );
    }
  },
});

/** Targets: calls on init's objects, and the programs that read the answers of whoever listens in init's place. */

import fc from "fast-check";
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { main } from "../../../lib/cli/initctl/initctl.ts";
import { Client } from "../../../lib/control/client/client.ts";
import type { Channel, ChannelUser } from "../../../lib/control/client/channel.ts";
import {
  INSIGHT_INTERFACE,
  INSTANCE_INTERFACE,
  JOB_INTERFACE,
  jobPath,
  MANAGER_INTERFACE,
  MANAGER_PATH,
  ROUSE_INTERFACE,
} from "../../../lib/control/names.ts";
import type { CallContext } from "../../../lib/control/objects/interface.ts";
import {
  dispatch,
  type MethodReply,
  replyError,
  requestReply,
} from "../../../lib/control/objects/object_tree.ts";
import { FakeSupervisor } from "../../../lib/control/testing/fake_supervisor.ts";
import { AnswerEncoder } from "../../../lib/dbus/answer_encoder.ts";
import { encode, type Message, METHOD_CALL, METHOD_RETURN } from "../../../lib/dbus/message.ts";
import { MessageReader, type ReceivedMessage } from "../../../lib/dbus/message_reader.ts";
import { ProtocolError } from "../../../lib/dbus/protocol_error.ts";
import { bodies } from "../../../lib/dbus/testing/values.ts";
import { printableLines } from "../../../lib/model/text/printable.ts";
import { BETWEEN, checkPrintable, type Target, unlessRefused } from "../target.ts";

/** Calls come to nothing but an answer, which can be sent. */
async function makeCalls(bytes: Buffer): Promise<void> {
  const supervisor = new FakeSupervisor();
  supervisor.add("web", { description: "the web" }, [""]);
  supervisor.add("many-x", { instance: "$N" }, ["a/b"]);
  // Every other caller is one who may read alone.
  const peer = { pid: 1, uid: bytes.length % 2 === 0 ? Deno.uid()! : 12_345, gid: 1 };
  const context: CallContext = {
    supervisor,
    peer,
    request: (what) => supervisor.request(what, peer),
    firstProcess: false,
    onGone: () => () => {},
    setSignalSender: () => {},
    silence: () => {},
    later: (work) => work(),
  };
  const reader = new MessageReader(1 << 16, 256), encoder = new AnswerEncoder();
  reader.push(bytes);
  const receive = () => unlessRefused(() => reader.receive(), ProtocolError);
  for (let message; (message = receive());) {
    if (message.header.type !== METHOD_CALL) continue;
    const answer = await answerTo(message, context);
    if (answer) encoder.encode({ serial: 1, replySerial: message.serial, ...answer });
    requestReply(message, "a");
  }
}

type Answered = MethodReply & { errorName?: string };

async function answerTo(message: ReceivedMessage, context: CallContext): Promise<Answered | undefined> {
  try {
    const reply = dispatch(message, context);
    // Some wait for what does not happen here.
    return reply instanceof Promise
      ? await Promise.race([reply, Promise.resolve().then(() => undefined)])
      : reply;
  } catch (error) {
    if (error instanceof ProtocolError) return undefined;
    const known = replyError(error);
    if (!known) throw error;
    return { signature: "s", body: [known.message.replaceAll("\0", " ")], errorName: known.errorName };
  }
}

/** The commands that ask init, with what is answered. */
const COMMANDS = [
  ..."list|status web|status|start web|stop web|restart web|reload web|emit x|version|log-priority|show-config web"
    .split("|"),
  ..."get-env A|list-env|set-env A=b|logs web|events|ps|why web|what-if start web|list-sessions|show-emits"
    .split("|"),
  ..."list --long|status web --long|ps --long|logs|usage web|notify-disk-writeable|reload-configuration|check-config"
    .split("|"),
];

/** Runs a command of initctl. All that the other side says is there at once, and then nothing more comes. */
async function askHostile(bytes: Buffer): Promise<void> {
  const at = bytes.indexOf(Buffer.from(BETWEEN, "latin1"));
  if (at < 0) return;
  const words = COMMANDS[(bytes[0] ?? 0) % COMMANDS.length]!.split(" "),
    stream = Buffer.from(bytes.subarray(at + BETWEEN.length));
  const isTerminal = bytes.length % 3 === 0;
  if (isTerminal) words.push("--no-pager");
  const extra = bytes.length % 5 === 0 ? ["--json"] : [];
  let plain = "", styled = "";
  const status = await main(
    [...words.filter((word) => word !== "--no-pager" || /list|logs|events|ps/.test(words[0]!)), ...extra],
    "initctl",
    {
      environment: { UPSTART_SESSION: "unix:abstract=x" },
      // As it does in the program: on a terminal, nothing of it controls that.
      write: (_, text) => {
        plain += isTerminal ? printableLines(text) : text;
        return true;
      },
      writeStyled: (_, text) => {
        styled += typeof text === "string" ? text : Buffer.from(text).toString();
        return true;
      },
      isTerminal: () => isTerminal,
      connect: () => Promise.resolve(new Client((user) => new HostileChannel(user, stream))),
    },
  );
  assert.ok(Number.isInteger(status) && status >= 0 && status <= 255, String(status));
  if (isTerminal) checkTerminal(plain + styled);
  const others = plain.replaceAll(/Unable to read init's answer.*/g, "");
  assert.doesNotMatch(
    others,
    /Cannot read prop|is not iterable|is not a function|undefined is not|Unexpected |in JSON/,
  );
}

/** Nothing but colours of our own controls the terminal. */
function checkTerminal(text: string): void {
  // deno-lint-ignore no-control-regex
  checkPrintable(text.replace(/\x1b\[\d*m/g, "").replaceAll("\n", "").replaceAll("\t", ""));
}

/** A channel whose other side has said all that it says. */
class HostileChannel implements Channel {
  #isTold = false;

  constructor(private readonly user: ChannelUser, private readonly stream: Buffer) {}

  send(): void {
    if (this.#isTold || !this.user.waits) return void setImmediate(() => this.#tell());
    this.#tell();
  }

  #tell(): void {
    setImmediate(() => {
      if (!this.#isTold && this.user.waits) {
        this.#isTold = true;
        this.user.receive(this.stream);
      }
      if (this.user.waits) this.user.ended();
    });
  }

  close(): void {}
  whenLate(): void {}
  endUnread(): void {}
}

const paths = fc.constantFrom(
  MANAGER_PATH,
  jobPath("web"),
  `${jobPath("web")}/_`,
  jobPath("many-x"),
  `${jobPath("many-x")}/a_2fb`,
  "/",
);
const interfaces = fc.constantFrom(
  MANAGER_INTERFACE,
  JOB_INTERFACE,
  INSTANCE_INTERFACE,
  ROUSE_INTERFACE,
  INSIGHT_INTERFACE,
  "org.freedesktop.DBus.Properties",
);
/** Methods with the types that they take. */
const METHODS = [
  ..."GetJobByName s|GetAllJobs |EmitEvent sasb|GetState |Restart |ReloadConfiguration |NotifyDiskWriteable |GetEnv ass|SetEnv assb"
    .split("|"),
  ..."UnsetEnv ass|ListEnv as|ResetEnv as|EndSession |Start asb|Stop asb|Restart asb|GetInstance as|GetInstanceByName s|GetAllInstances "
    .split("|"),
  ..."Get ss|Set ssv|GetAll s|Ping |Introspect |ListAll |Silence |Describe ass|ReadJournal asttubb|ReadOutput asttubb|Snapshot |Start b|Stop b"
    .split("|"),
];
const values = fc.constantFrom<unknown>(
  "",
  "web",
  "A=b",
  "many-x",
  "N=a/b",
  "version",
  "log_priority",
  "$",
  "a\u202eb",
  "x=\n",
);
const call = fc.tuple(
  fc.constantFrom(...METHODS),
  paths,
  interfaces,
  fc.array(values, { minLength: 6, maxLength: 6 }),
  fc.boolean(),
).map(
  ([method, path, of, values, flag]) => {
    const [member = "", signature = ""] = method.split(" ");
    const one = (type: string, index: number): unknown =>
      ({ s: values[index], b: flag, t: 5n, u: 7, v: ["s", values[index]] })[type];
    const body: unknown[] = [];
    for (let at = 0; at < signature.length; at++) {
      if (signature[at] === "a") {
        body.push([values[at], values[at + 1]]);
        at++;
      } else body.push(one(signature[at]!, body.length));
    }
    return encode({ type: METHOD_CALL, flags: 0, serial: 1, path, interface: of, member, signature, body });
  },
);

const texts = fc.constantFrom(
  "",
  "web",
  "a\x1b[2Jb",
  "/com/ubuntu/Upstart/jobs/web",
  "{}",
  "[]",
  "null",
  "A=\x9bb",
  '{"items":[null]}',
  '{"jobs":[{"name":"web","instances":[null]}],"broken":[]}',
);
const answers = fc.array(
  fc.oneof(
    bodies,
    fc.array(texts, { maxLength: 2 }).map((body) => ({
      signature: "s".repeat(body.length),
      body: body as unknown[],
    })),
    fc.array(texts, { maxLength: 3 }).map((list) => ({ signature: "as", body: [list] as unknown[] })),
    fc.array(fc.tuple(texts, fc.tuple(fc.constant("s"), texts)), { maxLength: 3 }).map((list) => ({
      signature: "a{sv}",
      body: [list] as unknown[],
    })),
    texts.map((text) => ({ signature: "v", body: [["s", text]] as unknown[] })),
    fc.array(texts, { minLength: 3, maxLength: 3 }).map(([text]) => ({
      signature: "stt",
      body: [text, 5n, 0n] as unknown[],
    })),
  ),
  { maxLength: 5 },
).map((all) =>
  Buffer.concat(all.map(({ signature, body }, index) => {
    const message: Message = {
      type: METHOD_RETURN,
      flags: 1,
      serial: index + 1,
      // Some commands tell something first, and some do not.
      replySerial: index + all.length % 2 + 1,
      signature,
      body,
    };
    return encode(message);
  }))
);

export const CONTROL: readonly Target[] = [
  {
    name: "control-calls",
    from: "method calls of clients on init's objects",
    read: makeCalls,
    shapes: fc.array(call, { minLength: 1, maxLength: 3 }).map((all) => Buffer.concat(all)),
    words: [
      ...METHODS.map((method) => method.split(" ")[0]!),
      "web",
      "_2f",
      "com.ubuntu.Upstart0_6",
      "org.rouse.Insight1",
    ],
  },
  {
    name: "initctl-answers",
    from: "what a program that listens in init's place answers to initctl",
    read: askHostile,
    shapes: fc.tuple(fc.nat(255), fc.integer({ min: 0, max: 14 }), answers).map(([number, pad, stream]) =>
      Buffer.concat([
        Buffer.from([number]),
        Buffer.alloc(pad, "x"),
        Buffer.from(`${BETWEEN}OK ${"0".repeat(32)}\r\n`, "latin1"),
        stream,
      ])
    ),
    words: ["OK x\r\n", "ERROR x\x1b[2J\r\n", "l\x02\x01\x01", "REJECTED\r\n", BETWEEN, "\x1b[2J"],
  },
];

/** The program wall(1): writes a message to the terminals of all users who are logged in. */

import { Buffer } from "node:buffer";
import process from "node:process";
import { readSource } from "../../../config/files.ts";
import { UsageError } from "../../../model/command_line/usage_error.ts";
import { lookupGroup, lookupUser } from "../../../sys/access/users.ts";
import { logins } from "../../../sys/utmp/records.ts";
import { runProgram, type SystemProgram } from "../program.ts";
import { broadcast, harmless, sysvBanner } from "../wall.ts";

/** A line of a terminal, as long as every one has room for. */
const WIDTH = 79;

/** More of a message is not read, in bytes. */
const LONGEST_MESSAGE = 64 << 10;

const WALL: SystemProgram = {
  name: "wall",
  arguments: "[FILE|MESSAGE...]",
  summary: "Write a message to the terminals of all users who are logged in.",
  help: "It is the contents of FILE, or else MESSAGE, or without both what is read from standard input. " +
    "A terminal that is stopped is passed over, so nothing is waited for.",
  options: [
    { short: "n", long: "nobanner", help: "without a banner; for root alone" },
    { short: "g", long: "group", argument: "GROUP", help: "to members of this group alone" },
    { short: "t", long: "timeout", argument: "SECONDS", help: "accepted: nothing is waited for" },
  ],
  async run({ args, has, values }) {
    const seconds = values("timeout").at(-1);
    if (seconds !== undefined && !/^0*[1-9]\d*$/.test(seconds)) {
      throw new UsageError(`invalid timeout: ${seconds}`);
    }
    const group = values("group").at(-1);
    const terminals = group === undefined ? undefined : terminalsOf(group);
    const text = await messageOf(args);
    const isBare = has("nobanner") && process.geteuid?.() === 0;
    broadcast((isBare ? "\r\n" : sysvBanner()) + lines(text), terminals);
    return 0;
  },
};

/** The program `wall`. Returns its exit status. */
export function main(args: string[], name: string): Promise<number> {
  return runProgram(WALL, args, name);
}

/** The terminals of a group's members. @throws {Error} when there is no such group. */
function terminalsOf(name: string): string[] {
  const group = lookupGroup(name);
  if (!group) throw new Error(`there is no group ${name}`);
  const isMember = (user: string) => group.members.includes(user) || lookupUser(user)?.gid === group.gid;
  return [...new Set(logins().filter(({ user }) => isMember(user)).map(({ terminal }) => terminal))];
}

async function messageOf(words: readonly string[]): Promise<string> {
  if (words.length === 0) return await readInput();
  if (words.length > 1) return words.join(" ");
  const found = readSource(words[0]!);
  if (found.state === "absent") return words[0]!;
  if (found.state !== "regular") {
    throw new Error(`Unable to read ${words[0]}: it is no file that can be read`);
  }
  return Buffer.from(found.text, "latin1").subarray(0, LONGEST_MESSAGE).toString();
}

async function readInput(): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of process.stdin as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    if ((length += chunk.length) > LONGEST_MESSAGE) break;
  }
  return Buffer.concat(chunks).subarray(0, LONGEST_MESSAGE).toString();
}

/** A text in lines of full width, so that they cover what stands on the screen. */
function lines(text: string): string {
  return harmless(text.replace(/\r?\n$/, "")).split(/\r?\n/)
    .flatMap((line) => line.replaceAll("\r", "").match(new RegExp(`.{1,${WIDTH}}`, "gu")) ?? [""])
    .map((line) => `${line.padEnd(WIDTH)}\r\n`).join("");
}

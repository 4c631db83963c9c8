/** `esyslog FACILITY.LEVEL TAG TEXT...`: a line for the system's log. */

import { Buffer } from "node:buffer";
import process from "node:process";
import { ifAllowed } from "../../../sys/call/refused.ts";
import { close, write } from "../../../sys/io/descriptors.ts";
import { connectUnixDatagram } from "../../../sys/io/socket.ts";
import { type OpenrcTool, ToolError } from "../tool.ts";

const LOG = "/dev/log";

/** The facility of daemons, whatever is asked for; and the levels by their numbers (syslog(3)). */
const DAEMON = 3;
const LEVELS: readonly string[] = ["emerg", "alert", "crit", "err", "warning", "notice", "info", "debug"];
const OTHER_NAMES: Readonly<Record<string, string>> = { panic: "emerg", error: "err", warn: "warning" };

export const ESYSLOG: OpenrcTool = {
  forms: ["FACILITY.LEVEL TAG TEXT..."],
  options: [],
  rules: { stopAtArgument: true },
  run({ args: [priority], rest: [tag, ...words] }, { name }) {
    if (priority === undefined) return 0;
    const [, word = ""] = /^[^.]*\.(.*)$/.exec(priority) ?? [];
    const level = LEVELS.indexOf(OTHER_NAMES[word] ?? word);
    if (level < 0) throw new ToolError(`${name}: invalid log level \`${priority}'`);
    if (tag === undefined || words.length === 0) throw new ToolError(`${name}: not enough arguments`);
    send(`<${DAEMON * 8 + level}>${timeStamp(new Date())} ${tag}[${process.ppid}]: ${words.join(" ")}`);
    return 0;
  },
};

/** Sends a line. Where nobody logs, it is lost, as it is with syslog(3). */
function send(line: string): void {
  const socket = ifAllowed(() => connectUnixDatagram(LOG));
  if (socket === undefined) return;
  write(socket, Buffer.from(line));
  close(socket);
}

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** `Nov  9 08:05:00`, in local time. */
function timeStamp(time: Date): string {
  const two = (number: number) => String(number).padStart(2, "0");
  const day = String(time.getDate()).padStart(2);
  const clock = [time.getHours(), time.getMinutes(), time.getSeconds()].map(two).join(":");
  return `${MONTHS[time.getMonth()]} ${day} ${clock}`;
}

/** Messages for syslog (RFC 3164, as syslog(3) sends it) and journald (its native protocol): one datagram a line. */

import { Buffer } from "node:buffer";
import { displayName } from "../../../model/display_name.ts";
import { PRIORITIES, syslogCode } from "../../../model/logs/settings.ts";
import { printable } from "../../../model/text/printable.ts";
import { EAGAIN, errnoMessage, errorReason } from "../../../sys/call/errno.ts";
import { unlessRefused } from "../../../sys/call/refused.ts";
import { close, write } from "../../../sys/io/descriptors.ts";
import { connectUnixDatagram } from "../../../sys/io/socket.ts";
import type { ShippedLine } from "./lines.ts";
import type { Send, Sent } from "./sender.ts";

/** Where syslog and journald listen. */
const SYSLOG_PATH = "/dev/log", JOURNAL_PATH = "/run/systemd/journal/socket";

/** What syslog is told where a job names nothing else. */
const USUAL_CODE = "daemon.info";

/** So many messages are sent before others get their turn. */
const AT_ONCE = 256;

/** Sends lines to syslog. @param code `FACILITY.PRIORITY` */
export function toSyslog(code = USUAL_CODE): Send {
  const number = syslogCode(code) ?? syslogCode(USUAL_CODE)!;
  return datagrams(SYSLOG_PATH, (line) => syslogMessage(number, line));
}

/** Sends lines to journald. */
export function toJournald(): Send {
  return datagrams(JOURNAL_PATH, journalMessage);
}

/** `<30>Nov 30 04:15:30 web: listening`: there is no host in a message to one's own. The time is local, as syslog has it. */
export function syslogMessage(code: number, line: ShippedLine): Buffer {
  const date = new Date(line.time), [, month, day = ""] = date.toDateString().split(" ");
  const stamp = `${month} ${day.replace(/^0/, " ")} ${date.toTimeString().slice(0, 8)}`;
  return Buffer.concat([Buffer.from(`<${code}>${stamp} ${nameOf(line).replace(/\s/g, "_")}: `), line.text]);
}

/** Fields, one a line. */
export function journalMessage(line: ShippedLine): Buffer {
  const { job, instance, text } = line;
  const fields = [
    `PRIORITY=${PRIORITIES.indexOf("info")}`,
    `SYSLOG_IDENTIFIER=${nameOf(line)}`,
    `ROUSE_JOB=${printable(job)}`,
    ...(instance === "" ? [] : [`ROUSE_INSTANCE=${printable(instance)}`]),
  ];
  return Buffer.concat([Buffer.from(`${fields.join("\n")}\nMESSAGE=`), text, Buffer.from("\n")]);
}

function nameOf({ job, instance }: ShippedLine): string {
  return printable(displayName(job, instance));
}

/** Sends each line as a datagram to a socket, which is connected anew after a failure. */
function datagrams(path: string, format: (line: ShippedLine) => Buffer): Send {
  let socket: number | undefined;
  const sendNow = (lines: readonly ShippedLine[]): Sent => {
    socket ??= connectUnixDatagram(path);
    for (const [index, line] of lines.slice(0, AT_ONCE).entries()) {
      const result = write(socket, format(line));
      if (result === -EAGAIN) return { taken: index, isBusy: true };
      if (result < 0) {
        close(socket);
        socket = undefined;
        return { taken: index, reason: `${path}: ${errnoMessage(-result)}` };
      }
    }
    return { taken: Math.min(lines.length, AT_ONCE) };
  };
  return (lines) =>
    new Promise((resolve) =>
      setImmediate(() =>
        resolve(
          unlessRefused(
            () => sendNow(lines),
            (error) => ({ taken: 0, reason: `${path}: ${errorReason(error)}` }),
          ),
        )
      )
    );
}

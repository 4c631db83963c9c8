/**
 * A service that says strange things of itself: `datagrams.ts FILE DONE` sends the lines of a file, which are in base64, to
 * NOTIFY_SOCKET, and then makes another file. What other processes send is not even read.
 */

import { Buffer } from "node:buffer";
import { readFileSync, writeFileSync } from "node:fs";
import process from "node:process";
import { EAGAIN } from "../../lib/sys/call/errno.ts";
import { write } from "../../lib/sys/io/descriptors.ts";
import { connectUnixDatagram } from "../../lib/sys/io/socket.ts";
import { until } from "../support/deadline.ts";

const [file = "", done = ""] = process.argv.slice(2);
const socket = connectUnixDatagram(process.env["NOTIFY_SOCKET"]!);
for (const line of readFileSync(file, "utf8").split("\n")) {
  const datagram = Buffer.from(line, "base64");
  // A datagram without bytes is none for write(2).
  if (datagram.length > 0) await until("init takes a datagram", () => write(socket, datagram) !== -EAGAIN);
}
writeFileSync(done, "");

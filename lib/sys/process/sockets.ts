/** The sockets that processes listen at, as /proc shows them (proc_pid_net(5)). */

import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { ifAllowed } from "../call/refused.ts";

/** A table of sockets in /proc/PID/net, and the reader of its lines. */
interface SocketTable {
  file: string;
  /** The place that a socket is bound to and listens at, and its inode; undefined for other sockets. */
  read(fields: string[]): { place: string; inode: string } | undefined;
}

const LISTEN = "0A", UNCONNECTED = "07";

/** Reads the tables of Internet protocols. @param state That of sockets that wait for anybody */
function internet(protocol: string, state: string): SocketTable["read"] {
  return ([, local = "", remote = "", present, , , , , , inode = ""]) =>
    present === state && /:0000$/.test(remote)
      ? { place: `${protocol} ${addressOf(local)}`, inode }
      : undefined;
}

export const TABLES: readonly SocketTable[] = [
  { file: "tcp", read: internet("tcp", LISTEN) },
  { file: "tcp6", read: internet("tcp", LISTEN) },
  { file: "udp", read: internet("udp", UNCONNECTED) },
  { file: "udp6", read: internet("udp", UNCONNECTED) },
  {
    file: "unix",
    read([, , , flags = "0", , , inode = "", ...path]) {
      const ACCEPTS = 0x10000;
      return parseInt(flags, 16) & ACCEPTS && path.length > 0
        ? { place: `unix ${path.join(" ")}`, inode }
        : undefined;
    },
  },
];

/**
 * Where processes listen, such as `tcp 127.0.0.1:8080`, `udp [::]:53`, `unix /run/x.sock`; an abstract name begins with
 * `@`. Processes that this one may not look at have none.
 */
export function listeningSockets(pids: readonly number[]): string[] {
  const places = new Set<string>();
  /** The tables of a network namespace are read once. */
  const byNamespace = new Map<string, Map<string, string>>();
  for (const pid of pids) {
    const inodes = socketsOf(pid);
    if (inodes.length === 0) continue;
    const namespace = ifAllowed(() => readlinkSync(`/proc/${pid}/ns/net`)) ?? `${pid}`;
    const listening = byNamespace.get(namespace) ?? tablesOf(pid);
    byNamespace.set(namespace, listening);
    for (const inode of inodes) {
      const place = listening.get(inode);
      if (place !== undefined) places.add(place);
    }
  }
  return [...places].sort();
}

/** The inodes of the sockets that a process has open. */
function socketsOf(pid: number): string[] {
  const directory = `/proc/${pid}/fd`;
  return (ifAllowed(() => readdirSync(directory)) ?? []).flatMap((fd) => {
    const [, inode] = /^socket:\[(\d+)\]$/.exec(ifAllowed(() => readlinkSync(`${directory}/${fd}`)) ?? "") ??
      [];
    return inode ?? [];
  });
}

/** The listening sockets of a process's network namespace, by inode. */
function tablesOf(pid: number): Map<string, string> {
  return new Map(
    TABLES.flatMap((table) =>
      parseTable(table, ifAllowed(() => readFileSync(`/proc/${pid}/net/${table.file}`, "utf8")) ?? "")
    ),
  );
}

/** The listening sockets in the text of a table: an inode and a place each. */
export function parseTable({ read }: SocketTable, text: string): Array<[inode: string, place: string]> {
  return text.split("\n").slice(1).flatMap((line) => {
    const found = read(line.trim().split(/\s+/));
    return found ? [[found.inode, found.place]] : [];
  });
}

/** An address as the tables have it: words of 32 bits in the machine's order, both of whose are little-endian. */
function addressOf(hexadecimal: string): string {
  const [address = "", port = ""] = hexadecimal.split(":");
  const bytes = (address.match(/.{8}/g) ?? []).flatMap((word) =>
    (word.match(/../g) ?? []).reverse().map((byte) => parseInt(byte, 16))
  );
  const number = parseInt(port, 16);
  return bytes.length === 4 ? `${bytes.join(".")}:${number}` : `[${shortIpv6(bytes)}]:${number}`;
}

/** An IPv6 address in its short form (RFC 5952). */
function shortIpv6(bytes: readonly number[]): string {
  const groups = Array.from({ length: 8 }, (_, at) => bytes[2 * at]! << 8 | bytes[2 * at + 1]!);
  const text = groups.map((group) => group.toString(16)).join(":");
  const zeros = (text.match(/\b0(?::0)+\b/g) ?? []).sort((one, other) => other.length - one.length)[0];
  return zeros === undefined ? text : text.replace(new RegExp(`(^|:)${zeros}(:|$)`), "::");
}

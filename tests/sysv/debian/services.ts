/** The services of the Debian root, and how each shows that it does its work. */

import { connect } from "node:net";
import { readFileSync, statSync } from "node:fs";
import type { RootMachine } from "../../support/root_machine.ts";

/** What is said to a service, and what it answers then. */
interface Talk {
  /** A port of the machine's, or the path of a socket. */
  address: number | string;
  says?: string;
  answers: RegExp;
}

/** A daemon that nobody can talk to: it has written its number, and its socket, if any, is there. */
interface Daemon {
  pidFile: string;
  socket?: string;
}

/** The start of a conversation of PostgreSQL's protocol 3: the user `postgres` wants the database of that name. */
function postgresStart(): string {
  const words = "user\0postgres\0database\0postgres\0\0";
  const length = Buffer.alloc(4);
  length.writeInt32BE(words.length + 8);
  return `${length.toString("latin1")}\0\x03\0\0${words}`;
}

/** By the names of their scripts. */
export const SERVICES: Readonly<Record<string, Talk | Daemon>> = {
  "nginx": { address: 80, says: "GET / HTTP/1.0\r\n\r\n", answers: /^HTTP\/1\.1 200 / },
  "redis-server": { address: 6379, says: "PING\r\n", answers: /^\+PONG/ },
  "ssh": { address: 22, answers: /^SSH-2\.0-/ },
  "exim4": { address: 25, answers: /^220 / },
  // It asks for a password or refuses the user. While it starts, it says 57P03.
  "postgresql": {
    address: "/run/postgresql/.s.PGSQL.5432",
    says: postgresStart(),
    answers: /^(?:R|E(?!.*57P03))/s,
  },
  "dbus": { address: "/run/dbus/system_bus_socket", says: "\0AUTH EXTERNAL 30\r\n", answers: /^OK / },
  "avahi-daemon": { address: "/run/avahi-daemon/socket", says: "HELP\n", answers: /^\+ / },
  "rsyslog": { pidFile: "/run/rsyslogd.pid", socket: "/dev/log" },
  "cron": { pidFile: "/run/crond.pid" },
};

/** True when a service of {@link SERVICES} does its work. */
export function serves(machine: RootMachine, name: string): Promise<boolean> {
  const service = SERVICES[name]!;
  return "address" in service ? answers(machine, service) : Promise.resolve(lives(machine, service));
}

function answers(machine: RootMachine, { address, says = "", answers }: Talk): Promise<boolean> {
  const socket = typeof address === "number" ? connect(address, "127.0.0.1") : connect(machine.path(address));
  let heard = "";
  return new Promise((resolve) => {
    const over = (result: boolean) => {
      socket.destroy();
      resolve(result);
    };
    socket.on("connect", () => socket.write(Buffer.from(says, "latin1")));
    socket.on("data", (bytes) => {
      heard += bytes.toString("latin1");
      if (answers.test(heard)) over(true);
    });
    socket.on("error", () => over(false));
    socket.on("close", () => over(false));
    socket.setTimeout(1000, () => over(false));
  });
}

function lives(machine: RootMachine, { pidFile, socket }: Daemon): boolean {
  try {
    const pid = readFileSync(machine.path(pidFile), "latin1").trim();
    const isThere = statSync(machine.path(`/proc/${pid}/stat`)).isFile();
    return isThere && (socket === undefined || statSync(machine.path(socket)).isSocket());
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return false;
    throw error;
  }
}

/** Waits until services do their work; gives the milliseconds that each took, counted from a moment. */
export function untilAllServe(
  machine: RootMachine,
  since: number,
  timeout: number,
  names: readonly string[] = Object.keys(SERVICES),
): Promise<Record<string, number>> {
  const times: Record<string, number> = {};
  const deadline = Date.now() + timeout;
  const one = async (name: string) => {
    while (!await serves(machine, name)) {
      if (Date.now() > deadline) throw new Error(`${name} does not serve:\n${machine.console()}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    times[name] = Date.now() - since;
  };
  return Promise.all(names.map(one)).then(() => times);
}

/** Where the HTTP service listens: the value of `--http`. */

import process from "node:process";

/** A TCP address. */
export interface HttpAddress {
  /** An IP address. */
  host: string;
  /** 0: one that the system chooses, told by a message. */
  port: number;
}

const LOOPBACK = "127.0.0.1";

/**
 * Reads `PORT`, `ADDRESS:PORT` or `[IPV6]:PORT`. A port alone is one of the loopback interface, out of reach from
 * other machines. No names but `localhost`: init must not wait for a name service.
 *
 * @param whose What the address is given to, for the message.
 * @throws {Error} that says what is wrong with the text.
 */
export function parseHttpAddress(text: string, whose = " for --http"): HttpAddress {
  const [, bracketed, plain, digits] = /^(?:(?:\[([^\]]*)\]|([^:]*)):)?(\d{1,5})$/.exec(text) ?? [];
  const given = bracketed ?? plain ?? LOOPBACK;
  const host = given === "localhost" ? LOOPBACK : given;
  const port = Number(digits);
  // Loaded when it is needed, for it is much.
  const { isIP } = process.getBuiltinModule("node:net");
  if (digits === undefined || port > 65535 || isIP(host) !== (bracketed === undefined ? 4 : 6)) {
    throw new Error(`invalid address${whose}: ${text}; give PORT, ADDRESS:PORT or [IPV6]:PORT`);
  }
  return { host, port };
}

/** The URL's beginning, e.g. `http://127.0.0.1:9000`. */
export function formatHttpAddress({ host, port }: HttpAddress): string {
  return `http://${host.includes(":") ? `[${host}]` : host}:${port}`;
}

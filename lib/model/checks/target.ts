/** Where checks look: URLs and addresses, as far as they can be judged before a job's variables are put in. */

/** An address of the network. */
export interface NetworkAddress {
  host: string;
  port: number;
}

/** The address that `PORT` (of this host's own), `HOST:PORT` or `[ADDRESS]:PORT` means; undefined for anything else. */
export function parseAddress(address: string): NetworkAddress | undefined {
  const [, ipv6, name, digits] = /^(?:(?:\[([^\]]+)\]|([^:[\]\s]+)):)?(\d{1,5})$/.exec(address.trim()) ?? [];
  const port = Number(digits);
  return port >= 1 && port <= 65535 ? { host: ipv6 ?? name ?? "127.0.0.1", port } : undefined;
}

/** A URL that can be asked by HTTP, with TLS or without; undefined for anything else. */
export function parseUrl(text: string): URL | undefined {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  return url && /^https?:$/.test(url.protocol) && url.hostname !== "" ? url : undefined;
}

/** True for what is an address, or may become one. */
export function mayBeAddress(text: string): boolean {
  return text.includes("$") || parseAddress(text) !== undefined;
}

/** True for what is a URL that can be asked, or may become one. */
export function mayBeUrl(text: string): boolean {
  const [, before, hasVariables] = /^([^$]*)(\$)?/.exec(text)!;
  if (!hasVariables) return parseUrl(text) !== undefined;
  return before === "" || /^https?(?::|$)/i.test(before!);
}

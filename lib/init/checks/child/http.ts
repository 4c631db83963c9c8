/** Checks over HTTP/1.1, with TLS or without: a single GET on a connection of its own. */

import type { Socket } from "node:net";
import { CHECK_DEFAULTS, type PolledCheck } from "../../../model/checks/check.ts";
import { parseUrl } from "../../../model/checks/target.ts";
import type { CheckResult } from "../schedule.ts";
import { connectTo, type Endpoint, lookUp, type SocketOpener } from "./connect.ts";
import { HttpAnswer } from "./http_answer.ts";

type HttpCheck = PolledCheck & { kind: "http" };

/** Makes a check once, within so many ms. Returns what cancels it. */
export function checkHttp(
  check: HttpCheck,
  timeout: number,
  done: (result: CheckResult) => void,
): () => void {
  const url = parseUrl(check.url);
  if (!url) {
    return soon(done, {
      outcome: "failed",
      reason: `${check.url} is no URL that begins with http: or https:`,
    });
  }
  const isSecure = url.protocol === "https:";
  const endpoint = {
    host: url.hostname.replace(/^\[|\]$/g, ""),
    port: Number(url.port) || (isSecure ? 443 : 80),
  };
  const begin = (opener?: SocketOpener) =>
    request(check, url, endpoint, { timeout, done, ...(opener && { opener }) });
  return isSecure ? afterwards(tlsOpener(endpoint), begin) : begin();
}

function request(
  check: HttpCheck,
  url: URL,
  endpoint: Endpoint,
  { timeout, done, opener }: { timeout: number; done(result: CheckResult): void; opener?: SocketOpener },
): () => void {
  const where = `${url.protocol}//${url.host}${url.pathname}`;
  const { status = CHECK_DEFAULTS.status, body } = check;
  const answer = new HttpAnswer({ status, ...(body !== undefined && { body }) }, where);
  const cancel = connectTo(endpoint, timeout, {
    onConnected(socket: Socket) {
      const finish = (result: CheckResult | undefined) => {
        if (!result) return;
        cancel();
        done(result);
      };
      socket.on("data", (bytes) => finish(answer.take(bytes)));
      socket.on("end", () => finish(answer.end()));
      socket.write(requestText(url, check.header));
    },
    onDone: done,
  }, opener);
  return cancel;
}

function requestText(url: URL, header: Readonly<Record<string, string>> = {}): string {
  const names = Object.keys(header).map((name) => name.toLowerCase());
  const usual = { Host: url.host, "User-Agent": "rouse", Accept: "*/*", Connection: "close" };
  const fields = [
    ...Object.entries(usual).filter(([name]) => !names.includes(name.toLowerCase())),
    ...Object.entries(header),
  ];
  const lines = [
    `GET ${url.pathname}${url.search} HTTP/1.1`,
    ...fields.map(([name, text]) => `${name}: ${text}`),
  ];
  return `${lines.join("\r\n")}\r\n\r\n`;
}

/** Certificates of this host's own addresses are not verified: they are usually self-signed. */
async function tlsOpener({ host, port }: { host: string; port: number }): Promise<SocketOpener> {
  const { connect } = await import("node:tls");
  const isOwn = host === "localhost" || host === "::1" || host.startsWith("127.");
  const isName = !/^[\d.]+$|:/.test(host);
  return {
    event: "secureConnect",
    open: () =>
      connect({
        host,
        port,
        lookup: lookUp,
        rejectUnauthorized: !isOwn,
        ...(isName && { servername: host }),
      }),
  };
}

/** Goes on when something has been loaded. Returns what cancels it. */
function afterwards<Loaded>(loading: Promise<Loaded>, go: (loaded: Loaded) => () => void): () => void {
  let cancel: (() => void) | undefined, isCancelled = false;
  void loading.then((loaded) => {
    if (!isCancelled) cancel = go(loaded);
  });
  return () => {
    isCancelled = true;
    cancel?.();
  };
}

/** Gives a result that is known at once, when the caller is ready for it. */
export function soon(done: (result: CheckResult) => void, result: CheckResult): () => void {
  const timer = setTimeout(done, 0, result);
  return () => clearTimeout(timer);
}

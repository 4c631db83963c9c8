/**
 * A small HTTP server with limits on connections, requests and waits, so that no client can keep it busy. A connection has one
 * request and one response. It is done by our own system calls: those of the runtime accept clients again and again while there
 * are no descriptors, and answer all requests that a client has sent at once, whether it reads the answers or not.
 */

import { Buffer } from "node:buffer";
import type { HttpAddress } from "../../control/http_address.ts";
import { PatientTimer } from "../../sys/io/patient_timer.ts";
import { finishWriting, listenTcp, portOf } from "../../sys/io/socket.ts";
import { descriptorLimit } from "../../sys/process/limits.ts";
import { fairQueue } from "../../sys/server/fair_queue.ts";
import { Listener } from "../../sys/server/listener.ts";
import { guardedSocket, type ServerSocket } from "../../sys/server/server.ts";

/** A response. */
interface HttpResponse {
  status: number;
  type: string;
  body: Uint8Array;
}

/** Makes the response for a path. */
type Route = () => HttpResponse | Promise<HttpResponse>;

/** With one more connection the oldest is closed: clients that send nothing must not keep others out. */
const MAX_CONNECTIONS = 64;

/** The part of init's descriptors that connections may have. */
const PART = 1 / 16;

/**
 * How long a client may take to send a request, how long a connection may last, and how long it waits for the client to
 * close it after the response, in ms.
 */
const REQUEST_TIMEOUT = 5000, CONNECTION_TIMEOUT = 15_000, LAST_WORDS = 1000;

/** The longest head of a request, in bytes. */
const MAX_HEAD = 8192;

/** Up to so many bytes, head and body of a response are written at once. */
const SMALL_BODY = 65_536;

const PHRASES: Readonly<Record<number, string>> = {
  200: "OK",
  404: "Not Found",
  405: "Method Not Allowed",
  500: "Internal Server Error",
  503: "Service Unavailable",
};

/** A response of plain text. */
export function text(status: number, body: string): HttpResponse {
  return { status, type: "text/plain; charset=utf-8", body: new TextEncoder().encode(body) };
}

/** A server that listens, and answers GET and HEAD for the routes, by path. */
export class HttpServer {
  readonly address: HttpAddress;
  readonly #listener: Listener;
  /** The oldest first. */
  readonly #connections = new Set<HttpConnection>();

  /**
   * @param onFault Receives exceptions of the routes, whose client gets the status 500.
   * @throws {SystemError} when it cannot listen on the address.
   */
  constructor(
    { host, port }: HttpAddress,
    private readonly routes: Record<string, Route>,
    private readonly onFault: (error: unknown) => void,
  ) {
    const socket = listenTcp(host, port);
    this.#listener = new Listener(socket, (fd, scarce) => this.#accept(fd, scarce), fairQueue());
    this.address = { host, port: portOf(socket) };
  }

  #accept(fd: number, scarce: boolean): void {
    const socket = guardedSocket(fd);
    // The last descriptors are for root's commands.
    if (scarce) return socket.close();
    const most = Math.min(MAX_CONNECTIONS, Math.ceil(descriptorLimit() * PART));
    const [oldest] = this.#connections;
    if (oldest && this.#connections.size >= most) oldest.close();
    const connection = new HttpConnection(
      socket,
      (method, path) => this.#answer(method, path),
      () => this.#connections.delete(connection),
    );
    this.#connections.add(connection);
  }

  async #answer(method: string, path: string): Promise<HttpResponse> {
    const { routes } = this;
    if (!Object.hasOwn(routes, path)) {
      return text(404, `not found; there are ${Object.keys(routes).join(", ")}\n`);
    }
    if (method !== "GET" && method !== "HEAD") return text(405, "only GET and HEAD are allowed\n");
    try {
      return await routes[path]!();
    } catch (error) {
      this.onFault(error);
      return text(500, "internal error\n");
    }
  }

  /** Stops listening, and closes all connections. */
  close(): void {
    this.#listener.close();
    for (const connection of this.#connections) connection.close();
  }
}

/** A connection: one request, whose head alone is read, and one response. */
class HttpConnection {
  #head = Buffer.alloc(0);
  /** True once the head of the request has come. */
  #isAsked = false;
  readonly #end: PatientTimer;
  readonly #requestEnd: PatientTimer;
  #lastEnd: PatientTimer | undefined;

  constructor(
    private readonly socket: ServerSocket,
    private readonly answer: (method: string, path: string) => Promise<HttpResponse>,
    onClose: () => void,
  ) {
    this.#end = new PatientTimer(CONNECTION_TIMEOUT, () => this.close());
    this.#requestEnd = new PatientTimer(REQUEST_TIMEOUT, () => this.close());
    socket.start({
      onData: (bytes) => this.#receive(bytes),
      onDrain: () => this.#finish(),
      onClose: () => {
        for (const timer of [this.#end, this.#requestEnd, this.#lastEnd]) timer?.cancel();
        onClose();
      },
    });
  }

  close(): void {
    this.socket.close();
  }

  #receive(bytes: Buffer): void {
    if (this.#isAsked) return;
    this.#head = Buffer.concat([this.#head, bytes.subarray(0, MAX_HEAD + 1 - this.#head.length)]);
    const head = this.#head.toString("latin1"), end = /\r?\n\r?\n/.exec(head);
    if (!end) {
      if (head.length > MAX_HEAD) this.close();
      return;
    }
    this.#isAsked = true;
    this.#requestEnd.cancel();
    this.socket.pause();
    const [, method, target] = /^(\S+) (\S+) HTTP\/1\.[01]\r?\n/.exec(head) ?? [];
    // What is not HTTP gets no response.
    if (method === undefined) return this.close();
    void this.answer(method, target!.split("?", 1)[0]!).then((response) => this.#respond(method, response));
  }

  #respond(method: string, { status, type, body }: HttpResponse): void {
    if (this.socket.closed) return;
    const lines = [
      `HTTP/1.1 ${status} ${PHRASES[status]}`,
      `Content-Type: ${type}`,
      `Content-Length: ${body.length}`,
      "Cache-Control: no-store",
      `Date: ${new Date().toUTCString()}`,
      "Connection: close",
      ...(status === 405 ? ["Allow: GET, HEAD"] : []),
    ];
    const head = Buffer.from(`${lines.join("\r\n")}\r\n\r\n`), sent = method === "HEAD" ? [] : [body];
    // A large body is the same for all who ask, and is not copied.
    if (body.length <= SMALL_BODY) this.socket.write(Buffer.concat([head, ...sent]));
    else for (const piece of [head, ...sent]) this.socket.write(piece);
    if (this.socket.waiting === 0) this.#finish();
  }

  /**
   * The response is with the kernel, which would drop it if the connection were closed before all is read that the client still
   * sends.
   */
  #finish(): void {
    finishWriting(this.socket.fd);
    this.#lastEnd = new PatientTimer(LAST_WORDS, () => this.close());
    this.socket.resume();
  }
}

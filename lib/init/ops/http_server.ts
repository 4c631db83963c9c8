/** A small HTTP server with limits on connections, requests and waits, so that no client can keep it busy. */

import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import type { HttpAddress } from "../../control/http_address.ts";
import { LONGEST_DELAY } from "../../sys/io/patient_timer.ts";

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

/** How long a client may take to send a request, and how long a connection may last, in ms. */
const REQUEST_TIMEOUT = 5000, CONNECTION_TIMEOUT = 15_000;

/** The longest header of a request, in bytes. */
const MAX_HEADER = 8192;

/** A response of plain text. */
export function text(status: number, body: string): HttpResponse {
  return { status, type: "text/plain; charset=utf-8", body: new TextEncoder().encode(body) };
}

/**
 * Listens, and answers GET and HEAD for the routes, by path.
 *
 * @param onFault Receives exceptions of the routes, whose client gets the status 500.
 * @throws {Error} when it cannot listen on the address.
 */
export function listen(
  address: HttpAddress,
  routes: Record<string, Route>,
  onFault: (error: unknown) => void,
): Promise<HttpServer> {
  return new Promise((resolve, reject) => {
    const server = createServer(
      // The server would look at its connections again and again, even while there are none.
      {
        headersTimeout: 0,
        requestTimeout: 0,
        connectionsCheckingInterval: LONGEST_DELAY,
        maxHeaderSize: MAX_HEADER,
      },
      (request, response) => void serve(routes, request, response, onFault),
    );
    const connections = limitConnections(server);
    server.once("error", reject);
    server.listen({ ...address, exclusive: true }, () => {
      server.off("error", reject);
      // When a connection cannot be accepted (EMFILE), only that client is affected.
      server.on("error", () => {});
      resolve(new HttpServer(server, connections));
    });
  });
}

/** A server that listens. */
export class HttpServer {
  constructor(private readonly server: Server, private readonly connections: Set<Socket>) {}

  get address(): HttpAddress {
    const { address: host, port } = this.server.address() as AddressInfo;
    return { host, port };
  }

  /** Stops listening, and closes all connections. */
  close(): void {
    this.server.close();
    for (const connection of this.connections) connection.destroy();
  }
}

/** Limits the number and the duration of connections. */
function limitConnections(server: Server): Set<Socket> {
  const connections = new Set<Socket>();
  const requestTimers = new WeakMap<Socket, ReturnType<typeof setTimeout>>();
  server.on("connection", (socket: Socket) => {
    const [oldest] = connections;
    if (oldest && connections.size >= MAX_CONNECTIONS) {
      connections.delete(oldest);
      oldest.destroy();
    }
    connections.add(socket);
    const timer = setTimeout(() => socket.destroy(), CONNECTION_TIMEOUT);
    const requestTimer = setTimeout(() => socket.destroy(), REQUEST_TIMEOUT);
    requestTimers.set(socket, requestTimer);
    socket.on("error", () => {});
    socket.on("close", () => {
      clearTimeout(timer);
      clearTimeout(requestTimer);
      connections.delete(socket);
    });
  });
  // A response that has been sent ends its connection. Under load the socket reports that much later.
  server.on("request", ({ socket }: IncomingMessage, response: ServerResponse) => {
    clearTimeout(requestTimers.get(socket));
    response.on("close", () => connections.delete(socket));
  });
  // A request that is not HTTP, or comes too slowly, gets no response.
  server.on("clientError", (_error: Error, socket: Socket) => socket.destroy());
  return connections;
}

async function serve(
  routes: Record<string, Route>,
  request: IncomingMessage,
  response: ServerResponse,
  onFault: (error: unknown) => void,
): Promise<void> {
  const { status, type, body } = await answer(routes, request, onFault);
  response.writeHead(status, {
    "Content-Type": type,
    "Content-Length": body.length,
    "Cache-Control": "no-store",
    "Connection": "close",
    ...(status === 405 && { Allow: "GET, HEAD" }),
  });
  response.end(request.method === "HEAD" ? undefined : body);
}

async function answer(
  routes: Record<string, Route>,
  { method, url = "" }: IncomingMessage,
  onFault: (error: unknown) => void,
): Promise<HttpResponse> {
  const path = url.split("?", 1)[0]!;
  if (!Object.hasOwn(routes, path)) {
    return text(404, `not found; there are ${Object.keys(routes).join(", ")}\n`);
  }
  if (method !== "GET" && method !== "HEAD") return text(405, "only GET and HEAD are allowed\n");
  try {
    return await routes[path]!();
  } catch (error) {
    onFault(error);
    return text(500, "internal error\n");
  }
}

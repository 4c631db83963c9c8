/** A small HTTP server that nobody can keep busy: few connections, short requests, short waits. */

import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import type { HttpAddress } from "./address.ts";

/** What is answered. */
export interface Answer {
  status: number;
  type: string;
  body: Uint8Array;
}

/** Gives the answer for a path. */
export type Route = () => Answer | Promise<Answer>;

/** One more connection ends the oldest: clients that say nothing must not keep out those that do. */
export const MOST_CONNECTIONS = 64;

/** How long a client may take to ask, and how long to take the answer in, in ms. */
const REQUEST_TIME = 5000, CONNECTION_TIME = 15_000;

/** The longest head of a request, in bytes. */
const LONGEST_HEAD = 8192;

/** A plain text. */
export function text(status: number, body: string): Answer {
  return { status, type: "text/plain; charset=utf-8", body: new TextEncoder().encode(body) };
}

/**
 * Listens, and answers GET and HEAD for the routes, by path.
 * Resolves once it listens, with the address it has got. Rejects with the system's error when it cannot.
 */
export function listen(address: HttpAddress, routes: Record<string, Route>): Promise<HttpServer> {
  return new Promise((resolve, reject) => {
    const server = createServer(
      {
        headersTimeout: REQUEST_TIME,
        requestTimeout: REQUEST_TIME,
        connectionsCheckingInterval: 1000,
        maxHeaderSize: LONGEST_HEAD,
      },
      (request, response) => void serve(routes, request, response),
    );
    const connections = limitConnections(server);
    server.once("error", reject);
    server.listen({ ...address, exclusive: true }, () => {
      server.off("error", reject);
      // A connection that could not be accepted (EMFILE) is the client's loss alone.
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

  /** Listens no more, and ends all connections. */
  close(): void {
    this.server.close();
    for (const connection of this.connections) connection.destroy();
  }
}

/** Keeps connections few and short, whatever they are used for. */
function limitConnections(server: Server): Set<Socket> {
  const connections = new Set<Socket>();
  server.on("connection", (socket: Socket) => {
    const [oldest] = connections;
    if (oldest && connections.size >= MOST_CONNECTIONS) {
      connections.delete(oldest);
      oldest.destroy();
    }
    connections.add(socket);
    const timer = setTimeout(() => socket.destroy(), CONNECTION_TIME);
    socket.on("error", () => {});
    socket.on("close", () => {
      clearTimeout(timer);
      connections.delete(socket);
    });
  });
  // An answer that has been taken in ends its connection; under load the socket tells that much later.
  server.on("request", ({ socket }: IncomingMessage, response: ServerResponse) => {
    response.on("close", () => connections.delete(socket));
  });
  // What is no HTTP, or comes too slowly, gets no answer.
  server.on("clientError", (_error: Error, socket: Socket) => socket.destroy());
  return connections;
}

async function serve(
  routes: Record<string, Route>,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { status, type, body } = await answer(routes, request);
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
): Promise<Answer> {
  const path = url.split("?", 1)[0]!;
  if (!Object.hasOwn(routes, path)) {
    return text(404, `not found; there are ${Object.keys(routes).join(", ")}\n`);
  }
  if (method !== "GET" && method !== "HEAD") return text(405, "only GET and HEAD are allowed\n");
  try {
    return await routes[path]!();
  } catch (error) {
    return text(500, `${error instanceof Error ? error.message : error}\n`);
  }
}

/** `--http`: what probes and monitoring want to know. Loaded only where it is asked for. */

import type { Supervisor } from "../../control/supervisor.ts";
import type { Messages } from "../messages.ts";
import { formatHttpAddress, type HttpAddress } from "./address.ts";
import { Metrics } from "./metrics.ts";
import { Readiness, type Watched } from "./readiness.ts";
import { type HttpServer, listen, text } from "./server.ts";

/** Serves HTTP; that it cannot listen is told, and init goes on without. */
export function serveHttp(init: Supervisor & Watched, address: HttpAddress, messages: Messages): HttpService {
  const service = new HttpService(init);
  service.open(address).then(
    (url) => messages.tell("info", `Listening on ${url}`),
    (error) => messages.tell("error", `Failed to listen on ${formatHttpAddress(address)}: ${error.message}`),
  );
  return service;
}

/** The service, which counts from its making on and answers once it has been opened. */
export class HttpService {
  readonly #readiness: Readiness;
  readonly #metrics: Metrics;
  readonly #unobserve: () => void;
  #server: HttpServer | undefined;

  constructor(init: Supervisor & Watched) {
    const readiness = this.#readiness = new Readiness(init);
    const metrics = this.#metrics = new Metrics(init);
    this.#unobserve = init.observe((notice) => {
      readiness.observe(notice);
      metrics.observe(notice);
    });
  }

  /** Listens. Gives the URL's beginning; rejects with the system's error. */
  async open(address: HttpAddress): Promise<string> {
    this.#server = await listen(address, {
      "/healthz": () => text(200, "ok\n"),
      "/readyz": () => {
        const missing = this.#readiness.missing();
        return missing.length === 0 ? text(200, "ready\n") : text(503, `${missing.join("\n")}\n`);
      },
      "/metrics": async () => ({
        status: 200,
        type: this.#metrics.contentType,
        body: await this.#metrics.render(),
      }),
    });
    return formatHttpAddress(this.#server.address);
  }

  /** The configuration is loaded, and the first event has set jobs in motion: from now on init may be ready. */
  loaded(): void {
    this.#readiness.loaded();
  }

  close(): void {
    this.#unobserve();
    this.#metrics.close();
    this.#server?.close();
  }
}

/** The HTTP service for probes and monitoring (`--http`). It is loaded only with that option. */

import type { Supervisor } from "../../control/supervisor.ts";
import { unlessRefused } from "../../sys/call/refused.ts";
import { printable } from "../../model/text/printable.ts";
import type { Messages } from "../logs/messages.ts";
import { formatHttpAddress, type HttpAddress } from "../../control/http_address.ts";
import { type LogSubject, Metrics } from "./metrics.ts";
import type { SavedCounters } from "./metrics_counters.ts";
import { type Part, type Parts, restoreParts, saveParts } from "../parts/part.ts";
import { ReadinessCheck, type ReadinessSubject, type SavedReadiness } from "./readiness.ts";
import { HttpServer, text } from "./http_server.ts";

/** What is saved of {@link HttpService}. */
export interface SavedHttp {
  readiness: SavedReadiness;
  counters: SavedCounters;
}

/** The service. It counts notices from its construction on, and answers once it listens. */
export class HttpService implements Part<SavedHttp> {
  readonly #readiness: ReadinessCheck;
  readonly #metrics: Metrics;
  readonly #unobserve: () => void;
  #server: HttpServer | undefined;

  /** @param requiredJob A job without which init is not ready: it must have been started once. */
  constructor(private readonly init: Supervisor & ReadinessSubject & LogSubject, requiredJob?: string) {
    const readiness = this.#readiness = new ReadinessCheck(init, requiredJob);
    const metrics = this.#metrics = new Metrics(init);
    this.#unobserve = init.observe((notice) => {
      readiness.observe(notice);
      metrics.observe(notice);
    });
  }

  get parts(): Parts<SavedHttp> {
    return { readiness: this.#readiness, counters: this.#metrics.counters };
  }

  save(): SavedHttp {
    return saveParts(this.parts);
  }

  restore(saved: SavedHttp): Promise<void> {
    return restoreParts(this.parts, saved);
  }

  /** Listens. If it cannot, an error is logged and init goes on without. */
  open(address: HttpAddress, messages: Messages): void {
    unlessRefused(
      () => messages.log("info", `Listening on ${this.#listen(address)}`),
      ({ message }) => messages.log("error", `Failed to listen on ${formatHttpAddress(address)}: ${message}`),
    );
  }

  /** @returns The URL. @throws {SystemError} when it cannot listen. */
  #listen(address: HttpAddress): string {
    this.#server = new HttpServer(address, {
      "/healthz": () => text(200, "ok\n"),
      "/readyz": async () => {
        await this.init.settled();
        const missing = this.#readiness.missing();
        const lines = missing.length > 0 ? missing : ["ready", ...this.#readiness.notes()];
        return text(missing.length > 0 ? 503 : 200, lines.map((line) => `${printable(line)}\n`).join(""));
      },
      "/metrics": async () => ({
        status: 200,
        type: this.#metrics.contentType,
        body: await this.#metrics.render(),
      }),
    }, (error) => this.init.fault("the HTTP service", error));
    return formatHttpAddress(this.#server.address);
  }

  /** To be called when the configuration is loaded: from now on init may be ready. */
  loaded(): void {
    this.#readiness.loaded();
  }

  close(): void {
    this.#unobserve();
    this.#readiness.close();
    this.#metrics.close();
    this.#server?.close();
  }
}

/** Logs for a collector of OpenTelemetry: OTLP over HTTP, in JSON, many lines a request. */

import { hostname } from "node:os";
import { VERSION } from "../../../model/version.ts";
import type { ShippedLine } from "./lines.ts";
import type { Send, Sent } from "./sender.ts";

/** So many lines go with one request. */
const AT_ONCE = 512;

/** How long a collector may take for its answer, in ms. */
const TIME_LIMIT = 10_000;

/** Severity numbers and texts are those of OpenTelemetry's model of logs. */
const SEVERITY = { severityNumber: 9, severityText: "INFO" };

/** Sends lines to the collector at a URL. */
export function toCollector(url: string): Send {
  return async (lines) => {
    const batch = lines.slice(0, AT_ONCE);
    try {
      return judge(await post(url, batch), batch);
    } catch (error) {
      return { taken: 0, reason: reasonOf(error) };
    }
  };
}

async function post(url: string, lines: readonly ShippedLine[]): Promise<number> {
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json", "user-agent": `rouse/${VERSION}` },
    body: JSON.stringify(logsData(lines)),
    signal: AbortSignal.timeout(TIME_LIMIT),
    redirect: "error",
  });
  await response.body?.cancel();
  return response.status;
}

/** What follows from an answer. A collector that is overloaded or on its way down is asked again. */
function judge(status: number, batch: readonly ShippedLine[]): Sent {
  if (status >= 200 && status < 300) return { taken: batch.length };
  const reason = `the answer is ${status}`;
  const isPassing = status === 429 || status === 502 || status === 503 || status === 504;
  return isPassing ? { taken: 0, reason } : { taken: batch.length, refused: [...batch], reason };
}

function reasonOf(error: unknown): string {
  if (error instanceof Error && error.name === "TimeoutError") return "no answer in time";
  // What some runtimes say in a second sentence is a question.
  return error instanceof Error ? error.message.split(". ", 1)[0]! : String(error);
}

/** The body of a request (opentelemetry-proto, LogsData). */
export function logsData(lines: readonly ShippedLine[]): object {
  const groups = Map.groupBy(lines, ({ job, instance }) => JSON.stringify([job, instance]));
  return { resourceLogs: Array.from(groups.values(), resourceLogs) };
}

function resourceLogs(lines: ShippedLine[]): object {
  const { job, instance } = lines[0]!;
  const attributes = [
    attribute("service.name", job),
    ...(instance === "" ? [] : [attribute("service.instance.id", instance)]),
    attribute("host.name", hostname()),
  ];
  const logRecords = lines.map(({ time, text }) => {
    const nanoseconds = `${Math.round(time)}000000`;
    return {
      timeUnixNano: nanoseconds,
      observedTimeUnixNano: nanoseconds,
      ...SEVERITY,
      body: { stringValue: text.toString() },
    };
  });
  return {
    resource: { attributes },
    scopeLogs: [{ scope: { name: "rouse", version: VERSION }, logRecords }],
  };
}

function attribute(key: string, value: string): object {
  return { key, value: { stringValue: value } };
}

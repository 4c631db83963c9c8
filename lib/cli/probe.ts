/** The program `probe`: an HTTP client for health checks of an init that runs with `--http`, for images without another one. */

import { request } from "node:http";
import process from "node:process";
import { formatHttpAddress, type HttpAddress, parseHttpAddress } from "../control/http_address.ts";
import type { Tool } from "../model/command_line/tool.ts";
import { UsageError } from "../model/command_line/usage_error.ts";
import { runTool } from "./tool.ts";

/** The time limit of an answer, in milliseconds: less than most container engines' limit of a health check. */
const TIMEOUT = 3000;

export const PROBE: Tool = {
  name: "probe",
  arguments: "ADDRESS [PATH]",
  summary: "Ask the init that serves HTTP on ADDRESS, by its --http, and print the answer.",
  help: "ADDRESS is a port or HOST:PORT. PATH is /readyz by default; both may be one URL, such as " +
    "http://127.0.0.1:9000/metrics.\n\n" +
    "Exit status: 0 if the answer is good, 1 if it is not or there is none, 2 for wrong arguments.",
  examples: ["rouse probe 9000", "rouse probe http://127.0.0.1:9000/metrics"],
  options: [],
  async run({ args: [given, ...more] }) {
    const { address, path } = destination(given, more);
    try {
      const { status, body } = await ask(address, path);
      process.stdout.write(body);
      return status === 200 ? 0 : 1;
    } catch (error) {
      throw new Error(`Unable to ask ${formatHttpAddress(address)}: ${(error as Error).message}`);
    }
  },
};

/** The program `probe`. Returns its exit status. */
export function main(args: string[]): Promise<number> {
  return runTool(PROBE, args);
}

/** @throws {UsageError} when the arguments name no address. */
function destination(
  given: string | undefined,
  more: readonly string[],
): { address: HttpAddress; path: string } {
  if (given === undefined) throw new UsageError("missing address");
  if (/^https:/.test(given)) throw new UsageError(`${given}: init serves HTTP without TLS; write http:`);
  const [, host = "", inUrl] = /^(?:http:\/\/)?([^/]*)(\/.*)?$/.exec(given) ?? [];
  const [path = "/readyz", extra] = inUrl === undefined ? more : [inUrl, ...more];
  if (extra !== undefined) throw new UsageError(`unexpected argument: ${extra}`);
  try {
    return { address: parseHttpAddress(host, ""), path };
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

/** Makes the request. An unspecified address, such as 0.0.0.0, leads to this machine. */
function ask({ host, port }: HttpAddress, path: string): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const asking = request({ host, port, path, agent: false, timeout: TIMEOUT }, (response) => {
      let body = "";
      response.setEncoding("utf8");
      response.on("data", (chunk) => body += chunk);
      response.on("end", () => resolve({ status: response.statusCode ?? 0, body }));
      response.on("error", reject);
    });
    asking.on("timeout", () => asking.destroy(new Error(`no answer within ${TIMEOUT / 1000} seconds`)));
    asking.on("error", reject);
    asking.end();
  });
}

/** `rouse probe`: asks an init that runs with `--http`, for images that have no other HTTP client. */

import { request } from "node:http";
import process from "node:process";
import { formatHttpAddress, type HttpAddress, parseHttpAddress } from "./address.ts";

/** How long an answer may take, in ms: less than what engines give a health check as a rule. */
const LONGEST = 3000;

const USAGE = "Usage: rouse probe ADDRESS [PATH]\n" +
  "Ask the init that serves HTTP on ADDRESS (its --http) for PATH, /readyz by default,\n" +
  "print the answer, and exit with 0 if it is good, with 1 if not.\n";

/** The program: gives the exit status. */
export async function main(args: string[]): Promise<number> {
  const [given, path = "/readyz", ...more] = args;
  if (given === "--help") {
    process.stdout.write(USAGE);
    return 0;
  }
  let address: HttpAddress;
  try {
    if (given === undefined || more.length > 0) throw new Error("probe takes an address and a path");
    address = parseHttpAddress(given);
  } catch (error) {
    process.stderr.write(`rouse: ${(error as Error).message}\n${USAGE}`);
    return 2;
  }
  try {
    const { status, body } = await ask(address, path);
    process.stdout.write(body);
    return status === 200 ? 0 : 1;
  } catch (error) {
    process.stderr.write(`rouse: Unable to ask ${formatHttpAddress(address)}: ${(error as Error).message}\n`);
    return 1;
  }
}

/** An address that is everybody's, such as 0.0.0.0, leads to this machine. */
function ask({ host, port }: HttpAddress, path: string): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const asking = request({ host, port, path, agent: false, timeout: LONGEST }, (response) => {
      let body = "";
      response.setEncoding("utf8");
      response.on("data", (chunk) => body += chunk);
      response.on("end", () => resolve({ status: response.statusCode ?? 0, body }));
      response.on("error", reject);
    });
    asking.on("timeout", () => asking.destroy(new Error(`no answer within ${LONGEST / 1000} seconds`)));
    asking.on("error", reject);
    asking.end();
  });
}

/** The line that shows, on a terminal, what a change waits for. */

import process from "node:process";
import type { Client } from "../../../control/client/client.ts";
import { describe } from "../../../control/client/insight.ts";
import { waitingWords } from "../../../insight/history/waiting.ts";
import { howLong } from "../../../insight/words.ts";
import { cut } from "../../../insight/screen/width.ts";
import { terminalColumns, USUAL_COLUMNS } from "../../../sys/machine/terminal.ts";
import { dieOf } from "../../../sys/process/signals.ts";
import { writeStyled } from "../../output.ts";
import type { Invocation } from "../command.ts";
import { type AskedChange, jobsOf } from "../patience.ts";

/** How often it is shown anew, in ms. */
const PERIOD = 500;

const SIGINT = 2, ERASE_LINE = "\r\x1b[K";

/** What becomes of a change whose command is interrupted, and how to change that. */
const GOES_ON: { [Change in AskedChange["change"]]: (job: string) => string } = {
  Start: (job) => `${job} goes on starting; \`initctl stop --force ${job}' ends that at once`,
  Stop: (job) => `${job} goes on stopping; \`initctl stop --force ${job}' ends what hangs`,
  Restart: (job) => `${job} goes on restarting; \`initctl status ${job}' shows it`,
  Emit: (event) => `what the event ${event} has set off goes on; \`initctl events' shows it`,
};

function goesOn(asked: AskedChange): string {
  if ("jobs" in asked) return "what was asked for goes on; `initctl list' shows it";
  return GOES_ON[asked.change]("job" in asked ? asked.job : asked.event);
}

/**
 * Shows on the error output, in one line that is drawn anew, what a change waits for, and tells on ^C that it goes on.
 * @param since When it was asked for (ms since 1970)
 * @returns a function that takes the line away.
 */
export function showProgress(invocation: Invocation, asked: AskedChange, since: number): () => void {
  const line = new ProgressLine(asked, since);
  const timer = setInterval(() => line.draw(), PERIOD);
  const interrupted = () => {
    hide();
    invocation.complain(goesOn(asked));
    dieOf(SIGINT);
  };
  process.on("SIGINT", interrupted);
  const hide = () => {
    clearInterval(timer);
    process.off("SIGINT", interrupted);
    line.erase();
  };
  // A connection that is lost ends the command itself.
  invocation.client().then((client) => line.follow(client), () => {});
  line.draw();
  return hide;
}

/** The line. What it tells is asked for each time that it was answered. */
class ProgressLine {
  #words = "";
  #isOver = false;

  constructor(private readonly asked: AskedChange, private readonly since: number) {}

  async follow(client: Client): Promise<void> {
    const { asked } = this;
    while (!this.#isOver) {
      try {
        const report = await describe(client, jobsOf(asked));
        this.#words = waitingWords(report, "event" in asked ? asked.event : undefined);
      } catch {
        return; // An init that does not tell, or one that has gone, which the command itself notices.
      }
      if (!this.#isOver) this.draw();
      await new Promise((resolve) => setTimeout(resolve, PERIOD));
    }
  }

  draw(): void {
    const words = this.#words || `waiting for init for ${howLong(Date.now() - this.since)}`;
    writeStyled(2, `${ERASE_LINE}${cut(words, (terminalColumns(2) ?? USUAL_COLUMNS) - 1)}`);
  }

  erase(): void {
    this.#isOver = true;
    writeStyled(2, ERASE_LINE);
  }
}

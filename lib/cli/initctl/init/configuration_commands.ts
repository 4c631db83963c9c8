/** The descriptions of show-config and check-config; the commands themselves are loaded when they are called. */

import type { InitctlCommand } from "../command.ts";

/** The two commands; they stand in the midst of the others in the help. */
export const configurationCommands = (): InitctlCommand[] => [
  {
    name: "show-config",
    arguments: "[CONF]",
    summary: "Show what jobs emit, what they start and stop on, and what they depend on.",
    help: "Prints this for the job CONF, or for all jobs, with conditions in full brackets.",
    options: [{ short: "e", long: "enumerate", help: "list the single events and jobs of conditions" }],
    examples: ["initctl show-config", "initctl show-config -e web"],
    isListing: true,
    run: async (invocation) => (await import("./configuration.ts")).showConfig(invocation),
  },
  {
    name: "check-config",
    arguments: "[CONF]",
    summary: "Check for conditions and needs that can never come true.",
    help:
      "Looks for events that no job emits, and for jobs that are not there, in what the job CONF, or all jobs, " +
      "start and stop on, and for needs that no job provides. Exits with status 1 when there is such a condition " +
      "or need.",
    options: [
      {
        short: "i",
        long: "ignore-events",
        argument: "EVENT_LIST",
        help: "take these events for known (comma-separated)",
      },
      { short: "w", long: "warn", help: "report unknown events and jobs even where others would do" },
    ],
    examples: ["initctl check-config", "initctl check-config -i net-device-up,filesystem"],
    isListing: true,
    run: async (invocation) => (await import("./configuration.ts")).checkConfig(invocation),
  },
];

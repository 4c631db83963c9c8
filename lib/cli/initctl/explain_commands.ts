/** The commands that explain: why, what-if. They themselves are loaded when they are called. */

import { COLOUR, type CommandGroup, JSON_FORM } from "./command.ts";

const load = () => import("./explain/explain.ts");

/** The commands under the heading "Explanation". */
export const explainCommands = (): CommandGroup => ({
  title: "Explanation",
  commands: [
    {
      name: "why",
      arguments: "JOB [KEY=VALUE]...",
      summary: "Explain why job is as it is.",
      help:
        "Tells why JOB, or the instance that the variables name, runs, is stopped, waits, has failed or does not get on: what " +
        "of its condition has come and what is missing, who could emit that, what it needs, and what holds it, down to the " +
        "process. Only root, and the user that init runs as, may ask. The command is rouse's own.\n\n" +
        "For example: initctl why web",
      options: [JSON_FORM, COLOUR],
      run: async (invocation) => (await load()).why(invocation),
    },
    {
      name: "what-if",
      arguments: "emit EVENT [KEY=VALUE]... | start|stop|restart JOB [KEY=VALUE]... | shutdown",
      summary: "Tell what would happen, without doing it.",
      help:
        "Tries it on a copy of init's state: tells what would start and stop, in order, and what would not get on, where " +
        "hooks succeed, tasks exit 0 and services stay up. Nothing is changed. Only root, and the user that init runs as, " +
        "may ask. The command is rouse's own.\n\n" +
        "For example: initctl what-if emit net-device-up IFACE=eth0",
      options: [JSON_FORM, COLOUR],
      run: async (invocation) => (await load()).whatIf(invocation),
    },
  ],
});

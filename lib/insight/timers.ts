/** What is going to happen to an instance by itself, in words. */

/** What happens when a timer is up, as the beginning of a sentence; what is of no interest to anybody is not there. */
const WORDS: Readonly<Record<string, string>> = {
  "kill-timeout": "its main process gets SIGKILL",
  "fork-bound": "its main process is taken for the service, as it has not forked as `expect' says",
  "start-delay": "it is started again",
  "pid-file": "it fails, if its pid file does not name a process",
  "watchdog-kill": "its main process gets SIGKILL, as it has missed its watchdog",
  "start-timeout": "its start has taken too long, and fails",
  "hook-kill": "its hook gets SIGKILL",
};

/** What happens when a timer is up; undefined for one that is of no interest to anybody. */
export function timerInWords(purpose: string): string | undefined {
  return Object.hasOwn(WORDS, purpose) ? WORDS[purpose] : undefined;
}

/** Commands, and the shell. */

/** A command with one of these characters is run by the shell, as in Upstart. */
const SHELL_CHARACTERS = /[~`!$^&*()=|\\{}[\];"'<>?]/;

/** True for a command that the shell runs. */
export function needsShell(command: string): boolean {
  return SHELL_CHARACTERS.test(command);
}

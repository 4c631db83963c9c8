/** The invocation of a program: its command line and its output. */
export interface CliInvocation {
  args: string[];
  /** True when the option was given, by its long name. */
  has(option: string): boolean;
  /** The values that an option was given, in order. */
  values(option: string): string[];
  environment: Record<string, string | undefined>;
  /** Writes a line to standard output, unless `--quiet` was given. */
  say(line: string): void;
  /** Writes a line to standard output if `--verbose` was given. */
  inform(line: string): void;
  /** Writes a line to standard error. */
  complain(line: string): void;
}

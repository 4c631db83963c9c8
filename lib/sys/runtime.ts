/** The runtime's compilers. */

/** The part of Bun that is used here. */
interface Bun {
  unsafe: { setJITPolicy(scale: number): void };
}

/**
 * Has the runtime compile what runs often as soon as it usually does, for programs that run for long. Executables
 * start with its compilers held back (lib/cli/compile.ts), as most commands are over before compiling pays.
 */
export function compileSoon(): void {
  const { Bun } = globalThis as { Bun?: Bun };
  Bun?.unsafe.setJITPolicy(1);
}

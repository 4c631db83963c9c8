/** The policy of the runtime's just-in-time compilers. */

/** The part of Bun that is used here. */
interface Bun {
  unsafe: { setJITPolicy(scale: number): void };
}

/**
 * Has the runtime compile what runs often as soon as it usually does, for programs that run for long. Executables
 * start with the compilers held back (compile.ts), as most commands are over before compiling pays.
 */
export function restoreJitPolicy(): void {
  const { Bun } = globalThis as { Bun?: Bun };
  Bun?.unsafe.setJITPolicy(1);
}

/**
 * Holds the compilers back further, for programs that run for a second or two beside others which need the processors: they
 * would compile for longer than the code runs.
 */
export function holdCompilersBack(): void {
  const { Bun } = globalThis as { Bun?: Bun };
  Bun?.unsafe.setJITPolicy(1000);
}

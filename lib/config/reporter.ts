/** A reporter of diagnostics that tells some of them once only. */

import { type Diagnostic, formatDiagnostic } from "../formats/diagnostic.ts";

/** Tells what is wrong with a configuration. */
export class Reporter {
  readonly #toldOnce = new Set<string>();

  /** @param tell Called with each diagnostic. */
  constructor(readonly tell: (diagnostic: Diagnostic) => void) {}

  /**
   * Tells something a single time until {@link reset}.
   * @param subject What it is about: others about the same are not told. By default the diagnostic's own text.
   */
  tellOnce(diagnostic: Diagnostic, subject: string = formatDiagnostic(diagnostic)): void {
    if (!this.#toldOnce.has(subject)) this.tell(diagnostic);
    this.#toldOnce.add(subject);
  }

  /** From now on everything is told again. */
  reset(): void {
    this.#toldOnce.clear();
  }
}

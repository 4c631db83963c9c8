/** The interface of the running init's parts that hold state across time: it survives a re-execution of init. */

/**
 * A part of the running init. Saved data is plain: it survives JSON. Descriptors are numbers in it, which have to stay open
 * until they are restored.
 */
export interface Part<Saved> {
  save(): Saved;
  /**
   * To be called once, on a new part, before it is used.
   *
   * @param onFault For parts of parts, see {@link restoreParts}.
   */
  restore(saved: Saved, onFault?: RestoreFault): void | Promise<void>;
  /** The descriptors whose numbers are in what it saves. */
  descriptors?(): number[];
}

/** Parts by name. */
export type Parts<Saved> = { readonly [Name in keyof Saved]: Part<Saved[Name]> };

/** A part that an init may lack. Saved, it is null then. */
export function optionalPart<Saved>(part: Part<Saved> | undefined): Part<Saved | null> {
  return {
    save: () => part?.save() ?? null,
    restore: (saved) => saved === null ? undefined : part?.restore(saved),
    descriptors: () => part?.descriptors?.() ?? [],
  };
}

/** The descriptors that all parts go on with. */
export function descriptorsOf<Saved>(parts: Parts<Saved>): number[] {
  return Object.values<Part<unknown>>(parts).flatMap((part) => part.descriptors?.() ?? []);
}

/** Saves all parts. */
export function saveParts<Saved>(parts: Parts<Saved>): Saved {
  const entries = Object.entries<Part<unknown>>(parts).map(([name, part]) => [name, part.save()]);
  return Object.fromEntries(entries) as Saved;
}

/** Receives the fault of a part that could not be restored. The others are. */
export type RestoreFault = (part: string, error: unknown) => void;

/** Restores all parts, one after the other in the order of the table. */
export async function restoreParts<Saved>(
  parts: Parts<Saved>,
  saved: Saved,
  onFault: RestoreFault = (_, error) => {
    throw error;
  },
): Promise<void> {
  for (const name of Object.keys(parts) as Array<keyof Saved & string>) {
    try {
      await parts[name].restore(saved[name], onFault);
    } catch (error) {
      onFault(name, error);
    }
  }
}

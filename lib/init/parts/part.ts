/** The interface of the running init's parts that hold state across time: it survives a re-execution of init. */

/**
 * A part of the running init. Saved data is plain: it survives JSON. Descriptors are numbers in it, which have to stay open
 * until they are restored.
 */
export interface Part<Saved> {
  /** @param onFault For parts of parts, see {@link saveParts}. */
  save(onFault?: PartFault): Saved;
  /**
   * To be called once, on a new part, before it is used.
   *
   * @param onFault For parts of parts, see {@link restoreParts}.
   */
  restore(saved: Saved, onFault?: PartFault): void | Promise<void>;
  /** The descriptors whose numbers are in what it saves. */
  descriptors?(onFault?: PartFault): number[];
}

/** Parts by name. */
export type Parts<Saved> = { readonly [Name in keyof Saved]: Part<Saved[Name]> };

/** Receives the fault of a part that could not be saved or restored. The others are. */
export type PartFault = (part: string, error: unknown) => void;

const RETHROW: PartFault = (_, error) => {
  throw error;
};

/** A part that an init may lack. Saved, it is null then. */
export function optionalPart<Saved>(part: Part<Saved> | undefined): Part<Saved | null> {
  return {
    save: () => part?.save() ?? null,
    restore: (saved) => saved === null ? undefined : part?.restore(saved),
    descriptors: () => part?.descriptors?.() ?? [],
  };
}

/** The descriptors that all parts go on with. */
export function descriptorsOf<Saved>(parts: Parts<Saved>, onFault: PartFault = RETHROW): number[] {
  return Object.entries<Part<unknown>>(parts).flatMap(([name, part]) => {
    try {
      return part.descriptors?.(onFault === RETHROW ? undefined : onFault) ?? [];
    } catch (error) {
      onFault(name, error);
      return [];
    }
  });
}

/** Saves all parts. Those that have a fault are left out. */
export function saveParts<Saved>(parts: Parts<Saved>, onFault: PartFault = RETHROW): Saved {
  const saved: Partial<Saved> = {};
  for (const name of Object.keys(parts) as Array<keyof Saved & string>) {
    try {
      saved[name] = parts[name].save(onFault === RETHROW ? undefined : onFault);
    } catch (error) {
      onFault(name, error);
    }
  }
  return saved as Saved;
}

/** Restores all parts, one after the other in the order of the table. */
export async function restoreParts<Saved>(
  parts: Parts<Saved>,
  saved: Saved,
  onFault: PartFault = RETHROW,
): Promise<void> {
  for (const name of Object.keys(parts) as Array<keyof Saved & string>) {
    try {
      await parts[name].restore(saved[name], onFault);
    } catch (error) {
      onFault(name, error);
    }
  }
}

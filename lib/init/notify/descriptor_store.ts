/**
 * The store of descriptors that services hand over (sd_notify(3), `FDSTORE=1`), to be passed to their next main process:
 * a socket that listens on goes on to while the service is started again.
 */

import { closeHurried } from "../../sys/io/hurried.ts";
import type { Part } from "../parts/part.ts";

/** How many descriptors an instance may leave here. */
const MOST_DESCRIPTORS = 64;

/** A descriptor that is kept. */
interface KeptDescriptor {
  name: string;
  fd: number;
}

/** What is saved of {@link DescriptorStore}: what is kept of each instance, by `JOB/INSTANCE`. */
export type SavedDescriptors = Array<[instance: string, kept: KeptDescriptor[]]>;

/** The descriptors that are kept. */
export class DescriptorStore implements Part<SavedDescriptors> {
  readonly #kept = new Map<string, KeptDescriptor[]>();

  /** Keeps descriptors of an instance. Those that are too many are closed. Returns how many these are. */
  add(
    job: string,
    instance: string,
    name: string,
    descriptors: readonly number[],
    most = MOST_DESCRIPTORS,
  ): number {
    const key = `${job}/${instance}`, kept = this.#kept.get(key) ?? [];
    const room = Math.max(0, most - kept.length);
    const more = descriptors.slice(0, room).map((fd) => ({ name, fd }));
    if (more.length > 0) this.#kept.set(key, [...kept, ...more]);
    const rest = descriptors.slice(room);
    rest.forEach(closeHurried);
    return rest.length;
  }

  /** Closes those of an instance that have this name, or all. */
  remove(job: string, instance: string, name?: string): void {
    const key = `${job}/${instance}`, kept = this.#kept.get(key) ?? [];
    const isMeant = (one: KeptDescriptor) => name === undefined || one.name === name;
    for (const one of kept) if (isMeant(one)) closeHurried(one.fd);
    const rest = kept.filter((one) => !isMeant(one));
    if (rest.length > 0) this.#kept.set(key, rest);
    else this.#kept.delete(key);
  }

  /** What is kept of an instance. It stays here as well. */
  of(job: string, instance: string): readonly KeptDescriptor[] {
    return this.#kept.get(`${job}/${instance}`) ?? [];
  }

  /** Closes all. */
  close(): void {
    for (const kept of this.#kept.values()) for (const { fd } of kept) closeHurried(fd);
    this.#kept.clear();
  }

  save(): SavedDescriptors {
    return [...this.#kept];
  }

  descriptors(): number[] {
    return Array.from(this.#kept.values()).flat().map(({ fd }) => fd);
  }

  restore(saved: SavedDescriptors): void {
    for (const [instance, kept] of saved) this.#kept.set(instance, kept);
  }
}

/** Reads what init keeps, page by page, and goes on with what comes. */

import type { Client } from "../../../control/client/client.ts";
import type { PageWish } from "../../../control/client/insight.ts";
import type { Page } from "../../../model/insight/journal.ts";
import { ConnectionError } from "../errors.ts";

/** Reads a page, see {@link readOutput}. */
type ReadPage<Item> = (client: Client, wish: PageWish, wait?: boolean) => Promise<Page<Item>>;

/** So many items are asked for at a time. */
const PAGE = 10_000;

/** Up to so many of the last items are asked for as such. */
const FEW = 500;

/** All items that init keeps, or so many of the last ones. */
export async function readAll<Item>(
  client: Client,
  read: ReadPage<Item>,
  wish: PageWish,
  most = Infinity,
): Promise<Page<Item>> {
  if (most <= FEW) return await read(client, { ...wish, most, last: true });
  const whole: Page<Item> = { items: [], next: 0, lost: 0 };
  for (let isMore = true; isMore;) {
    const { items, next, lost } = await read(client, { ...wish, after: whole.next, most: PAGE });
    for (const item of items) whole.items.push(item);
    whole.lost += lost;
    isMore = next > whole.next && items.length > 0;
    whole.next = Math.max(next, whole.next);
  }
  if (most < whole.items.length) whole.items = whole.items.slice(-most);
  return whole;
}

/**
 * Pages of what comes after an item, as it comes, until nobody reads standard output any more. Init does not come back at
 * the same address, so there is no other try when it has gone.
 * @throws {ConnectionError} when init has gone.
 * @throws {CallError} when the answer is an error.
 */
export async function* follow<Item>(
  client: Client,
  read: ReadPage<Item>,
  jobs: string[],
  after: number,
): AsyncGenerator<Page<Item>> {
  client.endUnread(1);
  try {
    for (;;) {
      const page = await read(client, { jobs, after, most: PAGE }, true);
      after = page.next;
      yield page;
    }
  } catch (error) {
    // By their names: the client's bundle has classes of its own.
    const { name } = error as Error;
    if (name === "UnreadError") return;
    if (name.includes(".")) throw error;
    throw new ConnectionError("Init has ended, or has closed the connection: nothing more will come");
  }
}

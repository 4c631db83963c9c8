/** What rouse tells of what has happened, on the manager object: the journal, the output of jobs, and what is known of them. */

import type { Page, PageQuery } from "../../model/insight/journal.ts";
import { INSIGHT_INTERFACE } from "../names.ts";
import { isPrivileged } from "../privilege.ts";
import { recordForOthers, reportForOthers } from "./for_others.ts";
import type { CallContext, Interface } from "./interface.ts";

/** The arguments of the methods that read pages, see {@link PageQuery}; `wait`: the answer comes when there is something. */
const PAGE_ARGUMENTS = "jobs:as after:t since:t most:u last:b wait:b";

/** Of a number beyond all that are counted exactly, the last of those. */
function numberOf(value: unknown): number {
  return Math.min(Number(value), Number.MAX_SAFE_INTEGER);
}

function queryOf([jobs, after, since, most, last]: unknown[]): PageQuery {
  return {
    jobs: jobs as string[],
    after: numberOf(after),
    since: numberOf(since),
    most: most as number,
    last: last as boolean,
  };
}

function bodyOf<Item>({ items, next, lost }: Page<Item>): unknown[] {
  return [JSON.stringify(items), BigInt(next), BigInt(lost)];
}

/**
 * Reads a page; with `wait` one that has something in it, when there is. Who waits costs nothing, and is forgotten when the
 * connection ends.
 *
 * @param read Gives the page for a query as the caller may see it.
 */
function readPage<Item>(
  what: "journal" | "output",
  read: (query: PageQuery) => Page<Item>,
  values: unknown[],
  { supervisor: { insight }, onGone, later }: CallContext,
): unknown[] | Promise<unknown[]> {
  const query = queryOf(values), page = read(query), wait = values[5] as boolean;
  if (!wait || page.items.length > 0 || query.most === 0) return bodyOf(page);
  return new Promise((resolve) => {
    let { next, lost } = page, isQueued = false, isOver = false;
    const look = () => {
      isQueued = false;
      if (isOver) return;
      const more = read({ ...query, after: next });
      next = more.next;
      lost += more.lost;
      if (more.items.length === 0) return;
      end();
      forget();
      resolve(bodyOf({ ...more, lost }));
    };
    const stop = insight.onMore(what, () => {
      if (isQueued) return;
      isQueued = true;
      later(look);
    });
    const end = () => {
      isOver = true;
      stop();
    };
    const forget = onGone(end);
  });
}

/** `org.rouse.Insight1`. */
export const INSIGHT: Interface<null> = {
  name: INSIGHT_INTERFACE,
  methods: {
    /** Records of the journal as JSON. */
    ReadJournal: {
      in: PAGE_ARGUMENTS,
      out: "records:s next:t lost:t",
      asynchronous: true,
      run(_, values, call) {
        const { insight } = call.supervisor, isForAll = !isPrivileged(call.peer.uid);
        const read = (query: PageQuery) => {
          const page = insight.journal(query);
          return isForAll
            ? { ...page, items: page.items.flatMap((one) => recordForOthers(one) ?? []) }
            : page;
        };
        return readPage("journal", read, values, call);
      },
    },
    /** Lines of jobs' output as JSON. */
    ReadOutput: {
      in: PAGE_ARGUMENTS,
      out: "lines:s next:t lost:t",
      asynchronous: true,
      restricted: "read the output of jobs",
      run: (_, values, call) =>
        readPage("output", (query) => call.supervisor.insight.output(query), values, call),
    },
    /** What is known of jobs as JSON: of those named, or of all, in the order of their names, behind `after`. */
    Describe: {
      in: "jobs:as after:s",
      out: "report:s",
      run(_, [jobs, after], { supervisor: { insight }, peer }) {
        const report = insight.describe(jobs as string[], after as string);
        return [JSON.stringify(isPrivileged(peer.uid) ? report : reportForOthers(report))];
      },
    },
    /** The state of the engine as JSON, from which a simulation can go on. */
    Snapshot: {
      out: "state:s",
      restricted: "read the state of init",
      run: (_, __, { supervisor: { insight } }) => [JSON.stringify(insight.engine())],
    },
  },
  properties: {},
  signals: {},
};

/** Calls of the interface that tells what has happened (`org.rouse.Insight1`). */

import type { EngineSnapshot } from "../../engine/snapshot/engine_snapshot.ts";
import type { JournalRecord, OutputLine, Page, PageQuery } from "../../model/insight/journal.ts";
import type { Report } from "../../model/insight/report.ts";
import { INSIGHT_INTERFACE, MANAGER_PATH } from "../names.ts";
import type { Client } from "./client.ts";

/** What is read of the journal or of the output; what is left out stands for no restriction. */
export type PageWish = Partial<PageQuery>;

function call(client: Client, member: string, signature = "", body: unknown[] = []): Promise<unknown[]> {
  return client.call(MANAGER_PATH, INSIGHT_INTERFACE, member, signature, body);
}

async function readPage<Item>(
  client: Client,
  member: "ReadJournal" | "ReadOutput",
  { jobs = [], after = 0, since = 0, most = 0xffff_ffff, last = false }: PageWish,
  wait: boolean,
): Promise<Page<Item>> {
  const body = [jobs, BigInt(after), BigInt(since), most, last, wait];
  const [items, next, lost] = await call(client, member, "asttubb", body);
  return { items: JSON.parse(items as string), next: Number(next), lost: Number(lost) };
}

/**
 * Reads records of the journal. With `wait` the answer comes when there are any.
 * @throws {CallError} when the answer is an error. @throws {Error} when there is no answer.
 */
export function readJournal(client: Client, wish: PageWish, wait = false): Promise<Page<JournalRecord>> {
  return readPage(client, "ReadJournal", wish, wait);
}

/**
 * Reads lines of output. With `wait` the answer comes when there are any.
 * @throws {CallError} when the answer is an error. @throws {Error} when there is no answer.
 */
export function readOutput(client: Client, wish: PageWish, wait = false): Promise<Page<OutputLine>> {
  return readPage(client, "ReadOutput", wish, wait);
}

/**
 * What init knows of jobs: of those named that there are, or of all.
 * @throws {CallError} when the answer is an error. @throws {Error} when there is no answer.
 */
export async function describe(client: Client, jobs: string[] = []): Promise<Report> {
  let whole: Report | undefined;
  for (let after: string | undefined = ""; after !== undefined;) {
    const [text] = await call(client, "Describe", "ass", [jobs, after]);
    const { next, ...report }: Report = JSON.parse(text as string);
    whole = whole ? { ...whole, jobs: [...whole.jobs, ...report.jobs] } : report;
    after = next;
  }
  return whole!;
}

/**
 * The state of init's engine, from which a simulation can go on.
 * @throws {CallError} when the answer is an error. @throws {Error} when there is no answer.
 */
export async function readSnapshot(client: Client): Promise<EngineSnapshot> {
  const [text] = await call(client, "Snapshot");
  return JSON.parse(text as string);
}

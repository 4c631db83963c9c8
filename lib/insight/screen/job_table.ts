/** The table of jobs that `list` and `ps` show. */

import { howLong, sizeInWords } from "../words.ts";
import type { JobRow } from "./job_rows.ts";
import type { Style } from "./style.ts";
import { type Column, layTable } from "./table.ts";

/** The columns, from left to right. */
function columnsAt(now: number): ReadonlyArray<Column<JobRow>> {
  return [
    { title: "JOB", text: ({ title }) => title, importance: 9, least: 12 },
    { title: "STATE", text: ({ state }) => state.word, paint: ({ state }) => state.paint, importance: 8 },
    {
      title: "SINCE",
      text: ({ since }) => since === undefined ? "" : howLong(now - since),
      isRight: true,
      importance: 6,
    },
    { title: "PID", text: ({ pid }) => pid === undefined ? "" : `${pid}`, isRight: true, importance: 5 },
    {
      title: "RESTARTS",
      text: ({ restarts }) => restarts === 0 ? "" : `${restarts}`,
      paint: () => "warn",
      isRight: true,
      importance: 2,
    },
    { title: "CPU", text: processorTime, isRight: true, importance: 3 },
    {
      title: "MEMORY",
      text: ({ memory }) => memory === undefined ? "" : sizeInWords(memory),
      isRight: true,
      importance: 4,
    },
    {
      title: "LAST RESULT",
      text: ({ result }) => result,
      paint: ({ isFailure }) => isFailure ? "bad" : undefined,
      importance: 7,
      least: 24,
    },
    {
      title: "DESCRIPTION",
      text: ({ description }) => description,
      paint: () => "dim",
      importance: 1,
      least: 16,
      isSpare: true,
    },
  ];
}

/** The time used, or the share of a processor where that is known. */
function processorTime({ cpuTime, cpuShare }: JobRow): string {
  if (cpuShare !== undefined) return `${Math.round(100 * cpuShare)} %`;
  return cpuTime === undefined ? "" : howLong(1000 * cpuTime);
}

/** The lines of the table. @param now the present time as the rows have it, in ms */
export function jobTable(rows: readonly JobRow[], now: number, width: number, style: Style): string[] {
  return layTable(rows, columnsAt(now), width, style);
}

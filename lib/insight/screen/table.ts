/** Tables that fit a width: columns are cut, and left out where there is no room. */

import { printable } from "../../model/text/printable.ts";
import type { Paint, Style } from "./style.ts";
import { columnsOf, cut, pad } from "./width.ts";

/** A column of a table. */
export interface Column<Row> {
  title: string;
  /** The text of a cell; control characters are escaped. Empty where there is nothing to be said. */
  text(row: Row): string;
  paint?(row: Row): Paint | undefined;
  /** Figures stand to the right. */
  isRight?: boolean;
  /** The columns with the least go first where there is no room. */
  importance: number;
  /** It is left out where it would have others cut. */
  isSpare?: boolean;
  /** It may be cut to so many columns of the screen; absent: it is not cut. */
  least?: number;
}

/** A column with its cells and its width. */
interface Filled<Row> {
  column: Column<Row>;
  cells: string[];
  width: number;
}

const GAP = "  ";

/**
 * The lines of a table, the titles first. Columns in which nothing is said are left out.
 * @param width The columns of the screen; Infinity where there is no bound.
 */
export function layTable<Row>(
  rows: readonly Row[],
  columns: ReadonlyArray<Column<Row>>,
  width: number,
  style: Style,
): string[] {
  const filled = columns.map((column): Filled<Row> => {
    const cells = rows.map((row) => printable(column.text(row)));
    return { column, cells, width: cells.reduce((most, cell) => Math.max(most, columnsOf(cell)), 0) };
  }).filter((one) => one.width > 0);
  for (const one of filled) one.width = Math.max(one.width, columnsOf(one.column.title));
  const shown = fit(filled, width);
  const line = (text: (one: Filled<Row>) => string, paint: (column: Column<Row>) => Paint | undefined) =>
    shown.map((one, place) => {
      const fitting = cut(text(one), one.width);
      // No blanks at the end of a line.
      const isLast = place === shown.length - 1 && !one.column.isRight;
      const whole = isLast ? fitting : pad(fitting, one.width, one.column.isRight);
      return style(whole, paint(one.column));
    }).join(GAP).trimEnd();
  return [
    line(({ column }) => column.title, () => "strong"),
    ...rows.map((row, at) => line(({ cells }) => cells[at]!, (column) => column.paint?.(row))),
  ];
}

/** The columns that are shown, with widths that fit. */
function fit<Row>(columns: ReadonlyArray<Filled<Row>>, width: number): Array<Filled<Row>> {
  const gaps = GAP.length * (columns.length - 1);
  const leasts = columns.map(leastOf);
  const needed = leasts.reduce((sum, one) => sum + one, gaps);
  const wished = columns.reduce((sum, one) => sum + (one.column.isSpare ? leastOf(one) : one.width), gaps);
  const spare = columns.findIndex(({ column }) => column.isSpare);
  if (wished > width && spare >= 0) return fit(columns.toSpliced(spare, 1), width);
  if (needed > width && columns.length > 1) {
    const least = columns.reduce((one, other) =>
      other.column.importance < one.column.importance ? other : one
    );
    return fit(columns.filter((one) => one !== least), width);
  }
  // What is left over goes to those that are cut, evenly, the ones that need the least first; what is spare gets the rest.
  let left = width - needed;
  let waiting = columns.filter(({ column }) => column.least !== undefined && !column.isSpare).length;
  const widths = new Map(columns.map((one, place) => [one, Math.min(leasts[place]!, width)]));
  const isSpare = ({ column }: Filled<Row>) => Number(column.isSpare ?? false);
  for (const one of [...columns].sort((a, b) => isSpare(a) - isSpare(b) || lackOf(a) - lackOf(b))) {
    if (one.column.least === undefined) continue;
    const more = Math.min(lackOf(one), one.column.isSpare ? left : Math.floor(left / waiting--));
    widths.set(one, widths.get(one)! + Math.max(0, more));
    left -= Math.max(0, more);
  }
  return columns.map((one) => ({ ...one, width: widths.get(one)! }));
}

/** The columns of the screen that it lacks where it is cut as far as may be. */
function lackOf<Row>(one: Filled<Row>): number {
  return one.width - leastOf(one);
}

function leastOf<Row>({ column, width }: Filled<Row>): number {
  return Math.min(column.least ?? width, width);
}

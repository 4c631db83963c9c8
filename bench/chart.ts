/** The chart: for each figure, how far each peer is from Rouse, on a logarithmic scale. */

import type { Result } from "./measure.ts";
import { peersOf } from "./report.ts";

const COLORS = ["#d62728", "#1f77b4", "#2ca02c", "#9467bd", "#8c564b", "#e377c2", "#7f7f7f", "#bcbd22"];
const NAMES = 130, WIDTH = 900, LINE = 22, TOP = 70;

/** The SVG text. A dot right of the line stands for a peer that is so many times slower or larger than Rouse. */
export function chart(results: Result[]): string {
  const peers = peersOf(results).filter((peer) => peer !== "rouse");
  const lines = figures(results);
  const ratios = lines.flatMap(({ dots }) => dots.map(({ ratio }) => Math.log10(ratio)));
  const [low, high] = [Math.floor(Math.min(0, ...ratios)), Math.ceil(Math.max(0, ...ratios))];
  const x = (logarithm: number) => NAMES + (WIDTH - NAMES - 20) * (logarithm - low) / (high - low || 1);
  const height = TOP + LINE * lines.length + 20;
  const parts = [
    text(WIDTH / 2, 18, "times slower, larger or weaker than Rouse (the line at 1)", "middle"),
    ...peers.map((peer, index) => legend(peer, index)),
  ];
  for (let power = low; power <= high; power++) {
    const style = power === 0 ? `stroke="#000"` : `stroke="#ddd"`;
    parts.push(`<line x1="${x(power)}" x2="${x(power)}" y1="${TOP - 8}" y2="${height - 16}" ${style}/>`);
    parts.push(text(x(power), TOP - 12, `${power < 0 ? 1 / 10 ** -power : 10 ** power}`, "middle"));
  }
  lines.forEach(({ figure, dots }, index) => {
    const y = TOP + LINE * index + LINE / 2;
    parts.push(text(NAMES - 10, y + 4, figure, "end"));
    for (const { peer, ratio } of dots) {
      const title = `<title>${peer}: ${ratio.toPrecision(3)}</title>`;
      const color = COLORS[peers.indexOf(peer) % COLORS.length];
      parts.push(
        `<circle cx="${x(Math.log10(ratio)).toFixed(1)}" cy="${y}" r="5" fill="${color}">${title}</circle>`,
      );
    }
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" font-family="sans-serif" ` +
    `font-size="12">\n<rect width="100%" height="100%" fill="#fff"/>\n${parts.join("\n")}\n</svg>\n`;
}

/** The figures of more than one program, with the others' distance from Rouse. */
function figures(results: Result[]): { figure: string; dots: { peer: string; ratio: number }[] }[] {
  const ours = results.filter(({ peer, median }) => peer === "rouse" && median > 0);
  return ours.flatMap(({ figure, median, larger }) => {
    const others = results.filter((other) =>
      other.figure === figure && other.peer !== "rouse" && other.median > 0
    );
    const dots = others.map((other) => ({
      peer: other.peer,
      ratio: larger ? median / other.median : other.median / median,
    }));
    return dots.length > 0 ? [{ figure, dots }] : [];
  });
}

function legend(peer: string, index: number): string {
  const x = NAMES + index * 95;
  return `<circle cx="${x}" cy="36" r="5" fill="${COLORS[index % COLORS.length]}"/>${
    text(x + 9, 40, peer, "start")
  }`;
}

function text(x: number, y: number, content: string, anchor: string): string {
  return `<text x="${x.toFixed(1)}" y="${y}" text-anchor="${anchor}">${content}</text>`;
}

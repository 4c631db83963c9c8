/** The small C program that jobs run and commands are timed with: see probe.c. */

import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import process from "node:process";
import { decode } from "../tests/support/command.ts";
import { until } from "../tests/support/deadline.ts";

/** Where what the benchmarks make is put. */
export const OUTPUT = resolve(import.meta.dirname!, "../dist/bench");

/** The program's path. */
export const PROBE = join(OUTPUT, "probe");

const RECORD_SIZE = 16;

/** Compiles the program. Throws an Error where there is no C compiler. */
export function compileProbe(): void {
  mkdirSync(OUTPUT, { recursive: true });
  const source = join(import.meta.dirname!, "probe.c");
  if (existsSync(PROBE) && statSync(PROBE).mtimeMs > statSync(source).mtimeMs) return;
  try {
    execFileSync("cc", ["-O2", "-static", "-o", PROBE, source], { stdio: ["ignore", "inherit", "inherit"] });
  } catch (error) {
    throw new Error(`Unable to compile ${source}: ${(error as Error).message}; a C compiler (cc) is needed`);
  }
}

/** The time now, in ms, by the clock of the records. */
export function now(): number {
  return performance.timeOrigin + performance.now();
}

/** Who has appended a record, and when: in ms, by the clock of {@link now}. */
export interface Mark {
  time: number;
  pid: number;
}

let files = 0;

/** A file that the probe appends records to. Declare it with `using`. */
export class Marks implements Disposable {
  readonly path = join(OUTPUT, `marks.${process.pid}.${++files}`);

  /** The records, in their order. */
  read(): Mark[] {
    if (!existsSync(this.path)) return [];
    const bytes = readFileSync(this.path);
    return Array.from({ length: Math.floor(bytes.length / RECORD_SIZE) }, (_, index) => ({
      time: Number(bytes.readBigInt64LE(index * RECORD_SIZE)) / 1e6,
      pid: bytes.readInt32LE(index * RECORD_SIZE + 8),
    }));
  }

  /** Waits until there are so many, and gives them. */
  async until(count: number, timeout = 120_000): Promise<Mark[]> {
    const size = () => statSync(this.path, { throwIfNoEntry: false })?.size ?? 0;
    await until(`${count} jobs have run`, () => size() >= count * RECORD_SIZE, timeout);
    return this.read();
  }

  [Symbol.dispose](): void {
    rmSync(this.path, { force: true });
  }
}

/** The times in ms that each of the commands took, when run so often in turn. */
export function timeCommands(
  commands: string[][],
  count: number,
  environment: Record<string, string>,
): number[][] {
  const words = commands.flatMap((command, index) => index === 0 ? command : ["--", ...command]);
  return columns(runProbe(["loop", String(count), ...words], environment));
}

/** The times in ms that the replies to messages (files) took, over one connection to a D-Bus address. */
export function timeCalls(address: string, messages: string[], count: number): number[][] {
  const socket = address.replace(
    /^unix:(abstract=(.*)|path=(.*))$/,
    (_, __, name, path) => path ?? `@${name}`,
  );
  const uid = String(process.getuid?.() ?? 0);
  return columns(runProbe(["calls", socket, uid, String(count), ...messages], {}));
}

function runProbe(args: string[], environment: Record<string, string>): string {
  const { status, stdout, stderr } = spawnSync(PROBE, args, { env: environment, maxBuffer: 1 << 28 });
  if (status !== 0) throw new Error(`probe ${args.join(" ").slice(0, 200)}: ${decode(stderr)}`);
  return decode(stdout);
}

function columns(text: string): number[][] {
  const rows = text.trimEnd().split("\n").map((line) => line.split("\t").map((ns) => Number(ns) / 1e6));
  return rows[0]!.map((_, column) => rows.map((row) => row[column]!));
}

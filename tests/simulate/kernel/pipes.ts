/** Pipes and FIFOs (pipe(7)), and pseudo-terminals (pty(7)). */

import { Buffer } from "node:buffer";
import { Inode } from "./inodes.ts";
import { EAGAIN, EBADF, EIO, EPIPE, ERR, HUP, IN, NOTHING, OpenFile, OUT } from "./open_file.ts";

/** A queue of bytes with a limit. */
export class ByteQueue {
  #pieces: Uint8Array[] = [];
  length = 0;

  constructor(readonly capacity: number) {}

  get room(): number {
    return this.capacity - this.length;
  }

  /** Appends what there is room for. @returns how many bytes. */
  put(bytes: Uint8Array): number {
    const taken = Math.min(this.room, bytes.length);
    if (taken > 0) this.#pieces.push(new Uint8Array(bytes.subarray(0, taken)));
    this.length += taken;
    return taken;
  }

  take(size: number): Uint8Array {
    const taken: Uint8Array[] = [];
    for (let left = Math.min(size, this.length); left > 0;) {
      const piece = this.#pieces[0]!;
      if (piece.length <= left) this.#pieces.shift();
      else this.#pieces[0] = piece.subarray(left);
      taken.push(piece.subarray(0, left));
      left -= Math.min(left, piece.length);
    }
    const bytes = taken.length === 1 ? taken[0]! : new Uint8Array(Buffer.concat(taken));
    this.length -= bytes.length;
    return bytes;
  }
}

/** How much a pipe holds, and how much is written as a whole, in bytes. */
const PIPE_SIZE = 65536, ATOMIC = 4096;

/** A pipe: it is behind the inode of a FIFO. */
export class Pipe {
  readonly queue = new ByteQueue(PIPE_SIZE);
  readonly ends = new Set<PipeEnd>();

  constructor(readonly inode = new Inode("fifo", 0o600)) {
    inode.behind = this;
  }

  get readers(): number {
    return [...this.ends].filter((end) => end.isReader).length;
  }

  get writers(): number {
    return [...this.ends].filter((end) => end.isWriter).length;
  }

  /** Opens an end, or both, as the flags of open(2) say. */
  open(flags: number): PipeEnd {
    const end = new PipeEnd(this, flags);
    this.ends.add(end);
    this.changed();
    return end;
  }

  changed(): void {
    for (const end of [...this.ends]) end.changed();
  }
}

/** An end of a pipe. */
export class PipeEnd extends OpenFile {
  readonly isReader: boolean;
  readonly isWriter: boolean;
  #hadWriter: boolean;

  constructor(readonly pipe: Pipe, flags: number) {
    super(pipe.inode, flags);
    this.isReader = (flags & 3) !== 1;
    this.isWriter = (flags & 3) !== 0;
    this.#hadWriter = pipe.inode.links === 0;
  }

  override read(size: number): Uint8Array | number {
    if (!this.isReader) return EBADF;
    const { queue, writers } = this.pipe;
    if (queue.length === 0) return writers > 0 ? EAGAIN : NOTHING;
    const bytes = queue.take(size);
    this.pipe.changed();
    return bytes;
  }

  override write(bytes: Uint8Array): number {
    if (!this.isWriter) return EBADF;
    const { queue, readers } = this.pipe;
    if (readers === 0) return EPIPE;
    if (queue.room === 0 || bytes.length <= ATOMIC && queue.room < bytes.length) return EAGAIN;
    const count = queue.put(bytes);
    this.pipe.changed();
    return count;
  }

  override get events(): number {
    const { queue, readers, writers } = this.pipe;
    if (writers > 0) this.#hadWriter = true;
    let events = 0;
    if (this.isReader && queue.length > 0) events |= IN;
    if (this.isReader && writers === 0 && this.#hadWriter) events |= HUP;
    if (this.isWriter && queue.room >= ATOMIC) events |= OUT;
    if (this.isWriter && readers === 0) events |= ERR;
    return events;
  }

  override released(): void {
    this.pipe.ends.delete(this);
    this.pipe.changed();
  }
}

/** How much a terminal holds, in bytes. */
const TERMINAL_SIZE = 4096;

/** A pseudo-terminal. What is typed at it is of no interest. */
export class Terminal {
  readonly output = new ByteQueue(TERMINAL_SIZE);
  readonly inode = new Inode("character", 0o620);
  readonly slaves = new Set<OpenFile>();
  master: TerminalMaster | undefined;
  hadSlave = false;
  /** True: line ends are changed on output (termios(3), ONLCR). */
  changesLineEnds = true;
  /** The session that it controls; 0 for none. */
  session = 0;

  constructor() {
    this.inode.behind = this;
  }

  openSlave(flags: number): TerminalSlave {
    const slave = new TerminalSlave(this, flags);
    this.slaves.add(slave);
    this.hadSlave = true;
    return slave;
  }

  changed(): void {
    this.master?.changed();
    for (const slave of [...this.slaves]) slave.changed();
  }
}

/** The master's end. */
export class TerminalMaster extends OpenFile {
  constructor(
    readonly terminal: Terminal,
    flags: number,
    private readonly hangUp: (session: number) => void,
  ) {
    super(new Inode("character", 0o666), flags);
    terminal.master = this;
  }

  override read(size: number): Uint8Array | number {
    const { output, slaves, hadSlave } = this.terminal;
    if (output.length === 0) return slaves.size === 0 && hadSlave ? EIO : EAGAIN;
    const bytes = output.take(Math.min(size, TERMINAL_SIZE));
    this.terminal.changed();
    return bytes;
  }

  override write(bytes: Uint8Array): number {
    return bytes.length;
  }

  override get events(): number {
    const { output, slaves, hadSlave } = this.terminal;
    return OUT | (output.length > 0 ? IN : 0) | (slaves.size === 0 && hadSlave ? HUP : 0);
  }

  override released(): void {
    this.terminal.master = undefined;
    this.terminal.changed();
    if (this.terminal.session > 0) this.hangUp(this.terminal.session);
  }
}

const NEWLINE = 10, RETURN = 13;

/** The slave's end. */
export class TerminalSlave extends OpenFile {
  constructor(readonly terminal: Terminal, flags: number) {
    super(terminal.inode, flags);
  }

  override read(): Uint8Array | number {
    return this.terminal.master ? EAGAIN : NOTHING;
  }

  override write(bytes: Uint8Array): number {
    const { output, master, changesLineEnds } = this.terminal;
    if (!master) return EIO;
    const printed = new Uint8Array(output.room);
    let taken = 0, length = 0;
    for (const byte of bytes) {
      const isEnd = changesLineEnds && byte === NEWLINE;
      if (printed.length - length < (isEnd ? 2 : 1)) break;
      if (isEnd) printed[length++] = RETURN;
      printed[length++] = byte;
      taken++;
    }
    output.put(printed.subarray(0, length));
    if (taken === 0 && bytes.length > 0) return EAGAIN;
    this.terminal.changed();
    return taken;
  }

  override get events(): number {
    const { output, master } = this.terminal;
    return master ? (output.room > 1 ? OUT : 0) : IN | OUT | HUP;
  }

  override released(): void {
    this.terminal.slaves.delete(this);
    this.terminal.changed();
  }
}

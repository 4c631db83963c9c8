/** How a daemon says that it is ready, where it was asked to: by a line on a descriptor, or by sd_notify's protocol. */

import { close, pipe, read, setNonBlocking } from "../../../sys/io/descriptors.ts";
import { awaitDescriptor, POLLIN } from "../../../sys/io/socket.ts";
import { EAGAIN, EINTR } from "../../../sys/call/errno.ts";
import { ToolError } from "../tool.ts";
import { NoticeSocket } from "./notice_socket.ts";

const NEWLINE = 10;

/** How often it is asked whether there is still a point in waiting, in ms. */
const LOOKING = 500;

/** What a daemon is given so that it can say that it is ready. */
export interface DaemonNotice {
  readonly descriptors: Readonly<Record<number, number>>;
  readonly environment: Readonly<Record<string, string>>;
  /** Where it is heard. Whoever waits for that calls {@link begin} first. */
  readonly fd: number;
  /** Call this once the daemon has started: it alone is heard from then on. */
  begin(): void;
  /**
   * What it has said by now, at least the first of that, where {@link fd} has something: true, it is ready; false, it will
   * not be; undefined, neither. Nothing is waited for.
   */
  hear(): boolean | undefined;
  close(): void;
}

/**
 * Blocks until a daemon is ready.
 * @param isHopeless True where it will never be ready
 * @returns false when it will not.
 */
export function awaitNotice(notice: DaemonNotice, isHopeless: () => boolean): boolean {
  notice.begin();
  for (;;) {
    const isOver = isHopeless(), hasSaid = awaitDescriptor(notice.fd, POLLIN, isOver ? 0 : LOOKING);
    // What it said before it ended counts.
    const isReady = hasSaid ? notice.hear() : isOver ? false : undefined;
    if (isReady !== undefined) return isReady;
  }
}

/**
 * What `--notify` asks for: `fd:NUMBER` or `socket:ready`.
 * @throws {ToolError}
 */
export function noticeOf(text: string, name: string, uid?: number, gid?: number): DaemonNotice {
  const [, digits] = /^fd:(\d{1,4})$/.exec(text) ?? [];
  if (digits !== undefined) return byDescriptor(Number(digits));
  if (text === "socket:ready") return bySocket(uid, gid);
  throw new ToolError(`${name}: \`${text}' is no way to be notified; it is fd:NUMBER or socket:ready`);
}

function byDescriptor(number: number): DaemonNotice {
  const { reader, writer } = pipe();
  setNonBlocking(reader);
  let isWriting = true;
  const endWriting = () => {
    if (isWriting) close(writer);
    isWriting = false;
  };
  return {
    descriptors: { [number]: writer },
    environment: {},
    fd: reader,
    // Without another writer the pipe ends with the daemon.
    begin: endWriting,
    hear() {
      const bytes = read(reader);
      if (bytes === -EINTR || bytes === -EAGAIN) return undefined;
      if (typeof bytes === "number" || bytes.length === 0) return false;
      return bytes.includes(NEWLINE) || undefined;
    },
    close() {
      endWriting();
      close(reader);
    },
  };
}

function bySocket(uid?: number, gid?: number): DaemonNotice {
  const socket = new NoticeSocket(uid, gid);
  return {
    descriptors: {},
    environment: { NOTIFY_SOCKET: socket.path },
    fd: socket.fd,
    begin() {},
    hear() {
      const said = socket.hear();
      if (said === "ready") return true;
      return said !== undefined && "errno" in said ? false : undefined;
    },
    close: () => socket.close(),
  };
}

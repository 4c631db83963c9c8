/** How a daemon says that it is ready, where it was asked to: by a line on a descriptor, or by sd_notify's protocol. */

import { close, pipe, read } from "../../../sys/io/descriptors.ts";
import { EINTR } from "../../../sys/call/errno.ts";
import { ToolError } from "../tool.ts";
import { NoticeSocket } from "./notice_socket.ts";

/** What a daemon is given so that it can say that it is ready. */
export interface DaemonNotice {
  readonly descriptors: Readonly<Record<number, number>>;
  readonly environment: Readonly<Record<string, string>>;
  /**
   * Blocks until it is ready. Call this once the daemon has started.
   * @param isHopeless True where it will never be ready
   * @returns false when it will not.
   */
  wait(isHopeless: () => boolean): boolean;
  close(): void;
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
  let isWriting = true;
  const endWriting = () => {
    if (isWriting) close(writer);
    isWriting = false;
  };
  return {
    descriptors: { [number]: writer },
    environment: {},
    wait() {
      // Without a writer the pipe ends with the daemon.
      endWriting();
      for (;;) {
        const bytes = read(reader);
        if (bytes === -EINTR) continue;
        if (typeof bytes === "number" || bytes.length === 0) return false;
        if (bytes.includes(10)) return true;
      }
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
    wait: (isHopeless) => socket.wait(Infinity, isHopeless) === "ready",
    close: () => socket.close(),
  };
}

/**
 * What the engine's end of a push is told, as one JSON line on stdin; plain data, no key: the token
 * is good for this connection only.
 */
import type { SourceAddress } from '../../sources/source';
import type { ApplyOrder } from '../mover';
import type { PUSH_PROTOCOL } from './frames';

export interface PushOrder extends Pick<ApplyOrder, 'layer' | 'windowBytes' | 'content'> {
  readonly order: 'push';
  readonly protocol: typeof PUSH_PROTOCOL;
  readonly source: SourceAddress;
  /** Number of the connection, and its token (push-token.ts), hex. */
  readonly connection: number;
  readonly token: string;
}

/** A later line on stdin: tell the mover to stop after the window in hand. */
export interface PushCommand {
  readonly type: 'stop';
}

/** Number of the file descriptor that the frames go through, both ways. */
export const PUSH_STREAM_FD = 3;

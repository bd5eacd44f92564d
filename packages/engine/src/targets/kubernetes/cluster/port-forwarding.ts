/** Ports of pods by the quickest way that everything between here and the pod lets through: SPDY, else a websocket. */
import { addAbortSignal, type Duplex } from 'node:stream';

import type { ApiRequests } from './api-requests';
import { MAX_MESSAGE_BYTES, PORT_FORWARD_PROTOCOL, portStream } from './port-forward';
import { SPDY, SPDY_PORT_FORWARD, spdyPortStream } from './spdy-port-stream';

/** What stands in the way may be a server that restarts, too. */
const WITHOUT_SPDY_MS = 600_000;

export class PortForwarding {
  /** From when on a connection asks for SPDY again, which was refused where a websocket was not. */
  private spdyAgainAt = -Infinity;

  constructor(private readonly requests: ApiRequests) {}

  /**
   * @param path of the pod's port-forward
   * @throws EngineError as ClusterApi.portForward does
   */
  async open(path: string, port: number, what: string, signal: AbortSignal): Promise<Duplex> {
    const either = AbortSignal.any([signal, this.requests.signal]);
    if (performance.now() >= this.spdyAgainAt) {
      const answer = await this.requests.upgrade(path, what, {
        protocol: SPDY,
        streamProtocol: SPDY_PORT_FORWARD,
        signal: either,
      });
      if (answer !== 'refused')
        return addAbortSignal(either, spdyPortStream(answer.connection, answer.head, port, what));
    }
    const socket = await this.requests.openWebSocket(`${path}?ports=${port}`, what, {
      protocol: PORT_FORWARD_PROTOCOL,
      maxMessageBytes: MAX_MESSAGE_BYTES,
      signal: either,
    });
    this.spdyAgainAt = performance.now() + WITHOUT_SPDY_MS;
    return addAbortSignal(either, portStream(socket, port, what));
  }
}

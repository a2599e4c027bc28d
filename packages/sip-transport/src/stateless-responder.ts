// Answers requests and remembers nothing, as a stateless UAS does (RFC 3261 8.2.7): a retransmission gets the very same
// response because the To tag is a keyed hash of the request. For errors found before a transaction exists, for
// overload, and for OPTIONS to the server itself.
import { type Peek, writeResponse } from '@chordial/sip-parser';
import type { Flow, SendMessage } from './protocol.ts';
import { receivedOf, responseFlow } from './response-flow.ts';
import { tagText } from './tag-text.ts';
import { TurnOctets } from './turn-octets.ts';

/** Octets that a response adds to its request beside reason, header lines and body: tag, received, rport, lengths. */
const ADDED_BYTES_MAX = 256;

export class StatelessResponder {
  readonly #octets = new TurnOctets();
  readonly #secret: number;
  readonly #serverLine: string;
  /** The header lines asked for last, and the same with Server: most answers are alike, and joining texts is slow. */
  #linesLast = '';
  #linesJoined: string;

  /** `secret` is equal on all lanes (and hosts) of a ring; `server` is the value of the Server header, '' for none. */
  constructor(secret: number, server: string) {
    this.#secret = secret;
    this.#serverLine = server === '' ? '' : `Server: ${server}\r\n`;
    this.#linesJoined = this.#serverLine;
  }

  /** The response as a message to the transport, or undefined when the request cannot be answered (RFC 3261 8.2.6.2). */
  answer(
    now: number,
    peek: Peek,
    flow: Flow,
    statusCode: number,
    reason: string,
    headerLines: string,
  ): SendMessage | undefined {
    if (headerLines !== this.#linesLast) {
      this.#linesLast = headerLines;
      this.#linesJoined = headerLines + this.#serverLine;
    }
    const extraHeaders = this.#linesJoined;
    const length = peek.end - peek.start + reason.length + extraHeaders.length + flow.address.length + ADDED_BYTES_MAX;
    const start = this.#octets.reserve(now, length);
    const bytes = this.#octets.chunk;
    const end = writeResponse(bytes, start, peek, {
      statusCode,
      reason,
      toTag: peek.to.tagEnd > 0 ? undefined : this.tagOf(peek),
      extraHeaders,
      received: receivedOf(peek, flow),
      rport: flow.port,
    });
    if (end < 0) return undefined;
    this.#octets.keep(end);
    return { type: 'send-message', bytes, start, end, flow: responseFlow(peek, flow) };
  }

  /** RFC 3261 8.2.7: the tag "MUST be generated in a stateless manner", the same for the same request; 32 bits (19.3). */
  tagOf(peek: Peek): string {
    const { bytes, via, from } = peek;
    const high = Math.floor(this.#secret / 2 ** 32) | 0;
    let a = (this.#secret ^ 0x811c9dc5) | 0;
    let b = high ^ 0x9e3779b9 ^ peek.cseqNumber;
    for (let part = 0; part < 3; part++) {
      const start = part === 0 ? via.branchStart : part === 1 ? from.tagStart : peek.callIdStart;
      const end = part === 0 ? via.branchEnd : part === 1 ? from.tagEnd : peek.callIdEnd;
      for (let i = start; i < end; i++) {
        a = Math.imul(a ^ bytes[i]!, 0x01000193);
        b = Math.imul(b + bytes[i]!, 0x85ebca6b) ^ (b >>> 13);
      }
    }
    a = Math.imul(a ^ (b >>> 15) ^ high, 0xc2b2ae35) ^ b;
    a = Math.imul(a ^ (a >>> 13), 0x27d4eb2f);
    return tagText(a ^ (a >>> 16));
  }
}

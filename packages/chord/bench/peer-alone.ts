// One chord peer driven by hand: it is told messages, and what it sends and which timers it sets is recorded.
import { type Address, makeAddress, nobody, type Outbox, type Typed } from '@chordial/actor';
import type { SystemEvent } from '@chordial/actor/protocol';
import type { ChordPeerConfig, ChordPeerState } from '@chordial/chord';
import { chordPeer } from '@chordial/chord/behaviour';
import type { ChordMessage, HandRange, RangeChanged } from '@chordial/chord/protocol';

export interface Sent {
  readonly to: Address<never>;
  readonly message: Typed;
}

export const service: Address<RangeChanged | HandRange> = makeAddress(0, 0, 9);

export class PeerAlone {
  readonly state: ChordPeerState;
  sent: Sent[] = [];
  /** Timers set so far, in order. */
  readonly timers: { readonly delayMs: number; readonly message: Typed }[] = [];
  readonly #out: Outbox;

  now = 0;

  constructor(config: ChordPeerConfig, seed = 1, chord = config.self?.chord ?? makeAddress<ChordMessage>(0, 0, 90)) {
    this.#out = {
      send: (to, message) => this.sent.push({ to: to as Address<never>, message: message as Typed }),
      setTimer: (delayMs, message) => this.timers.push({ delayMs, message }),
      clearTimer: () => {},
      spawn: () => makeAddress(0, 0, 41),
      stop: () => {},
    };
    this.state = chordPeer.init(config, { self: chord, now: 0, seed }, this.#out);
  }

  /** One step; returns what it sent. */
  tell(message: ChordMessage | SystemEvent): Sent[] {
    this.sent = [];
    chordPeer.step(this.state, { now: this.now, from: nobody, message: message as ChordMessage }, this.#out);
    const broken = chordPeer.invariants?.(this.state);
    if (broken !== undefined) throw new Error(`broken invariant: ${broken}`);
    return this.sent;
  }
}

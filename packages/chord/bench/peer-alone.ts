// One chord peer driven by hand: it is told messages, and what it sends and which timers it sets is recorded.
import { type Address, makeAddress, nobody, type Outbox, type Typed } from '@chordial/actor';
import type { ChordPeerConfig, ChordPeerState } from '@chordial/chord';
import { chordPeer } from '@chordial/chord/behaviour';
import type { ChordMessage, RangeChanged } from '@chordial/chord/protocol';

export interface Sent {
  readonly to: Address<never>;
  readonly message: Typed;
}

export const service: Address<RangeChanged> = makeAddress(0, 0, 9);

export class PeerAlone {
  readonly state: ChordPeerState;
  sent: Sent[] = [];
  readonly delays: number[] = [];
  readonly #out: Outbox;

  constructor(config: ChordPeerConfig, seed = 1) {
    this.#out = {
      send: (to, message) => this.sent.push({ to: to as Address<never>, message: message as Typed }),
      setTimer: (delayMs) => this.delays.push(delayMs),
      clearTimer: () => {},
      spawn: () => makeAddress(0, 0, 41),
      stop: () => {},
    };
    this.state = chordPeer.init(config, { self: config.self.chord, now: 0, seed }, this.#out);
  }

  /** One step; returns what it sent. */
  tell(message: ChordMessage): Sent[] {
    this.sent = [];
    chordPeer.step(this.state, { now: 0, from: nobody, message }, this.#out);
    const broken = chordPeer.invariants?.(this.state);
    if (broken !== undefined) throw new Error(`broken invariant: ${broken}`);
    return this.sent;
  }
}

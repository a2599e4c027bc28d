// A lane that is nothing but ears: what ports deliver is kept (with its bytes, which end with the turn) until a test asks for it.

import { makeAddress, type Outbox, type Typed } from '@chordial/actor';
import type { Inlet } from './udp-port.ts';

/** Where ports send their events in these tests. */
export const listener = makeAddress<Typed>(0, 0, 16);

/** Ports use none of the effects. */
export const noOutbox = {} as Outbox;

export function collectEvents<E extends Typed>() {
  const events: E[] = [];
  let look = (): void => {};
  const inlet: Inlet = {
    deliver: (_, message) => {
      const { bytes, start, end } = message as { bytes?: Uint8Array; start?: number; end?: number };
      const kept = bytes === undefined ? message : { ...message, bytes: Uint8Array.from(bytes.subarray(start, end)) };
      events.push(kept as unknown as E);
      look();
    },
    turn: () => true,
    turnSoon: () => {},
  };

  /** The first `count` events of a type, in order, as soon as there are so many. */
  function all<T extends E['type']>(type: T, count: number): Promise<Extract<E, { type: T }>[]> {
    return new Promise((resolve) => {
      const lookBefore = look;
      look = () => {
        lookBefore();
        const found = events.filter((event): event is Extract<E, { type: T }> => event.type === type);
        if (found.length >= count) resolve(found.slice(0, count));
      };
      look();
    });
  }

  const first = async <T extends E['type']>(type: T) => (await all(type, 1))[0]!;
  return { inlet, events, all, first };
}

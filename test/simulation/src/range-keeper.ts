// The service of a peer, as far as the ring knows it: it takes a moment to hand a range over, and nobody may own what it has not released.
import type { Address, Behaviour } from '@chordial/actor';
import { createRandom, nextBelow, type Random } from '@chordial/actor/random';
import { chordWords, type HandRange, type RangeChanged, type RangeReleased } from '@chordial/chord/protocol';
import type { Release, RingWorld } from './ring-world.ts';

type KeeperMessage =
  | HandRange
  | RangeChanged
  | {
      readonly type: 'release-due';
      readonly release: Release;
      readonly replyTo: Address<RangeReleased>;
      readonly correlation: number;
    };

export interface KeeperConfig {
  readonly world: RingWorld;
}
interface KeeperState extends KeeperConfig {
  readonly random: Random;
}

const releaseMsMax = 60;

export const rangeKeeper: Behaviour<KeeperState, KeeperMessage, KeeperConfig> = {
  name: 'range-keeper',
  mailbox: { messagesMax: 1_000, overflow: 'drop-newest' },
  words: chordWords as never,
  init: (config, { seed }) => ({ ...config, random: createRandom(seed) }),
  step({ world, random }, { message }, out) {
    switch (message.type) {
      case 'hand-range': {
        const giver = world.members().find(({ self }) => self.chord === (message.replyTo as number))?.self;
        const release: Release = { giver: giver ?? { chord: message.replyTo as never, life: -1 }, to: message.to };
        world.releases.add(release);
        const { replyTo, correlation } = message;
        out.setTimer(nextBelow(random, releaseMsMax), { type: 'release-due', release, replyTo, correlation } as never);
        return;
      }
      case 'release-due':
        world.releases.delete(message.release);
        out.send(message.replyTo, { type: 'range-released', correlation: message.correlation });
        return;
      case 'range-changed':
        if (message.owns) world.early ??= tooEarly(world, message);
        return;
      default:
        message satisfies never;
    }
  },
};

/** Before a peer owns a range it has its data; the old owner serves until then. */
function tooEarly(world: RingWorld, { self }: RangeChanged): string | undefined {
  for (const release of world.releases) {
    // A leaver hands over what ends with its own key.
    if (release.to !== self.key || release.giver.chord === self.chord) continue;
    const { chord, life } = release.giver;
    // A later life at the same address knows nothing of it.
    const lives = world.members().some(({ self: at, owns }) => at.chord === chord && at.life === life && owns);
    if (lives) return `${self.key} owns a range before its records were handed over`;
  }
  return undefined;
}

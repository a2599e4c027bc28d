// Somebody on a lane who asks all the time who owns a key, by the table of members (one hop) and by the ring's fingers, once each, and
// has every answer judged by the real ring.
import type { Address, Behaviour, TimerId } from '@chordial/actor';
import { createRandom, nextBelow, nextFloat, type Random } from '@chordial/actor/random';
import {
  type ChordMessage,
  chordWords,
  type Member,
  type RingChanged,
  type SuccessorFound,
} from '@chordial/chord/protocol';
import type { MembershipMessage } from '@chordial/membership/protocol';
import { lowerBound, type RingKey } from '@chordial/ring-key';
import type { Question, RingWorld } from './ring-world.ts';

export interface LookupClientConfig {
  readonly world: RingWorld;
  readonly host: number;
  readonly membership: Address<MembershipMessage>;
  readonly everyMs: number;
}
interface Asked {
  readonly question: Question;
  readonly timer: TimerId;
}
export interface LookupClientState extends LookupClientConfig {
  readonly self: Address<LookupClientMessage>;
  readonly random: Random;
  members: readonly Member[];
  readonly asked: Map<number, Asked>;
  correlation: number;
}
type LookupClientMessage =
  | RingChanged
  | SuccessorFound
  | { readonly type: 'question-due' }
  | { readonly type: 'answer-late'; readonly correlation: number };

const answerMsMax = 2_000;
const askedMax = 1_000;

export const lookupClient: Behaviour<LookupClientState, LookupClientMessage, LookupClientConfig> = {
  name: 'lookup-client',
  mailbox: { messagesMax: 1_000, overflow: 'drop-newest' },
  words: chordWords as never,
  init(config, { self, seed }, out) {
    const random = createRandom(seed);
    out.send(config.membership, { type: 'watch-ring', replyTo: self });
    out.setTimer(nextBelow(random, config.everyMs), { type: 'question-due' });
    return { ...config, self, random, members: [], asked: new Map(), correlation: 0 };
  },
  step(state, { message }, out) {
    const { world, asked } = state;
    switch (message.type) {
      case 'ring-changed':
        state.members = message.members;
        return;
      case 'question-due': {
        out.setTimer(state.everyMs, { type: 'question-due' });
        const key = randomKey(state.random);
        askTable(state, key);
        const way = entry(state);
        if (way === undefined || asked.size >= askedMax) return;
        const correlation = ++state.correlation;
        out.send(way, { type: 'find-successor', key, replyTo: state.self, correlation, hops: 0 });
        const timer = out.setTimer(answerMsMax, { type: 'answer-late', correlation } as never);
        asked.set(correlation, { question: world.ask(key), timer });
        world.counts.asked++;
        return;
      }
      case 'successor-found': {
        const open = asked.get(message.correlation);
        if (open === undefined) return;
        out.clearTimer(open.timer);
        asked.delete(message.correlation);
        if (world.isRight(open.question, message.owner)) world.counts.right++;
        world.questions.delete(open.question);
        return;
      }
      case 'answer-late': {
        const open = asked.get(message.correlation);
        if (open === undefined) return;
        asked.delete(message.correlation);
        world.questions.delete(open.question);
        world.counts.silent++;
        return;
      }
      default:
        message satisfies never;
    }
  },
};

/** The table answers at once. */
function askTable({ world, members }: LookupClientState, key: RingKey): void {
  if (members.length === 0) return;
  const named = ownerByTable(members, key);
  const question = world.ask(key);
  world.questions.delete(question);
  world.counts.askedOneHop++;
  if (question.right.has(named.chord as Address<never>)) world.counts.rightOneHop++;
}

export function ownerByTable(members: readonly Member[], key: RingKey): Member {
  return members[lowerBound(members, key) % members.length]!;
}

/** A peer of this host that is in the ring, as a dispatcher has them. */
function entry({ world, host, random }: LookupClientState): Address<ChordMessage> | undefined {
  const here = world.members().filter(({ self }) => self.host === host);
  return here.length === 0 ? undefined : here[nextBelow(random, here.length)]!.self.chord;
}

export function randomKey(random: Random): RingKey {
  let key = '';
  while (key.length < 40) {
    key += Math.floor(nextFloat(random) * 2 ** 32)
      .toString(16)
      .padStart(8, '0');
  }
  return key as RingKey;
}

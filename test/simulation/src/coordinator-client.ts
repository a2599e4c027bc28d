// What the clients of coordinators share: they know the ring as their lane does, ask the coordinator of a key's owner, and remember what each
// answer is for until it comes or is too late.
import { type Address, type Birth, makeAddress, type Outbox, type TimerId } from '@chordial/actor';
import { createRandom, nextBelow, type Random } from '@chordial/actor/random';
import type { Member, RingChanged, WatchRing } from '@chordial/chord/protocol';
import type { CoordinatorMessage, ReplicationAnswer } from '@chordial/replication/protocol';
import type { RingKey } from '@chordial/ring-key';
import { ownerByTable } from './lookup-client.ts';
import type { RecordWorld } from './record-world.ts';

export interface CoordinatorClientConfig {
  readonly world: RecordWorld;
  readonly host: number;
  readonly lane: number;
  readonly membership: Address<WatchRing>;
  readonly coordinatorAt: number;
}
export interface CoordinatorClientState<Deed> extends CoordinatorClientConfig {
  readonly self: Address<ClientHeard>;
  readonly random: Random;
  members: readonly Member[];
  /** Unanswered, by correlation. */
  readonly deeds: Map<number, Deed>;
  correlation: number;
}
type ClientHeard = RingChanged | ReplicationAnswer;
export type ClientTimer =
  | { readonly type: 'deed-due' }
  | { readonly type: 'answer-late'; readonly correlation: number };

/** Longer than the longest time that a coordinator takes. */
const answerMsMax = 6_000;
/** Answers to a former life are for nobody. */
const lifeCorrelations = 2 ** 24;

export function beginClient<Deed>(
  config: CoordinatorClientConfig,
  { self, seed }: Pick<Birth<ClientHeard>, 'self' | 'seed'>,
  startMs: number,
  out: Outbox,
): CoordinatorClientState<Deed> {
  const random = createRandom(seed);
  out.send(config.membership, { type: 'watch-ring', replyTo: self });
  out.setTimer(startMs + nextBelow(random, config.world.everyMs), { type: 'deed-due' });
  const correlation = nextBelow(random, lifeCorrelations) * 2 ** 20;
  return { ...config, self, random, members: [], deeds: new Map(), correlation };
}

/** The way to the owner of a key, and a correlation whose answer is too late when the timer is over. */
export function nextQuestion<Deed>(state: CoordinatorClientState<Deed>, key: RingKey, out: Outbox) {
  const owner = ownerByTable(state.members, key);
  const correlation = ++state.correlation;
  return {
    to: makeAddress<CoordinatorMessage>(owner.host, owner.lane, state.coordinatorAt),
    correlation,
    timer: out.setTimer(answerMsMax, { type: 'answer-late', correlation } as never),
  };
}

/** What an answer is for; undefined for one that came too late. */
export function takeDeed<Deed extends { readonly timer: TimerId }>(
  { deeds }: CoordinatorClientState<Deed>,
  { correlation }: ReplicationAnswer,
  out: Outbox,
): Deed | undefined {
  const deed = deeds.get(correlation);
  if (deed === undefined) return undefined;
  deeds.delete(correlation);
  out.clearTimer(deed.timer);
  return deed;
}

// A replica under more copies than it can keep, in a lane's own queue: what its store, its ring and its coordinators say is not lost among them.
import { type Address, type Behaviour, makeAddress, nobody, type Typed } from '@chordial/actor';
import { LaneKernel } from '@chordial/actor/shell';
import { ringKeyFromText } from '@chordial/ring-key';
import { expect, it } from 'vitest';
import { replica } from './behaviour.ts';
import { copyOf } from './copies.fixture.ts';
import type { CopyAnswer, RangeRepaired } from './protocol.ts';
import { copiesUnderWayMax, defaultReplicaConfig } from './replica-state.ts';
import { fixtureStore } from './store.fixture.ts';

it('answers each copy, and loses nothing of what is said beside them', () => {
  const kernel = new LaneKernel(1, 0, 1, {
    post: () => true,
    setTimer: () => 1,
    clearTimer: () => undefined,
    actorFailed: (_actor, _name, failure) => {
      throw failure;
    },
    laneFailed: () => undefined,
  });
  const heard: Typed[] = [];
  const client: Behaviour<null, Typed, null> = {
    name: 'client',
    init: () => null,
    step: (_state, { message }) => void heard.push(message),
    mailbox: { messagesMax: 1_000_000, overflow: 'drop-newest' },
  };
  const store = kernel.spawnRoot(fixtureStore, new Map(), 4);
  const replyTo = kernel.spawnRoot(client, null, 5) as Address<never>;
  const config = {
    ...defaultReplicaConfig,
    host: 1,
    store,
    membership: nobody as never,
    at: 22,
    owner: replyTo as never,
  };
  const to = kernel.spawnRoot(replica, config, 22) as Address<Typed>;
  kernel.run(1_000);
  const stranger = makeAddress<never>(2, 0, 600);
  const copiesCount = 30_000;
  for (let i = 0; i < copiesCount; i++) {
    const message = { type: 'store-copy', ...copyOf(`n${i}`, 1), hintFor: 0, replyTo, correlation: i };
    kernel.deliver(to, stranger, message as Typed);
  }
  const member = { key: ringKeyFromText('a'), host: 1, lane: 0, chord: nobody, life: 1 };
  kernel.deliver(to, replyTo, { type: 'ring-changed', epoch: 1, members: [member] } as Typed);
  const range = { from: member.key, to: member.key, hosts: [], isUrgent: true };
  kernel.deliver(to, replyTo, { type: 'repair-range', ...range, replyTo, correlation: 7 } as Typed);
  while (kernel.waitingCount > 0) kernel.run(1_000);
  const answers = heard as (CopyAnswer | RangeRepaired)[];
  const isBusy = (answer: (typeof answers)[number]) => answer.type === 'copy-refused' && answer.code === 'busy';
  expect(answers.filter(({ type }) => type === 'copy-stored').length).toBeGreaterThanOrEqual(copiesUnderWayMax);
  expect(answers.filter(({ type }) => type === 'copy-stored').length + answers.filter(isBusy).length).toBe(copiesCount);
  expect(answers.filter(({ type }) => type === 'range-repaired')).toHaveLength(1);
  expect(kernel.cellAt(to as Address<never>)?.state).toMatchObject({
    ring: { hosts: new Set([1]) },
    copiesUnderWay: 0,
  });
  expect(kernel.counts).toMatchObject({ dropped: 0, refused: 0 });
});

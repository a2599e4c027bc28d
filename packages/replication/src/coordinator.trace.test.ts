// Golden conversations of a coordinator: a put with one silent member of the group (hinted handoff), and a range that is taken over.
import { hostOf } from '@chordial/actor/shell';
import { expect, it } from 'vitest';
import { asker, type CoordinatorWorld, ownReplica, settledWorld } from './coordinator.fixture.ts';
import type { FetchCopy, RepairRange, StoreCopy } from './protocol.ts';

function wordsOf(world: CoordinatorWorld): string[] {
  const lines = world.sent.map(({ to, message }) => {
    const whom = to === asker ? 'asker' : to === ownReplica ? 'own replica' : `host ${hostOf(to)}`;
    const { type, hintFor, hosts, isUrgent, reason, siblings } = message as Partial<StoreCopy & RepairRange> & {
      readonly type: string;
      readonly reason?: string;
      readonly siblings?: unknown;
    };
    const details = [
      hintFor ? `for host ${hintFor}` : '',
      hosts ? `with ${hosts}${isUrgent === true ? ', urgent' : ''}` : '',
      reason ?? '',
      siblings ? JSON.stringify(siblings) : '',
    ].filter((text) => text !== '');
    return [`${world.now - 2_000} ms  ${type} -> ${whom}`, ...details].join(', ');
  });
  world.sent = [];
  return lines;
}

it('a put with one silent member: acknowledged by two, and kept by the next host for it', () => {
  const world = settledWorld();
  const trace: string[] = [];
  const note = (said: string) =>
    trace.push(`${world.now - 2_000} ms  ${said}`, ...wordsOf(world).map((line) => `    ${line}`));
  world.put('alice', '6', 'home', '', 60_000);
  const copy = world.sent[0]!.message as StoreCopy;
  note('put alice');
  world.stored(copy, 1);
  note('this host has it');
  world.stored(copy, 2);
  note('host 2 has it');
  world.advance(400);
  const [hint] = world.sent.map(({ message }) => message as StoreCopy);
  note('host 3 is silent');
  world.stored(hint!, 4);
  note('host 4 has it');
  trace.push(`under way ${world.state.operationsCount}, hinted ${world.state.counts.hinted}, for ${hint!.ttlMs} ms`);
  expect(trace.join('\n')).toMatchInlineSnapshot(`
    "0 ms  put alice
        0 ms  store-copy -> own replica
        0 ms  store-copy -> host 2
        0 ms  store-copy -> host 3
    0 ms  this host has it
    0 ms  host 2 has it
        0 ms  record-put -> asker
    400 ms  host 3 is silent
        400 ms  store-copy -> host 4, for host 3
    400 ms  host 4 has it
    under way 0, hinted 1, for 59600 ms"
  `);
});

it('a range that is taken over: everybody is asked until the own replica has made it the same', () => {
  const world = settledWorld();
  const trace: string[] = [];
  const note = (said: string) =>
    trace.push(said, ...wordsOf(world).map((line) => `    ${line.slice(line.indexOf('  ') + 2)}`));
  world.own('8', '2');
  const [repair] = world.sent.map(({ message }) => message as RepairRange);
  note('range-changed (2, 8]: host 5 is dead');
  world.get('alice', '3');
  const question = world.sent[0]!.message as FetchCopy;
  note('get alice, in (2, 4]');
  for (const host of [1, 2, 3, 4])
    world.fetched(question, host, host === 4 ? { version: '|5.1', value: 'home', ttlMs: 0 } : undefined);
  note('four answer, host 4 has it');
  world.fetched(question, 5);
  note('so does the last');
  const { correlation, hosts } = repair!;
  world.tell({ type: 'range-repaired', correlation, same: hosts, silent: [], sentCount: 0, takenCount: 1 });
  note('range-repaired');
  world.get('alice', '3');
  note('get alice');
  expect(trace.join('\n')).toMatchInlineSnapshot(`
    "range-changed (2, 8]: host 5 is dead
        repair-range -> own replica, with 2,3,4,5, urgent
    get alice, in (2, 4]
        fetch-copy -> own replica
        fetch-copy -> host 2
        fetch-copy -> host 3
        fetch-copy -> host 4
        fetch-copy -> host 5
    four answer, host 4 has it
    so does the last
        record-got -> asker, [["home",0]]
        store-copy -> own replica
        store-copy -> host 2
        store-copy -> host 3
    range-repaired
    get alice
        fetch-copy -> own replica
        fetch-copy -> host 2"
  `);
});

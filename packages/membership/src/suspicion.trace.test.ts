// A golden conversation: what three hosts say to each other when one is suspected though it lives, and refutes.
import { expect, it } from 'vitest';
import type { MembershipMessage } from './protocol.ts';
import { ringOf } from './world.fixture.ts';

/** A line of the conversation: who to whom, and what it says of host 2. */
function lineOf({ from, to, message }: { from: number; to: number; message: MembershipMessage }): string {
  const who = `${from} -> ${to} ${message.type}`;
  if (message.type === 'spread-news') {
    const records = message.records.map(({ host, version }) => ` record ${host} v${version}`);
    return (
      who +
      [...records, ...message.opinions.map(({ host, version, phase }) => ` ${host} ${phase} v${version}`)].join('')
    );
  }
  if (message.type === 'probe-host') return `${who} about ${message.about}`;
  return who;
}

it('a host that is cut off for a moment is suspected, hears of it and is believed again', () => {
  const world = ringOf(3, 1, { founders: 1 });
  world.run(2_000);
  const version = (seenBy: number): number => world.lane(seenBy).state.roster.entries.get(2)!.record.version;
  const first = version(1);
  world.log = [];
  world.cut([2], [1, 3]);
  world.runUntil(() => world.phase(2, 1) === 'slow');
  const cut = world.log.splice(0);
  world.cuts.clear();
  world.runUntil(() => world.phase(2, 1) === 'alive' && world.phase(2, 3) === 'alive', 1_000);
  world.run(20);
  const healed = world.log.splice(0);

  // 1 asks 2, then 2 again and 3 for it, and tells both of its suspicion.
  const asked = cut
    .filter(({ from, message }) => from === 1 && message.type === 'probe-host' && message.about === 2)
    .map(lineOf);
  expect(asked).toContain('1 -> 3 probe-host about 2');
  const news = cut.filter(({ message }) => message.type === 'spread-news').map(lineOf);
  // Heard from 3 first or found by itself: it is passed on then, and perhaps once more when it is believed.
  const suspicion = [...new Set(news.filter((line) => line.startsWith('1 ->')))].toSorted();
  expect(suspicion).toEqual([`1 -> 2 spread-news 2 slow v${first}`, `1 -> 3 spread-news 2 slow v${first}`]);
  // 2 refutes as soon as somebody tells it, and both believe it and pass it on.
  const refuted = healed
    .filter(({ message }) => message.type === 'spread-news' && message.records.length > 0)
    .map(lineOf);
  expect(refuted.filter((line) => line.startsWith('2 ->') && line.includes('record 2')).toSorted()).toEqual([
    `2 -> 1 spread-news record 2 v${first + 1}`,
    `2 -> 3 spread-news record 2 v${first + 1}`,
  ]);
  expect(version(1)).toBe(first + 1);
  expect(version(3)).toBe(first + 1);
  expect(world.newsOf(1).slice(-2)).toEqual(['slow', 'alive']);
});

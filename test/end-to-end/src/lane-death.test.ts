// A worker is killed in mid-load: the process lives, the lane comes back, and the other lane loses nothing.
import { startChordial } from 'chordial/host';
import { readOptions } from 'chordial/options';
import { expect, test } from 'vitest';
import { Phone } from './phone.ts';

test('a killed lane is replaced within a second while the other lanes lose nothing', { timeout: 60_000 }, async () => {
  const events: { kind: string; lane: number; at: number }[] = [];
  const options = readOptions({ listen: 'udp:127.0.0.1:0', control: 'off', lanes: '2', peers: '32' }, {});
  const host = await startChordial(options, ({ kind, lane }) => events.push({ kind, lane, at: performance.now() }));
  const phones = await Promise.all(Array.from({ length: 8 }, () => Phone.open(host.listen.port)));
  try {
    const users = Array.from({ length: 200 }, (_, i) => `user${i}`);
    await Promise.all(users.map((user, i) => phones[i % 8]!.register(user, 1)));
    const before = await Promise.all(users.map((user) => host.lookup(`sip:${user}@example.com`)));
    const spared = users.filter((_, i) => before[i]?.owner.lane === 0);
    expect(spared.length).toBeGreaterThan(20);
    expect(spared.length).toBeLessThan(users.length - 20);

    const sparedAnswers = new Set<number>();
    const lostAnswers = new Set<number>();
    let loading = true;
    let registrationsCount = 0;
    const load = phones.map(async (phone, i) => {
      for (let cseq = 2; loading; cseq++) {
        const mine = users.filter((_, user) => user % 8 === i);
        const answers = await Promise.all(mine.map((user) => phone.register(user, cseq)));
        answers.forEach(({ statusCode }, k) => {
          if (spared.includes(mine[k]!)) sparedAnswers.add(statusCode);
          else lostAnswers.add(statusCode);
        });
        registrationsCount += answers.length;
      }
    });
    await until(() => registrationsCount > 1_000);
    host.killLane(1);
    await until(() => events.some((event) => event.kind === 'lane-down'));
    await until(() => events.filter((event) => event.kind === 'lane-up' && event.lane === 1).length === 2);
    const reached = registrationsCount;
    await until(() => registrationsCount > reached + 1_000);
    loading = false;
    await Promise.all(load);

    // Whoever belongs to the living lane never hears of the other's death; the rest may be told to come back in a second.
    expect([...sparedAnswers]).toEqual([200]);
    expect([...lostAnswers].filter((statusCode) => statusCode !== 200 && statusCode !== 503)).toEqual([]);
    const down = events.find((event) => event.kind === 'lane-down')!;
    const back = events.findLast((event) => event.kind === 'lane-up' && event.lane === 1)!;
    console.log(`lane 1 was back after ${(back.at - down.at).toFixed(0)} ms`);
    expect(host.health()).toEqual({ healthy: true, sentence: '2 of 2 lanes are up' });
    const after = await Promise.all(spared.map((user) => host.lookup(`sip:${user}@example.com`)));
    expect(after.filter((lookup) => lookup.bindings.length === 0)).toEqual([]);
    expect(events.filter((event) => event.lane === 0 && event.kind !== 'lane-up')).toEqual([]);
    // Users of the killed lane register again and are served where they were.
    const again = await Promise.all(users.map((user, i) => phones[i % 8]!.register(user, 1_000_000)));
    expect(again.map((answer) => answer.statusCode)).toEqual(users.map(() => 200));
  } finally {
    for (const phone of phones) phone.close();
    await host.stop();
  }
});

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5));
}

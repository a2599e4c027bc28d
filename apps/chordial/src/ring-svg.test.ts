// The picture of the ring: every host is drawn, labels are readable, and a big ring is still a small file.
import { expect, test } from 'vitest';
import { ringOf } from './layout.ts';
import { pictureOf } from './ring-picture.ts';
import { ringSvg } from './ring-svg.ts';

type Hosts = Parameters<typeof pictureOf>[1];

function picture(peersCount: number, hostsCount: number) {
  const members = ringOf({ peersCount, lanesCount: 2 }, 1).members.map((member, i) => ({
    ...member,
    host: 1 + (i % hostsCount),
  }));
  const hosts = Array.from({ length: hostsCount }, (_, i) => ({
    host: i + 1,
    phase: i === 2 ? ('dead' as const) : ('alive' as const),
    address: '10.0.0.<"1">',
    port: 7060 + i,
    sip: 'udp:10.0.0.1:5060',
    rttMs: 1,
    via: 0,
    peersCount: 1,
  })) as unknown as Hosts;
  return pictureOf(members, hosts, 1);
}

test('shares of members and hosts add up', () => {
  const { members, hosts } = picture(64, 3);
  for (const list of [members, hosts]) expect(list.reduce((sum, { share }) => sum + share, 0)).toBeCloseTo(1, 9);
  expect(hosts.map(({ peersCount }) => peersCount)).toEqual([22, 21, 21]);
  expect(hosts.map(({ isSelf }) => isSelf)).toEqual([true, false, false]);
});

test.each([[1], [2], [17], [64], [65]])('%i peers: one path for each host, an arc for each peer', (peersCount) => {
  const hostsCount = Math.min(3, peersCount);
  const svg = ringSvg(picture(peersCount, hostsCount));
  expect([...svg.matchAll(/<path /g)]).toHaveLength(hostsCount);
  const arcs = [...svg.matchAll(/Z/g)].length;
  expect(arcs).toBe(peersCount === 1 ? 2 : peersCount);
  expect(svg).not.toMatch(/NaN|undefined|Infinity/);
  const labels = [...svg.matchAll(/<text [^>]*rotate/g)].length;
  expect(labels).toBe(peersCount <= 64 ? peersCount : 4);
});

test('text is escaped, a host that is gone is pale', () => {
  const svg = ringSvg(picture(64, 3));
  expect(svg).toContain('10.0.0.&lt;&quot;1&quot;&gt;:7060');
  expect([...svg.matchAll(/opacity="0.3"/g)]).toHaveLength(1);
  expect(svg).toContain('host 1 (asked): alive');
});

test('10,000 peers of 40 hosts are a small file with every host in it', () => {
  const svg = ringSvg(picture(10_000, 40));
  expect(svg.length).toBeLessThan(500_000);
  expect([...svg.matchAll(/<path /g)]).toHaveLength(40);
  expect(svg).toContain('and 22 more hosts');
});

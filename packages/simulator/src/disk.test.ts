// The disk: what is durable survives a crash, what was under way may or may not, and faults have their names.
import { describe, expect, it } from 'vitest';
import { Disk } from './disk.ts';
import { Simulation } from './simulation.ts';

const octets = (...values: number[]): Uint8Array => new Uint8Array(values);
const contentOf = (disk: Disk, file: string): number[] => [...disk.read(file, 0, 1_000)];

function newDisk(seed = 1, diskBytesMax = 1_000): Disk {
  return new Disk(new Simulation({ seed, diskBytesMax }));
}

describe('writes', () => {
  it('appends and replaces', () => {
    const disk = newDisk();
    expect(contentOf(disk, 'a')).toEqual([]);
    disk.commit({ kind: 'append', file: 'a', bytes: octets(1, 2) });
    disk.commit({ kind: 'append', file: 'a', bytes: octets(3) });
    expect(contentOf(disk, 'a')).toEqual([1, 2, 3]);
    expect([...disk.read('a', 1, 1)]).toEqual([2]);
    disk.commit({ kind: 'replace', file: 'a', bytes: octets(9) });
    expect(contentOf(disk, 'a')).toEqual([9]);
  });

  it('has an end, and says so', () => {
    const disk = newDisk(1, 4);
    expect(disk.commit({ kind: 'append', file: 'a', bytes: octets(1, 2, 3) })).toBeUndefined();
    expect(disk.commit({ kind: 'append', file: 'b', bytes: octets(1, 2) })).toBe('ENOSPC');
    expect(disk.commit({ kind: 'replace', file: 'a', bytes: octets(1) })).toBeUndefined();
    expect(disk.commit({ kind: 'append', file: 'b', bytes: octets(1, 2) })).toBeUndefined();
    disk.state = 'read-only';
    expect(disk.commit({ kind: 'append', file: 'b', bytes: octets(1) })).toBe('EROFS');
    disk.state = 'full';
    expect(disk.commit({ kind: 'append', file: 'b', bytes: octets(1) })).toBe('ENOSPC');
  });
});

describe('a disk that is old', () => {
  it('turns over bits in the middle of a file, none of its first bytes', () => {
    const disk = newDisk();
    const bytes = new Uint8Array(200).fill(7);
    disk.commit({ kind: 'append', file: 'store-1', bytes });
    disk.damage('nothing');
    expect(contentOf(disk, 'store-1')).toEqual([...bytes]);
    disk.damage('store');
    const wrong = contentOf(disk, 'store-1').flatMap((octet, i) => (octet === 7 ? [] : [i]));
    expect(wrong.length).toBeGreaterThan(0);
    expect(Math.min(...wrong)).toBeGreaterThanOrEqual(64);
  });

  it('is slow, and keeps the order of requests', () => {
    const disk = newDisk();
    disk.delayMs = 500;
    const first = disk.schedule('a');
    disk.delayMs = 0;
    expect(first).toBeGreaterThan(500);
    expect(disk.schedule('a')).toBeGreaterThan(first);
  });

  it('tells whether it holds some bytes', () => {
    const disk = newDisk();
    disk.commit({ kind: 'append', file: 'a', bytes: octets(1, 2, 3) });
    expect([disk.holds(octets(2, 3)), disk.holds(octets(3, 2))]).toEqual([true, false]);
  });
});

describe('a crash', () => {
  const outcomes = (kind: 'append' | 'replace', crash: 'crash' | 'lose'): Set<string> => {
    const seen = new Set<string>();
    for (let seed = 1; seed <= 200; seed++) {
      const disk = newDisk(seed);
      disk.commit({ kind: 'append', file: 'a', bytes: octets(1) });
      disk.begin({ kind, file: 'a', bytes: octets(2, 3) });
      disk[crash]();
      seen.add(contentOf(disk, 'a').join());
    }
    return seen;
  };

  it('tears an append anywhere', () => {
    expect([...outcomes('append', 'crash')].sort()).toEqual(['1', '1,2', '1,2,3']);
  });

  it('replaces a file wholly or not at all', () => {
    expect([...outcomes('replace', 'crash')].sort()).toEqual(['1', '2,3']);
  });

  it('with the disk leaves nothing', () => {
    expect([...outcomes('append', 'lose')]).toEqual(['']);
  });
});

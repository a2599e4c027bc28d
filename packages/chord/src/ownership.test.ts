// Rectifying and who owns what afterwards: rule 4 of DESIGN section 5, and hand-over, take-over, yielding and doubt with their epochs.
import { makeAddress } from '@chordial/actor';
import { describe, expect, it } from 'vitest';
import { PeerAlone, service } from '../bench/peer-alone.ts';
import { ringOfKeys } from '../bench/ring-on-one-lane.ts';
import { at, member, names, peerAt, pointers, rectify, stranger, types } from './digits.fixture.ts';
import { nextEpoch } from './ownership.ts';
import type { HandRange, RangeChanged, RangeHanded } from './protocol.ts';

const theirService = makeAddress<never>(1, 0, 9);
const toListener = (sent: ReturnType<PeerAlone['tell']>) =>
  sent.filter(({ to }) => to === service).map(({ message }) => message as RangeChanged | HandRange);

describe('rule 4', () => {
  it('"Rectify(notifier): if between(pred, notifier, self), take it", and the old one hears of its nearer successor', () => {
    const peer = peerAt('4');
    const sent = peer.tell(rectify('38'));
    expect(names([peer.state.predecessor])).toBe('38');
    expect(sent.at(-1)).toEqual({
      to: member('3').chord,
      message: { type: 'successor-hinted', candidate: member('38') },
    });
  });

  it('"else probe pred and replace it only if dead": a pred that answers stays', () => {
    const peer = peerAt('4');
    const [probe] = peer.tell(rectify('2'));
    expect(probe).toMatchObject({ to: member('3').chord, message: { type: 'read-pointers' } });
    peer.tell(pointers(peer, '3', '2', '4 5 6'));
    expect(names([peer.state.predecessor])).toBe('3');
    expect(peer.state.queries).toEqual([]);
  });

  it('"else probe pred and replace it only if dead": a silent one is replaced', () => {
    const peer = peerAt('4');
    peer.tell(rectify('2', { epoch: 7, owns: true }));
    peer.now = 1_000;
    peer.tell({ type: 'query-due', correlation: peer.state.correlation });
    expect(names([peer.state.predecessor])).toBe('2');
    // The dead one's range is taken over, with an epoch that is higher than both.
    expect(peer.state).toMatchObject({ owns: true, ownedFrom: at('2') });
    expect(peer.state.epoch).toBeGreaterThan(7);
  });

  it('a pred that was reported lost needs no probe, and one that came back in another life replaces its earlier one', () => {
    const peer = peerAt('4');
    peer.tell({ type: 'members-lost', hosts: [], members: [member('3')] });
    peer.tell(rectify('2'));
    expect(names([peer.state.predecessor])).toBe('2');
    const later = { ...member('2'), chord: stranger, life: 3 };
    peer.tell({ ...rectify('2'), notifier: later });
    expect(peer.state.predecessor).toBe(later);
  });

  it('a notifier at the own key is not a predecessor', () => {
    const peer = peerAt('4');
    expect(peer.tell({ ...rectify('4'), notifier: { ...member('4'), chord: stranger } })).toEqual([]);
    expect(names([peer.state.predecessor])).toBe('3');
  });
});

describe('hand-over', () => {
  it('without a service is at once: the range shrinks, its new owner is told, both with a higher epoch', () => {
    const peer = peerAt('4');
    const sent = peer.tell(rectify('38'));
    const handed = sent.find(({ message }) => message.type === 'range-handed')!;
    const { epoch } = peer.state;
    expect(epoch).toBeGreaterThan(1);
    expect(toListener(sent)).toEqual([{ type: 'range-changed', self: member('4'), owns: true, from: at('38'), epoch }]);
    expect(handed).toEqual({
      to: member('38').chord,
      message: { type: 'range-handed', from: at('3'), to: at('38'), giver: member('4'), epoch },
    });
  });

  it('with a service: hand-range, and the old owner serves until range-released', () => {
    const peer = peerAt('4', undefined, { service });
    const [asked] = toListener(peer.tell(rectify('38', { service: theirService })));
    expect(asked).toMatchObject({ type: 'hand-range', from: at('3'), to: at('38'), target: theirService });
    expect(peer.state.ownedFrom).toBe(at('3'));
    expect(types(peer.tell(rectify('38', { service: theirService })))).toBe('');
    const { correlation } = asked as HandRange;
    expect(peer.tell({ type: 'range-released', correlation: correlation + 1 })).toEqual([]);
    const sent = peer.tell({ type: 'range-released', correlation });
    expect(types(sent)).toBe('range-changed rectify range-handed');
    expect(peer.state.ownedFrom).toBe(at('38'));
  });

  it('to a peer that dies meanwhile is given up, and one that takes a minute is begun again', () => {
    const peer = peerAt('4', undefined, { service });
    const [first] = toListener(peer.tell(rectify('38', { service: theirService })));
    peer.now = 60_000;
    const [second] = toListener(peer.tell(rectify('38', { service: theirService })));
    expect(second).toMatchObject({ type: 'hand-range' });
    expect(peer.tell({ type: 'range-released', correlation: (first as HandRange).correlation })).toEqual([]);
    peer.tell({ type: 'members-lost', hosts: [1], members: [] });
    expect(peer.tell({ type: 'range-released', correlation: (second as HandRange).correlation })).toEqual([]);
    expect(peer.state).toMatchObject({ owns: true, ownedFrom: at('3') });
  });

  it('range-handed makes the owner, and is sent again while the owner does not know', () => {
    const giver = peerAt('4');
    const handed = giver.tell(rectify('38')).at(-2)!.message as RangeHanded;
    expect(giver.tell(rectify('38'))).toEqual([{ to: member('38').chord, message: handed }]);
    const taker = peerAt('3');
    // Meant for another place, where the peer at this address stood before.
    taker.tell(handed);
    expect(taker.state).toMatchObject({ ownedFrom: at('2'), epoch: 1 });
    taker.tell({ ...handed, to: at('3'), epoch: 0 });
    expect(taker.state).toMatchObject({ ownedFrom: at('2'), epoch: 1 });
    taker.tell({ ...handed, from: at('18'), to: at('3') });
    expect(taker.state).toMatchObject({ owns: true, ownedFrom: at('18'), epoch: handed.epoch });
    giver.tell(rectify('38', { owns: true, epoch: handed.epoch }));
    expect(giver.state.handed).toBeUndefined();
  });
});

describe('epochs are fencing tokens', () => {
  const read = (more: Partial<Parameters<typeof pointers>[4]>) => {
    const peer = peerAt('4');
    peer.tell({ type: 'stabilise-due' });
    peer.tell(pointers(peer, '5', '4', '6 7 8', more));
    return peer;
  };

  it('whoever reads that its successor owns beyond it, with a higher epoch, lost its range and waits', () => {
    expect(read({ ownedFrom: at('3'), epoch: 2 }).state).toMatchObject({ owns: false, epoch: 1, versionKnown: 0 });
    expect(read({ ownedFrom: at('3'), epoch: 1 }).state.owns).toBe(true);
    expect(read({ ownedFrom: at('3'), epoch: 2, owns: false }).state.owns).toBe(true);
    expect(read({ ownedFrom: at('5'), epoch: 2 }).state.owns).toBe(false);
  });

  it('whoever reads that, with a lower epoch, owns the same range with a new epoch: its service has missed what was done there', () => {
    const peer = peerAt('4');
    peer.tell(rectify('3', { owns: true, epoch: 7 }));
    peer.tell({ type: 'range-handed', from: at('3'), to: at('4'), giver: member('5'), epoch: 9 });
    peer.tell({ type: 'stabilise-due' });
    const sent = peer.tell(pointers(peer, '5', '4', '6 7 8', { ownedFrom: at('3'), epoch: 2 }));
    expect(toListener(sent)).toMatchObject([
      { type: 'range-changed', owns: true, from: at('3'), epoch: peer.state.epoch },
    ]);
    expect(peer.state.epoch).toBeGreaterThan(9);
    // So the successor hears of it, and yields.
    expect(sent.at(-1)).toMatchObject({ to: member('5').chord, message: { type: 'rectify', epoch: peer.state.epoch } });
  });

  it('whoever hears from a predecessor that owns its own range, with a higher epoch, yields it', () => {
    const peer = peerAt('4');
    peer.tell(rectify('38', { owns: true, epoch: 9 }));
    expect(peer.state).toMatchObject({ owns: true, ownedFrom: at('38'), epoch: 1 });
    const other = peerAt('4');
    other.tell(rectify('38', { owns: true, epoch: 0 }));
    expect(other.state.ownedFrom).toBe(at('3'));
  });

  it('who owns nothing and twice reads a successor that owns from here on takes what nobody else owns', () => {
    const peer = read({ ownedFrom: at('3'), epoch: 2 });
    for (const owns of [false, true]) {
      peer.tell({ type: 'stabilise-due' });
      peer.tell(pointers(peer, '5', '4', '6 7 8', { epoch: 2 }));
      expect(peer.state.owns).toBe(owns);
    }
    expect(peer.state.ownedFrom).toBe(at('3'));
    expect(peer.state.epoch).toBeGreaterThan(2);
  });

  it('two peers never draw the same one', () => {
    expect(nextEpoch(member('4'), 1, 1)).not.toBe(nextEpoch(member('5'), 1, 1));
    const drawn = nextEpoch(member('4'), 1, 1);
    expect(nextEpoch(member('1'), drawn, 1)).toBeGreaterThan(drawn);
    expect(Number.isSafeInteger(nextEpoch(member('e'), 2 ** 50, 1))).toBe(true);
  });
});

describe('ownership-doubted: a host that stood still owns nothing until it knows better', () => {
  const hosts = ringOfKeys([...'123456789abcde'].map(at), 3, (i) => (i === 4 ? 0 : i % 3));
  // 4 and 5 live on host 0 here, 6 elsewhere.
  const doubting = () => new PeerAlone({ self: hosts.members[3]!, founding: hosts, listeners: [service] });
  const elsewhere = hosts.members[5]!;

  it('the first successor on another host is asked, and meanwhile nothing is owned', () => {
    const peer = doubting();
    const sent = peer.tell({ type: 'ownership-doubted' });
    expect(toListener(sent)).toMatchObject([{ owns: false }]);
    expect(sent.at(-1)).toMatchObject({ to: elsewhere.chord, message: { type: 'read-pointers' } });
  });

  it('if nobody took over, the range is owned as before', () => {
    const peer = doubting();
    peer.tell({ type: 'ownership-doubted' });
    peer.tell({ ...pointers(peer, '6', '5', '7 8 9'), self: elsewhere });
    expect(peer.state).toMatchObject({ owns: true, ownedFrom: at('3'), epoch: 1 });
  });

  it('if somebody did, the peer waits for a hand-over', () => {
    const peer = doubting();
    peer.tell({ type: 'ownership-doubted' });
    peer.tell({ ...pointers(peer, '6', '3', '7 8 9', { epoch: 5 }), self: elsewhere });
    expect(peer.state).toMatchObject({ owns: false, doubted: false });
  });

  it('a silent one is dropped and the next is asked; in a ring of one host there is nothing to doubt', () => {
    const peer = doubting();
    peer.tell({ type: 'ownership-doubted' });
    peer.now = 1_000;
    const [sent] = peer.tell({ type: 'query-due', correlation: peer.state.correlation });
    expect(sent).toMatchObject({ to: hosts.members[7]!.chord });
    const alone = peerAt('4');
    expect(alone.tell({ type: 'ownership-doubted' })).toEqual([]);
    expect(alone.state.owns).toBe(true);
  });
});

it('a peer tells its listeners the range when it becomes a member, and nobody when it has none', () => {
  const told = { type: 'range-changed', self: member('4'), owns: true, from: at('3'), epoch: 1 };
  expect(peerAt('4').sent).toEqual([{ to: service, message: told }]);
  expect(peerAt('4', undefined, { listeners: [] }).sent).toEqual([]);
});

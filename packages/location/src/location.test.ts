// One test per sentence of RFC 3261 10 that the location service keeps, and one per limit of its own.
import { makeAddress } from '@chordial/actor';
import type { CoordinatorMessage } from '@chordial/replication/protocol';
import { describe, expect, it } from 'vitest';
import { InstantStore } from '../bench/instant-store.ts';
import { Recorder } from '../bench/recorder.ts';
import { location } from './behaviour.ts';
import type { BindingChange, BindingsListed, ChangeBindings, LocationMessage, LocationReply } from './protocol.ts';
import { defaultLocationConfig, type LocationConfig } from './state.ts';

const asker = makeAddress<LocationReply>(0, 0, 99);
const store = makeAddress<CoordinatorMessage>(0, 0, 21);
/** `answer-due` of the last second has gone by. */
const restMs = 1_000;

function contact(uri: string, expiresMs = 3_600_000, q = 1000): BindingChange {
  return { contact: uri, contactKey: uri, instance: '', regId: 0, q, expiresMs };
}
function change(cseq: number, changes: ChangeBindings['changes'], callId = 'call-1', aor = 'alice@a'): ChangeBindings {
  return { type: 'change-bindings', aor, callId, cseq, userAgent: 'phone', changes, replyTo: asker, correlation: cseq };
}
function start(config: Partial<LocationConfig> = {}) {
  const recorder = new Recorder(location, { ...defaultLocationConfig, store, ...config });
  const records = new InstantStore();
  const tell = (message: LocationMessage) => records.serve(recorder, message) as LocationReply;
  const list = (aor = 'alice@a') =>
    (tell({ type: 'list-bindings', aor, replyTo: asker, correlation: 7 }) as BindingsListed).bindings;
  return { recorder, tell, list, contacts: (aor?: string) => list(aor).map((binding) => binding.contact) };
}

describe('RFC 3261 10.3 step 7', () => {
  it('"If the binding does not exist, it is tentatively added."', () => {
    const { tell } = start();
    expect(tell(change(1, [contact('sip:a@1')]))).toMatchObject({
      type: 'bindings-listed',
      correlation: 1,
      bindings: [{ contact: 'sip:a@1', callId: 'call-1', cseq: 1, q: 1000, expiresAt: 3_600_000, userAgent: 'phone' }],
    });
  });

  it('"If the Call-ID value ... differs ..., the binding MUST be removed if the expiration time is zero and updated otherwise."', () => {
    const { tell, list } = start();
    tell(change(9, [contact('sip:a@1'), contact('sip:a@2')]));
    tell(change(1, [contact('sip:a@1', 0), contact('sip:a@2', 60_000)], 'call-2'));
    expect(list()).toMatchObject([{ contact: 'sip:a@2', callId: 'call-2', cseq: 1, expiresAt: 60_000 }]);
  });

  it('"If the value is higher than that of the existing binding, it MUST update or remove the binding as above."', () => {
    const { tell, list, contacts } = start();
    tell(change(1, [contact('sip:a@1'), contact('sip:a@2')]));
    tell(change(2, [contact('sip:a@1', 90_000)]));
    expect(list()[0]).toMatchObject({ contact: 'sip:a@1', cseq: 2, expiresAt: 90_000 });
    tell(change(3, [contact('sip:a@1', 0)]));
    expect(contacts()).toEqual(['sip:a@2']);
  });

  it('"If not, the update MUST be aborted and the request fails.": nothing of it is applied', () => {
    const { tell, list } = start();
    tell(change(5, [contact('sip:a@1')]));
    const before = list();
    expect(tell(change(4, [contact('sip:a@3'), contact('sip:a@1', 0)]))).toEqual({
      type: 'change-refused',
      correlation: 4,
      reason: 'cseq-out-of-order',
    });
    expect(list()).toEqual(before);
  });

  it('answers a retransmission that outlived its transaction with the bindings and changes nothing', () => {
    const { recorder, tell, list } = start();
    tell(change(5, [contact('sip:a@1'), contact('sip:a@2', 0)]));
    recorder.advance(1_000);
    expect(tell(change(5, [contact('sip:a@1'), contact('sip:a@2', 0)]))).toMatchObject({ type: 'bindings-listed' });
    expect(list()).toMatchObject([{ contact: 'sip:a@1', expiresAt: 3_600_000 }]);
  });

  it('knows a retransmission whatever order its wishes leave the list in', () => {
    const { tell, list } = start();
    const wishes = [contact('sip:a@1', 0), contact('sip:a@1'), contact('sip:a@2')];
    tell(change(5, wishes));
    const before = list();
    expect(tell(change(5, wishes))).toMatchObject({ type: 'bindings-listed', bindings: before });
    expect(list()).toEqual(before);
  });

  it.each([
    ['removes what the first one added', [contact('sip:a@1', 0)]],
    ['adds a contact beside', [contact('sip:a@1'), contact('sip:a@2'), contact('sip:a@3')]],
    ['has another q', [contact('sip:a@1', 3_600_000, 500)]],
    ['has another instance', [{ ...contact('sip:a@1'), instance: '<urn:uuid:1>' }]],
    ['has another reg-id', [{ ...contact('sip:a@1'), regId: 1 }]],
    ['touches a binding of another request', [contact('sip:a@1'), contact('sip:a@4')]],
    ['removes all', 'remove-all' as const],
  ])('"the request fails" when one of an equal CSeq %s', (_what, changes) => {
    const { tell, list } = start();
    tell(change(1, [contact('sip:a@4')], 'call-2'));
    tell(change(5, [contact('sip:a@1'), contact('sip:a@2')]));
    const before = list();
    expect(tell(change(5, changes))).toMatchObject({ type: 'change-refused', reason: 'cseq-out-of-order' });
    expect(list()).toEqual(before);
  });

  it('a repeated remove-all finds nothing left and is answered', () => {
    const { tell } = start();
    tell(change(5, [contact('sip:a@1')]));
    tell(change(6, 'remove-all'));
    expect(tell(change(6, 'remove-all'))).toMatchObject({ type: 'bindings-listed', bindings: [] });
  });
});

describe('RFC 3261 10.3 step 6, Contact: *', () => {
  it('"If not [the same Call-ID], it MUST remove the binding."', () => {
    const { tell, list } = start();
    tell(change(9, [contact('sip:a@1'), contact('sip:a@2')]));
    expect(tell(change(1, 'remove-all', 'call-2'))).toMatchObject({ type: 'bindings-listed', bindings: [] });
    expect(list()).toEqual([]);
  });

  it('"If it does agree, it MUST remove the binding only if the CSeq in the request is higher ... Otherwise, the update MUST be aborted"', () => {
    const { tell, contacts } = start();
    tell(change(3, [contact('sip:a@1')]));
    tell(change(9, [contact('sip:a@2')], 'call-2'));
    expect(tell(change(2, 'remove-all'))).toMatchObject({ type: 'change-refused', reason: 'cseq-out-of-order' });
    expect(contacts()).toEqual(['sip:a@1', 'sip:a@2']);
    tell(change(4, 'remove-all'));
    expect(contacts()).toEqual([]);
  });
});

describe('lists', () => {
  it('have the best q first, equal ones in the order they came', () => {
    const { tell, contacts } = start();
    tell(change(1, [contact('sip:low@1', 9_000, 100), contact('sip:one@1'), contact('sip:two@1')]));
    expect(contacts()).toEqual(['sip:one@1', 'sip:two@1', 'sip:low@1']);
  });

  it('never have an expired binding, not even before the sweep', () => {
    const { recorder, tell, contacts } = start({ tickMs: 10_000 });
    tell(change(1, [contact('sip:a@1', 2_000), contact('sip:a@2', 5_000)]));
    recorder.advance(1_999);
    expect(contacts()).toEqual(['sip:a@1', 'sip:a@2']);
    recorder.advance(1);
    expect(contacts()).toEqual(['sip:a@2']);
    expect(recorder.state.bindingsCount).toBe(2);
    recorder.advance(8_000);
    expect(recorder.state.bindingsCount).toBe(0);
  });

  it('are empty for a user who was never here, and asking creates none', () => {
    const { recorder, tell, list } = start();
    expect(list('nobody@a')).toEqual([]);
    expect(tell(change(1, []))).toMatchObject({ type: 'bindings-listed', bindings: [] });
    expect(tell(change(2, [contact('sip:a@1', 0)]))).toMatchObject({ type: 'bindings-listed', bindings: [] });
    expect(recorder.state.users).toBeUndefined();
  });
});

describe('limits', () => {
  it('bindingsPerUserMax refuses the whole request', () => {
    const { tell, contacts } = start({ bindingsPerUserMax: 2 });
    tell(change(1, [contact('sip:a@1')]));
    expect(tell(change(2, [contact('sip:a@2'), contact('sip:a@3')]))).toMatchObject({ reason: 'bindings-exceeded' });
    expect(contacts()).toEqual(['sip:a@1']);
    expect(tell(change(3, [contact('sip:a@1', 0), contact('sip:a@2'), contact('sip:a@3')]))).toMatchObject({
      type: 'bindings-listed',
    });
  });

  it('recordCharactersMax counts contacts, instances and user agents, and refuses the whole request', () => {
    // "sip:a@1" and "phone" are 12 characters.
    const { tell, contacts } = start({ recordCharactersMax: 24 });
    const refused = { type: 'change-refused', reason: 'record-characters-exceeded' };
    tell(change(1, [contact('sip:a@1')]));
    expect(tell(change(2, [contact('sip:a@2'), contact('sip:a@3')]))).toMatchObject(refused);
    expect(tell(change(3, [contact('sip:a@22')]))).toMatchObject(refused);
    expect(tell(change(4, [{ ...contact('sip:a@2'), instance: 'x' }]))).toMatchObject(refused);
    expect(tell({ ...change(5, [contact('sip:a@2')]), userAgent: 'phones' })).toMatchObject(refused);
    expect(contacts()).toEqual(['sip:a@1']);
    expect(tell(change(6, [contact('sip:a@2')]))).toMatchObject({ type: 'bindings-listed' });
    expect(tell(change(7, [contact('sip:a@1', 0), contact('sip:a@3')]))).toMatchObject({ type: 'bindings-listed' });
    expect(contacts()).toEqual(['sip:a@2', 'sip:a@3']);
  });

  it('usersMax refuses a new user and still serves the others', () => {
    const { tell, contacts } = start({ usersMax: 1 });
    tell(change(1, [contact('sip:a@1')]));
    expect(tell(change(1, [contact('sip:b@1')], 'call-2', 'bob@a'))).toMatchObject({ reason: 'users-exceeded' });
    expect(contacts('bob@a')).toEqual([]);
    tell(change(2, [contact('sip:a@2')]));
    expect(contacts()).toEqual(['sip:a@1', 'sip:a@2']);
  });

  it('usersPerSweepMax cuts a sweep in steps and everybody is swept', () => {
    const { recorder, tell } = start({ usersPerSweepMax: 10 });
    for (let i = 0; i < 95; i++) tell(change(1, [contact('sip:a@1', 5_000)], 'call-1', `user${i}@a`));
    recorder.advance(restMs);
    const before = recorder.stepsCount;
    recorder.advance(10_000);
    expect(recorder.state.users).toBeUndefined();
    expect(recorder.stepsCount - before).toBe(10);
  });

  it('ticksAheadMax brings a user who lives longer back for a look, and loses nobody', () => {
    const { recorder, tell, contacts } = start({ tickMs: 1_000, ticksAheadMax: 5 });
    tell(change(1, [contact('sip:a@1', 12_000)]));
    recorder.advance(restMs);
    const before = recorder.stepsCount;
    recorder.advance(11_999 - restMs);
    expect(recorder.stepsCount - before).toBe(2);
    expect(contacts()).toEqual(['sip:a@1']);
    recorder.advance(1);
    expect(recorder.state.users).toBeUndefined();
  });
});

describe('an idle peer', () => {
  it('has no maps and no timer, before its first user and after its last', () => {
    const { recorder, tell } = start();
    expect(recorder.timers.size).toBe(0);
    tell(change(1, [contact('sip:a@1')]));
    recorder.advance(restMs);
    expect(recorder.timers.size).toBe(1);
    tell(change(2, 'remove-all'));
    recorder.advance(restMs);
    expect(recorder.timers.size).toBe(0);
    expect(recorder.state.users).toBeUndefined();
    expect(recorder.state.wheel).toBeUndefined();
  });

  it('a refresh neither sets nor clears a timer; an earlier end moves it', () => {
    const { recorder, tell } = start();
    tell(change(1, [contact('sip:a@1', 600_000)]));
    recorder.advance(restMs);
    const [first] = recorder.timers.keys();
    recorder.advance(100_000 - 2 * restMs);
    tell(change(2, [contact('sip:a@1', 600_000)]));
    recorder.advance(restMs);
    expect([...recorder.timers.keys()]).toEqual([first]);
    tell(change(3, [contact('sip:a@1', 60_000)]));
    recorder.advance(restMs);
    expect([...recorder.timers.values()]).toMatchObject([{ at: 160_000, message: { type: 'expiry-due' } }]);
  });

  it('an expiry-due that comes when the last user has left does nothing', () => {
    const { recorder } = start();
    expect(recorder.tell({ type: 'expiry-due' })).toEqual([]);
    expect(recorder.timers.size).toBe(0);
  });
});

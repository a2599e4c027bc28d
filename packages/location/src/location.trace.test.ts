// The golden conversation with the location service, timers included: what it is told, what it answers, and when it
// wakes.
import { makeAddress } from '@chordial/actor';
import type { CoordinatorMessage } from '@chordial/replication/protocol';
import { expect, it } from 'vitest';
import { InstantStore } from '../bench/instant-store.ts';
import { Recorder } from '../bench/recorder.ts';
import { location } from './behaviour.ts';
import type { BindingChange, ChangeBindings, LocationReply } from './protocol.ts';
import { defaultLocationConfig } from './state.ts';

const store = makeAddress<CoordinatorMessage>(0, 0, 21);
const replyTo = makeAddress<LocationReply>(0, 0, 99);

it('add, refresh, second contact, query, old CSeq, expiry, remove-all', () => {
  const recorder = new Recorder(location, { ...defaultLocationConfig, store, bindingsPerUserMax: 2 });
  const records = new InstantStore();
  const trace: string[] = [];
  const note = (said: string) => {
    const expiries = [...recorder.timers.values()].filter(({ message }) => message.type === 'expiry-due');
    const wakes = expiries.map((timer) => `${timer.at / 1000} s`).join();
    const { users, bindingsCount } = recorder.state;
    trace.push(
      `${recorder.now / 1000} s  ${said}`,
      `     users ${users?.size ?? 0}, bindings ${bindingsCount}, wakes ${wakes || 'never'}`,
    );
  };
  const say = (callId: string, cseq: number, changes: ChangeBindings['changes']) => {
    const message: ChangeBindings = {
      type: 'change-bindings',
      aor: 'alice@example.com',
      callId,
      cseq,
      userAgent: '',
      changes,
      replyTo,
      correlation: cseq,
    };
    const answer = records.serve(recorder, message) as LocationReply;
    const wishes = changes === 'remove-all' ? '*' : changes.map((wish) => `${wish.contact} ${wish.expiresMs / 1000} s`);
    const told =
      answer.type === 'change-refused'
        ? answer.reason
        : `[${answer.bindings.map((b) => `${b.contact} until ${b.expiresAt / 1000} s`).join(', ')}]`;
    note(`${callId}/${cseq} ${wishes} -> ${told}`);
  };
  const pass = (seconds: number) => {
    recorder.advance(seconds * 1000);
    note('time passed');
  };
  const wish = (contact: string, seconds: number, q = 1000): BindingChange => {
    return { contact, contactKey: contact, instance: '', regId: 0, q, expiresMs: seconds * 1000 };
  };

  note('birth');
  say('desk', 1, [wish('sip:a@desk', 600)]);
  pass(300);
  say('desk', 2, [wish('sip:a@desk', 600)]);
  say('cell', 1, [wish('sip:a@cell', 65, 500)]);
  say('tab', 1, [wish('sip:a@tab', 600)]);
  say('desk', 3, []);
  say('desk', 1, [wish('sip:a@desk', 0)]);
  pass(69);
  say('desk', 4, []);
  pass(1);
  say('desk', 5, 'remove-all');

  expect(trace.join('\n')).toMatchInlineSnapshot(`
    "0 s  birth
         users 0, bindings 0, wakes never
    0 s  desk/1 sip:a@desk 600 s -> [sip:a@desk until 600 s]
         users 1, bindings 1, wakes 600 s
    300 s  time passed
         users 1, bindings 1, wakes 600 s
    300 s  desk/2 sip:a@desk 600 s -> [sip:a@desk until 900 s]
         users 1, bindings 1, wakes 600 s
    300 s  cell/1 sip:a@cell 65 s -> [sip:a@desk until 900 s, sip:a@cell until 365 s]
         users 1, bindings 2, wakes 370 s
    300 s  tab/1 sip:a@tab 600 s -> bindings-exceeded
         users 1, bindings 2, wakes 370 s
    300 s  desk/3  -> [sip:a@desk until 900 s, sip:a@cell until 365 s]
         users 1, bindings 2, wakes 370 s
    300 s  desk/1 sip:a@desk 0 s -> cseq-out-of-order
         users 1, bindings 2, wakes 370 s
    369 s  time passed
         users 1, bindings 2, wakes 370 s
    369 s  desk/4  -> [sip:a@desk until 900 s]
         users 1, bindings 2, wakes 370 s
    370 s  time passed
         users 1, bindings 1, wakes 900 s
    370 s  desk/5 * -> []
         users 0, bindings 0, wakes never"
  `);
});

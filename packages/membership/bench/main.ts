// Steps a second of the membership on one core, from dist: npx nx bench membership -- --json FILE
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { type Address, makeAddress, nobody, type Outbox, type Received } from '@chordial/actor';
import { initMembership, stepMembership } from '@chordial/membership';
import type { MembershipEvent, MembershipMessage } from '@chordial/membership/protocol';

const { values } = parseArgs({ options: { json: { type: 'string' }, steps: { type: 'string', default: '5000000' } } });
const steps = Number(values.steps);

let answers = 0;
const out: Outbox = {
  send: () => {
    answers += 1;
  },
  setTimer: () => 1,
  clearTimer: () => {},
  spawn: () => makeAddress(0, 0, 41),
  stop: () => {},
};
const replyTo: Address<MembershipEvent> = makeAddress(0, 0, 40);
const birth = { self: makeAddress<MembershipMessage>(0, 0, 42), now: 0, seed: 1 };
const state = initMembership({ totalMax: Number.MAX_SAFE_INTEGER, quietMs: 1_000 }, birth, out);
const received: Received<MembershipMessage> = {
  now: 0,
  from: nobody,
  message: { type: 'add-amount', replyTo, amount: 1 },
};

const started = performance.now();
for (let i = 0; i < steps; i++) stepMembership(state, received, out);
const seconds = (performance.now() - started) / 1_000;
const figures = { steps, answers, stepsPerSecond: Math.round(steps / seconds) };
console.log(`membership: ${(figures.stepsPerSecond / 1e6).toFixed(1)} million steps/s`);
if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(figures, null, 2)}\n`);

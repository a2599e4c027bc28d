// A planted mistake: a coordinator that says that it has what it was told to keep, and has not. A cache in front of it hides that until it
// forgets.
import type { Behaviour, LaneSetup, Typed } from '@chordial/actor';
import type { PutRecord } from '@chordial/replication/protocol';
import laneProgram from 'chordial/lane-program';

type AnyBehaviour = Behaviour<unknown, Typed, unknown>;

const careless = (behaviour: AnyBehaviour): AnyBehaviour => ({
  ...behaviour,
  step(state, received, out) {
    const { message } = received;
    if (message.type !== 'put-record') return behaviour.step(state, received, out);
    const { replyTo, correlation } = message as PutRecord;
    out.send(replyTo, { type: 'record-put', correlation, context: '', hasOthers: true });
  },
});

/** The wiring of production, but for its store; `change` may change the other behaviours. */
export const carelessProgram =
  (change: (behaviour: AnyBehaviour) => AnyBehaviour = (behaviour) => behaviour): typeof laneProgram =>
  (setup) => {
    const spawn = (behaviour: AnyBehaviour, config: unknown, at?: number) =>
      setup.spawn(behaviour.name === 'coordinator' ? careless(behaviour) : change(behaviour), config, at);
    laneProgram({ ...setup, spawn: spawn as unknown as LaneSetup<unknown>['spawn'] });
  };

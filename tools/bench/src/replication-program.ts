// The lanes of a host of bench:replication: those that users run, and on each that serves a client beside the coordinator.
import type { LaneSetup } from '@chordial/actor';
import layOutLane from 'chordial/lane-program';
import { at, type HostConfig } from 'chordial/layout';
import { echo, echoAt, load, loadAt } from './replication-load.ts';

export default function layOut(setup: LaneSetup<HostConfig>): void {
  layOutLane(setup);
  const { host, lane, config } = setup;
  if (lane >= config.lanesCount) return;
  setup.spawn(echo, undefined, echoAt);
  setup.spawn(
    load,
    {
      host,
      lane,
      membership: setup.wellKnown(lane, at.membership),
      coordinator: setup.wellKnown(lane, at.coordinator),
      echo: setup.wellKnown(lane, echoAt),
    },
    loadAt,
  );
}

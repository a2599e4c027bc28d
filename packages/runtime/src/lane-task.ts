// The task that a piscina worker runs for as long as the lane lives: it loads the lane program, starts the lane, and offers
// its control to the host through comlink.
/// <reference path="./comlink-node-adapter.d.ts" />
import type { MessagePort } from 'node:worker_threads';
import { assert, type LaneProgram } from '@chordial/actor';
import comlink from 'comlink';
import nodeEndpoint from 'comlink/dist/esm/node-adapter.mjs';
import type { HostControl, LaneOrder } from './control.ts';
import { startLane } from './lane.ts';

/** Reports that the host has not taken yet; beyond, new ones are dropped. */
const reportsMax = 10_000;

export interface LaneTask {
  readonly order: LaneOrder;
  /** The host calls the lane here. */
  readonly controlPort: MessagePort;
  /** The lane calls the host here. */
  readonly hostPort: MessagePort;
}

export default async function runLane({ order, controlPort, hostPort }: LaneTask): Promise<void> {
  const host = hostBehind(hostPort);
  const { default: program } = (await import(order.program)) as { default?: LaneProgram<unknown> };
  assert(typeof program === 'function', `${order.program} has a lane program as its default export`);
  const lane = startLane(order, program, host);
  comlink.expose(lane.control, nodeEndpoint(controlPort));
  host.laneReady();
  await lane.stopped;
  // Lets the answer to `stop` leave before the ports close.
  await new Promise((resolve) => setTimeout(resolve, 20));
  controlPort.close();
  hostPort.close();
}

/** What goes wrong on the host's side (a listener that throws, a report that cannot be copied) is not the lane's to die of. */
function hostBehind(hostPort: MessagePort): HostControl {
  const remote = comlink.wrap<HostControl>(nodeEndpoint(hostPort));
  const ignore = (): void => {};
  let reportsUnderWay = 0;
  function tell(call: () => Promise<void>): void {
    if (reportsUnderWay >= reportsMax) return;
    reportsUnderWay++;
    void call()
      .catch(ignore)
      .finally(() => reportsUnderWay--);
  }
  return {
    laneReady: () => void remote.laneReady().catch(ignore),
    report: (message) => tell(() => remote.report(message)),
    linkRefused: (sentence) => tell(() => remote.linkRefused(sentence)),
    actorFailed: (name, failure, remedy) => tell(() => remote.actorFailed(name, failure, remedy)),
    // The thread ends, and the host replaces it.
    laneFailed: (failure) =>
      void remote
        .laneFailed(failure)
        .catch(ignore)
        .finally(() => process.exit(1)),
  };
}

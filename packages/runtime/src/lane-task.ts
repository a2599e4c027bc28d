// The task that a piscina worker runs for as long as the lane lives: it loads the lane program, starts the lane, and offers
// its control to the host through comlink.
import type { MessagePort } from 'node:worker_threads';
import type { LaneProgram } from '@chordial/actor';
import comlink from 'comlink';
import nodeEndpoint from 'comlink/dist/esm/node-adapter.mjs';
import type { HostControl, LaneOrder } from './control.ts';
import { startLane } from './lane.ts';

export interface LaneTask {
  readonly order: LaneOrder;
  /** The host calls the lane here. */
  readonly controlPort: MessagePort;
  /** The lane calls the host here. */
  readonly hostPort: MessagePort;
}

export default async function runLane({ order, controlPort, hostPort }: LaneTask): Promise<void> {
  const remote = comlink.wrap<HostControl>(nodeEndpoint(hostPort));
  const host: HostControl = {
    laneReady: () => void remote.laneReady(),
    report: (message) => void remote.report(message),
    actorFailed: (name, failure, remedy) => void remote.actorFailed(name, failure, remedy),
    // Nothing may run on after the lane gave up: the thread ends, and the host replaces it.
    laneFailed: (failure) => void remote.laneFailed(failure).finally(() => process.exit(1)),
  };
  const { default: program } = (await import(order.program)) as { default: LaneProgram<unknown> };
  const lane = startLane(order, program, host);
  comlink.expose(lane.control, nodeEndpoint(controlPort));
  host.laneReady();
  await lane.stopped;
  // Lets the answer to `stop` leave before the ports close.
  await new Promise((resolve) => setTimeout(resolve, 20));
  controlPort.close();
  hostPort.close();
}

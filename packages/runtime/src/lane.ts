// A lane: one worker thread that runs many actors. It works in turns: take what arrived (sockets, links, timers), run the
// actors until nothing waits, then give everything staged to the kernel and the other lanes at once. Between turns the thread sleeps in
// its event loop, woken by a socket, by its doorbell or by the next timer, so sockets and comlink always stay alive.
import { type Address, type LaneProgram, makeAddress, type Typed } from '@chordial/actor';
import { type DueTimer, hostOf, LaneKernel, laneOf } from '@chordial/actor/shell';
import { clockSince } from './clock.ts';
import {
  diskIndex,
  gatewayIndex,
  type HostControl,
  heartbeatEveryMs,
  hostsIndex,
  type LaneControl,
  type LaneOrder,
  type LaneReport,
  LaneStatus,
  tcpIndex,
  udpIndex,
} from './control.ts';
import { createDiskPort } from './disk-port.ts';
import { createGateway } from './gateway.ts';
import { HostLinks } from './host-links.ts';
import { hostsPort } from './hosts-port.ts';
import { Links } from './links.ts';
import { createTcpPort } from './tcp-port.ts';
import { TimerWheel } from './timer-wheel.ts';
import { totalsOf } from './totals.ts';
import { createUdpPort, type Inlet } from './udp-port.ts';
import { Wire } from './wire.ts';

/** Steps between two looks at the clock. */
const stepsPerSlice = 1_024;
/** After this time a lane lets the event loop breathe; a turn that is not over goes on after that. */
const turnsMsMax = 20;
/** The least by which `now` grows from turn to turn; a power of two, so that it is exact. */
const nowStepMs = 2 ** -10;

export interface Lane {
  readonly control: LaneControl;
  /** Resolves when the lane was stopped. */
  readonly stopped: Promise<void>;
}

export function startLane(order: LaneOrder, program: LaneProgram<unknown>, host: HostControl): Lane {
  const { host: thisHost, lane, lanesCount } = order;
  const clock = clockSince(order.epoch);
  const status = new LaneStatus(order.status);
  const wire = new Wire();
  const wheel = new TimerWheel<DueTimer>(clock(), order.tickMs);
  let running = false;
  let turnIsOpen = false;
  let stopping = false;
  let soon = false;
  let wakeAtMs = Number.POSITIVE_INFINITY;
  let wakeTimer: NodeJS.Timeout | undefined;
  let markStopped: () => void = () => {};
  const stopped = new Promise<void>((resolve) => {
    markStopped = resolve;
  });

  const kernel = new LaneKernel(thisHost, lane, order.seed, {
    post: (to, from, message) =>
      hostOf(to) === thisHost ? isRouted(laneOf(to)) && links.post(to, from, message) : hosts.post(to, from, message),
    setTimer: (delayMs, due) => wheel.set(kernel.now + delayMs, due),
    clearTimer: (timer) => wheel.clear(timer),
    actorFailed: (_, name, failure, remedy) => host.actorFailed(name, sentenceOf(failure), remedy),
    laneFailed: (failure) => {
      // No turn follows: the lane waits for its end, and without a heartbeat it comes in any case.
      stopping = true;
      host.laneFailed(sentenceOf(failure));
    },
    spawned: (behaviour) => {
      if (behaviour.words !== undefined) wire.register(behaviour.words);
    },
  });
  const isRouted = (other: number): boolean => other < lanesCount && status.phaseOf(other) !== 'slow';
  const links = new Links(lane, order.links, wire, (to, from, message) => kernel.deliver(to, from, message));
  const inlet: Inlet = {
    deliver: (to, message) => kernel.deliver(to, portOf(udpIndex), message),
    turn,
    turnSoon,
  };
  const udp = createUdpPort(inlet, order.batching);
  const tcp = createTcpPort(inlet);
  const disk = createDiskPort(inlet, order.directory);
  const hosts = new HostLinks(order, wire, {
    clock,
    deliver: (to, from, message) => kernel.deliver(to, from, message),
    forward: (to, bytes, start, end) => isRouted(laneOf(to)) && links.forward(laneOf(to), bytes, start, end),
    waitingCount: () => kernel.waitingCount,
    turn,
    turnSoon,
    linkRefused: (sentence) => host.linkRefused(sentence),
  });
  const gateway = createGateway(
    () => portOf(gatewayIndex),
    (to, message) => {
      kernel.deliver(to, portOf(gatewayIndex), message);
      turnSoon();
    },
    (message) => host.report(message),
  );

  function portOf(index: number): Address<never> {
    return makeAddress<never>(thisHost, lane, index);
  }

  function fire(due: DueTimer): void {
    kernel.fire(due);
  }

  /** Takes turns for as long as there is work, at most `turnsMsMax`; false when messages still wait after that. */
  function turn(): boolean {
    if (running || stopping) return false;
    running = true;
    const endMs = clock() + turnsMsMax;
    do {
      if (!turnIsOpen) openTurn();
      kernel.run(stepsPerSlice);
      udp.flush();
      links.publish();
      hosts.flush();
      if (kernel.waitingCount === 0) closeTurn();
    } while ((turnIsOpen || !links.isEmpty) && clock() < endMs && !stopping);
    running = false;
    hosts.endTurns();
    if (!stopping) rest();
    return kernel.waitingCount === 0;
  }

  /** Time stands still during a turn and is later in the next: cores know by it whether bytes of a turn are still theirs. */
  function openTurn(): void {
    turnIsOpen = true;
    kernel.now = Math.max(clock(), kernel.now + nowStepMs);
    // Not again before the next turn: a lane whose actors never come to rest is stalled, and the host replaces it.
    status.beat(lane, kernel.now);
    wheel.advance(kernel.now, fire);
    links.drain();
  }

  function closeTurn(): void {
    turnIsOpen = false;
    links.endTurn();
  }

  /** Between turns: announces sleep to the other lanes and arranges the next wake-up. */
  function rest(): void {
    links.doorbell.prepareToSleep();
    if (kernel.waitingCount > 0 || !links.isEmpty) {
      links.doorbell.cancel();
      turnSoon();
      return;
    }
    listen();
    const now = clock();
    // At rest again: a long turn just behind it does not make the lane late.
    status.beat(lane, now);
    const at = now + wheel.sleepMs(now, heartbeatEveryMs);
    if (wakeTimer !== undefined && wakeAtMs <= at) return;
    clearTimeout(wakeTimer);
    wakeAtMs = at;
    wakeTimer = setTimeout(onWakeTimer, Math.max(0, Math.ceil(at - now)));
  }

  function onWakeTimer(): void {
    wakeTimer = undefined;
    turn();
  }

  let listening = false;
  function listen(): void {
    if (listening) return;
    listening = true;
    void links.doorbell.waitAsync().then(() => {
      listening = false;
      turn();
    });
  }

  function turnSoon(): void {
    if (soon || stopping) return;
    soon = true;
    setImmediate(() => {
      soon = false;
      turn();
    });
  }

  function inspect(): LaneReport {
    const { heapUsed, external } = process.memoryUsage();
    const cpu = process.threadCpuUsage();
    return {
      lane,
      phase: status.phaseOf(lane),
      actors: { ...kernel.counts },
      links: { ...links.counts },
      hosts: hosts.report(),
      udp: udp.counts(),
      timersCount: wheel.count,
      heapBytes: heapUsed + external,
      cpuMs: (cpu.user + cpu.system) / 1_000,
      totals: totalsOf(kernel.cells()),
    };
  }

  function stop(): void {
    if (stopping) return;
    turn();
    stopping = true;
    clearTimeout(wakeTimer);
    udp.close();
    tcp.close();
    hosts.close();
    gateway.close();
    links.doorbell.cancel();
    markStopped();
  }

  kernel.now = clock();
  kernel.spawnRoot(gateway.behaviour, undefined, gatewayIndex);
  kernel.spawnRoot(udp.behaviour, undefined, udpIndex);
  kernel.spawnRoot(tcp.behaviour, undefined, tcpIndex);
  kernel.spawnRoot(disk.behaviour, undefined, diskIndex);
  kernel.spawnRoot(hostsPort(hosts), undefined, hostsIndex);
  program({
    config: order.config,
    host: thisHost,
    lane,
    lanesCount,
    startedAt: order.startedAt,
    restarted: order.restarted,
    ports: {
      udp: makeAddress(thisHost, lane, udpIndex),
      tcp: makeAddress(thisHost, lane, tcpIndex),
      disk: makeAddress(thisHost, lane, diskIndex),
      hosts: makeAddress(thisHost, lane, hostsIndex),
      gateway: makeAddress(thisHost, lane, gatewayIndex),
    },
    spawn: (behaviour, config, at) => kernel.spawnRoot(behaviour, config, at),
    wellKnown: (otherLane, at, otherHost = thisHost) => makeAddress(otherHost, otherLane, at),
    send: (to, message) => {
      kernel.deliver(to as unknown as Address<Typed>, portOf(gatewayIndex), message as unknown as Typed);
      turnSoon();
    },
  });
  turnSoon();
  const drain = (): boolean => {
    udp.stopReading();
    return kernel.waitingCount === 0 && links.isEmpty && hosts.isQuiet && disk.underWayCount() === 0;
  };
  return { control: { ask: gateway.ask, inspect, drain, stop }, stopped };
}

const sentenceOf = (failure: unknown): string =>
  failure instanceof Error ? (failure.stack ?? failure.message) : String(failure);

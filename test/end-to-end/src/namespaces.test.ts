// Three hosts in network namespaces, as on three machines: one is killed, stands still for 10 s, loses one direction to another, is cut off
// and comes back, and (where the kernel has netem) is far away and loses packets. After each `chordial ring --check` passes on every
// host, and a client at each host that sends a REGISTER every 50 ms is not interrupted for longer than 1.5 s.
import type { ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { interruptionOf, readSent } from './interruption.ts';
import { Network, namespacesFault } from './namespaces.ts';
import { RingOfHosts, type RingSeat } from './ring-of-hosts.ts';
import { startProgram } from './running-host.ts';

const peersCount = 24;
const interruptionMsMax = 1_500;
const rightMsMax = 15_000;
/** A request that is sent last may take this long to be known as lost. */
const settleMs = 4_200;
const loadProgram = fileURLToPath(new URL('./register-load.worker.ts', import.meta.url));
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

const fault = namespacesFault();
const isRequired = process.env.CHORDIAL_REQUIRE_TOOLS === '1';
if (fault !== undefined) console.log(`skipped: hosts in network namespaces: ${fault}`);

describe.skipIf(fault !== undefined && !isRequired)('three hosts in network namespaces', { timeout: 90_000 }, () => {
  const ring = new RingOfHosts(['--peers', String(peersCount), '--lanes', '2']);
  const loads = new Map<RingSeat, { readonly child: ChildProcess; output: string }>();
  let network: Network;
  let seats: [RingSeat, RingSeat, RingSeat];

  beforeAll(async () => {
    network = new Network();
    const add = (number: number) => {
      const address = `10.77.0.${number}`;
      return ring.addSeat({ address, namespace: network.add(number, address) });
    };
    seats = [await add(1), await add(2), await add(3)];
    await ring.start(seats[0]);
    await Promise.all([ring.start(seats[1], [seats[0]]), ring.start(seats[2], [seats[0]])]);
    await ring.untilRight(seats, 3, 3 * peersCount, 30_000);
    for (const seat of seats) startLoad(seat);
    await pause(1_000);
  }, 60_000);
  afterAll(async () => {
    for (const { child } of loads.values()) child.kill('SIGKILL');
    await ring.close();
    network?.close();
  });

  function startLoad(seat: RingSeat): void {
    const child = startProgram(seat.namespace, [loadProgram, seat.address, String(seat.sipPort), seat.address]);
    const load = { child, output: '' };
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      load.output += text;
    });
    loads.set(seat, load);
  }

  /** What the clients of these hosts saw since `fromMs`, once the last of their requests is decided. */
  async function expectServed(
    what: string,
    clients: readonly RingSeat[],
    fromMs: number,
    toMs = Date.now(),
  ): Promise<void> {
    await pause(Math.max(0, toMs + settleMs - Date.now()));
    for (const seat of clients) {
      const { ms, sentCount, unservedCount, statuses } = interruptionOf(
        readSent(loads.get(seat)!.output),
        fromMs,
        toMs,
      );
      const saw = `${what}: the client at ${seat.name} was interrupted for ${ms} ms (${unservedCount} of ${sentCount} requests, answers ${statuses.join(', ') || 'none'})`;
      console.log(saw);
      expect(sentCount, saw).toBeGreaterThan(((toMs - fromMs) / 50) * 0.5);
      expect(ms, saw).toBeLessThanOrEqual(interruptionMsMax);
    }
  }

  async function expectRight(what: string, at: readonly RingSeat[], hostsCount: number): Promise<void> {
    const tookMs = await ring.untilRight(at, hostsCount, hostsCount * peersCount, rightMsMax);
    console.log(`${what}: ring --check passed at ${at.length} hosts after ${(tookMs / 1_000).toFixed(1)} s`);
  }

  test('nothing happens: nobody is interrupted', async () => {
    const fromMs = Date.now();
    await pause(3_000);
    await expectServed('quiet', seats, fromMs);
  });

  test('kill -9, and the host comes back', async () => {
    const [first, second, third] = seats;
    const killedMs = Date.now();
    await ring.end(third, 'SIGKILL');
    await expectRight('kill -9', [first, second], 2);
    await pause(1_500);
    await expectServed('kill -9', [first, second], killedMs);
    const backMs = Date.now();
    await ring.start(third, [first]);
    await expectRight('back after kill -9', seats, 3);
    await expectServed('back after kill -9', [first, second], backMs);
  });

  test('SIGSTOP for 10 s', async () => {
    const [first, second, third] = seats;
    const { pid } = ring.running.get(third)!;
    const stoppedMs = Date.now();
    process.kill(pid, 'SIGSTOP');
    await pause(10_000);
    const goesOnMs = Date.now();
    process.kill(pid, 'SIGCONT');
    await expectRight('SIGSTOP for 10 s', seats, 3);
    await expectServed('while it stood still', [first, second], stoppedMs, goesOnMs);
    await expectServed('when it went on', seats, goesOnMs);
  });

  test('one direction between two hosts is cut, and healed', async () => {
    const [first, second, third] = seats;
    const cutMs = Date.now();
    network.cutOneWay(first.namespace!, third.address);
    await pause(5_000);
    await expectRight('one-way cut', seats, 3);
    await expectServed('one-way cut', seats, cutMs);
    const healedMs = Date.now();
    network.healOneWay(first.namespace!, third.address);
    await pause(2_000);
    await expectRight('one-way cut healed', [first, second, third], 3);
    await expectServed('one-way cut healed', seats, healedMs);
  });

  test('one host is cut off, and healed', async () => {
    const [first, second, third] = seats;
    const cutMs = Date.now();
    network.plug(3, false);
    await expectRight('cut off', [first, second], 2);
    await expectRight('cut off, alone', [third], 1);
    await pause(3_000);
    await expectServed('cut off', seats, cutMs);
    const healedMs = Date.now();
    network.plug(3, true);
    await expectRight('healed', seats, 3);
    await pause(1_000);
    await expectServed('healed', seats, healedMs);
  });

  test('200 ms away with 5 % loss', async () => {
    const [first, second, third] = seats;
    const missing = network.disturb(third.namespace!, 'delay', '200ms', 'loss', '5%');
    if (missing !== undefined) {
      console.log(`skipped: 200 ms delay and 5 % loss: this kernel has no netem (${missing})`);
      return;
    }
    try {
      const fromMs = Date.now();
      await pause(5_000);
      await expectServed('200 ms and 5 % loss', [first, second], fromMs);
      await expectRight('200 ms and 5 % loss', seats, 3);
    } finally {
      network.calm(third.namespace!);
    }
    await expectRight('calm again', seats, 3);
  });
});

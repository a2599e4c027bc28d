// Makes the faults of a plan happen: begins each at its time and ends it after its duration. Faults may overlap; what two of
// them switch off comes back when the last one ends.
import type { Fault } from './fault.ts';
import type { SimulatedHost } from './host.ts';
import type { Condition } from './network.ts';
import type { World } from './world.ts';

export class FaultInjection {
  readonly #world: World;
  readonly #hosts: readonly SimulatedHost[];
  /** How many faults hold a switch (a link, a disk), by name. */
  readonly #held = new Map<string, number>();

  constructor(world: World, hosts: readonly SimulatedHost[]) {
    this.#world = world;
    this.#hosts = hosts;
  }

  begin(fault: Fault): void {
    const { history, now } = this.#world;
    const { kind: type, ...details } = fault;
    const message = { type, ...details };
    history.record(now, 'host' in fault ? fault.host : 0, 0, message);
    if (history.wantsLines) history.write(now, 'world', 0, 'fault', message);
    switch (fault.kind) {
      case 'lose':
      case 'duplicate':
        this.#weather(fault, { kind: fault.kind, from: fault.from, to: fault.to, chance: fault.chance, delayMs: 0 });
        return;
      case 'reorder':
      case 'delay': {
        const { kind, from, to, chance, delayMs } = fault;
        this.#weather(fault, { kind, from, to, chance, delayMs });
        return;
      }
      case 'partition':
        this.#part(fault);
        return;
      default:
        this.#beginAt(fault, this.#hosts[fault.host]);
    }
  }

  #beginAt(fault: Extract<Fault, { host: number }>, host: SimulatedHost | undefined): void {
    if (host === undefined) return;
    switch (fault.kind) {
      case 'pause-host':
        host.pause(fault.durationMs);
        return;
      case 'pause-lane':
        host.pauseLane(fault.lane, fault.durationMs);
        return;
      case 'crash-host':
        host.crash(fault.durationMs, fault.disk === 'lost', fault.silent === true);
        return;
      case 'kill-lane':
        host.replaceLane(fault.lane, fault.durationMs);
        return;
      case 'skew-clock':
        host.changeClock(fault.rate, fault.jumpMs);
        this.#hold(`clock ${fault.host}`, fault, () => host.changeClock(host.clockRate, 0));
        return;
      case 'fill-link':
        host.links.fill(fault.from, fault.to, true);
        this.#hold(`link ${fault.host} ${fault.from} ${fault.to}`, fault, () =>
          host.links.fill(fault.from, fault.to, false),
        );
        return;
      case 'fill-disk':
      case 'lock-disk':
        host.disk.state = fault.kind === 'fill-disk' ? 'full' : 'read-only';
        this.#hold(`disk ${fault.host}`, fault, () => {
          host.disk.state = 'good';
        });
        return;
      case 'slow-disk':
        host.disk.delayMs = fault.delayMs;
        this.#hold(`slow ${fault.host}`, fault, () => {
          host.disk.delayMs = 0;
        });
        return;
      case 'damage-disk':
        host.disk.damage(fault.file);
        return;
      default:
        fault satisfies never;
    }
  }

  #part({ hosts, way, ...fault }: Extract<Fault, { kind: 'partition' }>): void {
    const others = this.#hosts.map(({ index }) => index).filter((index) => !hosts.includes(index));
    const cut = { kind: 'cut' as const, chance: 1, delayMs: 0 };
    if (way !== 'in') this.#weather(fault, { ...cut, from: hosts, to: others });
    if (way !== 'out') this.#weather(fault, { ...cut, from: others, to: hosts });
  }

  #weather({ durationMs }: { readonly durationMs: number }, condition: Condition): void {
    this.#world.network.add(condition);
    this.#world.after(durationMs, () => this.#world.network.remove(condition));
  }

  #hold(name: string, { durationMs }: Fault, release: () => void): void {
    this.#held.set(name, (this.#held.get(name) ?? 0) + 1);
    this.#world.after(durationMs, () => {
      const left = this.#held.get(name)! - 1;
      this.#held.set(name, left);
      if (left === 0) release();
    });
  }
}

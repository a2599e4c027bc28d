// Hosts with a network of their own, on this machine: one network namespace each, joined by veth pairs to a bridge that lives in a namespace
// too, so that removing the namespaces removes everything. Needs root.
import { spawnSync } from 'node:child_process';

function ip(...parameters: readonly string[]): void {
  const { status, stderr, error } = spawnSync('ip', parameters, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`ip ${parameters.join(' ')}: ${error?.message ?? stderr.trim()}`);
}

/** Why namespaces cannot be made here, or undefined. */
export function namespacesFault(): string | undefined {
  const name = `chordial-try-${process.pid}`;
  try {
    ip('netns', 'add', name);
    ip('netns', 'exec', name, 'ip', 'link', 'add', 'try0', 'type', 'veth', 'peer', 'name', 'try1');
    ip('netns', 'exec', name, 'ip', 'link', 'add', 'try2', 'type', 'bridge');
    return undefined;
  } catch (failure) {
    return (failure as Error).message;
  } finally {
    spawnSync('ip', ['netns', 'del', name]);
  }
}

export class Network {
  readonly #prefix = `chordial-${process.pid}`;
  readonly #names: string[] = [];
  readonly #switch = `${this.#prefix}-switch`;

  constructor() {
    ip('netns', 'add', this.#switch);
    this.#names.push(this.#switch);
    this.#inside(this.#switch, 'link', 'add', 'bridge0', 'type', 'bridge');
    this.#inside(this.#switch, 'link', 'set', 'bridge0', 'up');
  }

  #inside(namespace: string, ...parameters: readonly string[]): void {
    ip('-n', namespace, ...parameters);
  }

  /** A namespace with this IPv4 address on eth0. */
  add(number: number, address: string): string {
    const name = `${this.#prefix}-${number}`;
    ip('netns', 'add', name);
    this.#names.push(name);
    const port = `port${number}`;
    this.#inside(this.#switch, 'link', 'add', port, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', name);
    this.#inside(this.#switch, 'link', 'set', port, 'master', 'bridge0', 'up');
    this.#inside(name, 'link', 'set', 'lo', 'up');
    this.#inside(name, 'address', 'add', `${address}/24`, 'dev', 'eth0');
    this.#inside(name, 'link', 'set', 'eth0', 'up');
    return name;
  }

  /** Nothing that the namespace sends to `address` arrives from now on; what comes from there still does. */
  cutOneWay(namespace: string, address: string): void {
    this.#inside(namespace, 'route', 'add', 'blackhole', `${address}/32`);
  }

  healOneWay(namespace: string, address: string): void {
    this.#inside(namespace, 'route', 'del', 'blackhole', `${address}/32`);
  }

  /** Pulls the cable of a namespace, or plugs it in again. */
  plug(number: number, isIn: boolean): void {
    this.#inside(this.#switch, 'link', 'set', `port${number}`, isIn ? 'up' : 'down');
  }

  /** Delays and loses what the namespace sends; a sentence where the kernel cannot. */
  disturb(namespace: string, ...netem: readonly string[]): string | undefined {
    const all = ['-n', namespace, 'qdisc', 'add', 'dev', 'eth0', 'root', 'netem', ...netem];
    const { status, stderr, error } = spawnSync('tc', all, { encoding: 'utf8' });
    return status === 0 ? undefined : (error?.message ?? stderr.trim());
  }

  calm(namespace: string): void {
    spawnSync('tc', ['-n', namespace, 'qdisc', 'del', 'dev', 'eth0', 'root']);
  }

  close(): void {
    for (const name of this.#names.toReversed()) spawnSync('ip', ['netns', 'del', name]);
  }
}

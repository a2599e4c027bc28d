// The kernel runs the actors of one lane: it delivers, counts, overflows, supervises. Both shells are built on it, so
// a mailbox or a restart means the same in simulation and in production. What lies outside a lane (other lanes,
// clocks, timers, logs) is the shell's and reached through `Outside`. Supervision follows Erlang/OTP.
import { type Address, actorsPerLaneMax, lanePlaces, makeAddress, nobody, wellKnownMax } from './address.ts';
import { assert } from './assert.ts';
import type { AnyBehaviour, Cell, Delivery, DueTimer } from './cell.ts';
import type { Behaviour, Outbox, TimerId } from './contract.ts';
import { IndexPool } from './index-pool.ts';
import type { KernelCounts, Outside } from './outside.ts';
import type { SystemEvent } from './protocol.ts';
import { createRandom, nextUint32, type Random } from './random.ts';
import { RunQueue } from './run-queue.ts';
import { defaultSupervision, judgeFailure } from './supervision.ts';
import type { Typed } from './words.ts';

const restartDue: Typed = { type: 'restart-due' };
/** Stands in the run queue for the oldest message that a `drop-oldest` mailbox keeps. */
const keptMail: Typed = { type: 'kept-mail' };

export class LaneKernel {
  readonly counts: KernelCounts = { steps: 0, dropped: 0, refused: 0, deadLetters: 0, failures: 0, actors: 0 };
  /** Milliseconds; the shell sets it at the start of each turn. */
  now = 0;
  /** The lane's lowest address: what is in `[base, base + lanePlaces)` lives here. */
  readonly #base: number;
  readonly #host: number;
  readonly #lane: number;
  readonly #outside: Outside;
  readonly #queue = new RunQueue<Cell>();
  readonly #cells: (Cell | undefined)[] = [];
  readonly #indices = new IndexPool();
  readonly #delivery: Delivery = { now: 0, from: nobody, message: { type: '' } };
  readonly #outbox: Outbox;
  /** Draws the seed of every birth, so that kernels with nearby seeds do not give the same ones. */
  readonly #births: Random;
  /** The actor whose step or `init` runs. */
  #current: Cell | undefined;

  constructor(host: number, lane: number, seed: number, outside: Outside) {
    this.#host = host;
    this.#lane = lane;
    this.#base = makeAddress(host, lane, 0);
    this.#outside = outside;
    this.#births = createRandom(seed);
    this.#outbox = {
      send: (to, message) =>
        this.deliver(to as Address<Typed>, this.#stepping().self as Address<never>, message as Typed),
      setTimer: (delayMs, message) => this.#setTimer(this.#stepping(), delayMs, message),
      clearTimer: (timer) => this.#outside.clearTimer(timer),
      spawn: (behaviour, config) => this.#spawn(behaviour, config, this.#stepping(), undefined),
      stop: (child) => this.#stopFromStep(this.#stepping(), child),
    };
  }

  /** Messages waiting for all actors of the lane. */
  get waitingCount(): number {
    return this.#queue.count;
  }

  /** Starts an actor without a parent; `at` places it at a well-known index (1..31). */
  spawnRoot<State, M extends Typed, C>(behaviour: Behaviour<State, M, C>, config: C, at?: number): Address<M> {
    assert(at === undefined || (at > 0 && at < wellKnownMax), 'a well-known index is within 1..31');
    return this.#spawn(behaviour, config, undefined, at);
  }

  /** Puts a message in a mailbox of this lane, or hands it to the outside when it lives elsewhere. */
  deliver(to: Address<Typed>, from: Address<never>, message: Typed): void {
    const offset = to - this.#base;
    if (offset < 0 || offset >= lanePlaces) {
      if ((to as number) === nobody) this.counts.deadLetters++;
      else if (!this.#outside.post(to, from, message)) this.#refuse(to, from, message);
      return;
    }
    const cell = this.#cells[offset & (actorsPerLaneMax - 1)];
    if (cell === undefined || cell.self !== to) {
      this.counts.deadLetters++;
    } else if (cell.phase === 'restarting') {
      this.counts.dropped++;
    } else if (cell.waitingCount - cell.skipCount >= cell.messagesMax) {
      this.#overflow(cell, from, message);
    } else if (cell.kept === undefined) {
      this.#enqueue(cell, from, message);
    } else {
      cell.kept.push(undefined, from, message);
      this.#enqueue(cell, from, keptMail);
    }
  }

  /** A timer that the shell kept is due. Timers are never dropped: an actor has no more of them than it set. */
  fire(due: DueTimer): void {
    const { cell, incarnation, message } = due;
    if (cell.incarnation !== incarnation) return;
    if (cell.phase === 'running') this.#enqueue(cell, nobody, message);
    else if (cell.phase === 'restarting') {
      cell.phase = 'running';
      this.#begin(cell);
    }
  }

  /** Takes at most `stepsMax` messages from the queue, each one step; returns how many it took. */
  run(stepsMax: number): number {
    const queue = this.#queue;
    let taken = 0;
    while (taken < stepsMax && queue.shift()) {
      taken++;
      const cell = queue.target!;
      cell.waitingCount--;
      if (cell.skipCount > 0) {
        cell.skipCount--;
      } else if (cell.phase !== 'running') {
        this.counts.deadLetters++;
      } else if (queue.message === keptMail) {
        const kept = cell.kept!;
        kept.shift();
        this.#step(cell, kept.sender as Address<never>, kept.message!);
      } else {
        this.#step(cell, queue.sender as Address<never>, queue.message!);
      }
    }
    return taken;
  }

  /** The actor at an address of this lane, for inspection by the shell. */
  cellAt(address: Address<never>): Cell | undefined {
    const offset = address - this.#base;
    if (offset < 0 || offset >= lanePlaces) return undefined;
    const cell = this.#cells[offset & (actorsPerLaneMax - 1)];
    return cell !== undefined && (cell.self as number) === address ? cell : undefined;
  }

  /** Every living actor, for inspection by the shell. */
  *cells(): Generator<Cell> {
    for (const cell of this.#cells) if (cell !== undefined) yield cell;
  }

  #step(cell: Cell, from: Address<never>, message: Typed): void {
    const delivery = this.#delivery;
    delivery.now = this.now;
    delivery.from = from;
    delivery.message = message;
    this.#current = cell;
    this.counts.steps++;
    try {
      cell.behaviour.step(cell.state, delivery, this.#outbox);
      this.#current = undefined;
    } catch (failure) {
      this.#current = undefined;
      this.#fail(cell, failure);
    }
    if (cell.phase === 'stopping') this.#stop(cell);
    if (this.#outside.stepped !== undefined) this.#outside.stepped(cell, message);
  }

  #stepping(): Cell {
    assert(this.#current !== undefined, 'an outbox is used only within its step');
    return this.#current;
  }

  #enqueue(cell: Cell, from: Address<never>, message: Typed): void {
    cell.waitingCount++;
    this.#queue.push(cell, from, message);
  }

  #overflow(cell: Cell, from: Address<never>, message: Typed): void {
    if (cell.behaviour.mailbox.overflow === 'refuse') {
      this.#refuse(cell.self, from, message);
      return;
    }
    this.counts.dropped++;
    // The tokens in the run queue stay and now stand for later messages. Without any, only timers and system events wait.
    if (cell.kept?.shift() === true) cell.kept.push(undefined, from, message);
  }

  /** A sender on another lane is not told, only counted. Refusals never take a mailbox over its limit. */
  #refuse(to: Address<Typed>, from: Address<never>, message: Typed): void {
    this.counts.refused++;
    const sender = this.cellAt(from);
    if (sender === undefined) return;
    if (sender.waitingCount - sender.skipCount >= sender.messagesMax) this.counts.dropped++;
    else this.#tell(sender, { type: 'message-refused', to: to as Address<never>, message });
  }

  #tell(listener: Cell, event: SystemEvent): void {
    if (listener.phase === 'running' && listener.behaviour.hearsSystem === true) {
      this.#enqueue(listener, nobody, event);
    }
  }

  #setTimer(cell: Cell, delayMs: number, message: Typed): TimerId {
    assert(delayMs >= 0 && delayMs <= Number.MAX_SAFE_INTEGER, 'a timer lies in the finite future');
    return this.#outside.setTimer(delayMs, { cell, incarnation: cell.incarnation, message });
  }

  #spawn<State, M extends Typed, C>(
    behaviour: Behaviour<State, M, C>,
    config: C,
    parent: Cell | undefined,
    at: number | undefined,
  ): Address<M> {
    const { messagesMax, overflow } = behaviour.mailbox;
    assert(at === undefined || this.#cells[at] === undefined, `index ${at} is free`);
    this.#outside.spawned?.(behaviour as unknown as AnyBehaviour);
    const index = at ?? this.#indices.take();
    const cell: Cell = {
      self: makeAddress<Typed>(this.#host, this.#lane, index, this.#indices.generationOf(index)),
      index,
      behaviour: behaviour as unknown as AnyBehaviour,
      config,
      parent,
      children: undefined,
      state: undefined,
      phase: 'running',
      incarnation: 0,
      waitingCount: 0,
      skipCount: 0,
      messagesMax,
      kept: overflow === 'drop-oldest' ? new RunQueue<undefined>(4) : undefined,
      failuresAt: undefined,
    };
    this.#cells[index] = cell;
    this.counts.actors++;
    if (parent !== undefined) {
      parent.children ??= new Set();
      parent.children.add(cell);
    }
    this.#begin(cell);
    return cell.self as number as Address<M>;
  }

  /** Gives an actor its state, in its first life or a later one. */
  #begin(cell: Cell): void {
    const before = this.#current;
    const seed = nextUint32(this.#births) * 2 ** 21 + (nextUint32(this.#births) >>> 11);
    this.#current = cell;
    try {
      cell.state = cell.behaviour.init(cell.config, { self: cell.self, now: this.now, seed }, this.#outbox);
      this.#current = before;
    } catch (failure) {
      this.#current = before;
      this.#fail(cell, failure);
    }
    if (cell.phase === 'stopping') this.#stop(cell);
  }

  #fail(cell: Cell, failure: unknown): void {
    this.counts.failures++;
    const { parent } = cell;
    cell.failuresAt ??= [];
    const verdict = judgeFailure(parent?.behaviour.supervision ?? defaultSupervision, cell.failuresAt, this.now);
    this.#outside.actorFailed(cell.self, cell.behaviour.name, failure, verdict.restart ? 'restart' : 'escalate');
    if (verdict.restart) {
      cell.phase = 'restarting';
      cell.incarnation++;
      this.#stopChildren(cell);
      // What waits was meant for the life that failed, and all of it is older than what the next life will be sent.
      this.counts.dropped += cell.waitingCount - cell.skipCount;
      cell.skipCount = cell.waitingCount;
      while (cell.kept?.shift() === true);
      this.#outside.setTimer(verdict.afterMs, { cell, incarnation: cell.incarnation, message: restartDue });
      return;
    }
    // The parent is not told: it fails too, and what waits for it would be lost.
    this.#stop(cell, false);
    if (parent === undefined) this.#outside.laneFailed(failure);
    // A parent that is spawning this child fails by its own step, which must not go on as if nothing had happened.
    else if (parent === this.#current) throw failure;
    else this.#fail(parent, failure);
  }

  #stopFromStep(self: Cell, child: Address<never> | undefined): void {
    const cell = child === undefined ? self : this.cellAt(child);
    if (cell === undefined) return;
    assert(cell === self || cell.parent === self, 'an actor stops only itself and its children');
    if (cell === self) cell.phase = 'stopping';
    else this.#stop(cell);
  }

  #stopChildren(cell: Cell): void {
    for (const child of cell.children ?? []) this.#stop(child);
    cell.children = undefined;
  }

  #stop(cell: Cell, tellsParent = true): void {
    cell.phase = 'stopped';
    this.#stopChildren(cell);
    this.#cells[cell.index] = undefined;
    this.#indices.free(cell.index);
    this.counts.actors--;
    const { parent } = cell;
    if (parent === undefined) return;
    parent.children?.delete(cell);
    if (tellsParent) this.#tell(parent, { type: 'child-stopped', child: cell.self as Address<never> });
  }
}

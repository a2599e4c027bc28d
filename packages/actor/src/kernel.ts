// The kernel runs the actors of one lane: it delivers, counts, overflows, supervises. Both shells are built on it, so
// a mailbox or a restart means the same in simulation and in production. What lies outside a lane (other lanes,
// clocks, timers, logs) is the shell's and reached through `Outside`. Supervision follows Erlang/OTP.
import { type Address, actorsPerLaneMax, indexOf, makeAddress, nobody, placeOf, wellKnownMax } from './address.ts';
import { assert } from './assert.ts';
import type { AnyBehaviour, Cell, Delivery, DueTimer } from './cell.ts';
import type { Behaviour, Outbox, TimerId } from './contract.ts';
import type { SystemEvent } from './protocol.ts';
import { RunQueue } from './run-queue.ts';
import { defaultSupervision, judgeFailure } from './supervision.ts';
import type { Typed } from './words.ts';

/** What a shell does for its kernels. */
export interface Outside {
  /** Carries a message to another lane or host; false when the way there is full. */
  post(to: Address<Typed>, from: Address<never>, message: Typed): boolean;
  setTimer(delayMs: number, due: DueTimer): TimerId;
  clearTimer(timer: TimerId): void;
  /** An actor failed; `remedy` says what supervision does about it. Called inside the failing turn. */
  actorFailed(actor: Address<Typed>, name: string, failure: unknown, remedy: 'restart' | 'escalate'): void;
  /** Failure reached a root actor: the lane cannot go on. */
  laneFailed(failure: unknown): void;
  /** Called once for every actor that is started, before its `init`. */
  spawned?(behaviour: AnyBehaviour): void;
  /** Called after every step when given: the simulator checks invariants and records histories here. */
  stepped?(cell: Cell, message: Typed): void;
}

const restartDue: Typed = { type: 'restart-due' };

/** Counters since the kernel was made; all only grow. */
export interface KernelCounts {
  steps: number;
  /** Dropped because a mailbox was full (either drop rule), or the target was restarting. */
  dropped: number;
  refused: number;
  /** Sent to an address where no actor lives. */
  deadLetters: number;
  failures: number;
  actors: number;
}

export class LaneKernel {
  readonly counts: KernelCounts = { steps: 0, dropped: 0, refused: 0, deadLetters: 0, failures: 0, actors: 0 };
  /** Milliseconds; the shell sets it at the start of each turn. */
  now = 0;
  readonly #place: number;
  readonly #host: number;
  readonly #lane: number;
  readonly #outside: Outside;
  readonly #queue = new RunQueue<Cell>();
  readonly #cells: (Cell | undefined)[] = [];
  readonly #generations: number[] = [];
  readonly #indicesFree: number[] = [];
  readonly #delivery: Delivery = { now: 0, from: nobody, message: { type: '' } };
  readonly #outbox: Outbox;
  #indicesFreeHead = 0;
  #indexNext = wellKnownMax;
  #seedNext: number;
  #current: Cell | undefined;

  constructor(host: number, lane: number, seed: number, outside: Outside) {
    this.#host = host;
    this.#lane = lane;
    this.#place = placeOf(makeAddress(host, lane, 0));
    this.#outside = outside;
    this.#seedNext = seed;
    this.#outbox = {
      send: (to, message) =>
        this.deliver(to as Address<Typed>, this.#stepping().self as Address<never>, message as Typed),
      setTimer: (delayMs, message) => this.#setTimer(this.#stepping(), delayMs, message),
      clearTimer: (timer) => this.#outside.clearTimer(timer),
      spawn: (behaviour, config) => this.#spawn(behaviour, config, this.#stepping(), undefined),
      stop: (child) => this.#stopFromStep(child),
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
    if (placeOf(to) !== this.#place) {
      if (!this.#outside.post(to, from, message)) this.#refuse(to, from, message);
      return;
    }
    const cell = this.#find(to);
    if (cell === undefined) {
      this.counts.deadLetters++;
    } else if (cell.phase === 'restarting') {
      this.counts.dropped++;
    } else if (cell.waitingCount - cell.skipCount < cell.behaviour.mailbox.messagesMax) {
      this.#enqueue(cell, from, message);
    } else if (cell.behaviour.mailbox.overflow === 'refuse') {
      this.#refuse(to, from, message);
    } else {
      this.counts.dropped++;
      if (cell.behaviour.mailbox.overflow === 'drop-newest') return;
      cell.skipCount++;
      this.#enqueue(cell, from, message);
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

  /** Takes at most `stepsMax` steps; returns how many messages were taken from the queue. */
  run(stepsMax: number): number {
    let taken = 0;
    while (taken < stepsMax && this.#queue.shift()) {
      taken++;
      const cell = this.#queue.target!;
      cell.waitingCount--;
      if (cell.skipCount > 0) cell.skipCount--;
      else if (cell.phase === 'running') this.#step(cell, this.#queue.sender as Address<never>, this.#queue.message!);
    }
    return taken;
  }

  /** The actor at an address of this lane, for inspection by the shell. */
  cellAt(address: Address<never>): Cell | undefined {
    return placeOf(address) === this.#place ? this.#find(address) : undefined;
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
    } catch (failure) {
      this.#fail(cell, failure);
    }
    this.#current = undefined;
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

  #refuse(to: Address<Typed>, from: Address<never>, message: Typed): void {
    this.counts.refused++;
    this.#tell(from, { type: 'message-refused', to: to as Address<never>, message });
  }

  #tell(listener: Address<never>, event: SystemEvent): void {
    const cell = this.cellAt(listener);
    if (cell?.phase === 'running' && cell.behaviour.hearsSystem === true) this.#enqueue(cell, nobody, event);
  }

  #find(address: number): Cell | undefined {
    const cell = this.#cells[indexOf(address)];
    return cell !== undefined && cell.self === address ? cell : undefined;
  }

  #setTimer(cell: Cell, delayMs: number, message: Typed): TimerId {
    assert(delayMs >= 0, 'a timer lies in the future');
    return this.#outside.setTimer(delayMs, { cell, incarnation: cell.incarnation, message });
  }

  #spawn<State, M extends Typed, C>(
    behaviour: Behaviour<State, M, C>,
    config: C,
    parent: Cell | undefined,
    at: number | undefined,
  ): Address<M> {
    const index = at ?? this.#takeFreeIndex() ?? this.#indexNext++;
    assert(index < actorsPerLaneMax, 'a lane holds at most 1,048,576 actors');
    assert(this.#cells[index] === undefined, `index ${index} is free`);
    const generation = ((this.#generations[index] ?? -1) + 1) % 256;
    this.#generations[index] = generation;
    const self = makeAddress<Typed>(this.#host, this.#lane, index, at === undefined ? generation : 0);
    const cell: Cell = {
      self,
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
      failuresAt: undefined,
    };
    this.#cells[index] = cell;
    this.#outside.spawned?.(cell.behaviour);
    this.counts.actors++;
    if (parent !== undefined) {
      parent.children ??= new Set();
      parent.children.add(cell);
    }
    this.#begin(cell);
    return self as number as Address<M>;
  }

  /** The index that has been free longest, so that a generation returns as late as possible. */
  #takeFreeIndex(): number | undefined {
    const index = this.#indicesFree[this.#indicesFreeHead];
    if (index === undefined) return undefined;
    if (++this.#indicesFreeHead > 1_024 && this.#indicesFreeHead * 2 > this.#indicesFree.length) {
      this.#indicesFree.splice(0, this.#indicesFreeHead);
      this.#indicesFreeHead = 0;
    }
    return index;
  }

  #begin(cell: Cell): void {
    const before = this.#current;
    this.#current = cell;
    try {
      const birth = { self: cell.self, now: this.now, seed: this.#seedNext++ };
      cell.state = cell.behaviour.init(cell.config, birth, this.#outbox);
    } catch (failure) {
      this.#fail(cell, failure);
    }
    this.#current = before;
  }

  #fail(cell: Cell, failure: unknown): void {
    if (cell.phase === 'stopped') return;
    this.counts.failures++;
    const supervision = cell.parent?.behaviour.supervision ?? defaultSupervision;
    cell.failuresAt ??= [];
    const verdict = judgeFailure(supervision, cell.failuresAt, this.now);
    this.#outside.actorFailed(cell.self, cell.behaviour.name, failure, verdict.restart ? 'restart' : 'escalate');
    if (verdict.restart) {
      cell.phase = 'restarting';
      cell.incarnation++;
      this.#stopChildren(cell);
      this.#outside.setTimer(verdict.afterMs, { cell, incarnation: cell.incarnation, message: restartDue });
      return;
    }
    const parent = cell.parent;
    this.#stop(cell, failure instanceof Error ? failure.message : String(failure));
    if (parent === undefined) this.#outside.laneFailed(failure);
    else this.#fail(parent, failure);
  }

  #stopFromStep(child: Address<never> | undefined): void {
    const self = this.#stepping();
    const cell = child === undefined ? self : this.cellAt(child);
    if (cell === undefined) return;
    assert(cell === self || cell.parent === self, 'an actor stops only itself and its children');
    this.#stop(cell, undefined);
  }

  #stopChildren(cell: Cell): void {
    for (const child of cell.children ?? []) this.#stop(child, undefined);
    cell.children = undefined;
  }

  #stop(cell: Cell, failure: string | undefined): void {
    if (cell.phase === 'stopped') return;
    cell.phase = 'stopped';
    this.#stopChildren(cell);
    this.#cells[cell.index] = undefined;
    if (cell.index >= wellKnownMax) this.#indicesFree.push(cell.index);
    this.counts.actors--;
    const parent = cell.parent;
    if (parent === undefined) return;
    parent.children?.delete(cell);
    const child = cell.self as Address<never>;
    this.#tell(
      parent.self as Address<never>,
      failure === undefined ? { type: 'child-stopped', child } : { type: 'child-stopped', child, failure },
    );
  }
}

// What may cross from lane to lane, and as what it arrives. The book knows the words of every behaviour started on a lane; a
// message that crosses is checked against them and copied field by field, as the real link would write and read it, so that a
// shared reference, a forgotten field or a value that no wire can carry is found here first.
import { assert, type Typed } from '@chordial/actor';

interface Shape {
  readonly fields: readonly string[];
  readonly hasView: boolean;
}

/** A message as it waits between lanes. */
export interface Crossing {
  readonly message: Typed;
  /** Arrays made for this copy; they are only lent to the receiver for one turn. */
  readonly lent: readonly Uint8Array[];
  /** About as many bytes as it takes in a link. */
  readonly bytes: number;
}

type Fields = Record<string, unknown>;
type WordsTable = { readonly [type: string]: readonly [number, ...string[]] };

const depthMax = 16;
const int64Min = -(2n ** 63n);
const int64Max = 2n ** 63n - 1n;
/** Bytes before and after a lent view, so that nobody relies on `start` being 0 or on `bytes` ending at `end`. */
const marginBytes = 4;
export const poison = 0xdd;

/** A copy of `bytes[start, end)` inside a larger, poisoned array. */
export function lendCopy(
  bytes: Uint8Array,
  start: number,
  end: number,
): { bytes: Uint8Array; start: number; end: number } {
  const copy = new Uint8Array(end - start + marginBytes * 2);
  copy.fill(poison, 0, marginBytes);
  copy.set(bytes.subarray(start, end), marginBytes);
  copy.fill(poison, copy.length - marginBytes);
  return { bytes: copy, start: marginBytes, end: copy.length - marginBytes };
}

export class WordsBook {
  readonly #shapes = new Map<string, Shape>();
  readonly #tables = new Set<WordsTable>();

  register(words: WordsTable): void {
    if (this.#tables.has(words)) return;
    this.#tables.add(words);
    const opcodes = new Set<number>();
    for (const [type, [opcode, ...fields]] of Object.entries(words)) {
      assert(Number.isInteger(opcode) && opcode >= 1 && opcode <= 255, `the opcode of '${type}' is within 1..255`);
      assert(!opcodes.has(opcode), `the opcode of '${type}' is used once in its table`);
      opcodes.add(opcode);
      const known = this.#shapes.get(type);
      assert(
        known === undefined || known.fields.join() === fields.join(),
        `'${type}' has the same fields in every words table`,
      );
      this.#shapes.set(type, { fields, hasView: fields.includes('bytes') });
    }
  }

  knows(type: string): boolean {
    return this.#shapes.has(type);
  }

  /** The copy that arrives on another lane; an assertion fails for what cannot cross. */
  cross(message: Typed): Crossing {
    const { type } = message;
    const shape = this.#shapes.get(type);
    assert(shape !== undefined, `'${type}' crosses lanes, so a behaviour lists it in its words`);
    const source = message as unknown as Fields;
    for (const name in source) {
      const listed = name === 'type' || shape.fields.includes(name) || source[name] === undefined;
      assert(listed, `field '${name}' of '${type}' is listed in its words`);
    }
    const copier = new Copier(type);
    const copy: Fields = { type };
    for (const name of shape.fields) {
      if (shape.hasView && (name === 'bytes' || name === 'start' || name === 'end')) continue;
      const value = source[name];
      if (value !== undefined) copy[name] = copier.copy(value, 0);
    }
    if (shape.hasView) copier.copyView(source, copy);
    return { message: copy as unknown as Typed, lent: copier.lent, bytes: copier.bytes };
  }
}

class Copier {
  readonly lent: Uint8Array[] = [];
  bytes = 24;
  readonly #type: string;

  constructor(type: string) {
    this.#type = type;
  }

  copyView(source: Fields, copy: Fields): void {
    const { bytes, start, end } = source;
    const valid = bytes instanceof Uint8Array && typeof start === 'number' && typeof end === 'number';
    assert(valid && start >= 0 && start <= end && end <= bytes.length, `'${this.#type}' has a valid byte view`);
    const view = lendCopy(bytes, start, end);
    this.lent.push(view.bytes);
    this.bytes += end - start;
    Object.assign(copy, view);
  }

  copy(value: unknown, depth: number): unknown {
    assert(depth < depthMax, `'${this.#type}' is at most ${depthMax} levels deep`);
    this.bytes += 9;
    switch (typeof value) {
      case 'number':
        // Nested data goes through MessagePack, which has no negative zero.
        return depth === 0 ? value : value + 0;
      case 'boolean':
      case 'undefined':
        return value;
      case 'string':
        this.bytes += value.length;
        return value;
      case 'bigint':
        assert(value >= int64Min && value <= int64Max, `integers in '${this.#type}' fit 64 bits`);
        return value;
      case 'object':
        return value === null ? null : this.#copyObject(value, depth);
      default:
        assert(false, `'${this.#type}' is plain data, without a ${typeof value}`);
    }
  }

  #copyObject(value: object, depth: number): unknown {
    if (value instanceof Uint8Array) {
      const copy = new Uint8Array(value);
      this.lent.push(copy);
      this.bytes += copy.length;
      return copy;
    }
    if (Array.isArray(value)) {
      const list: unknown[] = value.slice();
      for (let i = 0; i < list.length; i++) list[i] = this.copy(list[i], depth + 1);
      return list;
    }
    const prototype = Object.getPrototypeOf(value) as object | null;
    const plain = prototype === null || prototype === Object.prototype;
    assert(plain, `'${this.#type}' is plain data, without a ${prototype?.constructor?.name ?? 'class'}`);
    // A clone with the same hidden class is several times as fast as an object made field by field.
    const copy: Fields = { ...value };
    for (const name in copy) {
      const entry = copy[name];
      this.bytes += name.length;
      const copied = this.copy(entry, depth + 1);
      if (copied !== entry || copied === 0) copy[name] = copied;
    }
    return copy;
  }
}

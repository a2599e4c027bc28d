// The parameters of a header value as a map that is made when it is first asked for as one: most are only looked up by the
// reader of the value, which needs no map. Names in lower case; the first of a name counts; quotes stay on. It keeps the text that
// it was read from.

/** Names and values as positions in a text: start and end of name i at 4i, of its value at 4i+2. */
export class Parameters implements ReadonlyMap<string, string> {
  readonly #text: string;
  readonly #bounds: readonly number[];
  #map: ReadonlyMap<string, string> | undefined = undefined;

  constructor(text: string, bounds: readonly number[]) {
    this.#text = text;
    this.#bounds = bounds;
  }

  /** `name` in lower case. */
  get(name: string): string | undefined {
    const bounds = this.#bounds;
    for (let i = 0; i < bounds.length; i += 4) {
      if (bounds[i + 1]! - bounds[i]! === name.length && this.#isNamed(name, bounds[i]!))
        return this.#text.slice(bounds[i + 2], bounds[i + 3]);
    }
    return undefined;
  }

  #isNamed(name: string, start: number): boolean {
    for (let i = 0; i < name.length; i++) {
      const code = this.#text.charCodeAt(start + i);
      if ((code >= 65 && code <= 90 ? code + 32 : code) !== name.charCodeAt(i)) return false;
    }
    return true;
  }

  #all(): ReadonlyMap<string, string> {
    if (this.#map !== undefined) return this.#map;
    const map = new Map<string, string>();
    for (let i = 0; i < this.#bounds.length; i += 4) {
      const name = this.#text.slice(this.#bounds[i], this.#bounds[i + 1]).toLowerCase();
      if (!map.has(name)) map.set(name, this.#text.slice(this.#bounds[i + 2], this.#bounds[i + 3]));
    }
    this.#map = map;
    return map;
  }

  has(name: string): boolean {
    return this.get(name) !== undefined;
  }
  get size(): number {
    return this.#all().size;
  }
  forEach(use: (value: string, name: string, map: ReadonlyMap<string, string>) => void, thisArgument?: unknown): void {
    this.#all().forEach((value, name) => {
      use.call(thisArgument, value, name, this);
    });
  }
  entries(): MapIterator<[string, string]> {
    return this.#all().entries();
  }
  keys(): MapIterator<string> {
    return this.#all().keys();
  }
  values(): MapIterator<string> {
    return this.#all().values();
  }
  [Symbol.iterator](): MapIterator<[string, string]> {
    return this.#all().entries();
  }
}

export const noParameters: Parameters = new Parameters('', []);

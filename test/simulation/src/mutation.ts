// A planted mistake: one place of one source file is replaced when the file is loaded, so that what runs is the real code but for that
// place. The rules of a scenario must catch it, or they are too weak. Works in a thread of its own, before anything is imported.
import { registerHooks } from 'node:module';

export interface Mutation {
  readonly name: string;
  /** From the repository's root. */
  readonly file: string;
  /** Occurs exactly once in the file, or the mutation is stale and says so. */
  readonly find: string;
  readonly replace: string;
  /** What is wrong then, in words. */
  readonly breaks: string;
}

const root = new URL('../../../', import.meta.url).href;

/** The source with the mistake in it; throws when `find` is not there exactly once. */
export function mutate(source: string, { name, file, find, replace }: Mutation): string {
  const count = source.split(find).length - 1;
  if (count !== 1) throw new Error(`the mutation "${name}" is stale: its text occurs ${count} times in ${file}`);
  return source.replace(find, () => replace);
}

/** From now on the file of each mutation is loaded with its mistake. `loaded` tells which were. */
export function plant(mutations: readonly Mutation[]): { readonly loaded: ReadonlySet<string> } {
  const loaded = new Set<string>();
  registerHooks({
    load(url, context, nextLoad) {
      const result = nextLoad(url, context);
      const here = mutations.filter(({ file }) => url === root + file);
      if (here.length === 0) return result;
      for (const { name } of here) loaded.add(name);
      return { ...result, source: here.reduce(mutate, textOf(result.source)) };
    },
  });
  return { loaded };
}

function textOf(source: unknown): string {
  return typeof source === 'string' ? source : new TextDecoder().decode(source as Uint8Array);
}

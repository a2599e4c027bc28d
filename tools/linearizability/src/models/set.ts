// A set of texts: members are added and removed (answered by whether that changed anything) and asked for. For sets of which
// only single members are asked, make the member part of the key instead: that is far cheaper to check.
import type { Model } from '../history.ts';

export type SetInput =
  | { readonly kind: 'add' | 'remove' | 'contains'; readonly member: string }
  | { readonly kind: 'members' };

export type SetOutput =
  /** `add`, `remove`: it was not there, it was there; `contains`: it is there. */
  | boolean
  /** `members`, in any order. */
  | readonly string[];

/** A state is the sorted list of members. */
export function set(initial: readonly string[] = []): Model<readonly string[], SetInput, SetOutput> {
  return {
    name: 'set',
    init: () => [...new Set(initial)].sort(),
    step: (state, input, output) => {
      if (input.kind === 'members') return Array.isArray(output) && !isSame(state, output) ? undefined : [state];
      const isThere = state.includes(input.member);
      if (input.kind === 'contains') return output === undefined || output === isThere ? [state] : undefined;
      const isChanged = isThere === (input.kind === 'remove');
      if (output !== undefined && output !== isChanged) return undefined;
      if (!isChanged) return [state];
      return [
        input.kind === 'add' ? [...state, input.member].sort() : state.filter((member) => member !== input.member),
      ];
    },
    leavesState: ({ kind }, output) => kind === 'members' || kind === 'contains' || output === false,
    stateText: (state) => `{${state.map((member) => JSON.stringify(member)).join(', ')}}`,
    operationText: (input, output) =>
      `${input.kind}${input.kind === 'members' ? '' : ` ${JSON.stringify(input.member)}`}` +
      `${output === undefined ? '' : `: ${JSON.stringify(output)}`}`,
  };
}

function isSame(state: readonly string[], told: readonly string[]): boolean {
  const sorted = told.toSorted();
  return sorted.length === state.length && sorted.every((member, index) => member === state[index]);
}

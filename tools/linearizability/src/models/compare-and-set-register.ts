// A register with compare-and-set: it holds one value, which is read, or changed whatever it is, or changed only where it is
// what the client expects. Without expectations it is the plain register. Values that are written only once make the check
// sharpest; then a context or version that a client read stands for the value read with it.
import type { Model } from '../history.ts';

/** null: nothing is there. */
export type Value = string | number | boolean | null;

export type RegisterInput =
  | { readonly kind: 'read' }
  | {
      readonly kind: 'change';
      /** Absent: whatever the value is. null: only if nothing is there. */
      readonly expected?: Value | undefined;
      /** null: removes. */
      readonly value: Value;
    };

export type RegisterOutput =
  /** `value`: what was read; a change has none. */
  | { readonly outcome: 'ok'; readonly value?: Value | undefined }
  /** Nothing was changed, as the value was another than expected; `value`: which, where the answer tells. */
  | { readonly outcome: 'refused-mismatch'; readonly value?: Value | undefined };

export function compareAndSetRegister(initial: Value = null): Model<Value, RegisterInput, RegisterOutput> {
  return {
    name: 'compare-and-set register',
    init: () => initial,
    step: (state, input, output) => {
      const told = output?.value;
      if (input.kind === 'read') {
        return output?.outcome === 'refused-mismatch' || (told !== undefined && told !== state) ? undefined : [state];
      }
      const isMatch = input.expected === undefined || input.expected === state;
      if (output === undefined) return [isMatch ? input.value : state];
      if (output.outcome === 'ok') return isMatch ? [input.value] : undefined;
      return isMatch || (told !== undefined && told !== state) ? undefined : [state];
    },
    leavesState: (input, output) => input.kind === 'read' || output?.outcome === 'refused-mismatch',
    stateText: valueText,
    operationText,
    isRelated: ({ input, output }, other) => {
      if (other.input.kind === 'read' || other.output?.outcome === 'refused-mismatch') return false;
      const wanted = input.kind === 'read' ? output?.value : input.expected;
      return wanted !== undefined && (other.input.value === wanted || other.input.expected === wanted);
    },
  };
}

function operationText(input: RegisterInput, output: RegisterOutput | undefined): string {
  const told = output?.value === undefined ? '' : ` ${valueText(output.value)}`;
  if (input.kind === 'read') return output === undefined ? 'read' : `read:${told || ' ok'}`;
  const from = input.expected === undefined ? '' : `from ${valueText(input.expected)} `;
  const asked = `change ${from}to ${valueText(input.value)}`;
  if (output === undefined) return asked;
  return output.outcome === 'ok' ? `${asked}: ok` : `${asked}: refused${told === '' ? '' : `, it was${told}`}`;
}

function valueText(value: Value): string {
  return value === null ? 'nothing' : JSON.stringify(value);
}

// The text of a To tag. Number.toString(36) of a number beyond 31 bits goes through floating-point digits (220 ns); three texts from
// a table, joined, say the same 32 bits in 26 ns, and each request needs a tag.

const partBits = 11;
const partMask = 2 ** partBits - 1;
const parts: readonly string[] = Array.from({ length: 2 ** partBits }, (_, part) => part.toString(36).padStart(3, '0'));

/** Nine digits or letters for an integer of 32 bits (its sign does not count); different for different ones. */
export function tagText(bits: number): string {
  return parts[bits >>> (2 * partBits)]! + parts[(bits >>> partBits) & partMask]! + parts[bits & partMask]!;
}

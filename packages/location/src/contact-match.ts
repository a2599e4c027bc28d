// Whether two contact keys name the same contact. RFC 3261 19.1.4 is not transitive: "All other uri-parameters appearing
// in only one URI are ignored when comparing the URIs", so `;line=1` equals no `;line` and that equals `;line=2`, yet the
// two lines differ. No single text can say that; hence a key has two parts, `CORE` and `CORE OTHERS`: cores must be
// equal, and of the others (`;name=value`, sorted) those that are in both.

/** True for keys of contacts that are equal by RFC 3261 19.1.4. */
export function contactsMatch(a: string, b: string): boolean {
  if (a === b) return true;
  const aSpace = a.indexOf(' ');
  const bSpace = b.indexOf(' ');
  if (aSpace < 0 && bSpace < 0) return false;
  const coreLength = aSpace < 0 ? a.length : aSpace;
  if (coreLength !== (bSpace < 0 ? b.length : bSpace) || !a.startsWith(b.slice(0, coreLength))) return false;
  return aSpace < 0 || bSpace < 0 || othersAgree(a.slice(aSpace + 2).split(';'), b.slice(bSpace + 2).split(';'));
}

/** Walks two sorted lists of `name` or `name=value`: where both have a name, its value must be the same. */
function othersAgree(a: readonly string[], b: readonly string[]): boolean {
  let i = 0;
  let j = 0;
  while (i < a.length && j < b.length) {
    const aName = nameOf(a[i]!);
    const bName = nameOf(b[j]!);
    if (aName === bName && a[i] !== b[j]) return false;
    if (aName <= bName) i++;
    if (bName <= aName) j++;
  }
  return true;
}

function nameOf(parameter: string): string {
  const equal = parameter.indexOf('=');
  return equal < 0 ? parameter : parameter.slice(0, equal);
}

// The events of a small world in the order of their times; those of one time in the order in which they came. A heap would be faster; worlds of
// tests are small.
export function insertByTime<Event extends { readonly at: number }>(events: Event[], event: Event): void {
  let low = 0;
  let high = events.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (events[middle]!.at <= event.at) low = middle + 1;
    else high = middle;
  }
  events.splice(low, 0, event);
}

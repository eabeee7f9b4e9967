/** Sorted by a number that is asked for once each, the least first; among equals, as given. */
export function sortBy<Item>(items: readonly Item[], keyOf: (item: Item) => number): Item[] {
  return items
    .map((item) => [keyOf(item), item] as const)
    .sort(([one], [other]) => (one === other ? 0 : one - other))
    .map(([, item]) => item)
}

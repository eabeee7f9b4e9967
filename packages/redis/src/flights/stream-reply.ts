/** One event that XREAD has returned. */
export interface StreamEntry {
  readonly key: string
  readonly id: string
  readonly number: number
  readonly kind: string
  readonly data: Buffer
}

/**
 * Reads the reply of XREAD: for each stream its key and its events. Clients return it as a map, as a list of pairs, or as one list in which keys and
 * events alternate, which depends on the version of the protocol.
 */
export function entriesIn(reply: unknown): readonly StreamEntry[] {
  const result: StreamEntry[] = []
  for (const [key, entries] of pairsOf(reply)) {
    if (!Array.isArray(entries)) continue
    for (const entry of entries as unknown[]) {
      const [id, values] = Array.isArray(entry) ? (entry as unknown[]) : []
      const fields = new Map(pairsOf(values).map(([name, value]) => [String(name), value]))
      const data = fields.get('d')
      result.push({
        key: String(key),
        id: String(id),
        number: Number(fields.get('n')),
        kind: String(fields.get('k')),
        data: Buffer.isBuffer(data) ? data : Buffer.alloc(0),
      })
    }
  }
  return result
}

/** Returns the pairs of a map, of an object, of a list of pairs, or of a list in which names and values alternate. */
function pairsOf(value: unknown): readonly (readonly [name: unknown, value: unknown])[] {
  if (value instanceof Map) return [...(value as Map<unknown, unknown>)]
  if (!Array.isArray(value))
    return typeof value === 'object' && value !== null ? Object.entries(value as Record<string, unknown>) : []
  const list = value as unknown[]
  if (Array.isArray(list[0]))
    return list.map((pair) => (Array.isArray(pair) ? [pair[0], pair[1]] : [undefined, undefined]))
  const pairs: [unknown, unknown][] = []
  for (let at = 0; at + 1 < list.length; at += 2) pairs.push([list[at], list[at + 1]])
  return pairs
}

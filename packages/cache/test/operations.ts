import type { NearTier } from '../src/tiers/near-tier.ts'
import type { Entry } from '../src/tiers/entry.ts'
import { entryBytes } from '../src/tiers/entry.ts'

/** Runs random operations on a tier at capacity. @returns its bytes as the tier counts them, and as summed up from its entries */
export function runOperations(
  tier: NearTier,
  times: number,
  random: () => number,
): { counted: number; real: number; entries: number } {
  const keys = 5_000
  for (let time = 0; time < times; time++) {
    const name = `key-${Math.floor(random() ** 2 * keys)}`
    const what = random()
    if (what < 0.5) tier.get(name, time)
    else if (what < 0.95) tier.put(name, entryFor(time, random))
    else if (what < 0.99) tier.delete(name)
    else if (what < 0.9999) tier.deleteTag(`tag-${Math.floor(random() * 50)}`)
    else tier.clear('key-1')
  }
  let real = 0
  let entries = 0
  for (let key = 0; key < keys; key++) {
    const name = `key-${key}`
    // At time 0, no entry has expired.
    const entry = tier.get(name, 0)
    if (typeof entry !== 'object') continue
    entries++
    real += entryBytes(name, entry.payload, entry.head, entry.tags)
  }
  return { counted: tier.bytes, real, entries }
}

function entryFor(now: number, random: () => number): Entry {
  const length = Math.floor(random() * 800)
  const kind = random()
  const until = now + random() * 100_000
  return {
    payload: kind < 0.4 ? 'a'.repeat(length) : kind < 0.6 ? '語'.repeat(length) : new Uint8Array(length),
    encoded: kind < 0.2,
    head: kind > 0.8 ? '{"status":200}' : undefined,
    tags: kind < 0.3 ? [`tag-${Math.floor(random() * 50)}`, 'all'] : [],
    life: { bornAt: now, storedAt: now, freshUntil: until, revalidateUntil: until, errorUntil: until },
  }
}

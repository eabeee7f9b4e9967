import type { Ledger, BatchPart } from '../state/ledger.ts'

/**
 * The beginning of the ids of all requests of a part: the token of its run, and the number of the part. It shows whose batch it is that has such an id
 * in its results. 16 random hexadecimal digits of the run's id are the token.
 */
export function prefixOf(ledger: Ledger, { part }: Pick<BatchPart, 'part'>): string {
  return `h${ledger.run.run.replaceAll('-', '').slice(0, 16)}-${ledger.numberOf(part)}-`
}

/** Returns the id of a request within its batch. `index` is the position of the request in the source. Anthropic takes at most 64 of `[\w-]`. */
export function customIdOf(prefix: string, index: number): string {
  return `${prefix}${index}`
}

/** Returns the position in the source of the request with this id; undefined if the id has another prefix. */
export function indexIn(customId: unknown, prefix: string): number | undefined {
  if (typeof customId !== 'string' || !customId.startsWith(prefix)) return undefined
  const index = customId.slice(prefix.length)
  return /^\d{1,15}$/.test(index) ? Number(index) : undefined
}

import type { Answer } from '../call/exchange.ts'
import type { Receipt } from '../reporting/receipt.ts'

/** What became of a call that was made ahead. */
export type Became = 'loaded' | 'present' | 'refused'

export function becameOf({ cache }: Receipt): Became {
  if (cache === undefined || cache.status === 'bypass') return 'refused'
  if (cache.status !== 'miss') return 'present'
  return cache.kept === true ? 'loaded' : 'refused'
}

/** Reads an answer to its end, for nobody but the cache. */
export async function readOut({ body }: Answer): Promise<void> {
  if (body.kind !== 'stream') return
  for await (const _chunk of body.chunks);
  await body.ended
}

import { describeValue } from '@harbor/parts'
import type { LeanFetch } from './fetch/lean-fetch.ts'

export interface WarmOptions {
  /** How many connections to have open to each origin; at most the pool's `connections`, or `autoscale.min`. @default 1 */
  connections?: number | undefined
  /** Asks for this path with GET. @default OPTIONS / , which costs servers the least */
  path?: string | undefined
}

/** Bytes of an answer that are read to keep its connection. A list of models may be long; its text is not needed. */
const MOST_READ = 16 * 1_048_576

/** Opens connections by asking each origin as often at once. Whatever they answer, their connections stay. */
export async function warm(
  fetch: LeanFetch,
  mostOf: (origin: string) => number,
  origins: readonly string[],
  options: WarmOptions = {},
): Promise<void> {
  const { connections = 1, path } = options
  if (!Number.isInteger(connections) || connections < 1)
    throw new TypeError(`connections must be a whole number of at least 1, got ${describeValue(connections)}`)
  const method = path === undefined ? 'OPTIONS' : 'GET'
  const ask = async (url: URL): Promise<void> => {
    const response = await fetch(url, { method, redirect: 'manual' })
    let length = 0
    for await (const chunk of response.chunks()) {
      length += chunk.length
      if (length > MOST_READ) break // which ends the connection
    }
  }
  const urls = origins.map((origin) => new URL(path ?? '/', origin))
  for (const { origin } of urls) {
    const most = mostOf(origin)
    if (connections > most)
      throw new TypeError(
        `connections must be at most ${most}, which may be open to ${origin} at first, got ${describeValue(connections)}`,
      )
  }
  await Promise.all(urls.flatMap((url) => Array.from({ length: connections }, () => ask(url))))
}

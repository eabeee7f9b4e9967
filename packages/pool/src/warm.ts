import { describeValue } from '@harbor/parts'
import type { LeanFetch } from './fetch/lean-fetch.ts'

export interface WarmOptions {
  /** The number of connections to open to each origin; at most the pool's `connections`, or `autoscale.min`. @default 1 */
  connections?: number | undefined
  /** Requests this path with GET. @default OPTIONS / , which costs servers the least */
  path?: string | undefined
}

/** How many bytes of a response are read to keep its connection open. A list of models may be long. */
const MAX_READ = 16 * 1_048_576

/** Opens connections by sending that many concurrent requests to each origin. They stay open whatever the status is. */
export async function warm(
  fetch: LeanFetch,
  maxOf: (origin: string) => number,
  origins: readonly string[],
  options: WarmOptions = {},
): Promise<void> {
  const { connections = 1, path } = options
  if (!Number.isInteger(connections) || connections < 1)
    throw new TypeError(`connections must be a whole number of at least 1, got ${describeValue(connections)}`)
  const method = path === undefined ? 'OPTIONS' : 'GET'
  const request = async (url: URL): Promise<void> => {
    const response = await fetch(url, { method, redirect: 'manual' })
    let length = 0
    for await (const chunk of response.chunks()) {
      length += chunk.length
      if (length > MAX_READ) break // which ends the connection
    }
  }
  const urls = origins.map((origin) => new URL(path ?? '/', origin))
  for (const { origin } of urls) {
    const max = maxOf(origin)
    if (connections > max)
      throw new TypeError(
        `connections must be at most ${max}, which may be open to ${origin} at first, got ${describeValue(connections)}`,
      )
  }
  await Promise.all(urls.flatMap((url) => Array.from({ length: connections }, () => request(url))))
}

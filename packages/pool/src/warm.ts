import { describeValue } from '@harbor/parts'
import type { LeanFetch } from './fetch/lean-fetch.ts'

export interface WarmOptions {
  /** The number of connections to open to each origin; at most the pool's `connections`, or `autoscale.min`. @default 1 */
  connections?: number | undefined
  /** The path to request with GET. @default an OPTIONS request for /, which costs servers the least */
  path?: string | undefined
}

/** A response is read up to this size, in bytes. A connection stays open only if its response, such as a list of models, is not longer. */
const MAX_READ_BYTES = 16 * 1_048_576

/**
 * Opens connections by sending `options.connections` concurrent requests to each origin. The connections stay open, whatever the status of
 * the responses.
 *
 * @param maxOf returns the number of connections that may be open to an origin at first
 * @throws TypeError if `options.connections` is more than that
 */
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
      if (length > MAX_READ_BYTES) break // which ends the connection
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

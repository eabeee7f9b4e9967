import { describeValue } from '@harbor/parts'
import type { LeanFetch } from './fetch/lean-fetch.ts'

/** Options of `pool.warm`: how many connections are opened, and by which request. All are optional. */
export interface WarmOptions {
  /**
   * The number of connections to open to each origin, at least 1. At most the option `connections` of the pool or, with autoscaling, `autoscale.min`;
   * more is a TypeError. @default 1
   */
  connections?: number | undefined
  /**
   * The path of a GET request with which each connection is opened, such as `/v1/models`. @default an OPTIONS request for `/`, because it costs
   * servers the least
   */
  path?: string | undefined
}

/**
 * The maximum number of bytes of a response that are read. If a response, such as a list of models, is longer, its connection is closed.
 */
const MAX_READ_BYTES = 16 * 1_048_576

/**
 * Opens connections by sending `options.connections` concurrent requests to each origin. The status of the responses does not matter: the
 * connections stay open.
 *
 * @param maxOf returns the maximum number of connections to an origin at the start
 * @throws TypeError if `options.connections` exceeds that maximum
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

import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { hello, keyOf, WAYS } from './helpers/key-server.ts'
import { CHAT_ANSWER, sendJson, serve } from './helpers/http-server.ts'

const KEYS = ['key-a', 'key-b', 'key-c']
/** The limit of each organization: one request in 100 ms. */
const PER_MINUTE = 600
const ANSWER_MS = 400
/** One request may follow a wait at once, and requests that started apart may arrive together at a busy server. */
const TOLERATED = 4

/** Starts a server that takes its time to answer, and counts the requests of each organization. */
async function serveSlowly(organizationOf: Record<string, string>) {
  const arrivals: Record<string, number[]> = {}
  const server = await serve((request, response) => {
    const name = organizationOf[keyOf(request)]
    const own = (arrivals[name ?? keyOf(request)] ??= [])
    own.push(performance.now())
    if (name !== undefined) response.setHeader('openai-organization', name)
    setTimeout(() => sendJson(response, CHAT_ANSWER), ANSWER_MS)
  })
  return { ...server, arrivals }
}

/** The largest number of requests by which a rate was exceeded, over all spans of time. */
function excessOf(arrivals: readonly number[] = []): number {
  let excess = 0
  for (const [first, start] of arrivals.entries())
    for (const [later, end] of arrivals.slice(first).entries())
      excess = Math.max(excess, later + 1 - ((end - start) * PER_MINUTE) / 60_000)
  return excess
}

describe.each(WAYS)('limits of keys whose organization is not known yet ($name)', ({ open }) => {
  async function burst(organizationOf: Record<string, string>) {
    const { arrivals, baseURL } = await serveSlowly(organizationOf)
    const { client, model } = open(baseURL, KEYS, {
      limits: { requestsPerMinute: PER_MINUTE, safety: 1, burstMs: 100 },
    })
    const control = new AbortController()
    const { signal } = control
    const calls = Array.from({ length: 40 }, () => client.chat.completions.create(hello(model), { signal }))
    await sleep(1_500)
    control.abort(new Error('The test is over.'))
    await Promise.allSettled(calls)
    return arrivals
  }

  it('are those of one organization, so that its quota is not exceeded', async () => {
    const arrivals = await burst({ 'key-a': 'one', 'key-b': 'one', 'key-c': 'one' })
    expect(excessOf(arrivals['one'])).toBeLessThan(TOLERATED)
    expect(arrivals['one']?.length).toBeGreaterThan(5)
  })

  it('become those of each organization when answers name them', async () => {
    const arrivals = await burst({ 'key-a': 'one', 'key-b': 'one', 'key-c': 'two' })
    expect(excessOf(arrivals['one'])).toBeLessThan(TOLERATED)
    expect(arrivals['two']?.length).toBeGreaterThan(3)
  })

  it('become those of each key when answers name no organization', async () => {
    const arrivals = await burst({})
    // One quota for all would let 15 requests through.
    expect(Object.values(arrivals).flat().length).toBeGreaterThan(20)
  })
})

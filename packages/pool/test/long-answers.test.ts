import type { ServerResponse } from 'node:http'
import { Agent, request } from 'undici'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { startPool } from './pool.ts'
import { startServer } from './server.ts'

const MINUTE_MS = 60_000
const turn = setImmediate

/** Minutes pass, a second at a time, with a turn of the event loop after each. */
async function pass(minutes: number): Promise<void> {
  for (let second = 0; second < minutes * 60; second++) {
    vi.advanceTimersByTime(1_000)
    await new Promise((resolve) => turn(resolve))
  }
}

/** A server that keeps an answer back until told; with the head of it sent at once, or not. */
async function startSlowServer(
  headFirst: boolean,
): Promise<{ url: string; asked: () => Promise<ServerResponse> }> {
  const asked = Promise.withResolvers<ServerResponse>()
  const { url } = await startServer((_request, response) => {
    if (headFirst) response.flushHeaders()
    asked.resolve(response)
  })
  return { url, asked: () => asked.promise }
}

describe('an answer that takes 10 minutes', () => {
  // Once for all: undici's own timers hang on one that it made under the first clock.
  beforeAll(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }))
  afterAll(() => void vi.useRealTimers())

  it('arrives under a deadline of 20: no limit of 300 seconds, the transport follows the request', async () => {
    const { url, asked } = await startSlowServer(false)
    const answer = startPool().fetch(url, { deadlineMs: 20 * MINUTE_MS })
    const response = await asked()
    await pass(10)
    response.end('late')
    expect(await (await answer).text()).toBe('late')
  })

  it('fails at a deadline of 5', async () => {
    const { url, asked } = await startSlowServer(false)
    const failed = expect(startPool().fetch(url, { deadlineMs: 5 * MINUTE_MS })).rejects.toMatchObject({
      cause: { code: 'UND_ERR_HEADERS_TIMEOUT' },
    })
    await asked()
    await pass(6)
    await failed
  })

  it('after its head arrives whole when the request gives its body as long', async () => {
    const { url, asked } = await startSlowServer(true)
    const bodyIdleTimeoutMs = 20 * MINUTE_MS
    const answer = startPool().fetch(url, { deadlineMs: bodyIdleTimeoutMs, bodyIdleTimeoutMs })
    const response = await asked()
    const text = (await answer).text()
    await pass(10)
    response.end('late')
    expect(await text).toBe('late')
  })

  it("fails under undici's own limit, which this clock makes run out", async () => {
    const { url, asked } = await startSlowServer(false)
    const agent = new Agent()
    const failed = expect(request(url, { dispatcher: agent })).rejects.toMatchObject({
      code: 'UND_ERR_HEADERS_TIMEOUT',
    })
    await asked()
    await pass(10)
    await failed
    await agent.destroy()
  })
})

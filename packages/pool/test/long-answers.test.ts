import type { ServerResponse } from 'node:http'
import { Agent, request } from 'undici'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { startPool } from './pool.ts'
import { startServer } from './server.ts'

const MINUTE_MS = 60_000
const turn = setImmediate

/** Advances minutes, a second at a time, with a turn of the event loop after each. */
async function pass(minutes: number): Promise<void> {
  for (let second = 0; second < minutes * 60; second++) {
    vi.advanceTimersByTime(1_000)
    await new Promise((resolve) => turn(resolve))
  }
}

/** A server that holds a response back until it is released; its head is sent at once, or not. */
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

describe('a response that takes 10 minutes', () => {
  // Once for all tests: undici's own timers depend on one that it created under the first clock.
  beforeAll(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }))
  afterAll(() => void vi.useRealTimers())

  it('arrives within a deadline of 20 minutes, since no limit of 300 seconds applies', async () => {
    const { url, asked } = await startSlowServer(false)
    const answer = startPool().fetch(url, { deadlineMs: 20 * MINUTE_MS })
    const response = await asked()
    await pass(10)
    response.end('late')
    expect(await (await answer).text()).toBe('late')
  })

  it('fails at a deadline of 5 minutes', async () => {
    const { url, asked } = await startSlowServer(false)
    const failed = expect(startPool().fetch(url, { deadlineMs: 5 * MINUTE_MS })).rejects.toMatchObject({
      cause: { code: 'UND_ERR_HEADERS_TIMEOUT' },
    })
    await asked()
    await pass(6)
    await failed
  })

  it('is complete after its head if the request allows its body that long', async () => {
    const { url, asked } = await startSlowServer(true)
    const bodyIdleTimeoutMs = 20 * MINUTE_MS
    const answer = startPool().fetch(url, { deadlineMs: bodyIdleTimeoutMs, bodyIdleTimeoutMs })
    const response = await asked()
    const text = (await answer).text()
    await pass(10)
    response.end('late')
    expect(await text).toBe('late')
  })

  it("fails under undici's own limit, which this clock lets expire", async () => {
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

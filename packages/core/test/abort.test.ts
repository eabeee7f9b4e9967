import { getEventListeners } from 'node:events'
import { brotliCompressSync, gzipSync, zstdCompressSync } from 'node:zlib'
import type { Fault, SimulatedProvider } from '@harbor/simulator'
import OpenAI from 'openai'
import { describe, expect, it } from 'vitest'
import { receiptOf, type Harbor } from '../src/index.ts'
import { failureOf } from './helpers/expect-failure.ts'
import { harborFetchFor, harborFor, HELLO, simulate } from './helpers/harbor-for.ts'
import { serve } from './helpers/http-server.ts'

/** Resolves once the upstream has a call in flight. */
async function underWay(provider: SimulatedProvider): Promise<void> {
  while (provider.counts().inFlight === 0) await new Promise((resolve) => setTimeout(resolve, 1))
}

/** Whether a promise settles within one turn of the event loop. */
async function settlesWithinATick(promise: Promise<unknown>): Promise<boolean> {
  const turn = new Promise((resolve) => setImmediate(resolve, 'late'))
  return (await Promise.race([promise.catch(() => 'settled'), turn])) === 'settled'
}

/** A provider whose streams stall after this number of events, so that also a slow machine aborts in their middle. */
function streaming(afterEvents: number): Promise<SimulatedProvider> {
  return simulate({ providers: { openai: { rules: [{ fault: { type: 'stream-stall', afterEvents } }] } } })
}

function call(harbor: Harbor, stream: boolean, signal: AbortSignal): Promise<unknown> {
  return Promise.resolve(harbor.chat.completions.create({ ...HELLO, stream }, { signal }))
}

const PHASES: [phase: string, fault: Fault, upstreamSeesIt: boolean][] = [
  ['waiting for a retry', { type: 'status', status: 429, retryAfter: 30_000 }, false],
  ['awaiting headers', { type: 'hang' }, true],
  [
    'in the middle of the body, or before the first content',
    { type: 'stream-stall', afterEvents: 0, inside: true },
    true,
  ],
]

describe('an abort by the caller', () => {
  for (const stream of [false, true]) {
    it.each(PHASES)(
      `while %s (stream: ${stream}): rejects within a tick, and nothing is left`,
      async (_, fault, seen) => {
        const provider = await simulate()
        const harbor = harborFor(provider)
        const controller = new AbortController()
        provider.fail(fault)
        const retried = new Promise((resolve) => harbor.on('retry', resolve))
        const answer = call(harbor, stream, controller.signal)
        await (seen
          ? underWay(provider).then(() => new Promise((resolve) => setTimeout(resolve, 20)))
          : retried)
        controller.abort()
        expect(await settlesWithinATick(answer)).toBe(true)
        const error: unknown = await answer.catch((error: unknown) => error)
        expect(error).toBeInstanceOf(OpenAI.APIUserAbortError)
        expect(receiptOf(error)).toBeUndefined()
        await provider.whenIdle()
        expect(provider.counts()).toMatchObject({ calls: 1, aborts: seen ? 1 : 0, inFlight: 0 })
        if (seen) expect(provider.counts().connections.open).toBe(0)
        expect(getEventListeners(controller.signal, 'abort')).toHaveLength(0)
        expect(harbor.stats()).toMatchObject({
          calls: 1,
          failures: seen ? {} : { 'rate-limit': 1 },
          availability: 1,
        })
      },
    )
  }

  it('sends nothing when it comes before the call', async () => {
    const provider = await simulate()
    const harbor = harborFor(provider)
    await expect(call(harbor, false, AbortSignal.abort())).rejects.toBeInstanceOf(OpenAI.APIUserAbortError)
    expect(provider.counts().calls).toBe(0)
  })

  it('rejects within a tick while connecting', async () => {
    const provider = await simulate()
    // An address that does not answer at all is hard to find. A connect that is in flight in the same tick is easy.
    const harbor = harborFor(provider)
    const controller = new AbortController()
    const answer = call(harbor, false, controller.signal)
    const started = new Promise((resolve) => harbor.on('call', resolve))
    await started
    controller.abort()
    expect(await settlesWithinATick(answer)).toBe(true)
    await expect(answer).rejects.toBeInstanceOf(OpenAI.APIUserAbortError)
    await provider.whenIdle()
    expect(provider.counts().inFlight).toBe(0)
  })

  it('ends the iteration of a stream as with the bare SDK, and reaches the provider', async () => {
    const provider = await streaming(3)
    const harbor = harborFor(provider)
    const controller = new AbortController()
    const stream = await harbor.chat.completions.create(
      { ...HELLO, stream: true },
      { signal: controller.signal },
    )
    let chunks = 0
    for await (const chunk of stream) {
      expect(chunk.choices).toBeDefined()
      if (++chunks === 3) controller.abort()
    }
    expect(chunks).toBe(3)
    await provider.whenIdle()
    expect(provider.counts()).toMatchObject({ aborts: 1, connections: { open: 0 } })
    expect(receiptOf(stream)).toMatchObject({ outcome: 'aborted' })
    expect(getEventListeners(controller.signal, 'abort')).toHaveLength(0)
  })

  it('rejects a read by plain fetch with the reason of the signal', async () => {
    const provider = await streaming(2)
    const fetch = harborFetchFor()
    const controller = new AbortController()
    const response = await fetch(`${provider.baseURL}/chat/completions`, {
      method: 'POST',
      body: JSON.stringify({ ...HELLO, stream: true }),
      signal: controller.signal,
    })
    const reader = (response.body as ReadableStream<Uint8Array>).getReader()
    const decoder = new TextDecoder()
    let text = ''
    while (!/"content":"\w/.test(text)) text += decoder.decode((await reader.read()).value)
    const reason = new Error('changed my mind')
    const pending = reader.read()
    controller.abort(reason)
    expect(await settlesWithinATick(pending)).toBe(true)
    await expect(pending).rejects.toBe(reason)
    await provider.whenIdle()
    expect(provider.counts()).toMatchObject({ aborts: 1, connections: { open: 0 } })
  })

  it('reaches the provider when the caller leaves the loop', async () => {
    const provider = await streaming(3)
    const harbor = harborFor(provider)
    const stream = await harbor.chat.completions.create({ ...HELLO, stream: true })
    const iterator = stream[Symbol.asyncIterator]()
    expect(await iterator.next()).toMatchObject({ done: false })
    await iterator.return?.() // what `break` does
    await provider.whenIdle()
    expect(provider.counts()).toMatchObject({ aborts: 1, connections: { open: 0 } })
  })

  it('rejects within a tick also with a transport that ignores signals', async () => {
    const provider = await simulate()
    const harbor = harborFor(provider, { fetch: () => new Promise(() => undefined) })
    const controller = new AbortController()
    const answer = call(harbor, false, controller.signal)
    await new Promise((resolve) => harbor.on('call', resolve))
    await new Promise((resolve) => setImmediate(resolve))
    controller.abort()
    expect(await settlesWithinATick(answer)).toBe(true)
  })
})

describe('a connection', () => {
  it('is reused for 20 consecutive streams', async () => {
    const provider = await simulate()
    const harbor = harborFor(provider)
    for (let i = 0; i < 20; i++) {
      for await (const chunk of await harbor.chat.completions.create({ ...HELLO, stream: true }))
        expect(chunk.choices).toBeDefined()
    }
    expect(provider.counts()).toMatchObject({ calls: 20, connections: { opened: 1 }, aborts: 0 })
  })
})

describe('a signal shared by many calls', () => {
  it('has no listeners, and the heap has not grown, after 8,000 calls', async () => {
    const provider = await simulate()
    const fetch = harborFetchFor()
    const { signal } = new AbortController()
    const body = JSON.stringify(HELLO)
    const calls = async (count: number): Promise<void> => {
      for (let done = 0; done < count; done += 50) {
        await Promise.all(
          Array.from({ length: 50 }, async () => {
            const response = await fetch(`${provider.baseURL}/chat/completions`, {
              method: 'POST',
              body,
              signal,
            })
            await response.text()
          }),
        )
      }
    }
    await calls(2_000)
    provider.reset()
    const before = heapMegabytes()
    await calls(6_000)
    provider.reset()
    expect(heapMegabytes() - before).toBeLessThan(1.3)
    expect(getEventListeners(signal, 'abort')).toHaveLength(0)
  })
})

function heapMegabytes(): number {
  globalThis.gc?.()
  return process.memoryUsage().heapUsed / 2 ** 20
}

describe('an encoded body that stalls', () => {
  it.each(['gzip', 'br', 'zstd'])(
    'ends with the time of the attempt, and with an abort (%s)',
    async (encoding) => {
      const upstream = await serve((_, response) => {
        const whole = ENCODERS[encoding]?.(JSON.stringify({ choices: [], padding: 'x'.repeat(10_000) }))
        response.writeHead(200, { 'content-type': 'application/json', 'content-encoding': encoding })
        response.write(whole?.subarray(0, whole.length - 8))
      })
      const harbor = harborFor(upstream, { retry: false, timeouts: { attemptMs: 150 } })
      const timedOut = await failureOf(harbor.chat.completions.create(HELLO))
      expect(timedOut).toBeInstanceOf(OpenAI.APIConnectionTimeoutError)
      expect(timedOut).toMatchObject({ cause: { clock: 'attempt' } })
      const controller = new AbortController()
      const aborted = call(harborFor(upstream), false, controller.signal)
      while (upstream.requests.length < 2) await new Promise((resolve) => setTimeout(resolve, 5))
      await new Promise((resolve) => setTimeout(resolve, 20))
      controller.abort()
      expect(await settlesWithinATick(aborted)).toBe(true)
      expect(await failureOf(aborted)).toBeInstanceOf(OpenAI.APIUserAbortError)
    },
  )
})

const ENCODERS: Readonly<Record<string, (text: string) => Buffer>> = {
  gzip: gzipSync,
  br: brotliCompressSync,
  zstd: zstdCompressSync,
}

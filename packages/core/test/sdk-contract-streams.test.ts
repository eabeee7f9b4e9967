import { setTimeout as realSleep } from 'node:timers/promises'
import type { OpenAI } from 'openai'
import { afterEach, describe, expect, it, vi } from 'vitest'
import {
  bareClient,
  CHUNK,
  collect,
  COMPLETION,
  events,
  json,
  REQUEST,
  scripted,
  SDKS,
  type Sdk,
} from './helpers/sdk-versions.ts'

// What Harbor takes for granted about how the SDK reads streams, held against both ends of the supported range.

afterEach(() => {
  vi.useRealTimers()
})

const DONE = 'data: [DONE]\n\n'

type Answer = Parameters<typeof scripted>[0]

/** Asks for a stream and reads it to its end. */
async function read(sdk: Sdk, answer: Answer): Promise<{ chunks: unknown[]; error: unknown }> {
  const chunks: unknown[] = []
  try {
    const stream = await bareClient(sdk, scripted(answer)).chat.completions.create({
      ...REQUEST,
      stream: true,
    })
    for await (const chunk of stream) chunks.push(chunk)
    return { chunks, error: undefined }
  } catch (error) {
    return { chunks, error }
  }
}

describe.each(SDKS)('openai $version: a stream that went wrong', ({ sdk }) => {
  it('has no chunks and no error when the answer is JSON', async () => {
    expect(await read(sdk, json(COMPLETION))).toEqual({ chunks: [], error: undefined })
  })

  it('passes for complete when it ends without [DONE] and without a finish_reason', async () => {
    expect(await read(sdk, events([CHUNK]))).toMatchObject({ chunks: [{}], error: undefined })
  })

  it('passes for complete when its body fails with an AbortError', async () => {
    async function* aborted(): AsyncGenerator<string> {
      yield CHUNK
      throw new DOMException('This operation was aborted', 'AbortError')
    }
    expect(await read(sdk, events(aborted()))).toMatchObject({ chunks: [{}], error: undefined })
  })

  it('raises any other error of its body as it is', async () => {
    const cut = new Error('ECONNRESET')
    async function* broken(): AsyncGenerator<string> {
      yield CHUNK
      throw cut
    }
    expect(await read(sdk, events(broken()))).toMatchObject({ chunks: [{}], error: cut })
  })

  it('raises a SyntaxError for an event that is not JSON', async () => {
    const { error } = await read(sdk, events(['data: {"choices":\n\n']))
    expect(error).toBeInstanceOf(SyntaxError)
  })

  it('raises APIError with the code of data.error, after the chunks before it', async () => {
    const fault = `data: ${JSON.stringify({ error: { message: 'Cut.', code: 'stream_incomplete' } })}\n\n`
    const { chunks, error } = await read(sdk, events([CHUNK, fault]))
    expect(chunks).toHaveLength(1)
    expect(error).toBeInstanceOf(sdk.APIError)
    expect(error).toMatchObject({ code: 'stream_incomplete', message: 'Cut.', status: undefined })
  })

  it('raises APIError with the code of an event named error', async () => {
    const fault = { type: 'error', code: 'stream_incomplete', message: 'Cut.', param: null }
    const { error } = await read(sdk, events([CHUNK, `event: error\ndata: ${JSON.stringify(fault)}\n\n`]))
    expect(error).toBeInstanceOf(sdk.APIError)
    expect(error).toMatchObject({ code: 'stream_incomplete', message: 'Cut.', status: undefined })
  })

  it('gives such an error the Headers object of its response', async () => {
    const response = events(['data: {"error":{"code":"x"}}\n\n'])()
    const { error } = await read(sdk, () => response)
    expect((error as InstanceType<Sdk['APIError']>).headers).toBe(response.headers)
  })

  it('is waited for without end when it stalls, whatever the timeout says', async () => {
    vi.useFakeTimers()
    async function* stalled(): AsyncGenerator<string> {
      yield CHUNK
      await new Promise(() => undefined)
    }
    const client = bareClient(sdk, scripted(events(stalled())), { timeout: 1_000 })
    const stream = (await client.chat.completions.create({ ...REQUEST, stream: true }))[
      Symbol.asyncIterator
    ]()
    await stream.next()
    const settled = vi.fn()
    stream.next().then(settled, settled)
    await vi.advanceTimersByTimeAsync(3_600_000)
    expect(settled).not.toHaveBeenCalled()
  })
})

describe('a stream that is cut inside an event', () => {
  const cut = events([CHUNK, 'data: {"choices":[{"ind'])

  it.each(SDKS.slice(0, 1))('passes for complete in openai $version, less the event', async ({ sdk }) => {
    expect(await read(sdk, cut)).toMatchObject({ chunks: [{}], error: undefined })
  })

  it.each(SDKS.slice(1))('raises a SyntaxError in openai $version', async ({ sdk }) => {
    const { chunks, error } = await read(sdk, cut)
    expect(chunks).toHaveLength(1)
    expect(error).toBeInstanceOf(SyntaxError)
  })
})

describe.each(SDKS)('openai $version: how it leaves a stream', ({ sdk }) => {
  async function open(parts: readonly string[]) {
    const onCancel = vi.fn()
    // It stays open after the parts, as a provider that does not hang up.
    async function* unending(): AsyncGenerator<string> {
      yield* parts
      await new Promise(() => undefined)
    }
    const fetch = scripted(events(unending(), onCancel))
    const stream = await bareClient(sdk, fetch).chat.completions.create({ ...REQUEST, stream: true })
    return { stream, onCancel, signal: fetch.calls[0]?.init.signal }
  }

  it('cancels the body after [DONE], without an abort', async () => {
    const { stream, onCancel, signal } = await open([CHUNK, DONE])
    expect(await collect(stream)).toHaveLength(1)
    expect(onCancel).toHaveBeenCalledTimes(1)
    expect(signal?.aborted).toBe(false)
  })

  it('aborts the signal of the init when its reader breaks out before, with an AbortError', async () => {
    const { stream, signal } = await open([CHUNK, CHUNK])
    const reader = stream[Symbol.asyncIterator]()
    await reader.next()
    await reader.return?.()
    expect(signal?.aborted).toBe(true)
    expect(signal?.reason).toHaveProperty('name', 'AbortError')
  })

  it('ends without an error when the caller aborts while it is read', async () => {
    const controller = new AbortController()
    const fetch = scripted(({ signal }) => {
      async function* parts(): AsyncGenerator<string> {
        yield CHUNK
        await new Promise((_, reject) => {
          signal?.addEventListener('abort', () => {
            reject(signal.reason as Error)
          })
        })
      }
      return events(parts())()
    })
    const client = bareClient(sdk, fetch)
    const chunks: unknown[] = []
    const body = { ...REQUEST, stream: true } as const
    for await (const chunk of await client.chat.completions.create(body, { signal: controller.signal })) {
      chunks.push(chunk)
      void realSleep(1).then(() => {
        controller.abort()
      })
    }
    expect(chunks).toHaveLength(1)
  })
})

describe.each(SDKS)('openai $version: options.__streamClass', ({ sdk }) => {
  it('set in prepareOptions, replaces the decoder of streams', async () => {
    const response = events([CHUNK, DONE])()
    const fromSSEResponse = vi.fn((given: Response) => ({ made: given, [Symbol.asyncIterator]: () => [] }))
    const client: OpenAI = Object.assign(
      bareClient(
        sdk,
        scripted(() => response),
      ),
      {
        prepareOptions: async (options: object) =>
          Object.assign(options, { __streamClass: { fromSSEResponse } }),
      },
    )
    const stream: unknown = await client.chat.completions.create({ ...REQUEST, stream: true })
    expect(stream).toMatchObject({ made: response })
  })
})

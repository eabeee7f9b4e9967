import { describe, expect, it } from 'vitest'
import { receiptOf, perCall, type HarborOptions, type PerCallOptions } from '../src/index.ts'
import { failureOf } from './helpers/expect-failure.ts'
import { harborFor } from './helpers/harbor-for.ts'
import { CHAT_ANSWER, sendJson, serve } from './helpers/http-server.ts'

const CHAT = { model: 'gpt-4', temperature: 0, messages: [{ role: 'user' as const, content: 'Say hello.' }] }
const DOWN = { error: { message: 'Down.' } }

interface Scene {
  readonly options?: HarborOptions
  /** What the caller that asks first has set for its call. */
  readonly first?: PerCallOptions & { readonly maxRetries?: number }
  /** The status of the first answer. No answer, if it is undefined. */
  readonly status?: number
}

/** A caller whose call fails, one that has joined it, and the models of the requests that were sent. */
async function twoCallers({ options, first = {}, status }: Scene) {
  const upstream = await serve(({ body }, response) => {
    const { model } = JSON.parse(body) as { model: string }
    models.push(model)
    joined ??= harbor.chat.completions.create(CHAT).then(
      (answer) => ({ answer }),
      (error: unknown) => ({ error }),
    )
    if (models.length > 1) sendJson(response, CHAT_ANSWER)
    else if (status !== undefined) setImmediate(() => sendJson(response, DOWN, status))
  })
  const models: string[] = []
  let joined: Promise<{ answer?: object; error?: unknown }> | undefined
  const harbor = harborFor(upstream, { cache: true, ...options })
  const { maxRetries, ...rest } = first
  const failed = await failureOf(
    harbor.chat.completions.create(CHAT, {
      ...perCall(rest),
      ...(maxRetries === undefined ? {} : { maxRetries }),
    }),
  )
  return { failed, joined: await joined, models }
}

describe('a caller that joined a call that failed', () => {
  it.each<[string, Scene]>([
    ['made fewer attempts', { first: { maxRetries: 0 }, status: 500 }],
    ['had less time for an attempt', { first: { maxRetries: 0, timeouts: { attemptMs: 300 } } }],
    [
      'had less time for an attempt, while neither tries again',
      { options: { maxRetries: 0 }, first: { timeouts: { attemptMs: 300 } } },
    ],
  ])('makes it again if the caller that began it %s', async (_, scene) => {
    const { failed, joined, models } = await twoCallers(scene)
    expect(failed).toBeInstanceOf(Error)
    expect(receiptOf(joined?.answer)).toMatchObject({ outcome: 'success' })
    expect(models).toEqual(['gpt-4', 'gpt-4'])
  })

  it('makes it again if the caller that began it wanted no other target', async () => {
    const { joined, models } = await twoCallers({
      options: { fallback: { 'gpt-4': ['gpt-4o'] }, maxRetries: 0 },
      first: { fallback: false },
      status: 501,
    })
    expect(receiptOf(joined?.answer)).toMatchObject({ outcome: 'success' })
    expect(models.length).toBeGreaterThan(1)
  })

  it.each<[string, Scene]>([
    ['it would have done the same', { options: { maxRetries: 0 }, status: 500 }],
    [
      'it would have done less',
      {
        options: { maxRetries: 0, timeouts: { attemptMs: 50_000 } },
        first: { timeouts: { attemptMs: 60_000 } },
        status: 500,
      },
    ],
    ['more attempts would not have helped', { first: { maxRetries: 0 }, status: 400 }],
  ])('fails with it if %s', async (_, scene) => {
    const { failed, joined, models } = await twoCallers(scene)
    expect(joined?.error).toBeInstanceOf(Error)
    expect(receiptOf(joined?.error)).toMatchObject({ cache: { status: 'shared', reason: 'failed' } })
    expect((joined?.error as Error).message).toBe((failed as Error).message)
    expect(models).toEqual(['gpt-4'])
  })
})

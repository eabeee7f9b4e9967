import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, globSync, readFileSync } from 'node:fs'
import Anthropic from '@anthropic-ai/sdk'
import type { ProviderScript } from '@harbor/simulator'
import { beforeEach, describe, expect, it } from 'vitest'
import {
  all,
  batchOf,
  client,
  clientWith,
  count,
  created,
  idsOf,
  messages,
  otherClient,
  otherProvider,
  provider,
  script,
  waits,
} from '../../../test/anthropic-batch.ts'
import { freshPaths } from '../../../test/folder.ts'
import { memoryState, type BatchStateStore } from '../state/state-store.ts'
import { BatchGoneError, UnconfirmedBatchError } from './errors.ts'

const creating = { method: 'POST', path: '/v1/messages/batches' } as const
const HOUR_MS = 3_600_000
const freshPath = freshPaths()

/** A batch of another program in the same workspace. */
const foreign = async (requests: number): Promise<string> => {
  const params = messages(1)[0]?.body as Anthropic.MessageCreateParamsNonStreaming
  const list = Array.from({ length: requests }, (_, index) => ({ custom_id: `foreign-${index}`, params }))
  return (await client.messages.batches.create({ requests: list })).id
}

/** A state of a run whose process ended after it had sent its first batch. Whether the provider created it depends on the fault. */
async function sent(
  creation: 'created' | 'not created',
  batches: ProviderScript['batches'] = {},
): Promise<BatchStateStore> {
  const state = memoryState()
  const fault =
    creation === 'created' ? ({ type: 'stream-stall', afterEvents: 0 } as const) : ({ type: 'hang' } as const)
  script(batches, [{ when: creating, fault }])
  const run = batchOf({ state }).run(messages(5))
  const ending = run[Symbol.asyncIterator]().next()
  ending.catch(() => undefined)
  const posts = () =>
    provider.requests().filter(({ method, body }) => method === 'POST' && hasToken(body)).length
  const before = posts()
  await expect.poll(() => posts()).toBeGreaterThan(before)
  await run.abort('the power went')
  script(batches)
  return state
}

const hasToken = (body: unknown): boolean => JSON.stringify(body ?? {}).includes('"custom_id":"h')

describe('a batch whose creation was not confirmed', () => {
  it('is found by the ids in its results, beside another one with as many requests', async () => {
    await foreign(5)
    const state = await sent('created', { runMs: HOUR_MS })
    await foreign(5)
    await foreign(6)
    const results = await all(messages(5), { state })
    expect(idsOf(results)).toEqual(idsOf(messages(5)))
    expect(created()).toBe(4)
  })

  it('is awaited while it is in progress, and other parts continue', async () => {
    const state = await sent('created', { runMs: HOUR_MS })
    const run = batchOf({ state, maxRequests: 5 }).run(messages(10))
    const iterator = run[Symbol.asyncIterator]()
    const first = await iterator.next()
    // The second part was created an hour before the first one was known to be there.
    expect(first.value).toMatchObject({ ok: true })
    expect(created()).toBe(2)
    await run.abort('enough')
  })

  it('is submitted again if the provider does not show it for confirmMs', async () => {
    await foreign(5)
    const state = await sent('not created')
    waits.length = 0
    const results = await all(messages(5), { state, confirmMs: 300_000, maxPollMs: 60_000 })
    expect(count(results)).toEqual({ ok: 5 })
    expect(created()).toBe(2)
    const waited = waits.reduce((sum, ms) => sum + ms, 0)
    expect(waited).toBeGreaterThanOrEqual(300_000)
    expect(waited).toBeLessThan(500_000)
  })

  it('is not submitted again before a batch that may be the one has ended', async () => {
    const state = await sent('not created', { runMs: 5 * HOUR_MS })
    await foreign(5)
    waits.length = 0
    expect(count(await all(messages(5), { state }))).toEqual({ ok: 5 })
    expect(created()).toBe(2)
    // The batch of the other program, then its own.
    expect(waits.reduce((sum, ms) => sum + ms, 0)).toBeGreaterThanOrEqual(10 * HOUR_MS)
  })

  it('is an error while a batch may be the one, with onUnconfirmed error', async () => {
    const state = await sent('created', { runMs: HOUR_MS })
    const error = await all(messages(5), { state, onUnconfirmed: 'error' }).catch((error: unknown) => error)
    expect(UnconfirmedBatchError.is(error)).toBe(true)
    const { candidates } = error as UnconfirmedBatchError
    expect(error).toMatchObject({ reason: 'in-progress', part: '1', requests: 5 })
    expect(candidates).toHaveLength(1)
    expect((error as Error).message).toContain("with confirmed: { '1': its id }")
    const results = await all(
      messages(5),
      { state, onUnconfirmed: 'error' },
      { confirmed: { 1: candidates[0] ?? '' } },
    )
    expect(count(results)).toEqual({ ok: 5 })
    expect(created()).toBe(1)
  })

  it('is an error if a batch that may be the one lost all results, and null submits its requests', async () => {
    const lost = [{ when: { batch: 1 }, fault: { type: 'lose', share: 1 } }] as const
    const state = await sent('created', { rules: lost })
    await expect(all(messages(5), { state })).rejects.toMatchObject({
      code: 'unconfirmed_batch',
      reason: 'no-results',
    })
    expect(created()).toBe(1)
    expect(count(await all(messages(5), { state }, { confirmed: { 1: null } }))).toEqual({ ok: 5 })
    expect(created()).toBe(2)
  })

  it('takes an answer of the caller for one batch, not for the next one', async () => {
    const lost = [{ when: { batch: 1 }, fault: { type: 'lose', share: 1 } }] as const
    const state = await sent('created', { rules: lost })
    provider.script({
      batches: { rules: [{ fault: { type: 'lose', share: 1 } }] },
      rules: [{ when: creating, fault: { type: 'stream-cut', afterEvents: 0 } }],
    })
    await expect(all(messages(5), { state }, { confirmed: { 1: null } })).rejects.toMatchObject({
      code: 'unconfirmed_batch',
    })
    expect(created()).toBe(2)
  })

  it('is awaited by a run that is cancelled, whose requests it answers', async () => {
    await foreign(5)
    const state = await sent('created', { runMs: HOUR_MS })
    const run = batchOf({ state }).run(messages(5))
    await run.cancel()
    const results = []
    for await (const result of run) results.push(result)
    expect(idsOf(results)).toEqual(idsOf(messages(5)))
    expect(results.every(({ ok }) => ok)).toBe(true)
    expect(created()).toBe(2)
  })

  it('is not submitted by a run that is cancelled, if it does not exist', async () => {
    const state = await sent('not created')
    const run = batchOf({ state }).run(messages(5))
    await run.cancel()
    for await (const _ of run) expect.fail()
    expect(created()).toBe(0)
  })

  it('is not settled by an answer for a part that the state does not have', async () => {
    const state = await sent('created')
    await expect(all(messages(5), { state }, { confirmed: { 7: null } })).rejects.toThrow(
      'confirmed names part "7", which the state does not have',
    )
  })

  it('is never taken for absent with the key of another workspace', async () => {
    await foreign(1)
    const state = await sent('created')
    await otherClient.messages.batches.create({
      requests: [
        { custom_id: 'a', params: messages(1)[0]?.body as Anthropic.MessageCreateParamsNonStreaming },
      ],
    })
    await expect(all(messages(5), { state, client: otherClient })).rejects.toMatchObject({ reason: 'list' })
    expect(otherProvider.counts().batches.created).toBe(1)
    const otherKey = new Anthropic({ apiKey: 'other key', baseURL: provider.url, maxRetries: 0 })
    expect(count(await all(messages(5), { state, client: otherKey }))).toEqual({ ok: 5 })
    expect(created()).toBe(2)
  })

  it('is found although the newest batches before it were deleted', async () => {
    const before = [await foreign(1), await foreign(1), await foreign(1), await foreign(1)]
    const state = await sent('created')
    for (const id of before.slice(1)) await client.messages.batches.delete(id)
    expect(count(await all(messages(5), { state }))).toEqual({ ok: 5 })
    expect(created()).toBe(5)
  })

  it('is an error if it is not in a list that does not reach back, since batches were deleted', async () => {
    const before = [await foreign(1), await foreign(1), await foreign(1), await foreign(1)]
    const state = await sent('not created')
    for (const id of before.slice(2)) await client.messages.batches.delete(id)
    const second = await sent('not created')
    for (const id of before.slice(0, 2)) await client.messages.batches.delete(id)
    for (const each of [state, second])
      await expect(all(messages(5), { state: each })).rejects.toMatchObject({
        reason: 'list',
        candidates: [],
      })
    expect(created()).toBe(4)
  })
})

describe('a connection that breaks while a batch is created', () => {
  it.each([
    ['created', { type: 'stream-cut', afterEvents: 0 }],
    ['not created', { type: 'reset' }],
    ['not created, by status 503', { type: 'status', status: 503 }],
  ] as const)('creates the batch once: it was %s', async (_, fault) => {
    script({}, [{ when: creating, fault: { type: 'sequence', faults: [fault] } }])
    expect(count(await all(messages(5)))).toEqual({ ok: 5 })
    expect(created()).toBe(1)
  })

  it.each([408, 409, 500, 502, 503, 504, undefined])(
    'finds a batch that was created with the answer %s',
    async (status) => {
      let failures = 0
      const failing = clientWith({
        async create(body) {
          const batch = await client.messages.batches.create(
            body as Parameters<typeof client.messages.batches.create>[0],
          )
          if (failures++ > 0) return batch
          throw Object.assign(new Error('no answer'), { status })
        },
      })
      expect(count(await all(messages(5), { client: failing }))).toEqual({ ok: 5 })
      expect(created()).toBe(1)
    },
  )

  it('looks into the list between two attempts, also if the client would retry by itself', async () => {
    script({}, [{ when: creating, fault: { type: 'sequence', faults: [{ type: 'status', status: 503 }] } }])
    const retrying = new Anthropic({ apiKey: 'key', baseURL: provider.url, maxRetries: 3 })
    expect(count(await all(messages(5), { client: retrying }))).toEqual({ ok: 5 })
    const calls = provider.requests().map(({ method }) => method)
    expect(calls.filter((method) => method === 'POST')).toHaveLength(2)
    expect(calls.slice(calls.indexOf('POST') + 1, calls.lastIndexOf('POST'))).toContain('GET')
  })

  it('ends the run after maxCallAttempts', async () => {
    script({}, [{ when: creating, fault: { type: 'status', status: 500 } }])
    const run = batchOf({ maxCallAttempts: 3, maxRequests: 5 }).run(messages(100))
    await expect(run[Symbol.asyncIterator]().next()).rejects.toMatchObject({ status: 500 })
    expect(run.progress().read).toBeLessThanOrEqual(6)
    expect(provider.counts().byStatus[500]).toBe(3)
  })
})

describe('a batch that the provider does not find', () => {
  it('ends the run: its requests may have been billed. With null they are submitted again', async () => {
    const state = memoryState()
    script({ runMs: HOUR_MS, rules: [{ when: { batch: 1 }, fault: { type: 'vanish', afterMs: 1_000 } }] })
    const error = await all(messages(5), { state }).catch((error: unknown) => error)
    expect(BatchGoneError.is(error)).toBe(true)
    expect((error as Error).message).toContain("confirmed: { '1': null }")
    await expect(all(messages(5), { state })).rejects.toMatchObject({ code: 'batch_gone', part: '1' })
    expect(created()).toBe(1)
    expect(count(await all(messages(5), { state }, { confirmed: { 1: null } }))).toEqual({ ok: 5 })
    expect(created()).toBe(2)
  })
})

describe('a process that is killed while it creates a batch', () => {
  const fixture = new URL('../../../test/fixtures/anthropic-batch.ts', import.meta.url).pathname

  beforeEach(() => script({ runMs: HOUR_MS }))

  it.each([
    ['created', { type: 'stream-stall', afterEvents: 0 }, 1],
    ['not created', { type: 'hang' }, 0],
  ] as const)('leaves an intent that the next one settles (the batch was %s)', async (_, fault, before) => {
    const state = freshPath()
    script({ runMs: HOUR_MS }, [{ when: creating, fault }])
    const args = ['--conditions=@harbor/source', fixture, provider.url, state, '15']
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'inherit', 'inherit'] })
    const gone = once(child, 'exit')
    await expect.poll(() => provider.requests().some(({ method }) => method === 'POST')).toBe(true)
    child.kill('SIGKILL')
    await gone
    expect(created()).toBe(before)
    expect(readFileSync(state, 'utf8')).toContain('"type":"sending"')
    expect(existsSync(`${state}.requests-1`)).toBe(true)
    script({ runMs: HOUR_MS })
    const results = await all(messages(15), { state, maxRequests: 10 })
    expect(idsOf(results)).toEqual(idsOf(messages(15)))
    expect(provider.counts().batches).toMatchObject({ created: 2, lines: 15 })
    expect(globSync(`${state}.requests-*`)).toEqual([])
  })
})

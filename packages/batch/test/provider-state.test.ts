import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, symlinkSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { startSimulator } from '@harbor/simulator'
import OpenAI from 'openai'
import { afterAll, beforeEach, describe, expect, it } from 'vitest'
import {
  BatchStateLockedError,
  createProviderBatch,
  DuplicateIdError,
  type ProviderBatchOptions,
  type ProviderBatchRequest,
  type ProviderBatchResult,
  type ProviderBatchRun,
} from '../src/provider/openai.ts'
import { freshPaths } from './folder.ts'
import { requests } from './provider-requests.ts'

const simulator = await startSimulator()
const provider = simulator.provider()
const client = new OpenAI({ apiKey: 'key', baseURL: provider.baseURL, maxRetries: 0 })
afterAll(() => simulator.close())
beforeEach(() => {
  provider.script({})
  provider.reset()
})
const freshPath = freshPaths()

type RunOptions = Parameters<ReturnType<typeof createProviderBatch>['run']>[1]

const runOf = (
  source: readonly ProviderBatchRequest[],
  options: Partial<ProviderBatchOptions>,
  runOptions?: RunOptions,
): ProviderBatchRun<unknown> =>
  createProviderBatch({ client, endpoint: '/v1/embeddings', pollMs: 2, maxPollMs: 5, ...options }).run(
    source,
    runOptions,
  )

async function all(run: ProviderBatchRun<unknown>): Promise<ProviderBatchResult<unknown>[]> {
  const results: ProviderBatchResult<unknown>[] = []
  for await (const result of run) results.push(result)
  return results
}

const idsOf = (results: readonly { id: string }[]): string[] => results.map(({ id }) => id).toSorted()
const failedOf = (results: readonly ProviderBatchResult<unknown>[]): string[] =>
  idsOf(results.filter(({ ok }) => !ok))
const isLocked = (state: string): boolean => existsSync(`${state}.lock`)

/** A process that runs these requests with this state. */
function processOf(state: string, count: number) {
  const fixture = join(import.meta.dirname, 'fixtures/provider-batch.ts')
  const args = ['--conditions=@harbor/source', fixture, provider.baseURL, state, String(count)]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  let printed = ''
  child.stdout.on('data', (chunk: Buffer) => (printed += chunk.toString()))
  const ended = once(child, 'close').then(([code]) => ({ code: code as number | null, printed }))
  return { child, ended }
}

const created = (): number => provider.counts().batches.created

describe('the state of a run, in a file', () => {
  it('is locked for a second process, and free when the first has ended', async () => {
    const state = freshPath()
    // The first process cannot learn of the end until this rule is gone, however long the second one takes to start.
    provider.script({
      rules: [{ when: { operation: 'batches', method: 'GET' }, fault: { type: 'status', status: 503 } }],
    })
    const first = processOf(state, 5)
    await expect.poll(() => created()).toBe(1)
    expect(await processOf(state, 5).ended).toEqual({ code: 1, printed: 'batch_state_locked\n' })
    const error = await all(runOf(requests(5), { state })).catch((error: unknown) => error)
    expect(BatchStateLockedError.is(error)).toBe(true)
    expect(error).toMatchObject({ path: state, pid: first.child.pid, host: hostname() })
    expect((error as Error).message).toContain(`is in use by process ${first.child.pid}. Wait until`)
    provider.script({})
    expect((await first.ended).code).toBe(0)
    expect(isLocked(state)).toBe(false)
    expect(await all(runOf(requests(5), { state }))).toHaveLength(5)
    expect(created()).toBe(1)
  })

  it('is taken over after kill -9, and nothing is submitted twice', async () => {
    const state = freshPath()
    provider.script({ batches: { runMs: 60_000 } })
    const { child, ended } = processOf(state, 5)
    await expect.poll(() => created()).toBe(1)
    child.kill('SIGKILL')
    await ended
    expect(isLocked(state)).toBe(true)
    const run = runOf(requests(5), { state })
    const failing = all(run)
    failing.catch(() => undefined)
    await expect.poll(() => run.progress().activeBatches).toBe(1)
    await run.abort('enough')
    expect(isLocked(state)).toBe(false)
    expect(created()).toBe(1)
  })

  it('is locked for a second run of the same process, by whatever name', async () => {
    const state = freshPath()
    const other = freshPath()
    provider.script({ batches: { runMs: 60_000 } })
    const run = runOf(requests(5), { state })
    const failing = all(run)
    failing.catch(() => undefined)
    await expect.poll(() => created()).toBe(1)
    symlinkSync(state, other)
    for (const name of [state, other]) {
      await expect(all(runOf(requests(5), { state: name }))).rejects.toThrow('is in use by this process')
    }
    await run.abort('enough')
    await expect(failing).rejects.toBe('enough')
  })

  it.each<
    [
      string,
      (run: ProviderBatchRun<unknown>, more: { leaving: AbortController; state: string }) => Promise<unknown>,
    ]
  >([
    ['at the end', (run) => all(run)],
    [
      'when the loop is left',
      async (run) => {
        for await (const _ of run) break
      },
    ],
    [
      'when it is aborted between two results, and no other one is requested',
      async (run) => {
        await run[Symbol.asyncIterator]().next()
        await run.abort('enough')
      },
    ],
    [
      'when its signal aborts',
      async (run, { leaving }) => {
        const failing = all(run)
        leaving.abort('enough')
        await expect(failing).rejects.toBe('enough')
      },
    ],
    [
      'at an error of the provider',
      async (run) => {
        provider.script({
          rules: [{ when: { method: 'POST', path: '/batches' }, fault: { type: 'status', status: 400 } }],
        })
        await expect(all(run)).rejects.toMatchObject({ status: 400 })
      },
    ],
    [
      'when it belongs to other requests',
      async (run, { state }) => {
        await all(run)
        await expect(all(runOf(requests(4), { state }))).rejects.toMatchObject({ code: 'batch_state' })
      },
    ],
  ])('is unlocked %s', async (_, end) => {
    const state = freshPath()
    const leaving = new AbortController()
    await end(runOf(requests(5), { state }, { signal: leaving.signal }), { leaving, state })
    expect(existsSync(state)).toBe(true)
    expect(isLocked(state)).toBe(false)
  })

  it('is rejected with the reason if its folder is missing or it is a directory', async () => {
    const folder = freshPath()
    await expect(all(runOf(requests(1), { state: join(folder, 'state.jsonl') }))).rejects.toMatchObject({
      code: 'ENOENT',
    })
    mkdirSync(folder)
    await expect(all(runOf(requests(1), { state: folder }))).rejects.toMatchObject({ code: 'EISDIR' })
  })
})

describe('an abort between two results', () => {
  it('is thrown by the next call of next, once', async () => {
    const run = runOf(requests(5), {})
    const iterator = run[Symbol.asyncIterator]()
    await iterator.next()
    await run.abort('enough')
    await expect(iterator.next()).rejects.toBe('enough')
    expect(await iterator.next()).toEqual({ done: true, value: undefined })
  })
})

it('a batch in memory rejects a second run at the same time, which would submit as well', async () => {
  provider.script({ batches: { runMs: 60_000 } })
  const batch = createProviderBatch({ client, endpoint: '/v1/embeddings' })
  const run = batch.run(requests(5))
  const failing = all(run)
  failing.catch(() => undefined)
  await expect.poll(() => created()).toBe(1)
  await expect(all(batch.run(requests(5)))).rejects.toThrow('the state is in use by this process')
  await run.abort('enough')
  provider.script({})
  expect(created()).toBe(1)
})

describe('a duplicate id in another file', () => {
  const source = (): ProviderBatchRequest[] => [...requests(20), ...requests(8).slice(7)]

  it('ends the run before its file is uploaded, and what was submitted is found again', async () => {
    const state = freshPath()
    const error = await all(runOf(source(), { state, maxRequests: 10 })).catch((error: unknown) => error)
    expect(DuplicateIdError.is(error)).toBe(true)
    expect(error).toMatchObject({ id: 'id-7', firstIndex: 7, index: 20 })
    expect(provider.counts().batches.created).toBeLessThanOrEqual(2)
    expect(idsOf(await all(runOf(requests(20), { state, maxRequests: 10 })))).toEqual(idsOf(requests(20)))
    expect(provider.counts().batches).toMatchObject({ created: 2, lines: 20 })
  })

  it('is left out with onDuplicateId skip, also when the run is resumed', async () => {
    const state = freshPath()
    for (let time = 0; time < 2; time++) {
      const run = runOf(source(), { state, maxRequests: 10, onDuplicateId: 'skip' })
      expect(idsOf(await all(run))).toEqual(idsOf(requests(20)))
      expect(run.progress()).toMatchObject({ read: 21, skipped: 1 })
    }
    expect(provider.counts().batches).toMatchObject({ created: 2, lines: 20 })
  })
})

describe('a failure of a finished run', () => {
  const again = { resubmitFailed: true }
  /** The first batch answers a fifth of its requests with an error, the second one half. */
  const failing = (): void =>
    provider.script({
      batches: {
        rules: [
          { when: { batch: 1 }, fault: { type: 'errors', share: 0.2 } },
          { when: { batch: 2 }, fault: { type: 'errors', share: 0.5 } },
        ],
      },
    })

  it('is reported again, or alone submitted again with resubmitFailed', async () => {
    const state = freshPath()
    failing()
    const failed = failedOf(await all(runOf(requests(10), { state })))
    expect(failed).toHaveLength(2)
    expect(failedOf(await all(runOf(requests(10), { state })))).toEqual(failed)
    expect(created()).toBe(1)

    const second = await all(runOf(requests(10), { state }, again))
    expect(failedOf(second)).toHaveLength(1)
    expect(failed).toContain(failedOf(second)[0])
    expect(idsOf(second)).toEqual(idsOf(requests(10)))
    expect(provider.counts().batches.created).toBe(2)

    const third = await all(runOf(requests(10), { state }, again))
    expect(failedOf(third)).toEqual([])
    expect(idsOf(third)).toEqual(idsOf(requests(10)))
    expect(provider.counts().batches).toMatchObject({ created: 3, lines: 13 })
    expect(failedOf(await all(runOf(requests(10), { state })))).toEqual([])
    expect(created()).toBe(3)
  })

  it('is reported first if the run was interrupted before it finished', async () => {
    const state = freshPath()
    failing()
    for await (const _ of runOf(requests(10), { state })) break
    expect(failedOf(await all(runOf(requests(10), { state }, again)))).toHaveLength(2)
    expect(created()).toBe(1)
  })

  it('is submitted once, also when that run is interrupted', async () => {
    const state = freshPath()
    failing()
    const failed = failedOf(await all(runOf(requests(10), { state })))
    provider.script({ batches: { runMs: 60_000 } })
    const run = runOf(requests(10), { state }, again)
    const interrupted = all(run)
    interrupted.catch(() => undefined)
    await expect.poll(() => run.progress().activeBatches).toBe(1)
    await run.abort('the power went')
    await client.batches.cancel((await client.batches.list()).data[0]?.id ?? '')
    provider.script({})
    expect(failedOf(await all(runOf(requests(10), { state }, again)))).toEqual(failed)
    expect(created()).toBe(2)
    expect(failedOf(await all(runOf(requests(10), { state }, again)))).toEqual([])
    expect(created()).toBe(3)
  })

  it.each([
    ['a whole batch', { type: 'fail', code: 'invalid' }, 10],
    ['what expired each time', { type: 'expire', answered: 0.5 }, 5],
    ['what was in no file', { type: 'lose', share: 0.3 }, 3],
  ] as const)('may be %s', async (_, fault, count) => {
    const state = freshPath()
    provider.script({ batches: { rules: [{ when: { batch: 1 }, fault }] } })
    expect(failedOf(await all(runOf(requests(10), { state, maxResubmits: 0 })))).toHaveLength(count)
    const second = await all(runOf(requests(10), { state, maxResubmits: 0 }, again))
    expect(idsOf(second)).toEqual(idsOf(requests(10)))
    expect(failedOf(second)).toEqual([])
    expect(created()).toBe(2)
  })
})

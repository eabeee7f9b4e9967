import { readFileSync, writeFileSync, appendFileSync } from 'node:fs'
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { requests } from '../../../test/provider-requests.ts'
import { BatchStateError } from '../errors.ts'
import { memoryState, type BatchStateStore, type StateRecord } from '../state/state-store.ts'
import {
  provider,
  folder,
  batchOf,
  all,
  idsOf,
  count,
  uploads,
  script,
} from '../../../test/provider-batch.ts'

describe('a run after a crash', () => {
  /** A store that fails, as if the process had crashed, when the nth record of a type is appended. */
  function crashing(store: BatchStateStore, type: StateRecord['type'], nth = 1): BatchStateStore {
    let times = 0
    return {
      read: () => store.read(),
      append: async (record) => {
        if (record.type === type && ++times === nth) throw new Error('crash')
        await store.append(record)
      },
    }
  }

  it.each([
    ['before the first upload', 'part', 1],
    ['while uploading', 'uploaded', 1],
    ['between upload and create, and after create', 'created', 1],
    ['in the second part', 'created', 2],
    ['in the second upload', 'uploaded', 2],
    ['when a batch has ended', 'ended', 1],
    ['when another one has', 'ended', 3],
  ] as const)('submits nothing twice and returns every request once: %s', async (_, type, nth) => {
    const state = memoryState()
    await expect(all(requests(25), { maxRequests: 10, state: crashing(state, type, nth) })).rejects.toThrow(
      'crash',
    )
    const results = await all(requests(25), { maxRequests: 10, state })
    expect(idsOf(results)).toEqual(idsOf(requests(25)))
    expect(provider.counts().batches).toMatchObject({ created: 3, lines: 25 })
  })

  it('submits nothing twice when it crashed while expired requests were submitted again', async () => {
    for (const [type, nth] of [
      ['part', 2],
      ['uploaded', 2],
      ['created', 2],
      ['ended', 2],
    ] as const) {
      provider.reset()
      script({ rules: [{ when: { batch: 1 }, fault: { type: 'expire', answered: 0.5 } }] })
      const state = memoryState()
      await expect(all(requests(10), { state: crashing(state, type, nth) })).rejects.toThrow('crash')
      const results = await all(requests(10), { state })
      expect(idsOf(results)).toEqual(idsOf(requests(10)))
      expect(provider.counts().batches).toMatchObject({ created: 2, lines: 10 })
    }
  })

  it('submits nothing twice when the connection broke and it is unknown whether the batch was created', async () => {
    script({}, [
      {
        when: { method: 'POST', path: '/batches' },
        fault: { type: 'sequence', faults: [{ type: 'stream-cut', afterEvents: 0 }] },
      },
    ])
    expect(count(await all(requests(5)))).toEqual({ ok: 5 })
    expect(provider.counts().batches.created).toBe(1)
  })

  it.each([
    ['created, and nobody heard of it', { type: 'stream-stall', afterEvents: 0 }, 1],
    ['not created', { type: 'hang' }, 0],
  ] as const)(
    'submits a batch once after kill -9 while it was being created (it was %s)',
    async (_, fault, created) => {
      const state = join(folder, `killed-${fault.type}.jsonl`)
      script({}, [{ when: { method: 'POST', path: '/batches' }, fault }])
      const fixture = new URL('../../../test/fixtures/provider-batch.ts', import.meta.url).pathname
      const child = spawn(process.execPath, [
        '--conditions=@harbor/source',
        fixture,
        provider.baseURL,
        state,
        '15',
      ])
      const gone = new Promise((resolve) => child.once('exit', resolve))
      await expect
        .poll(() =>
          provider.requests().some(({ method, path }) => method === 'POST' && path === '/v1/batches'),
        )
        .toBe(true)
      child.kill('SIGKILL')
      await gone
      expect(provider.counts().batches.created).toBe(created)
      provider.script({})
      const results = await all(requests(15), { state, maxRequests: 10 })
      expect(idsOf(results)).toEqual(idsOf(requests(15)))
      expect(provider.counts().batches).toMatchObject({ created: 2, lines: 15 })
    },
  )

  it('cuts off a torn last line of its state', async () => {
    const state = join(folder, 'torn.jsonl')
    await all(requests(5), { state })
    const whole = readFileSync(state, 'utf8')
    appendFileSync(state, '{"type":"ended","part":"1"')
    expect(idsOf(await all(requests(5), { state }))).toEqual(idsOf(requests(5)))
    expect(readFileSync(state, 'utf8')).toBe(whole)
  })
})

describe('a finished run', () => {
  it('returns its results again, from the provider, without submitting anything', async () => {
    const state = memoryState()
    const source = [...requests(5), { id: 'large', body: { model: 'm', input: 'x'.repeat(2_000) } }]
    for (let run = 0; run < 2; run++) {
      const results = await all(source, { state, maxBytes: 1_000 })
      expect(count(results)).toEqual({ ok: 5, request_too_large: 1 })
    }
    expect(provider.counts().batches.created).toBe(1)
  })

  it('submits what the source has more', async () => {
    const state = memoryState()
    await all(requests(5), { state })
    expect(idsOf(await all(requests(8), { state }))).toEqual(idsOf(requests(8)))
    expect((await uploads()).map((ids) => ids.length)).toEqual([5, 3])
  })

  it('rejects the state of other requests, and of another endpoint', async () => {
    const state = memoryState()
    const run = batchOf({ state, maxRequests: 2 }).run(requests(4))
    script({ runMs: 60_000 })
    const next = run[Symbol.asyncIterator]().next()
    next.catch(() => undefined)
    await expect.poll(() => provider.counts().batches.created).toBe(2)
    await run.abort('enough')
    await expect(next).rejects.toBe('enough')
    const other = requests(4).map(({ id, body }) => ({ id: `other-${id}`, body }))
    await expect(all(other, { state, maxRequests: 2 })).rejects.toSatisfy(BatchStateError.is)
    await expect(all(requests(1), { state })).rejects.toThrow('the source has only 1 of them')
    await expect(all(requests(4), { state, endpoint: '/v1/responses' })).rejects.toThrow(
      'the state is of /v1/embeddings',
    )
    const broken = join(folder, 'broken.jsonl')
    writeFileSync(broken, 'no state\n')
    await expect(all(requests(4), { state: broken })).rejects.toThrow('holds no state of a batch')
  })
})

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  all,
  batchOf,
  client,
  clientWith,
  count,
  created,
  idsOf,
  messages,
  provider,
  script,
} from '../../../test/anthropic-batch.ts'
import { freshPaths } from '../../../test/folder.ts'
import { BatchStateError } from '../errors.ts'
import { positionsIn, rowsOf } from '../state/rows.ts'
import { memoryState, type BatchStateStore } from '../state/state-store.ts'

const freshPath = freshPaths()

/** A store that fails at its nth record, before or after it has stored it, as if the process had ended there. */
function crashing(store: BatchStateStore, nth: number, when: 'before' | 'after'): BatchStateStore {
  let records = 0
  return {
    read: () => store.read(),
    append: async (record) => {
      const crashes = ++records === nth
      if (crashes && when === 'before') throw new Error('crash')
      await store.append(record)
      if (crashes) throw new Error('crash')
    },
  }
}

describe('a run after a crash', () => {
  const requests = messages(12)
  // Polls are rare, so that a run is a few calls.
  const options = { maxRequests: 6, pollMs: 3_000_000 }
  // Half of the first batch expires, and the second one loses a third: two batches more than the two of the source.
  const play = (): void =>
    script({
      runMs: 3_600_000,
      rules: [
        { when: { batch: 1 }, fault: { type: 'expire', answered: 0.5 } },
        { when: { batch: 2 }, fault: { type: 'lose', share: 0.34 } },
      ],
    })

  it('submits nothing twice and returns each request once, at whichever record of the state it crashed', async () => {
    play()
    const whole = memoryState()
    await all(requests, { ...options, state: whole })
    const records = (await whole.read()).map(({ type }) => type)
    expect(records).toHaveLength(18)
    expect(new Set(records)).toEqual(new Set(['run', 'part', 'sending', 'created', 'ended', 'finished']))
    for (let nth = 1; nth < records.length; nth++) {
      for (const when of ['before', 'after'] as const) {
        provider.reset()
        play()
        const state = memoryState()
        const crashed = all(requests, { ...options, state: crashing(state, nth, when) })
        await expect(crashed, `${when} ${nth}`).rejects.toThrow('crash')
        const results = await all(requests, { ...options, state })
        expect(idsOf(results), `${when} ${nth}`).toEqual(idsOf(requests))
        expect(count(results), `${when} ${nth}`).toEqual({ ok: 12 })
        expect(created(), `${when} ${nth}`).toBe(4)
      }
    }
  }, 60_000)

  it('returns each request once if results that were missing before appear later', async () => {
    let isLate = true
    const late = clientWith({
      async results(id, params, options) {
        const lines = await client.messages.batches.results(id, params, options)
        return {
          async *[Symbol.asyncIterator]() {
            for await (const line of lines) if (!isLate || !/-1-[0-4]$/.test(line.custom_id)) yield line
          },
        }
      },
    })
    const state = memoryState()
    const run = batchOf({ state, client: late }).run(messages(10))
    for await (const { id } of run) if (run.progress().resubmitted > 0 || id === '') break
    await run.abort()
    const first = await all(messages(10), { state, client: late })
    expect(idsOf(first)).toEqual(idsOf(messages(10)))
    isLate = false
    const results = await all(messages(10), { state, client: late })
    expect(idsOf(results)).toEqual(idsOf(messages(10)))
    expect(results.filter(({ round }) => round === 1)).toHaveLength(5)
    expect(created()).toBe(2)
  })

  it('submits the failed requests again with resubmitFailed, and what the source has more', async () => {
    const state = freshPath()
    script({ rules: [{ when: { batch: 1 }, fault: { type: 'errors', share: 0.4, status: 400 } }] })
    expect(count(await all(messages(5), { state }))).toEqual({ ok: 3, answered: 2 })
    expect(count(await all(messages(5), { state }))).toEqual({ ok: 3, answered: 2 })
    expect(created()).toBe(1)
    expect(count(await all(messages(7), { state }, { resubmitFailed: true }))).toEqual({ ok: 7 })
    expect(provider.counts().batches).toMatchObject({ created: 3, lines: 9 })
  })

  it('rejects the state of other requests', async () => {
    const state = memoryState()
    await all(messages(5), { state })
    await expect(all(messages(6).slice(1), { state })).rejects.toSatisfy(BatchStateError.is)
    await expect(all(messages(2), { state })).rejects.toThrow('the source has only 2 of them')
  })
})

describe('positions in the state', () => {
  it('are read as they were written', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.nat({ max: 300 }), { maxLength: 200, size: 'max' }), (list) => {
        const positions = list.toSorted((one, other) => one - other)
        expect([...positionsIn(rowsOf(positions))]).toEqual(positions)
      }),
    )
  })

  it.each([
    [[], ''],
    [[0], '0'],
    [[0, 1, 2, 5, 40], '0-2,3,z'],
    [[7, 8, 100_000], '7-1,255k'],
  ])('%j are written as %s, and read again', (positions, text) => {
    expect(rowsOf(positions)).toBe(text)
    expect([...positionsIn(text)]).toEqual(positions)
  })
})

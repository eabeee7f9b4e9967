import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { afterEach, describe, expect, it, vi } from 'vitest'
import {
  FingerprintMismatchError,
  JournalLockedError,
  openJournal,
  readJsonl,
  runBulk,
  UnusableJournalError,
  UnwritableValueError,
  type BulkOptions,
} from '../src/index.ts'
import { all, counted, held, idsOf, outcome, range, settled } from './bulk.ts'
import { freshPaths } from './folder.ts'

const freshPath = freshPaths()
afterEach(() => void vi.restoreAllMocks())

interface Prompt {
  id: string
}

const prompts = (length: number): Prompt[] => range(length).map((at) => ({ id: `p-${at}` }))
const id = (prompt: Prompt): string => prompt.id

/** A function that writes down what it was called with. */
function noted() {
  const called: string[] = []
  const run = async (prompt: Prompt): Promise<string> => {
    called.push(prompt.id)
    await Promise.resolve()
    return `answer to ${prompt.id}`
  }
  return { called, run }
}

/** A run whose loop is left after a number of results. */
async function interrupted(
  journal: string,
  after: number,
  options: BulkOptions<Prompt> = {},
): Promise<number> {
  const { called, run } = noted()
  let results = 0
  const bulk = runBulk(prompts(50), run, { id, journal, concurrency: 4, ...options })
  for await (const _ of bulk) if (++results === after) break
  return called.length
}

describe('a run with a journal', () => {
  it('continues where it was left: first the results in the journal, without calling', async () => {
    const journal = freshPath()
    const before = await interrupted(journal, 20)
    const { called, run } = noted()
    const bulk = runBulk(prompts(50), run, { id, journal })
    const results = await all(bulk)
    expect(new Set(idsOf(results))).toEqual(new Set(idsOf(prompts(50))))
    expect(results).toHaveLength(50)
    const resumed = results.filter(({ resumed }) => resumed)
    expect(results.slice(0, resumed.length)).toEqual(resumed)
    expect(called).toHaveLength(50 - resumed.length)
    // Called twice is at most what was under way.
    expect(before + called.length - 50).toBeLessThanOrEqual(4)
    for (const result of results) expect(result).toMatchObject({ ok: true, value: `answer to ${result.id}` })
    expect(await bulk.summary).toMatchObject({ ok: called.length, resumed: resumed.length })

    const again = await all(runBulk(prompts(50), () => expect.fail('nothing is left to do'), { id, journal }))
    expect(again.every(({ resumed }) => resumed)).toBe(true)
    expect(idsOf(again).toSorted()).toEqual(idsOf(results).toSorted())
  })

  it('yields the results in the journal in input order', async () => {
    const journal = freshPath()
    await interrupted(journal, 20)
    const shuffled = prompts(50).toReversed()
    const results = await all(runBulk(shuffled, noted().run, { id, journal, order: 'input' }))
    expect(idsOf(results)).toEqual(idsOf(shuffled))
    expect(results.map(({ index }) => index)).toEqual(range(50))
    expect(results.some(({ resumed }) => resumed)).toBe(true)
  })

  it('calls failed items again', async () => {
    const journal = freshPath()
    const isBad = ({ id }: Prompt): boolean => id.endsWith('7')
    await runBulk(prompts(30), async (prompt) => (isBad(prompt) ? Promise.reject(new Error('no')) : 1), {
      id,
      journal,
    }).summary
    const { called, run } = noted()
    expect(await runBulk(prompts(30), run, { id, journal }).summary).toMatchObject({ ok: 3, resumed: 27 })
    expect(called).toEqual(['p-7', 'p-17', 'p-27'])
  })

  it('holds a slot until the record is durable', async () => {
    const journal = await openJournal(freshPath())
    const written: (() => void)[] = []
    const slow = {
      ...journal,
      key: 'key',
      size: 0,
      path: '',
      fingerprint: undefined,
      begin: (fingerprint: string | undefined) => journal.begin(fingerprint),
      has: () => false,
      append: () => new Promise<boolean>((resolve) => written.push(() => resolve(true))),
      flush: () => undefined,
      get: () => Promise.resolve(undefined),
      close: () => journal.close(),
      [Symbol.asyncIterator]: () => journal[Symbol.asyncIterator](),
      [Symbol.asyncDispose]: () => journal.close(),
    }
    const { called, run } = noted()
    const bulk = runBulk(prompts(9), run, { id, journal: slow, concurrency: 3 })
    const results = all(bulk)
    await expect.poll(() => written).toHaveLength(3)
    await settled()
    expect(called).toHaveLength(3)
    expect(bulk.progress()).toMatchObject({ inFlight: 3, ok: 0, waitingOn: 'journal' })
    written[0]?.()
    await settled()
    expect(called).toHaveLength(4)
    for (let at = 1; at < 9; at++) {
      await expect.poll(() => written.length).toBeGreaterThan(at)
      written[at]?.()
    }
    expect(await results).toHaveLength(9)
  })

  it('does not wait for a group when no more can join it', async () => {
    const journal = await openJournal(freshPath(), { groupMs: 600_000 })
    expect(await runBulk(prompts(100), noted().run, { id, journal, concurrency: 8 }).summary).toMatchObject({
      ok: 100,
    })
  })

  it('yields the results in the journal no faster than the consumer takes them', async () => {
    const path = freshPath()
    await runBulk(range(1_000), async (item) => item, { journal: path }).summary
    const bulk = runBulk(range(1_000), async (item) => item, { journal: path, concurrency: 2 })
    const loop = bulk[Symbol.asyncIterator]()
    for (let taken = 1; taken <= 100; taken++) {
      await loop.next()
      await settled()
      expect(bulk.progress().resumed).toBeLessThanOrEqual(taken + 2)
    }
    await loop.return?.()
    expect(existsSync(`${path}.lock`)).toBe(false)
  })

  it('skips many completed items quickly, and yields to the event loop', async () => {
    const path = freshPath()
    const journal = await openJournal(path, { durability: 'os' })
    await runBulk(range(25_000), async (item) => item, { journal, concurrency: 1_000 }).summary
    let turns = 0
    const timer = setInterval(() => turns++, 1)
    const { resumed } = await runBulk(range(25_000), () => expect.fail('all is done'), { journal: path })
      .summary
    clearInterval(timer)
    expect(resumed).toBe(25_000)
    expect(turns).toBeGreaterThan(0)
  })

  it('keeps the idempotency key of an item', async () => {
    const journal = freshPath()
    const keys: string[] = []
    const run = async (_: Prompt, context: { idempotencyKey: string }): Promise<never> => {
      keys.push(context.idempotencyKey)
      throw new Error('down')
    }
    for (let time = 0; time < 2; time++) await runBulk([{ id: 'a' }], run, { id, journal }).summary
    expect(keys[1]).toBe(keys[0])
    await runBulk([{ id: 'a' }], run, { id, journal: freshPath() }).summary
    expect(keys[2]).not.toBe(keys[0])
  })

  it('fails an item whose value the journal cannot store, and continues', async () => {
    const journal = freshPath()
    const run = async (prompt: Prompt): Promise<unknown> => (prompt.id === 'p-1' ? new Map() : 1)
    const results = await all(runBulk(prompts(3), run, { id, journal, order: 'input' }))
    expect(results.map(({ ok }) => ok)).toEqual([true, false, true])
    const [, failed] = results
    expect(failed?.ok === false && UnwritableValueError.is(failed.error)).toBe(true)
    expect(readFileSync(journal, 'utf8')).not.toContain('p-1')
  })
})

describe('a resumed run', () => {
  it('rejects a changed fingerprint, and says why', async () => {
    const journal = freshPath()
    await interrupted(journal, 5, { fingerprint: 'gpt-4, prompt 1' })
    const { called, run } = noted()
    const { results, error } = await outcome(
      runBulk(prompts(50), run, { id, journal, fingerprint: 'gpt-4, prompt 2' }),
    )
    expect(FingerprintMismatchError.is(error)).toBe(true)
    expect((error as Error).message).toContain('was made with fingerprint "gpt-4, prompt 1"')
    expect([results, called]).toEqual([[], []])
    await interrupted(journal, 6, { fingerprint: 'gpt-4, prompt 1' }) // It is not locked.
  })

  it('rejects a journal in use by another run, and one that cannot be read', async () => {
    const journal = freshPath()
    const { calls, run } = held<Prompt>()
    const loop = runBulk(prompts(3), run, { id, journal })[Symbol.asyncIterator]()
    void loop.next()
    await expect.poll(() => calls.length).toBeGreaterThan(0)
    expect(JournalLockedError.is((await outcome(runBulk(prompts(3), run, { id, journal }))).error)).toBe(true)
    await loop.return?.()
    const text = freshPath()
    writeFileSync(text, 'not a journal')
    const bulk = runBulk(prompts(3), run, { id, journal: text })
    await expect(bulk.summary).rejects.toSatisfy(UnusableJournalError.is)
  })
})

describe('a run that ends early', () => {
  it('stops with ENOSPC when the disk is full, with earlier results intact', async () => {
    const path = freshPath()
    const noSpace = Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC' })
    const handle = await open(path, 'w')
    const prototype = Object.getPrototypeOf(handle) as typeof handle
    await handle.close()

    const { datasync } = prototype
    let syncs = 0
    vi.spyOn(prototype, 'datasync').mockImplementation(async function (this: typeof handle) {
      if (++syncs > 6) throw noSpace
      await datasync.call(this)
    })
    const signals: AbortSignal[] = []
    const bulk = runBulk(
      counted(100_000).source(),
      async (item, { signal }) => {
        signals.push(signal)
        if (item === 3) await new Promise(() => undefined) // Deaf, and never done.
        return item
      },
      { journal: path, concurrency: 4 },
    )
    const { results, error } = await outcome(bulk)
    expect(error).toBe(noSpace)
    await expect(bulk.summary).rejects.toBe(noSpace)
    expect(results.length).toBeGreaterThan(0)
    expect(signals[3]?.reason).toBe(noSpace)
    vi.restoreAllMocks()
    await using journal = await openJournal(path)
    for (const result of results) {
      expect(await journal.get(result.id)).toMatchObject({ value: result.ok && result.value })
    }
    expect(journal.size).toBe(results.length)
  })

  it('writes no late result of a function that ignores its abort', async () => {
    const path = freshPath()
    const { calls, run } = held<Prompt>()
    const controller = new AbortController()
    const bulk = runBulk(prompts(5), run, { id, journal: path, concurrency: 2, signal: controller.signal })
    const ended = outcome(bulk)
    await expect.poll(() => calls).toHaveLength(2)
    calls[0]?.resolve('in time')
    await expect.poll(() => bulk.progress().ok).toBe(1)
    controller.abort(new Error('enough'))
    expect((await ended).error).toMatchObject({ message: 'enough' })
    calls[1]?.resolve('late')
    await settled()
    await using journal = await openJournal(path)
    expect((await all(journal)).map(({ id, value }) => [id, value])).toEqual([['p-0', 'in time']])
  })

  it('unlocks the journal when the loop is left, aborted or over, also one that was passed in', async () => {
    for (const end of ['left', 'aborted', 'over', 'aborted before it began']) {
      const path = freshPath()
      const bulk = runBulk(prompts(10), noted().run, { id, journal: await openJournal(path), concurrency: 2 })
      if (end === 'aborted before it began') bulk.abort()
      await outcome(
        (async function* () {
          for await (const result of bulk) {
            yield result
            if (end === 'left') break
            if (end === 'aborted') bulk.abort()
          }
        })(),
      )
      await (await openJournal(path)).close()
    }
  })

  it('leaves nothing locked if it ends while the journal is being opened', async () => {
    const path = freshPath()
    const bulk = runBulk(prompts(10), noted().run, { id, journal: path })
    const ended = outcome(bulk)
    bulk.abort('changed my mind')
    expect((await ended).error).toBe('changed my mind')
    expect(existsSync(`${path}.lock`)).toBe(false)
  })
})

describe('a source of JSON Lines', () => {
  it('ends the run at a line of 20 MB with an error that has the line number, after earlier results', async () => {
    const path = freshPath()
    writeFileSync(path, `1\n"${'x'.repeat(20_000_000)}"\n3\n`)
    const { results, error } = await outcome(runBulk(readJsonl<number>(path), async ({ value }) => value))
    expect(results).toHaveLength(1)
    expect(error).toMatchObject({ code: 'bad_line', line: 2, reason: 'too-long' })
    expect((error as Error).message.length).toBeLessThan(200)
  })

  it('ends the run with the reason if it is missing or has a line that is not JSON', async () => {
    const path = freshPath()
    const ask = async ({ value }: { value: number }): Promise<number> => value
    expect((await outcome(runBulk(readJsonl<number>(path), ask))).error).toMatchObject({
      code: 'unreadable_file',
    })
    writeFileSync(path, '1\noops\n')
    expect((await outcome(runBulk(readJsonl<number>(path), ask))).error).toMatchObject({
      code: 'bad_line',
      line: 2,
    })
  })
})

import { appendFileSync, existsSync, mkdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs'
import { open, type FileHandle } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import fc from 'fast-check'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { all } from '../../test/bulk.ts'
import { freshPaths } from '../../test/folder.ts'
import { FingerprintMismatchError } from './fingerprint-mismatch-error.ts'
import type { Journal, JournalRecord } from './journal.ts'
import { JournalLockedError } from './journal-locked-error.ts'
import { openJournal, type JournalOptions } from './open-journal.ts'
import { UnusableJournalError } from './unusable-journal-error.ts'
import { UnwritableValueError } from './unwritable-value-error.ts'

const freshPath = freshPaths()
afterEach(() => void vi.restoreAllMocks())

const record = (id: string, value: unknown = `value of ${id}`): JournalRecord => ({
  id,
  index: 3,
  attempts: 1,
  durationMs: 12.5,
  value,
})

async function begun(path: string, options?: JournalOptions, fingerprint?: string): Promise<Journal> {
  const journal = await openJournal(path, options)
  try {
    await journal.begin(fingerprint)
    return journal
  } catch (error) {
    await journal.close()
    throw error
  }
}

async function withRecords(ids: readonly string[]): Promise<string> {
  const path = freshPath()
  await using journal = await begun(path)
  await Promise.all(ids.map((id) => journal.append(record(id))))
  return path
}

/** What is in a journal, after which it is closed again. */
async function contentOf(path: string): Promise<JournalRecord[]> {
  await using journal = await openJournal(path)
  return await all(journal)
}

async function failure(promise: Promise<unknown>): Promise<Error & Record<string, unknown>> {
  return promise.then(
    () => expect.fail('nothing was thrown'),
    (error: unknown) => error as Error & Record<string, unknown>,
  )
}

describe('a journal', () => {
  it.each(['group', 'each', 'os'] as const)(
    'keeps what it acknowledged, with durability %s',
    async (durability) => {
      const path = freshPath()
      const journal = await begun(path, { durability, groupMs: 1, groupMax: 3 })
      const ids = Array.from({ length: 20 }, (_, at) => `id-${at}`)
      expect(await Promise.all(ids.map((id) => journal.append(record(id))))).toEqual(ids.map(() => true))
      expect(readFileSync(path, 'utf8').trim().split('\n')).toHaveLength(21)
      expect(journal.size).toBe(20)
      await journal.close()
      expect(await contentOf(path)).toEqual(ids.map((id) => record(id)))
    },
  )

  it('is JSON Lines that a person can read', async () => {
    const path = await withRecords(['a'])
    const [header = '', line] = readFileSync(path, 'utf8').split('\n')
    expect(JSON.parse(header)).toMatchObject({ journal: 'harbor-batch', version: 1 })
    expect(line).toBe('{"id":"a","index":3,"attempts":1,"durationMs":12.5,"value":"value of a"}')
  })

  it('gives single records, near each other or not, long ones and those just written', async () => {
    const path = freshPath()
    await using journal = await begun(path)
    const long = 'x'.repeat(300_000)
    for (let at = 0; at < 50; at++) await journal.append(record(`id-${at}`, at === 20 ? long : at))
    for (const at of [0, 49, 20, 21, 7]) {
      expect((await journal.get(`id-${at}`))?.value).toBe(at === 20 ? long : at)
    }
    void journal.append(record('new'))
    expect((await journal.get('new'))?.value).toBe('value of new')
    expect([await journal.get('none'), journal.has('none'), journal.has('new')]).toEqual([
      undefined,
      false,
      true,
    ])
  })

  it('keeps the first record of an id, in the process and in the file', async () => {
    const path = freshPath()
    const journal = await begun(path)
    expect(await Promise.all([journal.append(record('a', 1)), journal.append(record('a', 2))])).toEqual([
      true,
      false,
    ])
    await journal.close()
    appendFileSync(path, `${JSON.stringify(record('a', 3))}\n`)
    expect(await contentOf(path)).toEqual([record('a', 1)])
  })

  it('refuses to be used before it has begun, twice, and after it is closed', async () => {
    const journal = await openJournal(freshPath())
    await expect(journal.append(record('a'))).rejects.toThrow('begin() comes before append()')
    await journal.begin(undefined)
    await expect(journal.begin(undefined)).rejects.toSatisfy(JournalLockedError.is)
    await Promise.all([journal.close(), journal.close()])
    await expect(journal.append(record('a'))).rejects.toThrow('is closed. Open it again with openJournal()')
  })

  it('waits for a group no longer than groupMs, and not at all once it is full or told to go', async () => {
    await using journal = await begun(freshPath(), { groupMs: 60_000, groupMax: 2 })
    await Promise.all([journal.append(record('a')), journal.append(record('b'))])
    const lonely = journal.append(record('c'))
    journal.flush()
    await lonely
    await using quick = await begun(freshPath(), { groupMs: 1 })
    await quick.append(record('a'))
  })
})

describe('the end of a file', () => {
  const ids = ['a', 'b', 'häfen 港 🚢', 'd']

  it('torn anywhere, also inside a character, is cut off, and the next record is intact', async () => {
    const path = await withRecords(ids)
    const whole = readFileSync(path)
    const lines = whole.toString().split('\n')
    const third = Buffer.byteLength(`${lines.slice(0, 3).join('\n')}\n`)
    const fourth = third + Buffer.byteLength(`${lines[3]}\n`)
    for (let length = third + 1; length < fourth - 1; length++) {
      writeFileSync(path, whole.subarray(0, length))
      await using journal = await begun(path)
      expect(journal.size).toBe(2)
      expect(readFileSync(path)).toHaveLength(third)
      await journal.append(record('next'))
      await journal.close()
      expect((await contentOf(path)).map(({ id }) => id)).toEqual(['a', 'b', 'next'])
    }
  })

  it('that is whole but for its line feed is kept', async () => {
    const path = await withRecords(ids)
    truncateSync(path, readFileSync(path).length - 1)
    const journal = await begun(path)
    expect(journal.size).toBe(4)
    await journal.append(record('next'))
    await journal.close()
    expect((await contentOf(path)).map(({ id }) => id)).toEqual([...ids, 'next'])
  })

  it('torn in the first line leaves a new journal', async () => {
    const path = freshPath()
    await (await begun(path, {}, 'häfen')).close()
    const whole = readFileSync(path)
    for (let length = 0; length < whole.length - 2; length += 3) {
      writeFileSync(path, whole.subarray(0, length))
      const journal = await begun(path, {}, 'another')
      expect([journal.size, journal.fingerprint]).toEqual([0, 'another'])
      await journal.close()
    }
    writeFileSync(path, whole.subarray(0, whole.length - 1))
    await expect(begun(path, {}, 'another')).rejects.toSatisfy(FingerprintMismatchError.is)
  })

  it('may be anything at all: what was whole before it is there', async () => {
    const path = await withRecords(ids)
    const whole = readFileSync(path)
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ minLength: 1, maxLength: 40 }), async (rubbish) => {
        const torn = rubbish.filter((byte) => byte !== 0x0a)
        writeFileSync(path, Buffer.concat([whole, torn]))
        expect((await contentOf(path)).slice(0, 4).map(({ id }) => id)).toEqual(ids)
      }),
      { numRuns: 50 },
    )
  })
})

describe('a file that cannot be a journal', () => {
  it.each([
    ['somebody’s prompts', '{"prompt":"hello"}\n{"prompt":"again"}\n', 'not-a-journal'],
    ['a text without a line feed', 'my only copy', 'not-a-journal'],
    ['a number', '7', 'not-a-journal'],
    ['a journal of the future', '{"journal":"harbor-batch","version":2,"key":"x"}\n', 'other-version'],
    ['a header without a key', '{"journal":"harbor-batch","version":1}\n', 'not-a-journal'],
  ])('is refused and left as it is: %s', async (_name, text, reason) => {
    const path = freshPath()
    writeFileSync(path, text)
    const error = await failure(openJournal(path))
    expect(UnusableJournalError.is(error)).toBe(true)
    expect(error).toMatchObject({ code: 'unusable_journal', reason, path })
    expect(readFileSync(path, 'utf8')).toBe(text)
    expect(existsSync(`${path}.lock`)).toBe(false)
  })

  it('because a line in its middle is not JSON, or no record, is refused with the number of the line', async () => {
    const path = await withRecords(['a', 'b', 'c'])
    const lines = readFileSync(path, 'utf8').split('\n')
    for (const bad of ['not json', '{"id":7}', '[]', '']) {
      writeFileSync(path, lines.with(2, bad).join('\n'))
      expect(await failure(openJournal(path))).toMatchObject({
        reason: 'damaged',
        line: 3,
        message: expect.stringContaining('line 3 is no record') as string,
      })
    }
  })

  it('is a directory, in a folder that does not exist, or no path', async () => {
    const path = freshPath()
    mkdirSync(path)
    expect((await failure(openJournal(path))).message).toBe(
      `cannot use ${path} as a journal: it is a directory, not a file`,
    )
    const nowhere = join(dirname(path), 'nowhere', 'journal.jsonl')
    expect(await failure(openJournal(nowhere))).toMatchObject({
      message: `cannot use ${nowhere} as a journal: the folder that it should be in does not exist`,
      cause: { code: 'ENOENT' },
    })
    await expect(openJournal(7 as never)).rejects.toThrow('path must be a path, got 7')
    await expect(openJournal(freshPath(), { groupMs: -1 })).rejects.toThrow(
      'groupMs must be a number of milliseconds of at least 0, got -1',
    )
    await expect(openJournal(freshPath(), { durability: 'never' as never })).rejects.toThrow(
      'durability must be one of "group", "each", "os", got a string',
    )
  })
})

describe('a fingerprint', () => {
  it.each([
    ['one', 'two', 'was made with fingerprint "one", and this run has fingerprint "two"'],
    ['one', undefined, 'was made with fingerprint "one", and this run has no fingerprint'],
    [undefined, 'two', 'was made with no fingerprint, and this run has fingerprint "two"'],
    ['a prompt of many words', 'x', 'was made with fingerprint "a prompt of many…"'],
  ])('that is another one is refused, with both: %s, then %s', async (made, run, message) => {
    const path = freshPath()
    await (await begun(path, {}, made)).close()
    const before = readFileSync(path, 'utf8')
    await using journal = await openJournal(path)
    const error = await failure(journal.begin(run))
    expect(FingerprintMismatchError.is(error)).toBe(true)
    expect(error).toMatchObject({ code: 'fingerprint_mismatch', journal: made, run, path })
    expect(error.message).toContain(message)
    expect(readFileSync(path, 'utf8')).toBe(before)
    await journal.begin(made)
  })
})

describe('a value', () => {
  it('comes back as it was, undefined included', async () => {
    const path = freshPath()
    const journal = await begun(path)
    const values = [
      undefined,
      null,
      0,
      '',
      '\ud800 🚢\n\u2028',
      [],
      { a: [1, { b: null }], '': true },
      Object.create(null),
    ]
    for (const [at, value] of values.entries()) await journal.append({ ...record(String(at)), value })
    await journal.close()
    expect((await contentOf(path)).map(({ value }) => value)).toEqual(values)
  })

  it('of any JSON survives', async () => {
    const path = freshPath()
    const journal = await begun(path, { durability: 'os' })
    let written = 0
    await fc.assert(
      fc.asyncProperty(fc.jsonValue(), async (value) => {
        // JSON has no negative zero, and whoever compares with === does not see it go.
        const plain: unknown = JSON.parse(JSON.stringify(value))
        const id = String(written++)
        const appended = journal.append(record(id, plain))
        journal.flush()
        await appended
        expect((await journal.get(id))?.value).toEqual(plain)
      }),
    )
    await journal.close()
  })

  const cyclic: Record<string, unknown> = {}
  cyclic.self = cyclic
  class Custom {
    toJSON(): string {
      return 'changed'
    }
  }
  it.each<[string, unknown, string, string]>([
    ['NaN', { a: [1, NaN] }, 'a[1]', 'NaN'],
    ['an infinity', -Infinity, '', '-Infinity'],
    ['a bigint', { n: 1n }, 'n', 'a bigint'],
    ['a function', () => 1, '', 'a function'],
    ['undefined in an array', [undefined], '[0]', 'undefined in an array'],
    ['a date', { at: { day: new Date(0) } }, 'at.day', 'an object that JSON would change (Date)'],
    ['a map', new Map(), '', 'an object that JSON would change (Map)'],
    ['bytes', { data: new Uint8Array(2) }, 'data', 'an object that JSON would change (Uint8Array)'],
    ['toJSON', new Custom(), '', 'an object that JSON would change (Object)'],
    ['a cycle', cyclic, '', 'what contains itself or is nested too deeply'],
  ])('that JSON would change is refused by its place: %s', async (_name, value, path, found) => {
    await using journal = await begun(freshPath())
    const error = await failure(journal.append(record('a', value)))
    expect(UnwritableValueError.is(error)).toBe(true)
    expect(error).toMatchObject({ code: 'unwritable_value', path, found })
    expect(journal.has('a')).toBe(false)
    expect(await journal.append(record('a', 'fine'))).toBe(true)
  })
})

describe('writing', () => {
  const noSpace = Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' })

  /** What every file handle inherits, to let the disk fail. */
  async function fileHandles(): Promise<FileHandle> {
    const handle = await open(import.meta.filename)
    await handle.close()
    return Object.getPrototypeOf(handle) as FileHandle
  }

  it('that fails rejects what was not acknowledged and all that follows, and leaves whole lines', async () => {
    const path = freshPath()
    const journal = await begun(path)
    await journal.append(record('kept'))
    const prototype = await fileHandles()

    const { write } = prototype
    let writes = 0
    vi.spyOn(prototype, 'write').mockImplementation(async function (this: FileHandle, ...args: unknown[]) {
      if (++writes > 1) throw noSpace
      const [bytes, at, , position] = args as [Uint8Array, number, number, number]
      // As much as there was room for.
      return (await Reflect.apply(write, this, [bytes, at, 10, position])) as never
    })
    const appended = [journal.append(record('b')), journal.append(record('c'))]
    journal.flush()
    for (const each of appended) await expect(each).rejects.toBe(noSpace)
    await expect(journal.append(record('d'))).rejects.toBe(noSpace)
    vi.restoreAllMocks()
    await journal.close()
    expect(readFileSync(path, 'utf8').endsWith('\n')).toBe(true)
    expect((await contentOf(path)).map(({ id }) => id)).toEqual(['kept'])
  })

  it('that the disk does not confirm is not acknowledged', async () => {
    const prototype = await fileHandles()
    for (const durability of ['group', 'each'] as const) {
      const journal = await begun(freshPath(), { durability })
      vi.spyOn(prototype, 'datasync').mockRejectedValue(noSpace)
      await expect(journal.append(record('a'))).rejects.toBe(noSpace)
      vi.restoreAllMocks()
      await journal.close()
    }
  })

  it('many at once takes few calls of fdatasync', async () => {
    const journal = await begun(freshPath())
    const sync = vi.spyOn(await fileHandles(), 'datasync')
    await Promise.all(Array.from({ length: 256 }, (_, at) => journal.append(record(String(at)))))
    expect(sync).toHaveBeenCalledTimes(1)
    await journal.close()
  })
})

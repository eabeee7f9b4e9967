import { appendFileSync, existsSync, mkdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { FingerprintMismatchError, JournalLockedError, UnusableJournalError } from './errors.ts'
import { openJournal } from './open-journal.ts'
import { freshPath, record, begun, withRecords, contentOf, failure } from '../../test/journal.ts'

describe('a journal', () => {
  it.each(['group', 'each', 'os'] as const)(
    'stores what it has acknowledged, with durability %s',
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

  it('returns single records, near each other or not, long ones and those just written', async () => {
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

  it('rejects being used before begin, begun twice, or used after it is closed', async () => {
    const journal = await openJournal(freshPath())
    await expect(journal.append(record('a'))).rejects.toThrow('begin() comes before append()')
    await journal.begin(undefined)
    await expect(journal.begin(undefined)).rejects.toSatisfy(JournalLockedError.is)
    await Promise.all([journal.close(), journal.close()])
    await expect(journal.append(record('a'))).rejects.toThrow('is closed. Open it again with openJournal()')
  })

  it('waits for a group no longer than groupMs, and not at all once it is full or flushed', async () => {
    await using journal = await begun(freshPath(), { groupMs: 60_000, groupMax: 2 })
    await Promise.all([journal.append(record('a')), journal.append(record('b'))])
    const lonely = journal.append(record('c'))
    journal.flush()
    await lonely
    await using quick = await begun(freshPath(), { groupMs: 1 })
    await quick.append(record('a'))
  })
})

describe('a journal whose file ends early', () => {
  const ids = ['a', 'b', 'häfen 港 🚢', 'd']

  it('cuts off a last line torn anywhere, also inside a character, and writes the next record intact', async () => {
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

  it('keeps a last line that lacks only its line feed', async () => {
    const path = await withRecords(ids)
    truncateSync(path, readFileSync(path).length - 1)
    const journal = await begun(path)
    expect(journal.size).toBe(4)
    await journal.append(record('next'))
    await journal.close()
    expect((await contentOf(path)).map(({ id }) => id)).toEqual([...ids, 'next'])
  })

  it('starts again when its first line is torn', async () => {
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

  it('keeps all whole records, whatever bytes follow them', async () => {
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
  ])('is rejected and left as it is: %s', async (_name, text, reason) => {
    const path = freshPath()
    writeFileSync(path, text)
    const error = await failure(openJournal(path))
    expect(UnusableJournalError.is(error)).toBe(true)
    expect(error).toMatchObject({ code: 'unusable_journal', reason, path })
    expect(readFileSync(path, 'utf8')).toBe(text)
    expect(existsSync(`${path}.lock`)).toBe(false)
  })

  it('is rejected with the line number if a line in its middle is not JSON or not a record', async () => {
    const path = await withRecords(['a', 'b', 'c'])
    const lines = readFileSync(path, 'utf8').split('\n')
    for (const bad of ['not json', '{"id":7}', '[]', '']) {
      writeFileSync(path, lines.with(2, bad).join('\n'))
      expect(await failure(openJournal(path))).toMatchObject({
        reason: 'damaged',
        line: 3,
        message: expect.stringContaining('line 3 is not a valid record') as string,
      })
    }
  })

  it('is rejected if it is a directory, in a folder that does not exist, or not a path', async () => {
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
  ])('is rejected if it differs, with both named: %s, then %s', async (made, run, message) => {
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

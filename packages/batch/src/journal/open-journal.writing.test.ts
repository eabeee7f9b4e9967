import { readFileSync } from 'node:fs'
import { open, type FileHandle } from 'node:fs/promises'
import fc from 'fast-check'
import { describe, expect, it, vi } from 'vitest'
import { UnwritableValueError } from './errors.ts'
import { freshPath, record, begun, contentOf, failure } from '../../test/journal.ts'

describe('a value in a journal', () => {
  it('is read as it was written, undefined included', async () => {
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

  it('survives if it is any JSON', async () => {
    const path = freshPath()
    const journal = await begun(path, { durability: 'os' })
    let written = 0
    await fc.assert(
      fc.asyncProperty(fc.jsonValue(), async (value) => {
        // JSON turns a negative zero into 0, so compare with the value after JSON.
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
  ])('is rejected with its path if JSON would change it: %s', async (_name, value, path, found) => {
    await using journal = await begun(freshPath())
    const error = await failure(journal.append(record('a', value)))
    expect(UnwritableValueError.is(error)).toBe(true)
    expect(error).toMatchObject({ code: 'unwritable_value', path, found })
    expect(journal.has('a')).toBe(false)
    expect(await journal.append(record('a', 'fine'))).toBe(true)
  })
})

describe('a write to a journal', () => {
  const noSpace = Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' })

  /** The prototype of all file handles, whose methods a test replaces to let the disk fail. */
  async function fileHandles(): Promise<FileHandle> {
    const handle = await open(import.meta.filename)
    await handle.close()
    return Object.getPrototypeOf(handle) as FileHandle
  }

  it('rejects everything not acknowledged and all that follows if it fails, and leaves whole lines', async () => {
    const path = freshPath()
    const journal = await begun(path)
    await journal.append(record('kept'))
    const prototype = await fileHandles()

    const { write } = prototype
    let writes = 0
    vi.spyOn(prototype, 'write').mockImplementation(async function (this: FileHandle, ...args: unknown[]) {
      if (++writes > 1) throw noSpace
      const [bytes, at, , position] = args as [Uint8Array, number, number, number]
      // Writes only the ten bytes for which the disk has room.
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

  it('is not acknowledged if the disk does not confirm it', async () => {
    const prototype = await fileHandles()
    for (const durability of ['group', 'each'] as const) {
      const journal = await begun(freshPath(), { durability })
      vi.spyOn(prototype, 'datasync').mockRejectedValue(noSpace)
      await expect(journal.append(record('a'))).rejects.toBe(noSpace)
      vi.restoreAllMocks()
      await journal.close()
    }
  })

  it('shares its fdatasync with others made at once', async () => {
    const journal = await begun(freshPath())
    const sync = vi.spyOn(await fileHandles(), 'datasync')
    await Promise.all(Array.from({ length: 256 }, (_, at) => journal.append(record(String(at)))))
    expect(sync).toHaveBeenCalledTimes(1)
    await journal.close()
  })
})

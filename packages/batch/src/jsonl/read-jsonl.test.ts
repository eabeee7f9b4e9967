import { fstatSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { ReadableStream } from 'node:stream/web'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { BadLineError, UnreadableFileError } from './errors.ts'
import { readJsonl, type BadLine, type ReadJsonlOptions } from './read-jsonl.ts'

const bytes = (text: string) => new TextEncoder().encode(text)

/**
 * The source in chunks of the given sizes, the last size repeated. Every chunk is overwritten as soon as the next is
 * read.
 */
async function* chunked(source: Uint8Array, sizes: readonly number[]): AsyncGenerator<Uint8Array> {
  for (let at = 0, turn = 0; at < source.length; turn++) {
    const chunk = source.slice(at, at + (sizes[turn] ?? sizes.at(-1) ?? 1))
    yield chunk
    at += chunk.length
    chunk.fill(0x21)
  }
}

async function read(
  source: string | Uint8Array | AsyncIterable<Uint8Array>,
  options?: ReadJsonlOptions,
): Promise<[line: number, value: unknown][]> {
  const results: [number, unknown][] = []
  const given = source instanceof Uint8Array ? chunked(source, [source.length]) : source
  for await (const { value, line } of readJsonl(given, options)) results.push([line, value])
  return results
}

async function failure(promise: Promise<unknown>): Promise<Error> {
  return promise.then(
    () => Promise.reject(new Error('it did not fail')),
    (error: unknown) => error as Error,
  )
}

let folder = ''
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'read-jsonl-'))
})
afterAll(() => rmSync(folder, { recursive: true }))

function file(text: string): string {
  const path = join(folder, `${Math.random()}.jsonl`)
  writeFileSync(path, text)
  return path
}

/** The number of file descriptors of this process for the file. */
function timesOpen(path: string): number {
  const { ino } = statSync(path)
  return readdirSync('/dev/fd').filter((descriptor) => {
    try {
      return fstatSync(Number(descriptor)).ino === ino
    } catch {
      return false // The descriptor that readdirSync used, which is closed by now.
    }
  }).length
}

describe('readJsonl', () => {
  it('yields each value with its line number', async () => {
    expect(await read(bytes('{"a":1}\n[2]\n"three"\n4\nnull\n'))).toEqual([
      [1, { a: 1 }],
      [2, [2]],
      [3, 'three'],
      [4, 4],
      [5, null],
    ])
  })

  it('reads the same however the bytes are cut into chunks', async () => {
    const value = fc.oneof(fc.jsonValue(), fc.string({ unit: 'grapheme' }))
    const lineEnd = fc.constantFrom('\n', '\r\n', '\n\n', '\n \t\r\n')
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(value, lineEnd)),
        fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1 }),
        async (lines, sizes) => {
          const text = lines.map(([each, end]) => JSON.stringify(each) + end).join('')
          const results = await read(chunked(bytes(text), sizes))
          expect(results.map(([, each]) => JSON.stringify(each))).toEqual(
            lines.map(([each]) => JSON.stringify(each)),
          )
        },
      ),
    )
  })

  it('joins characters that were cut in two', async () => {
    expect(await read(chunked(bytes('"häfen 港 ⚓ 🚢"\n"é"'), [1]))).toEqual([
      [1, 'häfen 港 ⚓ 🚢'],
      [2, 'é'],
    ])
  })

  it('ignores a byte order mark, accepts CRLF, skips blank lines and counts them', async () => {
    expect(await read(bytes('\ufeff1\r\n\r\n  \t\n2\r\n'))).toEqual([
      [1, 1],
      [4, 2],
    ])
  })

  it('reads a last line without a line feed, and nothing after one', async () => {
    expect(await read(bytes('1\n2'))).toEqual([
      [1, 1],
      [2, 2],
    ])
    expect(await read(bytes('1\n'))).toEqual([[1, 1]])
    expect(await read(bytes(''))).toEqual([])
    expect(await read(bytes('\n'))).toEqual([])
  })

  it('keeps the line separators of Unicode inside a string', async () => {
    expect(await read(bytes('"a\u2028b\u2029c\u0085d"\n'))).toEqual([[1, 'a\u2028b\u2029c\u0085d']])
  })

  it('reads a file, and reads it again when iterated again', async () => {
    const records = readJsonl<number>(file('1\n2\n'))
    for (let time = 0; time < 2; time++) {
      const values: number[] = []
      for await (const { value } of records) values.push(value)
      expect(values).toEqual([1, 2])
    }
  })

  it('reads streams of Node and of the web', async () => {
    const web = new ReadableStream<Uint8Array>({
      start(controller) {
        controller.enqueue(bytes('1\n'))
        controller.close()
      },
    })
    expect(await read(web)).toEqual([[1, 1]])
    expect(await read(Readable.from([Buffer.from('1'), Buffer.from('\n')]))).toEqual([[1, 1]])
  })

  it('reads a file much larger than its buffer', async () => {
    const lines = Array.from({ length: 20_000 }, (_, id) =>
      JSON.stringify({ id, text: '港'.repeat(id % 60) }),
    )
    const results = await read(file(lines.join('\n')))
    expect(results.map(([, value]) => JSON.stringify(value))).toEqual(lines)
  })
})

describe('a bad line', () => {
  it.each([
    ['not-json', bytes('1\n{"secret":\n3\n'), 'line 2 (at byte 2) is not valid JSON'],
    [
      'not-utf8',
      new Uint8Array([0x31, 0x0a, 0x22, 0xff, 0x22, 0x0a]),
      'line 2 (at byte 2) is not valid UTF-8',
    ],
    ['too-long', bytes('1\n"12345678901234"\n'), 'line 2 (at byte 2) is longer than 15 bytes (maxLineBytes)'],
  ])(
    'ends reading with its position and none of its content if it is %s',
    async (reason, source, message) => {
      const error = await failure(read(source, { maxLineBytes: 15 }))
      expect(BadLineError.is(error)).toBe(true)
      expect(error).toMatchObject({
        name: 'BadLineError',
        code: 'bad_line',
        line: 2,
        byteOffset: 2,
        reason,
        message,
      })
      expect(error.cause).toBeUndefined()
    },
  )

  it('is left out with onBadLine skip, and the next ones are read', async () => {
    const source = bytes('1\nnot json\n"far too long to be read"\n{"cut":\n5\n')
    expect(await read(source, { onBadLine: 'skip', maxLineBytes: 10 })).toEqual([
      [1, 1],
      [5, 5],
    ])
  })

  it('is passed to a function in order, with an excerpt', async () => {
    const problems: BadLine[] = []
    const results = await read(chunked(bytes(`1\noops\n3\n${'⚓'.repeat(300)}`), [5]), {
      onBadLine: (problem) => problems.push(problem),
    })
    expect(results).toHaveLength(2)
    expect(problems.map(({ line, excerpt, error }) => [line, excerpt, error.byteOffset])).toEqual([
      [2, 'oops', 2],
      [4, '⚓'.repeat(200), 9],
    ])
  })

  it('ends reading when the function throws', async () => {
    const enough = new Error('enough')
    const onBadLine = () => {
      throw enough
    }
    expect(await failure(read(bytes('oops\n2\n'), { onBadLine }))).toBe(enough)
  })

  it('may be exactly as long as allowed, wherever it is cut', async () => {
    for (let size = 1; size <= 12; size++) {
      expect(await read(chunked(bytes('"12345678"\r\n2\n'), [size]), { maxLineBytes: 11 })).toHaveLength(2)
      const error = await failure(read(chunked(bytes('2\n"123456789"\r\n'), [size]), { maxLineBytes: 11 }))
      expect(error).toMatchObject({ line: 2, reason: 'too-long' })
    }
  })

  it('is reported before its end if it is endless, in bounded memory', async () => {
    let given = 0
    async function* endless(): AsyncGenerator<Uint8Array> {
      const chunk = new Uint8Array(64 * 1024).fill(0x61)
      for (;;) {
        given += chunk.length
        yield chunk
      }
    }
    expect(await failure(read(endless()))).toMatchObject({ line: 1, reason: 'too-long' })
    expect(given).toBeLessThanOrEqual(16 * 1024 * 1024 + 64 * 1024)
  })

  it('is skipped without being held if it has 20 MB, and is reported once', async () => {
    let grown = 0
    async function* long(): AsyncGenerator<Uint8Array> {
      yield bytes('1\n')
      const part = new Uint8Array(64 * 1024).fill(0x61)
      const before = process.memoryUsage().arrayBuffers
      for (let parts = 0; parts < 320; parts++) yield part
      grown = process.memoryUsage().arrayBuffers - before
      yield bytes('\n3\n')
    }
    const problems: BadLine[] = []
    const results = await read(long(), {
      maxLineBytes: 1_000,
      onBadLine: (problem) => problems.push(problem),
    })
    expect(results).toEqual([
      [1, 1],
      [3, 3],
    ])
    expect(problems).toHaveLength(1)
    expect(problems[0]).toMatchObject({ line: 2, excerpt: 'a'.repeat(200), error: { byteOffset: 2 } })
    expect(grown).toBeLessThan(1_000_000)
  })
})

describe('the source of readJsonl', () => {
  it('is closed when the loop is left early', async () => {
    const path = file('1\n2\n3\n')
    for await (const { line } of readJsonl(path)) {
      expect(timesOpen(path)).toBe(1)
      if (line === 2) break
    }
    expect(timesOpen(path)).toBe(0)

    let closed = false
    async function* source(): AsyncGenerator<Uint8Array> {
      try {
        for (;;) yield bytes('1\n')
      } finally {
        closed = true
      }
    }
    for await (const { line } of readJsonl(source())) if (line === 5) break
    expect(closed).toBe(true)
  })

  it('is closed at its end, after a bad line and after an error in the loop', async () => {
    const path = file('1\noops\n')
    await failure(read(path))
    expect(timesOpen(path)).toBe(0)
    await read(path, { onBadLine: 'skip' })
    expect(timesOpen(path)).toBe(0)
    const loop = async (): Promise<void> => {
      for await (const { value } of readJsonl(path)) throw new Error(`no use for ${String(value)}`)
    }
    expect((await failure(loop())).message).toBe('no use for 1')
    expect(timesOpen(path)).toBe(0)
  })

  it('is not opened before it is iterated', async () => {
    const records = readJsonl(join(folder, 'not-there-yet.jsonl'))
    writeFileSync(join(folder, 'not-there-yet.jsonl'), '1\n')
    const values: unknown[] = []
    for await (const { value } of records) values.push(value)
    expect(values).toEqual([1])
  })

  it('is named, with the reason, when it cannot be read', async () => {
    const missing = join(folder, 'missing.jsonl')
    const error = await failure(read(missing))
    expect(UnreadableFileError.is(error)).toBe(true)
    expect(error).toMatchObject({
      code: 'unreadable_file',
      path: missing,
      message: `cannot read ${missing}: there is no such file`,
      cause: { code: 'ENOENT' },
    })
    expect((await failure(read(folder))).message).toBe(`cannot read ${folder}: it is a directory, not a file`)
    expect((await failure(read(`${file('1')}/x`))).message).toContain('a part of its path is not a directory')
  })

  it('passes its own error on', async () => {
    const broken = new Error('socket hang up')
    async function* source(): AsyncGenerator<Uint8Array> {
      yield bytes('1\n')
      throw broken
    }
    expect(await failure(read(source()))).toBe(broken)
  })

  it('must yield bytes', async () => {
    const strings = Readable.from(['1\n']) as AsyncIterable<Uint8Array>
    expect((await failure(read(strings))).message).toBe(
      'source must yield bytes, got a string; do not set an encoding on a stream',
    )
  })

  it.each([
    [() => readJsonl(7 as never), 'source must be the path of a file or an async iterable of bytes, got 7'],
    [() => readJsonl('a', { maxLineBytes: 0 }), 'maxLineBytes must be a whole number of at least 1, got 0'],
    [
      () => readJsonl('a', { onBadLine: 'ignore' as never }),
      'onBadLine must be one of "throw", "skip" or a function, got a string',
    ],
    [
      () => readJsonl('a', { onBadline: 'skip' } as never),
      'unknown option onBadline; did you mean onBadLine?',
    ],
    [() => readJsonl('a', null as never), 'options must be an object, got null'],
  ])('is checked at once, as are the options: %s', (call, message) => {
    expect(call).toThrow(new TypeError(message))
  })
})

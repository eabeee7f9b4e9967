import { array, assert, asyncProperty, boolean, constantFrom, integer, record, uniqueArray } from 'fast-check'
import { describe, expect, it } from 'vitest'
import { good, row, IDS, run } from '../../../test/odd-provider.ts'

describe('the result files of a batch', () => {
  it.each<[string, (ids: string[]) => string]>([
    ['a stranger', (ids) => [...ids, 'stranger'].map((id) => good(id)).join('\n')],
    ['each row twice', (ids) => [...ids, ...ids].map((id) => good(id)).join('\n')],
    [
      'null, numbers, texts and lists',
      (ids) => ['null', '5', '"x"', '[]', ...ids.map((id) => good(id)), 'null'].join('\n'),
    ],
    [
      'rows cut in the middle, blank lines',
      (ids) => [good('a').slice(0, 20), '', ...ids.map((id) => good(id))].join('\n\n'),
    ],
    ['a byte order mark and CRLF', (ids) => `\uFEFF${ids.map((id) => good(id)).join('\r\n')}\r\n`],
    [
      'rows without an id',
      (ids) => [row(undefined, { status_code: 200, body: {} }), ...ids.map((id) => good(id))].join('\n'),
    ],
    [
      'statuses as texts',
      (ids) => ids.map((id) => row(id, { status_code: '200', body: { ok: 1 } })).join('\n'),
    ],
    ['an error that is null in the body', (ids) => ids.map((id) => good(id, { error: null })).join('\n')],
  ])('give each request its own answer, once, with %s', async (_, output) => {
    const { outcomes, made } = await run({ output })
    expect(outcomes).toEqual(IDS)
    expect(made.batches).toBe(1)
  })

  it('are understood if ids have become numbers', async () => {
    const output = (ids: string[]): string =>
      ids.map((id) => row(Number(id), { status_code: 200, body: {} })).join('\n')
    expect((await run({ output }, {}, ['1', '2'])).outcomes).toEqual(['1', '2'])
  })

  it('report what is still missing after a second batch that answers others again', async () => {
    const { outcomes, made } = await run({ output: () => [good('a'), good('c')].join('\n') })
    expect(outcomes).toEqual(['a', 'b: missing', 'c'])
    expect(made.uploads[1]).toContain('"b"')
    expect(made.uploads[1]).not.toContain('"a"')
  })

  it('give the first answer if both have one id', async () => {
    const { outcomes } = await run({
      errors: (ids) => ids.map((id) => row(id, { status_code: 500, body: {} })).join('\n'),
    })
    expect(outcomes).toEqual(IDS)
  })

  it.each<[string, string, string]>([
    [
      '200 with an error',
      row('b', { status_code: 200, body: { error: { message: 'overloaded' } } }),
      'b: answered',
    ],
    [
      '200 with an error in words',
      row('b', { status_code: 200, body: { error: 'overloaded' } }),
      'b: answered',
    ],
    [
      '200 and an error beside it',
      row('b', { status_code: 200, body: null }, { code: 'bad' }),
      'b: answered',
    ],
    ['an error status', row('b', { status_code: 400, body: { error: { code: 'bad' } } }), 'b: answered'],
    ['no response and an error', row('b', null, { code: 'bad', message: 'x' }), 'b: answered'],
  ])('report a failure for %s', async (_, line, expected) => {
    const { outcomes, made } = await run({ output: () => [good('a'), line, good('c')].join('\n') })
    expect(outcomes).toEqual(['a', expected, 'c'])
    expect(made.batches).toBe(1)
  })

  it.each<[string, string]>([
    ['status 0', row('b', { status_code: 0, body: '' })],
    ['status 0 and an error', row('b', { status_code: 0, body: null }, { code: 'server_error' })],
    ['200 without a body', row('b', { status_code: 200, body: null })],
    ['nothing', row('b', null)],
    ['an expiry', row('b', null, { code: 'batch_expired' })],
  ])('have no answer if there is %s: it is submitted again', async (_, line) => {
    const { outcomes, made } = await run({
      output: (ids, batch) =>
        (batch === 1 ? [good('a'), line, good('c')] : ids.map((id) => good(id))).join('\n'),
    })
    expect(outcomes).toEqual(IDS)
    expect(made.batches).toBe(2)
  })

  it('never add an id that was not requested, nor drop one that was, whatever they contain (property)', async () => {
    const ids = uniqueArray(constantFrom('a', 'b', 'c', 'd', '1', '2', 'é', '😀'), { minLength: 1 })
    const line = record({
      id: constantFrom<unknown>('a', 'b', 'c', 'd', '1', 1, 2, 'é', '😀', 'stranger', null, undefined, {}),
      status: constantFrom<unknown>(200, 0, 500, '200', null, undefined, -1, NaN),
      body: constantFrom<unknown>({ ok: 1 }, null, { error: {} }, { error: '' }, 'text', []),
      error: constantFrom<unknown>(null, { code: 'batch_expired' }, { code: 'x' }, 'oh'),
      cut: integer({ min: 0, max: 60 }),
      isCut: boolean(),
    })
    await assert(
      asyncProperty(
        ids,
        array(line, { maxLength: 12 }),
        array(line, { maxLength: 12 }),
        async (requested, output, errors) => {
          const text = (lines: typeof output): string =>
            lines
              .map(({ id, status, body, error, cut, isCut }) => {
                const whole = row(id, { status_code: status, body }, error)
                return isCut ? whole.slice(0, cut) : whole
              })
              .join('\n')
          const { results } = await run(
            { output: () => text(output), errors: () => text(errors) },
            {},
            requested,
          )
          expect(results.map(({ id }) => id).sort()).toEqual([...requested].sort())
        },
      ),
      { numRuns: 200 },
    )
  })
})

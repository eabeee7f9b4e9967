import { openJournal } from '@harbor/batch'
import { startSimulator } from '@harbor/simulator'
import fc from 'fast-check'
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { packedJournal } from '../src/bulk/packed-journal.ts'
import type { BulkAnswer, BulkRequest, BulkResult, BulkRun, Harbor } from '../src/index.ts'
import { harborFor } from './helpers/harbor-for.ts'

const DIMENSIONS = 1_536
const FLOAT_BYTES = 4

const requests = (count: number, format?: 'float'): BulkRequest[] =>
  Array.from({ length: count }, (_, at) => ({
    custom_id: `q-${at}`,
    url: '/v1/embeddings',
    body: {
      model: 'text-embedding-3-small',
      input: `Text ${at}`,
      ...(format && { encoding_format: format }),
    },
  }))

async function client(): Promise<Harbor> {
  const simulator = await startSimulator()
  onTestFinished(() => simulator.close())
  return harborFor(simulator.provider(), {})
}

function journalPath(): string {
  const folder = mkdtempSync(join(tmpdir(), 'harbor-embeddings-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  return join(folder, 'journal.jsonl')
}

async function all(run: BulkRun<BulkAnswer>): Promise<BulkResult<BulkAnswer>[]> {
  const results: BulkResult<BulkAnswer>[] = []
  for await (const result of run) results.push(result)
  return results.toSorted((one, other) => one.index - other.index)
}

const valuesOf = (results: readonly BulkResult<BulkAnswer>[]): unknown[] =>
  results.map((result) => (result.ok ? result.value : result.error))

/** Writes one value to a journal and reads it again, in both ways. */
async function roundTrip(path: string, value: unknown): Promise<unknown[]> {
  const journal = packedJournal(path)
  if (typeof journal !== 'object') throw new Error('no journal')
  await journal.begin(undefined)
  await journal.append({ id: 'one', index: 0, attempts: 1, durationMs: 1, value })
  const read = [(await journal.get('one'))?.value]
  for await (const record of journal) read.push(record.value)
  await journal.close()
  return read
}

describe('the journal of a bulk run with embeddings', () => {
  it.each([
    ['through the client', 'direct', undefined],
    ['through the client, as numbers', 'direct', 'float'],
    ["through the provider's Batch API", 'provider', undefined],
  ] as const)('stores them as base64, and returns them unchanged on resume: %s', async (_, via, format) => {
    const harbor = await client()
    const journal = journalPath()
    const options = {
      journal,
      via,
      ...(via === 'provider' && { providerBatch: { endpoint: '/v1/embeddings', pollMs: 2 } as const }),
    }
    const first = await all(harbor.bulk(requests(20, format), options))
    expect(first[0]).toMatchObject({
      ok: true,
      value: { body: { data: [{ embedding: expect.any(Array) as [] }] } },
    })
    expect(readFileSync(journal, 'utf8')).not.toMatch(/"embedding":\[/)
    for (const order of ['completion', 'input'] as const) {
      if (via === 'provider' && order === 'input') continue
      const resumed = await all(
        harbor.bulk(requests(20, format), { ...options, ...(via === 'direct' && { order }) }),
      )
      expect(resumed.every(({ resumed }) => resumed)).toBe(true)
      expect(valuesOf(resumed)).toEqual(valuesOf(first))
    }
  })

  it('reads a journal in which they are numbers', async () => {
    const harbor = await client()
    const path = journalPath()
    const embedding = Array.from({ length: 8 }, (_, at) => Math.fround(at / 7))
    const value = {
      body: { object: 'list', data: [{ object: 'embedding', index: 0, embedding }] },
      target: 'openai/x',
    }
    const journal = await openJournal(path)
    await journal.begin(undefined)
    await journal.append({ id: 'q-0', index: 0, attempts: 1, durationMs: 1, value })
    await journal.close()
    const [result] = await all(harbor.bulk(requests(1), { journal: path }))
    expect(result).toMatchObject({ resumed: true, ok: true, value })
  })

  it('needs a third more than the bytes of the numbers', async () => {
    const path = journalPath()
    let seed = 1
    const random = (): number => (seed = (seed * 48_271) % 2_147_483_647) / 2_147_483_647
    const embedding = Array.from({ length: DIMENSIONS }, () => Math.fround((random() - 0.5) / 10))
    await roundTrip(path, { body: { data: [{ embedding }] } })
    expect(statSync(path).size).toBeLessThan((DIMENSIONS * FLOAT_BYTES * 4) / 3 + 300)
  })

  it('stores numbers that are not exact 32-bit floats as they are', async () => {
    const path = journalPath()
    const body = { data: [{ embedding: [0.1, 0.2] }, { embedding: [0.5, 0.25] }, { embedding: 'AAAA' }] }
    expect(await roundTrip(path, { body })).toEqual([{ body }, { body }])
    const text = readFileSync(path, 'utf8')
    expect(text).toContain('[0.1,0.2]')
    expect(text).not.toContain('[0.5,0.25]')
  })

  it('returns every answer as it was written, whatever is in it', async () => {
    const number = fc.oneof(
      fc.float({ noNaN: true, noDefaultInfinity: true }),
      fc.double({ noNaN: true, noDefaultInfinity: true }),
    )
    const embedding = fc.oneof(
      fc.array(number),
      fc.array(fc.float({ noNaN: true, noDefaultInfinity: true })),
      fc.base64String(),
    )
    const body = fc.oneof(
      fc.record({ data: fc.array(fc.oneof(fc.record({ index: fc.nat(), embedding }), fc.jsonValue())) }),
      fc.jsonValue(),
    )
    await fc.assert(
      fc.asyncProperty(body, async (each) => {
        // JSON has no negative zero.
        const value = { body: each, target: 'openai/x' }
        const expected = JSON.parse(JSON.stringify(value)) as unknown
        const path = journalPath()
        for (const read of await roundTrip(path, value))
          expect(JSON.parse(JSON.stringify(read))).toEqual(expected)
      }),
      { numRuns: 50 },
    )
  })
})

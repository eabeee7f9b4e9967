import { openJournal } from '@harbor/batch'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { BulkRequest, BulkResult, HarborBulkOptions } from '../src/index.ts'
import { failureOf } from './helpers/expect-failure.ts'
import { harborFor, simulate } from './helpers/harbor-for.ts'

const VIAS = ['direct', 'provider', 'auto'] as const

/** Values that each option refuses, whatever `via` is. */
const REFUSED: Readonly<Record<Exclude<keyof HarborBulkOptions, 'via'>, readonly unknown[]>> = {
  id: [null, 'custom_id', 0, {}],
  onDuplicateId: [null, 'ignore', true],
  order: [null, 'output', true],
  reorderWindow: [null, 0, NaN, -1, 1.5, '8'],
  readAhead: [null, NaN, -1, 1.5, '8'],
  journal: [null, '', 5, {}, true],
  fingerprint: [null, 5, {}],
  stopWhen: [null, 5, { failures: 0 }, { failureRate: 2 }, { sometimes: 1 }],
  signal: [null, true, {}],
  total: [null, NaN, -1, 1.5, '8'],
  concurrency: [null, 0, NaN, -1, 1.5, Infinity, '8', {}],
  patienceMs: [null, NaN, -1, '8', {}],
  onOutage: [null, true, {}],
  request: [null, 5, 'timeout', []],
  providerBatch: [null, 5, 'x', [], { maxRequests: 0 }],
  deadlineMs: [null, 0, NaN, -1, 1e300, Infinity, '8', {}],
  maxUsd: [null, 0, NaN, -1, Infinity, '8', {}],
  typicalBatchMs: [null, 0, NaN, -1, 1e300, Infinity, '8', {}],
  routes: [null, 'flex', {}, ['pigeon'], [undefined]],
}
const NAMES = Object.keys(REFUSED) as (keyof typeof REFUSED)[]

const client = () => harborFor({ baseURL: 'http://127.0.0.1:9/v1' })

describe.each(VIAS)('the options of a bulk run with via: %s', (via) => {
  it.each(NAMES)('refuse nonsense as %s, by its name', (name) => {
    const harbor = client()
    for (const value of REFUSED[name]) {
      const options = { via, [name]: value } as HarborBulkOptions
      const names = `${name}|failure|unknown option sometimes|maxRequests`
      expect(() => harbor.bulk([], options), String(value)).toThrow(new RegExp(`^(${names})`))
    }
  })

  it('refuse a name that does not exist', () => {
    const harbor = client()
    expect(() => harbor.bulk([], { via, concurency: 5 } as HarborBulkOptions)).toThrow('concurrency')
  })

  it('count as not given when they are undefined', async () => {
    const provider = await simulate({})
    const harbor = harborFor(provider)
    const options = Object.fromEntries(NAMES.map((name) => [name, undefined])) as HarborBulkOptions
    const run = harbor.bulk([], { ...options, via })
    expect(await run.summary).toMatchObject({ ok: 0, failed: 0 })
  })
})

describe('the options of the plan of a bulk run', () => {
  it.each(NAMES)('refuse nonsense as %s, as the run does', async (name) => {
    for (const value of REFUSED[name]) {
      const options = { via: 'auto', [name]: value } as HarborBulkOptions & { via: 'auto' }
      expect(await failureOf(client().planBulk([], options)), String(value)).toBeInstanceOf(TypeError)
    }
  })
})

describe('the plan of a bulk run with an open journal', () => {
  const request: BulkRequest = {
    custom_id: 'a',
    body: { model: 'gpt-4', messages: [{ role: 'user', content: 'x' }] },
  }

  it.each([
    ['v1', 'v2'],
    ['v1', undefined],
    [undefined, 'v2'],
  ])('is refused as the run would be, made with %s and planned with %s', async (made, planned) => {
    const folder = mkdtempSync(join(tmpdir(), 'harbor-plan-'))
    const journal = await openJournal(join(folder, 'answers.jsonl'))
    onTestFinished(async () => {
      await journal.close()
      rmSync(folder, { recursive: true })
    })
    const harbor = harborFor(await simulate({}))
    expect((await harbor.planBulk([request], { via: 'auto', journal, fingerprint: planned })).requests).toBe(
      1,
    )
    await journal.begin(made)
    const plan = harbor.planBulk([request], { via: 'auto', journal, fingerprint: planned })
    expect(await failureOf(plan)).toMatchObject({ code: 'fingerprint_mismatch' })
    expect((await harbor.planBulk([request], { via: 'auto', journal, fingerprint: made })).requests).toBe(1)
  })
})

it('uses the ids of the requests when the option id is undefined', async () => {
  const harbor = harborFor(await simulate({}))
  const requests: BulkRequest[] = [
    { custom_id: 'mine', body: { model: 'gpt-4', messages: [{ role: 'user', content: 'x' }] } },
  ]
  const ids: string[] = []
  for await (const { id } of harbor.bulk(requests, { id: undefined })) ids.push(id)
  expect(ids).toEqual(['mine'])
})

describe('an item that is no request', () => {
  const ITEMS: readonly unknown[] = [null, undefined, 5, 'text', true, [], {}, { body: null }, { body: 'x' }]

  it.each(ITEMS)('is a failure of its own in a direct run: %j', async (item) => {
    const harbor = harborFor(await simulate({}))
    const results: BulkResult<unknown>[] = []
    for await (const result of harbor.bulk([item as BulkRequest])) results.push(result)
    expect(results).toMatchObject([{ id: '0', ok: false, error: { code: 'invalid_option', option: 'body' } }])
  })

  it.each(ITEMS)('ends a run that is planned before, and its plan: %j', async (item) => {
    const harbor = harborFor(await simulate({}))
    const refusal = { code: 'invalid_option', option: 'body' }
    for (const via of ['auto', 'provider'] as const) {
      expect(await failureOf(harbor.bulk([item as BulkRequest], { via }).summary)).toMatchObject(refusal)
    }
    const plan = harbor.planBulk([item as BulkRequest], { via: 'auto' })
    expect(await failureOf(plan)).toMatchObject(refusal)
  })
})

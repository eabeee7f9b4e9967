import { describe, expect, it } from 'vitest'
import type { RemoteBatch } from './client.ts'
import { memoryState } from '../state/state-store.ts'
import { failure, good, IDS, run, type Script } from '../../../test/odd-provider.ts'

describe('the files that a batch names', () => {
  it.each(['', ' ', 'null', 'None'])('do not exist if their id is %j', async (none) => {
    const { outcomes } = await run({ batch: () => ({ error_file_id: none }) })
    expect(outcomes).toEqual(IDS)
  })

  it.each<[string, (look: number) => Partial<Record<keyof RemoteBatch, unknown>>]>([
    [
      'counts say that there are some',
      (look) => ({
        request_counts: { total: 3, completed: 3, failed: 0 },
        ...(look < 4 && { output_file_id: null }),
      }),
    ],
    ['it is complete', (look) => (look < 4 ? { output_file_id: null } : {})],
    [
      'it expired after some answers',
      (look) => ({
        status: 'expired',
        request_counts: { total: 3, completed: 3, failed: 0 },
        ...(look < 4 && { output_file_id: '' }),
      }),
    ],
  ])('are awaited if they come later than the end of the batch, when %s', async (_, batch) => {
    const { outcomes, made } = await run({ batch })
    expect(outcomes).toEqual(IDS)
    expect(made.batches).toBe(1)
  })

  it('are not awaited for ever if only counts promise them', async () => {
    const { outcomes } = await run({
      batch: () => ({ output_file_id: null, request_counts: { total: 3, completed: 3, failed: 9 } }),
    })
    expect(outcomes).toEqual(['a: missing', 'b: missing', 'c: missing'])
  })

  it('are read again if they have fewer rows than were counted', async () => {
    const { outcomes, made } = await run({
      batch: () => ({ request_counts: { total: 3, completed: 3, failed: 0 } }),
      content: (id, reading, text) => (id.startsWith('out') && reading === 1 ? text.slice(0, 20) : text),
    })
    expect(outcomes).toEqual(IDS)
    expect(made.batches).toBe(1)
  })

  it('are not read if they are not needed', async () => {
    const { outcomes } = await run({ batch: () => ({ error_file_id: 'gone' }) })
    expect(outcomes).toEqual(IDS)
  })

  it('do not end the run if an earlier state has an empty id', async () => {
    const state = memoryState()
    const append = state.append.bind(state)
    state.append = async (entry) => append(entry.type === 'ended' ? { ...entry, errorFileId: '' } : entry)
    expect((await run({ output: () => good('a') }, { state, maxResubmits: 0 })).outcomes).toContain(
      'b: missing',
    )
  })

  it('end the run with an error if the uploaded requests come back incomplete', async () => {
    await expect(
      run({
        output: () => good('a'),
        content: (id, _, text) => (id.startsWith('in') ? text.slice(0, 30) : text),
      }),
    ).rejects.toMatchObject({ code: 'incomplete_input', found: 0, uploaded: 3 })
  })
})

describe('the status of a batch', () => {
  it.each<[string, Partial<Record<keyof RemoteBatch, unknown>>]>([
    ['in another spelling', { status: 'Completed' }],
    ['in another word', { status: 'succeeded' }],
    ['unknown, with an end', { status: 'archived', completed_at: 5 }],
    ['unknown, with a file', { status: 'harvested' }],
    [
      'unknown, with complete counts',
      { status: 'x', output_file_id: undefined, request_counts: { total: 3, completed: 3, failed: 0 } },
    ],
    ['unknown, long past its time', { status: 'x', output_file_id: undefined, expires_at: 1 }],
  ])('ends it if it is %s', async (_, batch) => {
    const { results } = await run({ batch: () => batch }, { maxResubmits: 0 })
    expect(results).toHaveLength(3)
  })

  it('is polled further if it is unknown and nothing shows an end', async () => {
    const { outcomes, made } = await run({
      batch: (look) => (look < 20 ? { status: 'warming_up', output_file_id: null } : {}),
    })
    expect(outcomes).toEqual(IDS)
    expect(made.batches).toBe(1)
  })

  it('does not hide answers if it is failed', async () => {
    const { outcomes, made } = await run({ batch: () => ({ status: 'failed' }), output: () => good('b') })
    expect(outcomes).toEqual(['a: batch-failed', 'b', 'c: batch-failed'])
    expect(made.batches).toBe(1)
  })
})

describe('an uploaded file', () => {
  const notReady = failure(400, 'File is not in a processed state.')

  it('is awaited while it is pending, as on Azure', async () => {
    const { outcomes, made } = await run({
      upload: { status: 'pending' },
      create: (attempt) => (attempt < 4 ? notReady : undefined),
    })
    expect(outcomes).toEqual(IDS)
    expect(made).toMatchObject({ batches: 1, uploads: { length: 1 } })
  })

  it('is awaited as long as the provider reports that it is being processed', async () => {
    const { made } = await run({
      upload: { status: 'pending' },
      create: (attempt) => (attempt < 30 ? failure(400, 'x') : undefined),
      retrieve: (look) => (look < 29 ? 'pending' : 'processed'),
    })
    expect(made.creates).toBe(30)
  })

  it('ends the run with the rejection if it cannot be processed', async () => {
    const script: Script = { upload: { status: 'pending' }, create: () => notReady, retrieve: () => 'error' }
    await expect(run(script)).rejects.toBe(notReady)
  })

  it('is tried again if it is processed, but not found yet', async () => {
    const { outcomes } = await run({
      create: (attempt) => (attempt < 3 ? failure(404, 'No such File object') : undefined),
    })
    expect(outcomes).toEqual(IDS)
  })

  it('leads to no retry of an unrelated rejection if it is fine', async () => {
    let attempts = 0
    const refusal = failure(400, 'the model cannot be batched')
    await expect(run({ create: (attempt) => ((attempts = attempt), refusal) })).rejects.toBe(refusal)
    expect(attempts).toBe(1)
  })
})

it('createProviderBatch uses Azure’s endpoints, without /v1, as the url of each line', async () => {
  const { made, outcomes } = await run({}, { endpoint: '/chat/completions' })
  expect(outcomes).toEqual(IDS)
  expect(made.uploads[0]).toContain('"url":"/chat/completions"')
})

import OpenAI from 'openai'
import { beforeEach, describe, expect, it } from 'vitest'
import { receiptOf, type HarborFetchOptions, type Receipt } from '../../src/index.ts'
import { HELLO, harborFetchFor, harborFor, simulate } from '../helpers/harbor-for.ts'
import { timeInTurns } from '../helpers/time-in-turns.ts'
import { createTally } from './tally.ts'
import { ROWS } from './rows.ts'
import type { Ask, ForeignRow } from './row.ts'

type Client = Pick<OpenAI, 'chat' | 'completions' | 'responses' | 'embeddings'>

const CLIENTS: readonly (readonly [
  name: string,
  make: (baseURL: string, options: HarborFetchOptions) => Client,
])[] = [
  ['Harbor', (baseURL, options) => harborFor({ baseURL }, options)],
  [
    'the SDK over createHarborFetch',
    (baseURL, options) =>
      new OpenAI({
        apiKey: 'test-key',
        baseURL,
        fetch: harborFetchFor(options),
        maxRetries: 0,
        logLevel: 'off',
      }),
  ],
]

const CASES = ROWS.flatMap((row) => row.to.map((ask) => ({ ...row, ask, title: `${row.what}, to ${ask}` })))

beforeEach(timeInTurns)

it('has no two rows of the same name', () => {
  expect(new Set(CASES.map(({ title }) => title)).size).toBe(CASES.length)
})

describe.each(CLIENTS)('what becomes of odd answers with %s:', (_, make) => {
  it.each(CASES)('$title', async ({ answer, ask, becomes, request, options }) => {
    const provider = await simulate({
      providers: { openai: { rules: [{ fault: { type: 'raw', ...answer } }] } },
    })
    const tally = createTally()
    const client = make(provider.baseURL, { ...options, breaker: { trip: tally.rule } })

    const { value, error, receipt } = await outcomeOf(client, ask, request)

    expectOutcome(becomes, { value, error })
    await provider.whenIdle()
    expect(provider.counts().calls).toBe(becomes.calls)
    expect(tally.verdict()).toBe(becomes.circuit)
    expect(receipt?.possiblyBilled).toBe(becomes.billed ?? 0)
    if (becomes.receipt) expect(receipt).toMatchObject(becomes.receipt)
    for (const { failure } of becomes.error ? (receipt?.attempts ?? []) : []) {
      if (becomes.kind) expect(failure?.kind).toBe(becomes.kind)
      if ('failureCode' in becomes) expect(failure?.code).toBe(becomes.failureCode)
    }
  })
})

describe('with another target:', () => {
  // The other target is the simulator in good health, which has no completions.
  it.each(
    CASES.filter(({ ask, becomes }) => becomes.movesOn !== undefined && !ask.startsWith('completions')),
  )('$title', async ({ answer, ask, becomes, request, options }) => {
    const provider = await simulate({
      providers: { openai: { rules: [{ fault: { type: 'raw', ...answer } }] } },
    })
    const other = await simulate()
    const harbor = harborFor(provider, {
      ...options,
      providers: { other: { apiKey: 'other-key', baseURL: other.baseURL } },
      fallback: ['other/gpt-4'],
    })
    const { error } = await outcomeOf(harbor, ask, request)
    expect(other.counts().calls).toBe(becomes.movesOn ? 1 : 0)
    expect(error === undefined).toBe(becomes.movesOn === true || becomes.error === undefined)
  })
})

function expectOutcome(
  becomes: ForeignRow['becomes'],
  { value, error }: { value?: unknown; error?: unknown },
): void {
  if (!becomes.error) {
    if (error !== undefined) throw error
    if (typeof becomes.value === 'string') expect(value).toBe(becomes.value)
    else if (becomes.value) expect(value).toMatchObject(becomes.value)
    return
  }
  expect(error).toBeInstanceOf(becomes.error.class)
  const { class: _, message, ...facts } = becomes.error
  expect(error).toMatchObject(facts)
  if (message) expect((error as Error).message).toMatch(message)
}

interface Reading {
  readonly value?: unknown
  readonly error?: unknown
  readonly receipt: Receipt | undefined
}

/** Makes the call and reads its answer to the end. */
async function outcomeOf(client: Client, ask: Ask, request: object = {}): Promise<Reading> {
  let receipt: Receipt | undefined
  try {
    const { data, response } = await send(client, ask, request).withResponse()
    receipt = receiptOf(response)
    const value = Symbol.asyncIterator in data ? await textOf(data) : data
    return { value, receipt: await closed(receipt) }
  } catch (error) {
    return { error, receipt: await closed(receipt ?? receiptOf(error)) }
  }
}

function send(client: Client, ask: Ask, request: object) {
  const [operation, stream] = [ask.split(' ')[0], ask.endsWith(' stream')]
  const { model } = HELLO
  if (operation === 'chat') return client.chat.completions.create({ ...HELLO, stream, ...request })
  if (operation === 'completions') {
    return client.completions.create({ model, prompt: 'Say hello.', stream, ...request })
  }
  if (operation === 'responses') {
    return client.responses.create({ model, input: 'Say hello.', stream, ...request })
  }
  return client.embeddings.create({ model, input: 'hello', ...request })
}

/** The text that a stream's chunks add up to. */
async function textOf(chunks: AsyncIterable<unknown>): Promise<string> {
  let text = ''
  for await (const chunk of chunks as AsyncIterable<Chunk>) {
    text += chunk.choices?.[0]?.delta?.content ?? chunk.choices?.[0]?.text ?? chunk.delta ?? ''
  }
  return text
}

interface Chunk {
  readonly choices?: readonly { readonly delta?: { readonly content?: string }; readonly text?: string }[]
  readonly delta?: string
}

/** The receipt of a stream is closed a moment after its last chunk was read. */
async function closed(receipt: Receipt | undefined): Promise<Receipt | undefined> {
  for (let turns = 0; receipt?.outcome === 'pending' && turns < 5_000; turns++) {
    await new Promise((resolve) => setTimeout(resolve, 1))
  }
  return receipt
}

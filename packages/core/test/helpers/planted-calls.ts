import { startSimulator, type SimulatedProvider } from '@harbor/simulator'
import OpenAI from 'openai'
import { onTestFinished } from 'vitest'
import type { Harbor, HarborFetch, HarborFetchOptions, HarborOptions } from '../../src/index.ts'
import { faultOf, ROWS, type Form, type Row } from '../failover/rows.ts'
import type { Vendor } from '../failover/vendor.ts'
import { status } from './expect-failure.ts'
import { harborFetchFor, harborFor } from './harbor-for.ts'
import { PLANTED } from './planted.ts'

const REPEATED = `Incorrect API key ${PLANTED.key} for ${PLANTED.prompt}`

/** The scenarios of the failover table, and providers that repeat the key and the prompt in their errors. */
export const PLANTED_ROWS: readonly Pick<
  Row,
  'what' | 'fault' | 'only' | 'prepare' | 'address' | 'options'
>[] = [
  ...ROWS,
  ...[400, 401, 404, 429, 500, 503].map((code) => ({
    what: `a ${code} that repeats the key and the prompt`,
    fault: status(code, { message: REPEATED }),
  })),
  {
    what: 'an event that repeats the key and the prompt',
    fault: { type: 'stream-error', afterEvents: 7, message: REPEATED },
    only: 'stream',
  },
]

/** The rows for answers of this form. */
export function plantedRows(form: Form): typeof PLANTED_ROWS {
  return PLANTED_ROWS.filter(({ only }) => only === undefined || only === form)
}

const MESSAGES = [
  { role: 'system' as const, content: PLANTED.system },
  { role: 'user' as const, content: PLANTED.prompt },
]

/** Two providers whose answers contain the planted text, and a client or a `fetch` whose calls contain the others. */
export interface PlantedCalls<Client> {
  readonly client: Client
  /** Makes a call and reads its answer. Many of these calls fail. */
  call(): Promise<void>
}

type Scenario = (typeof PLANTED_ROWS)[number]

/** Chat calls of a `Harbor` client for one row. */
export async function plantedChat(
  row: Scenario,
  form: Form,
  options: HarborOptions = {},
): Promise<PlantedCalls<Harbor>> {
  const { primary, backup, baseURL } = await plantedProviders(row, 7)
  const client = harborFor(
    { baseURL: `${baseURL}?key=${PLANTED.query}` },
    {
      ...row.options,
      providers: { backup: { apiKey: PLANTED.backupKey, baseURL: backup.baseURL } },
      fallback: ['backup/gpt-4'],
      apiKey: PLANTED.key,
      defaultHeaders: { 'x-gateway-key': PLANTED.header },
      ...options,
    },
  )
  const call = async (): Promise<void> => {
    const request = { model: 'gpt-4', messages: MESSAGES, stream: form === 'stream' }
    try {
      const reply = await client.chat.completions.create(request)
      if (Symbol.asyncIterator in reply) for await (const _chunk of reply);
    } catch (error) {
      if (!(error instanceof OpenAI.OpenAIError)) throw error
    }
  }
  await row.prepare?.({ primary, backup, options: {} }, call)
  return { client, call }
}

/** Calls of a vendor's SDK over `createHarborFetch()` for one row. */
export async function plantedVendor(
  vendor: Vendor,
  row: Scenario,
  form: Form,
  options: HarborFetchOptions = {},
): Promise<PlantedCalls<HarborFetch>> {
  const { primary, backup, baseURL } = await plantedProviders(row, vendor.places.midStream, vendor.places)
  const client = harborFetchFor({
    ...row.options,
    providers: {
      backup: { kind: vendor.kind, apiKey: PLANTED.backupKey, baseURL: vendor.baseURL(backup.baseURL) },
    },
    fallback: { '*': [`backup/${vendor.model}`] },
    ...options,
  })
  const fetch: typeof globalThis.fetch = async (input, init = {}) => {
    const headers = new Headers(init.headers)
    for (const name of ['x-api-key', 'x-goog-api-key']) if (headers.has(name)) headers.set(name, PLANTED.key)
    headers.set('x-gateway-key', PLANTED.header)
    const url = new URL(input instanceof Request ? input.url : input)
    url.searchParams.set('key', PLANTED.query)
    const body = typeof init.body === 'string' ? init.body.replaceAll('Hi.', PLANTED.prompt) : init.body
    return client(url, { ...init, headers, ...(body !== undefined && { body }) })
  }
  const call = async (): Promise<void> => {
    await vendor.call({ baseURL: vendor.baseURL(baseURL), fetch, form }, []).catch(() => undefined)
  }
  await row.prepare?.({ primary, backup, options: {} }, call)
  return { client, call }
}

async function plantedProviders(
  row: Scenario,
  midStream: number,
  places = { beforeContent: 1, midStream },
): Promise<{ primary: SimulatedProvider; backup: SimulatedProvider; baseURL: string }> {
  const fault = faultOf(row as Row, places)
  const simulator = await startSimulator({
    providers: {
      primary: { reply: PLANTED.answer, rules: [{ fault }] },
      backup: { reply: PLANTED.answer },
    },
  })
  onTestFinished(() => simulator.close())
  const [primary, backup] = [simulator.provider('primary'), simulator.provider('backup')]
  return { primary, backup, baseURL: row.address?.(primary) ?? primary.baseURL }
}

import { describe, expect, it } from 'vitest'
import { receiptOf, type HarborFetchOptions, type Price, type Receipt } from '../src/index.ts'
import { harborFetchFor } from './helpers/harbor-for.ts'
import { sendJson, serve } from './helpers/http-server.ts'

const REQUESTED = 'claude-haiku-4-5'
const price = (inputPerMillion: number): { price: Price } => ({
  price: { inputPerMillion, outputPerMillion: inputPerMillion },
})

interface Sent {
  readonly status: number
  readonly receipt: Receipt | undefined
}

/** Sends a message, and returns how the answer was booked whose fields and usage are these. */
async function send(
  form: 'JSON' | 'a stream',
  { model = REQUESTED, usage }: { model?: string; usage: object },
  { request = {}, ...options }: HarborFetchOptions & { request?: object } = {},
): Promise<Sent> {
  const message = { id: 'm', type: 'message', role: 'assistant', model }
  const content = [{ type: 'text', text: 'Hi' }]
  const named = (data: { type: string }): string => `event: ${data.type}\ndata: ${JSON.stringify(data)}\n\n`
  const { origin } = await serve((_, response) => {
    if (form === 'JSON') {
      sendJson(response, { ...message, content, stop_reason: 'end_turn', usage })
      return
    }
    response.writeHead(200, { 'content-type': 'text/event-stream' }).end(
      [
        {
          type: 'message_start',
          message: { ...message, content: [], usage: { input_tokens: 1, output_tokens: 1 } },
        },
        { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
        { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'Hi' } },
        { type: 'content_block_stop', index: 0 },
        { type: 'message_delta', delta: { stop_reason: 'end_turn' }, usage },
        { type: 'message_stop' },
      ]
        .map(named)
        .join(''),
    )
  })
  const fetch = harborFetchFor(options)
  const response = await fetch(`${origin}/v1/messages`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-api-key': 'k' },
    body: JSON.stringify({
      model: REQUESTED,
      max_tokens: 1_000,
      messages: [{ role: 'user', content: 'Hi' }],
      stream: form === 'a stream',
      ...request,
    }),
  })
  await response.text()
  const receipt = receiptOf(response)
  if (response.ok) await expect.poll(() => receipt?.cost).toBeDefined()
  return { status: response.status, receipt }
}

const TOTALS = { input_tokens: 1_000_000, output_tokens: 1_000_000 }
const models = { [REQUESTED]: price(1), 'claude-opus-5': price(10) }

describe.each(['JSON', 'a stream'] as const)(
  'an answer that another model of Anthropic has made, in %s',
  (form) => {
    it.each<[string, object[], number]>([
      ['a fallback', [{ type: 'fallback_message', model: 'claude-opus-5', ...TOTALS }], 20],
      [
        'a fallback after a model that declined half-way',
        [
          { type: 'message', model: REQUESTED, input_tokens: 1_000_000, output_tokens: 500_000 },
          { type: 'fallback_message', model: 'claude-opus-5-20260501', ...TOTALS },
        ],
        21.5,
      ],
      ['the requested model', [{ type: 'message', model: `${REQUESTED}-20251001`, ...TOTALS }], 2],
      ['a step that names no model', [{ type: 'message', model: null, ...TOTALS }], 2],
      [
        'an advisor beside the requested model',
        [
          { type: 'message', model: REQUESTED, ...TOTALS },
          { type: 'advisor_message', model: 'claude-opus-5', input_tokens: 100_000, output_tokens: 100_000 },
        ],
        4,
      ],
    ])('costs what that model costs: %s', async (_, iterations, usd) => {
      const { receipt } = await send(
        form,
        { usage: { ...TOTALS, iterations } },
        {
          models: { ...models, 'claude-opus-5-20260501': price(10) },
        },
      )
      expect(receipt?.cost?.usd).toBeCloseTo(usd, 9)
      expect(receipt?.cost).not.toHaveProperty('unpriced')
    })

    it('costs what the price list says of the model in the answer', async () => {
      const asked = await send(form, { usage: TOTALS })
      const other = await send(form, { usage: TOTALS, model: 'claude-opus-4-8' })
      expect(asked.receipt?.cost?.usd).toBeCloseTo(6, 9)
      expect(other.receipt?.cost?.usd).toBeCloseTo(30, 9)
    })

    it('costs your own price, if only the name in the answer differs', async () => {
      const { receipt } = await send(form, { usage: TOTALS, model: 'claude-opus-5' }, { models })
      expect(receipt?.cost?.usd).toBeCloseTo(2, 9)
    })

    it('names a model whose price is unknown', async () => {
      const iterations = [{ type: 'fallback_message', model: 'claude-nova-9', ...TOTALS }]
      const { receipt } = await send(form, { usage: { ...TOTALS, iterations } }, { models })
      expect(receipt?.cost).toMatchObject({ usd: 2, unpriced: ['claude-nova-9'] })
    })
  },
)

describe('a spend limit and the fallbacks of Anthropic', () => {
  const usage = { input_tokens: 1, output_tokens: 1 }

  it.each<[object, number, number]>([
    [{}, 0.0015, 200],
    [{ fallbacks: [{ model: 'claude-opus-5' }] }, 0.0105, 402],
    [{ fallbacks: [{ model: 'claude-opus-5' }] }, 0.0125, 200],
    [{ tools: [{ type: 'advisor_20260301', name: 'a', model: 'claude-opus-5' }] }, 0.0105, 402],
    [{ fallbacks: [{ model: 'claude-nova-9' }] }, 9, 402],
    [{ fallbacks: 'default' }, 9, 402],
  ])('reserves for every model that may be billed: %j', async (request, usd, status) => {
    const spendLimit = { usd, per: 'total' } as const
    expect((await send('JSON', { usage }, { models, request, spendLimit })).status).toBe(status)
  })
})

import { createAnthropic } from '@ai-sdk/anthropic'
import { createGoogle } from '@ai-sdk/google'
import { Harbor, receiptOf } from '@harbor/core'
import { parseRetryAfter } from '@harbor/retry'
import { useProviders } from '@harbor/simulator/vitest'
import OpenAI from 'openai'
import { describe, expect, it } from 'vitest'
import { modelFetch } from '../../src/index.ts'
import { failureOf, HELLO } from './client.ts'

const { primary, claude, gemini } = useProviders({ primary: {}, claude: {}, gemini: {} })

const anthropic = () => createAnthropic({ baseURL: `${claude.url}/v1`, apiKey: 'claude-key' })
const google = () => createGoogle({ baseURL: `${gemini.url}/v1beta`, apiKey: 'gemini-key' })
const FETCHES = {
  anthropic: modelFetch((id) => anthropic()(id)),
  google: modelFetch((id) => google()(id)),
} as const
const MODELS = { anthropic: 'claude-sonnet-4-6', google: 'gemini-2.5-pro' } as const
const VENDORS = ['anthropic', 'google'] as const

const clientOver = (vendor: keyof typeof FETCHES) =>
  new OpenAI({ apiKey: 'none', baseURL: 'https://m.invalid/v1', maxRetries: 0, fetch: FETCHES[vendor] })

const TOOLS = [
  {
    type: 'function',
    function: { name: 'tide', parameters: { type: 'object', properties: { port: { type: 'string' } } } },
  },
] as const

function harborWith(options: { maxRetries?: number } = {}) {
  return new Harbor({
    apiKey: 'openai-key',
    baseURL: primary.baseURL,
    maxRetries: 0,
    logLevel: 'off',
    ...options,
    providers: {
      anthropic: { apiKey: null, fetch: FETCHES.anthropic },
      google: { apiKey: null, fetch: FETCHES.google },
    },
    fallback: { 'gpt-4o-mini': ['anthropic/claude-sonnet-4-6', 'google/gemini-2.5-pro'] },
  })
}

const CHAT = { ...HELLO, model: 'gpt-4o-mini' }

describe.each(VENDORS)('modelFetch over a model of @ai-sdk/%s', (vendor) => {
  const model = MODELS[vendor]

  it('gives the same text as JSON and as a stream, with its usage', async () => {
    const client = clientOver(vendor)
    const answer = await client.chat.completions.create({ ...HELLO, model })
    expect(answer.choices[0]).toMatchObject({ finish_reason: 'stop' })
    expect(answer.usage?.total_tokens).toBeGreaterThan(0)
    const stream = await client.chat.completions.create({
      ...HELLO,
      model,
      stream: true,
      stream_options: { include_usage: true },
    })
    let text = ''
    let total = 0
    for await (const { choices, usage } of stream) {
      text += choices[0]?.delta.content ?? ''
      total = usage?.total_tokens ?? total
    }
    expect(text).toBe(answer.choices[0]?.message.content)
    expect(total).toBe(answer.usage?.total_tokens)
  })

  it('carries out a tool loop', async () => {
    const client = clientOver(vendor)
    const first = await client.chat.completions.create({
      ...HELLO,
      model,
      tools: [...TOOLS],
      tool_choice: 'required',
    })
    const [choice] = first.choices
    expect(choice).toMatchObject({
      finish_reason: 'tool_calls',
      message: { tool_calls: [{ function: { name: 'tide' } }] },
    })
    if (!choice) throw new Error('The answer has no choice.')
    const results = (choice.message.tool_calls ?? []).map(
      ({ id }): OpenAI.ChatCompletionToolMessageParam => ({
        role: 'tool',
        tool_call_id: id,
        content: 'high',
      }),
    )
    const second = await client.chat.completions.create({
      model,
      tools: [...TOOLS],
      messages: [...HELLO.messages, choice.message, ...results],
    })
    expect(second.choices[0]?.message.content).toBeTruthy()
  })

  it('keeps the status and the wait of an error', async () => {
    const provider = vendor === 'anthropic' ? claude : gemini
    provider.fail({ type: 'status', status: 429, retryAfter: '9' })
    const error = await failureOf(clientOver(vendor).chat.completions.create({ ...HELLO, model }))
    expect(error).toMatchObject({ status: 429 })
    const { headers } = error as InstanceType<typeof OpenAI.APIError>
    expect(headers && parseRetryAfter(headers)).toBe(9_000)
  })

  it('ends a stream that is cut off with an error', async () => {
    const provider = vendor === 'anthropic' ? claude : gemini
    provider.fail({ type: 'stream-cut', afterEvents: 4 })
    const reading = async () => {
      const stream = await clientOver(vendor).chat.completions.create({ ...HELLO, model, stream: true })
      for await (const chunk of stream) expect(chunk).toBeDefined()
    }
    expect(await failureOf(reading())).toBeInstanceOf(OpenAI.APIError)
  })

  it('rejects as a fetch does when nothing answers', async () => {
    const provider = vendor === 'anthropic' ? claude : gemini
    await provider.down()
    const error = await failureOf(clientOver(vendor).chat.completions.create({ ...HELLO, model }))
    expect(error).toBeInstanceOf(OpenAI.APIConnectionError)
    await provider.up()
  })
})

describe('a fallback from OpenAI to modelFetch', () => {
  it('answers JSON, with the usage and the cost at the price of the provider', async () => {
    await primary.down()
    const answer = await harborWith().chat.completions.create({ ...CHAT, verbosity: 'low' })
    const receipt = receiptOf(answer)
    expect(answer.choices[0]?.message.content).toBeTruthy()
    expect(receipt).toMatchObject({ target: 'anthropic/claude-sonnet-4-6', guard: 'json' })
    expect(receipt?.usage?.inputTokens).toBe(answer.usage?.prompt_tokens)
    await expect.poll(() => receipt?.cost).toMatchObject({ price: 'list', listedBy: 'entry-name' })
    expect(receipt?.attempts.at(-1)?.adaptations).toEqual(['dropped verbosity'])
    await primary.up()
  })

  it('streams, with the usage and the cost', async () => {
    await primary.down()
    const stream = await harborWith().chat.completions.create({ ...CHAT, stream: true })
    let text = ''
    for await (const { choices } of stream) text += choices[0]?.delta.content ?? ''
    const receipt = receiptOf(stream)
    expect(text).not.toBe('')
    expect(receipt).toMatchObject({
      target: 'anthropic/claude-sonnet-4-6',
      guard: 'stream',
      outcome: 'success',
    })
    await expect.poll(() => receipt?.cost).toMatchObject({ price: 'list', listedBy: 'entry-name' })
    await primary.up()
  })

  it('goes on to the next target when a model cannot express the request', async () => {
    await primary.down()
    const answer = await harborWith().chat.completions.create({
      ...CHAT,
      response_format: { type: 'json_object' },
    })
    const receipt = receiptOf(answer)
    expect(receipt?.target).toBe('google/gemini-2.5-pro')
    expect(receipt?.attempts.map(({ failure }) => failure?.code)).toEqual([
      'ECONNREFUSED',
      'unsupported_by_model',
      undefined,
    ])
    await primary.up()
  })

  it('retries an overloaded provider, and honours its circuit like that of any other', async () => {
    claude.fail({ type: 'overloaded' })
    const harbor = harborWith({ maxRetries: 1 })
    const answer = await harbor.chat.completions.create({ ...CHAT, model: 'anthropic/claude-sonnet-4-6' })
    expect(receiptOf(answer)?.attempts.map(({ status }) => status)).toEqual([529, 200])
  })

  it('shows no key of the provider anywhere', async () => {
    claude.fail({ type: 'status', status: 401 })
    const error = await failureOf(
      harborWith().chat.completions.create({ ...CHAT, model: 'anthropic/claude-sonnet-4-6' }),
    )
    expect(error).toMatchObject({ status: 401 })
    expect(JSON.stringify([error, receiptOf(error), String(error)])).not.toContain('claude-key')
  })
})

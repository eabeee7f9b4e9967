import { createAnthropic } from '@ai-sdk/anthropic'
import { createGoogle } from '@ai-sdk/google'
import { Harbor, receiptOf } from '@harbor/core'
import { useProviders } from '@harbor/simulator/vitest'
import type OpenAI from 'openai'
import { describe, expect, it } from 'vitest'
import { modelFetch } from '../../src/index.ts'
import { failureOf } from './client.ts'

const { primary, claude, gemini } = useProviders({ primary: {}, claude: {}, gemini: {} })

const CLAUDE = 'anthropic/claude-sonnet-4-6'
const GEMINI = 'google/gemini-3-pro-preview'
const MODELS = ['gpt-4o-mini', CLAUDE, GEMINI] as const

function harborWith(fallback: Record<string, string[]> = { 'gpt-4o-mini': [CLAUDE, GEMINI] }): Harbor {
  const anthropic = createAnthropic({ baseURL: `${claude.url}/v1`, apiKey: 'k' })
  const google = createGoogle({ baseURL: `${gemini.url}/v1beta`, apiKey: 'k' })
  return new Harbor({
    apiKey: 'k',
    baseURL: primary.baseURL,
    maxRetries: 0,
    logLevel: 'off',
    providers: {
      anthropic: { apiKey: null, fetch: modelFetch((id) => anthropic(id)) },
      google: { apiKey: null, fetch: modelFetch((id) => google(id)) },
    },
    fallback,
  })
}

const tool = (name: string) => ({
  type: 'function' as const,
  function: { name, parameters: { type: 'object', properties: { port: { type: 'string' } } } },
})
const QUESTION = { role: 'user', content: 'Use tide and wind' } as const
const TOOLS = [tool('tide'), tool('wind')]
const HELLO = { model: 'gpt-4o-mini', messages: [{ role: 'user', content: 'Hello' }] } as const
const chat = { ...HELLO, messages: [...HELLO.messages] }

async function textOf(stream: AsyncIterable<OpenAI.ChatCompletionChunk>): Promise<string> {
  let text = ''
  for await (const { choices } of stream) text += choices[0]?.delta.content ?? ''
  return text
}

describe('a tool loop over modelFetch', () => {
  it.each(MODELS.flatMap((first) => MODELS.map((second) => [first, second] as const)))(
    'that begins at %s is continued at %s',
    async (first, second) => {
      const harbor = harborWith()
      const begun = await harbor.chat.completions.create({ model: first, messages: [QUESTION], tools: TOOLS })
      const [choice] = begun.choices
      const calls = choice?.message.tool_calls ?? []
      expect(calls).toHaveLength(2)
      const ended = await harbor.chat.completions.create({
        model: second,
        tools: TOOLS,
        messages: [
          QUESTION,
          ...(choice ? [choice.message] : []),
          ...calls.map(({ id }) => ({ role: 'tool' as const, tool_call_id: id, content: 'high' })),
        ],
      })
      expect(ended.choices[0]).toMatchObject({ finish_reason: 'stop' })
      expect(receiptOf(ended)?.attempts).toHaveLength(1)
    },
  )

  it('fails over in its middle, and goes back when the first model answers again', async () => {
    const harbor = harborWith()
    const messages: OpenAI.ChatCompletionMessageParam[] = [QUESTION]
    const targets: (string | undefined)[] = []
    for (const isDown of [false, true, false]) {
      if (isDown) await primary.down()
      const answer = await harbor.chat.completions.create({
        model: 'gpt-4o-mini',
        messages,
        tools: TOOLS,
        tool_choice: 'required',
      })
      const [choice] = answer.choices
      if (!choice) throw new Error('The answer has no choice.')
      targets.push(receiptOf(answer)?.target)
      messages.push(choice.message)
      for (const { id } of choice.message.tool_calls ?? [])
        messages.push({ role: 'tool', tool_call_id: id, content: 'high' })
      if (isDown) await primary.up()
    }
    expect(targets).toEqual(['openai/gpt-4o-mini', CLAUDE, 'openai/gpt-4o-mini'])
  })
})

describe('a stream of modelFetch in a chain', () => {
  it('that breaks before its first content is replaced by that of the next target', async () => {
    await primary.down()
    claude.fail({ type: 'stream-cut', afterEvents: 1 })
    const stream = await harborWith().chat.completions.create({ ...chat, stream: true })
    expect(await textOf(stream)).toContain('You asked')
    expect(receiptOf(stream)).toMatchObject({ target: GEMINI, possiblyBilled: 1 })
    await primary.up()
  })

  it('that breaks after its first content is a typed error, and calls no other target', async () => {
    await primary.down()
    claude.fail({ type: 'stream-cut', afterEvents: 7 })
    const stream = await harborWith().chat.completions.create({ ...chat, stream: true })
    expect(await failureOf(textOf(stream))).toMatchObject({ code: 'stream_incomplete' })
    expect(receiptOf(stream)).toMatchObject({ target: CLAUDE, outcome: 'failure' })
    expect(gemini.counts().calls).toBe(0)
    await primary.up()
  })

  it('that reports an overload before its first content is replaced', async () => {
    await primary.down()
    claude.fail({ type: 'stream-error', afterEvents: 2 })
    const stream = await harborWith().chat.completions.create({ ...chat, stream: true })
    expect(await textOf(stream)).toContain('You asked')
    expect(receiptOf(stream)?.attempts.map(({ failure }) => failure?.kind)).toEqual([
      'network',
      'server',
      undefined,
    ])
    await primary.up()
  })

  it('has the usage and the cost that the provider reports', async () => {
    const stream = await harborWith().chat.completions.create({
      ...chat,
      model: CLAUDE,
      stream: true,
      stream_options: { include_usage: true },
    })
    expect(await textOf(stream)).not.toBe('')
    const receipt = receiptOf(stream)
    await expect.poll(() => receipt?.cost).toMatchObject({ price: 'list', usage: 'reported' })
    expect(receipt?.usage?.outputTokens).toBeGreaterThan(0)
  })

  it('ends the call to the provider when its reader leaves', async () => {
    claude.fail({ type: 'stream-stall', afterEvents: 7 })
    const stream = await harborWith().chat.completions.create({ ...chat, model: CLAUDE, stream: true })
    for await (const { choices } of stream) if (choices[0]?.delta.content) break
    await claude.whenIdle()
    expect(claude.counts().aborts).toBe(1)
  })
})

describe('another kind of request to a target of modelFetch', () => {
  it.each<[string, (harbor: Harbor) => PromiseLike<unknown>]>([
    ['responses', (harbor) => harbor.responses.create({ model: 'gpt-4o-mini', input: 'x' })],
    ['embeddings', (harbor) => harbor.embeddings.create({ model: 'gpt-4o-mini', input: 'x' })],
  ])('goes on to the next target, and starts no cooldown for chat: %s', async (_, call) => {
    const harbor = harborWith({ 'gpt-4o-mini': [CLAUDE] })
    primary.fail({ type: 'status', status: 503 })
    const error = await failureOf(call(harbor))
    // The error of the provider says more than the refusal of the last target.
    expect(error).toMatchObject({ status: 503 })
    expect(receiptOf(error)?.attempts.map(({ failure }) => failure?.code)).toContain('unsupported_by_model')
    const answer = await harbor.chat.completions.create({ ...chat, model: CLAUDE })
    expect(receiptOf(answer)?.target).toBe(CLAUDE)
  })
})

import { createAnthropic } from '@ai-sdk/anthropic'
import { createGoogle } from '@ai-sdk/google'
import { createOpenAI } from '@ai-sdk/openai'
import type { LanguageModelV4, LanguageModelV4Message, LanguageModelV4Prompt } from '@ai-sdk/provider'
import { describe, expect, it } from 'vitest'

import { adaptPrompt, promptTarget } from '../src/prompt-marks/index.ts'

/** The body that a provider package sends for a prompt. The request itself is refused. */
async function bodyOf(
  make: (fetch: typeof globalThis.fetch) => LanguageModelV4,
  given: LanguageModelV4Prompt,
  adapted = true,
): Promise<string> {
  let body = ''
  const model = make((_input, init) => {
    body = typeof init?.body === 'string' ? init.body : ''
    return Promise.resolve(new Response('{}', { status: 400 }))
  })
  const prompt = adapted ? adaptPrompt(given, { to: promptTarget(model) }).prompt : given
  await Promise.resolve(model.doGenerate({ prompt })).catch(() => undefined)
  return body
}

const MODELS = {
  openai: (fetch: typeof globalThis.fetch) => createOpenAI({ apiKey: 'k', fetch }).responses('gpt-5'),
  chat: (fetch: typeof globalThis.fetch) => createOpenAI({ apiKey: 'k', fetch }).chat('gpt-5'),
  anthropic: (fetch: typeof globalThis.fetch) => createAnthropic({ apiKey: 'k', fetch })('claude-sonnet-4-6'),
  google: (fetch: typeof globalThis.fetch) => createGoogle({ apiKey: 'k', fetch })('gemini-3-pro-preview'),
}

type Assistant = Extract<LanguageModelV4Message, { role: 'assistant' }>['content']

/** A step of each vendor, with everything that only this vendor understands: `MARK` stands in all of it. */
const STEPS: Record<'openai' | 'anthropic' | 'google', Assistant> = {
  openai: [
    {
      type: 'reasoning',
      text: '',
      providerOptions: { openai: { itemId: 'rs_MARK', reasoningEncryptedContent: 'MARK' } },
    },
    {
      type: 'tool-call',
      toolCallId: 'ws_MARK',
      toolName: 'web_search',
      input: {},
      providerExecuted: true,
      providerOptions: { openai: { itemId: 'ws_MARK' } },
    },
    {
      type: 'tool-result',
      toolCallId: 'ws_MARK',
      toolName: 'web_search',
      output: { type: 'json', value: { found: 'Rome' } },
    },
    {
      type: 'tool-call',
      toolCallId: 'call|1',
      toolName: 'weather',
      input: { at: 'Rome' },
      providerOptions: { openai: { itemId: 'fc_MARK' } },
    },
  ],
  anthropic: [
    { type: 'reasoning', text: 'hm', providerOptions: { anthropic: { signature: 'MARK' } } },
    {
      type: 'tool-call',
      toolCallId: 'srvtoolu_MARK',
      toolName: 'web_search',
      input: {},
      providerExecuted: true,
    },
    {
      type: 'tool-result',
      toolCallId: 'srvtoolu_MARK',
      toolName: 'web_search',
      output: { type: 'json', value: [{ url: 'Rome', encryptedContent: 'MARK' }] },
    },
    { type: 'tool-call', toolCallId: 'toolu_1', toolName: 'weather', input: { at: 'Rome' } },
  ],
  google: [
    { type: 'reasoning', text: 'hm', providerOptions: { google: { thoughtSignature: 'MARK' } } },
    {
      type: 'tool-call',
      toolCallId: 'MARK',
      toolName: 'server:GOOGLE_SEARCH_WEB',
      input: {},
      providerExecuted: true,
      providerOptions: { google: { serverToolCallId: 'MARK', serverToolType: 'GOOGLE_SEARCH_WEB' } },
    },
    {
      type: 'tool-call',
      toolCallId: 'g1',
      toolName: 'weather',
      input: { at: 'Rome' },
      providerOptions: { google: { thoughtSignature: 'MARK' } },
    },
  ],
}

function loop(content: Assistant): LanguageModelV4Prompt {
  const call = content.at(-1)
  const toolCallId = call?.type === 'tool-call' ? call.toolCallId : ''
  return [
    { role: 'user', content: [{ type: 'text', text: 'Weather?' }] },
    { role: 'assistant', content },
    {
      role: 'tool',
      content: [
        {
          type: 'tool-result',
          toolCallId,
          toolName: 'weather',
          output: { type: 'json', value: { sky: 'clear' } },
        },
      ],
    },
  ]
}

const CROSSINGS = (['openai', 'anthropic', 'google'] as const).flatMap((from) =>
  (['openai', 'chat', 'anthropic', 'google'] as const)
    .filter((to) => to !== from && !(from === 'openai' && to === 'chat'))
    .map((to) => [from, to] as const),
)

describe('the request of a provider package for a tool loop of another vendor', () => {
  it.each(CROSSINGS)('has nothing that only %s understands when it is sent to %s', async (from, to) => {
    const body = await bodyOf(MODELS[to], loop(STEPS[from]))
    expect(body).toContain('clear')
    expect(body).toContain('weather')
    expect(body).not.toContain('MARK')
    expect(body).not.toContain('item_reference')
    if (to === 'google') expect(body.match(/skip_thought_signature_validator/g)).toHaveLength(1)
  })

  it.each(CROSSINGS)('pairs the call and its result from %s to %s', async (from, to) => {
    const body = await bodyOf(MODELS[to], loop(STEPS[from]))
    const ids = Array.from(
      body.matchAll(/"(?:call_id|tool_call_id|tool_use_id|id)":"([^"]+)"/g),
      ([, id]) => id,
    )
    expect(ids).toHaveLength(2)
    expect(new Set(ids).size).toBe(1)
    if (to === 'anthropic') expect(ids[0]).toMatch(/^[a-zA-Z0-9_-]+$/)
  })

  it('would refer to items of another vendor if the prompt were not adapted', async () => {
    expect(await bodyOf(MODELS.openai, loop(STEPS.anthropic), false)).toContain('srvtoolu_MARK')
  })

  it.each(['openai', 'anthropic', 'google'] as const)(
    'is the same with and without adapting at %s itself',
    async (name) => {
      expect(await bodyOf(MODELS[name], loop(STEPS[name]))).toBe(
        await bodyOf(MODELS[name], loop(STEPS[name]), false),
      )
    },
  )
})

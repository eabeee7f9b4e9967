import { createAnthropic } from '@ai-sdk/anthropic'
import { createGoogle } from '@ai-sdk/google'
import { createOpenAI } from '@ai-sdk/openai'
import OpenAI from 'openai'
import { describe, expect, it } from 'vitest'
import { modelFetch } from '../../src/index.ts'
import { failureOf, HELLO } from './client.ts'

/** An id of a database, with more digits than a JavaScript number keeps. */
const ARGUMENTS =
  '{"user":1234567890123456789,"low":-9007199254740993,"much":1e400,"usual":12,"large":1e20,"part":0.10000000000000001}'

/** The body that a provider's package sends for a conversation with this tool call. */
async function bodySent(arguments_: string, vendor: 'anthropic' | 'google' | 'openai'): Promise<string> {
  let body = ''
  const fetch = (_: unknown, init?: RequestInit) => {
    body = init?.body as string
    return Promise.resolve(new Response('{}', { status: 400 }))
  }
  const settings = { apiKey: 'none', baseURL: 'https://vendor.invalid/v1', fetch }
  const model = {
    anthropic: () => createAnthropic(settings)('claude-sonnet-4-6'),
    google: () => createGoogle(settings)('gemini-2.5-pro'),
    openai: () => createOpenAI(settings).chat('gpt-4o'),
  }[vendor]
  const call = { id: 'c1', type: 'function', function: { name: 'look', arguments: arguments_ } } as const
  const messages: OpenAI.ChatCompletionMessageParam[] = [
    ...HELLO.messages,
    { role: 'assistant', content: null, tool_calls: [call] },
    { role: 'tool', tool_call_id: 'c1', content: 'found' },
  ]
  const client = new OpenAI({ apiKey: 'none', maxRetries: 0, fetch: modelFetch(model) })
  await failureOf(client.chat.completions.create({ ...HELLO, messages }))
  return body
}

describe('the arguments of an earlier tool call', () => {
  it.each(['anthropic', 'google', 'openai'] as const)(
    'reach a model of @ai-sdk/%s with all digits of their numbers',
    async (vendor) => {
      const body = (await bodySent(ARGUMENTS, vendor)).replaceAll('\\"', '"')
      expect(body).toContain('"user":1234567890123456789')
      expect(body).toContain('"low":-9007199254740993')
      expect(body).toContain('"much":1e400')
      expect(body).toContain('"usual":12')
      expect(body).toContain('"part":0.1')
    },
  )
})

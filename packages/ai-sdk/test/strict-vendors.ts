import { createAnthropic } from '@ai-sdk/anthropic'
import { createGoogle } from '@ai-sdk/google'
import { createOpenAI } from '@ai-sdk/openai'
import type { LanguageModelV4 } from '@ai-sdk/provider'

/** What a vendor has written into its answers and accepts back: ids of items, signatures. */
type Issued = Set<string>
type Fields = Readonly<Record<string, unknown>>
/** Why a vendor refuses a request, in words; `undefined` if it does not. */
type Check = (body: Fields, issued: Issued) => string | undefined

/** The value that Google documents for a function call of another model. */
const UNSIGNED = 'skip_thought_signature_validator'
const MARKS = /"(?:id|signature|thoughtSignature|encrypted_content)":\s*"([^"]+)"/g

/**
 * Returns a `fetch` in front of a simulated provider that refuses what the real vendor refuses: marks that it did not write itself, calls
 * without their results, tool call ids of another form.
 */
function strictFetch(check: Check, sent: string[], issued: Issued = new Set()): typeof fetch {
  return async (input, init) => {
    const text = typeof init?.body === 'string' ? init.body : '{}'
    sent.push(text)
    const problem = check(JSON.parse(text) as Fields, issued)
    if (problem !== undefined)
      return Response.json({ error: { message: problem, type: 'invalid_request_error' } }, { status: 400 })
    const response = await fetch(input, init)
    const answer = await response.text()
    for (const [, mark = ''] of answer.matchAll(MARKS)) issued.add(mark)
    return new Response(answer, response)
  }
}

const listOf = (value: unknown): Fields[] => (Array.isArray(value) ? (value as Fields[]) : [])
const textOf = (value: unknown): string => (typeof value === 'string' ? value : '')
const different = (one: string[], other: string[]): boolean =>
  one.toSorted().join('\n') !== other.toSorted().join('\n')

const responsesCheck: Check = ({ input }, issued) => {
  const items = listOf(input)
  for (const { id, encrypted_content: encrypted } of items)
    for (const mark of [id, encrypted])
      if (mark !== undefined && mark !== null && !issued.has(textOf(mark)))
        return `Item with id '${textOf(mark)}' not found.`
  const of = (type: string) =>
    items.filter((item) => item['type'] === type).map((item) => textOf(item['call_id']))
  const referenced = items.filter((item) => item['type'] === 'item_reference').length
  if (referenced === 0 && different(of('function_call'), of('function_call_output')))
    return 'No tool output found for function call.'
  return of('function_call').some((id) => id.length > 64) ? "Invalid 'call_id': string too long." : undefined
}

const chatCheck: Check = ({ messages }) => {
  const all = listOf(messages)
  const calls = all.flatMap((message) => listOf(message['tool_calls']).map((call) => textOf(call['id'])))
  const results = all.flatMap((message) =>
    message['role'] === 'tool' ? [textOf(message['tool_call_id'])] : [],
  )
  if (different(calls, results))
    return 'An assistant message with tool_calls must be followed by tool messages.'
  return calls.some((id) => id.length > 40) ? 'string too long' : undefined
}

const messagesCheck: Check = ({ messages }, issued) => {
  const blocks = listOf(messages).map((message) => listOf(message['content']))
  for (const [at, content] of blocks.entries()) {
    const calls = content.flatMap((block) => (block['type'] === 'tool_use' ? [textOf(block['id'])] : []))
    const results = (blocks[at + 1] ?? []).flatMap((block) =>
      block['type'] === 'tool_result' ? [textOf(block['tool_use_id'])] : [],
    )
    if (calls.length > 0 && different(calls, results))
      return '`tool_use` ids were found without `tool_result` blocks'
    if (calls.some((id) => !/^[a-zA-Z0-9_-]+$/.test(id))) return 'String should match pattern'
    for (const block of content) {
      if (block['type'] === 'thinking' && !issued.has(textOf(block['signature'])))
        return 'Invalid `signature` in `thinking` block'
      if (block['type'] === 'text' && block['text'] === '') return 'text content blocks must be non-empty'
    }
  }
  return undefined
}

const geminiCheck: Check = ({ contents }, issued) => {
  const all = listOf(contents).map((content) => listOf(content['parts']))
  for (const [at, parts] of all.entries()) {
    const calls = parts.filter((part) => part['functionCall'] !== undefined)
    const results = (all[at + 1] ?? []).filter((part) => part['functionResponse'] !== undefined)
    if (calls.length > 0 && calls.length !== results.length)
      return 'the number of function response parts is not that of the calls'
    const signature = textOf(calls[0]?.['thoughtSignature'])
    if (calls.length > 0 && signature === '') return 'Function call is missing a thought_signature'
    for (const part of parts) {
      const mark = textOf(part['thoughtSignature'])
      if (mark !== '' && mark !== UNSIGNED && !issued.has(mark)) return 'Thought signature is not valid'
    }
  }
  return undefined
}

interface Address {
  readonly baseURL: string
  readonly url: string
}

/** Makes a model of a real provider package, in front of a simulated provider that is as strict as the vendor. */
type Make = (address: Address, sent: string[], issued?: Issued) => LanguageModelV4

export const STRICT: Readonly<Record<'responses' | 'chat' | 'anthropic' | 'google', Make>> = {
  responses: ({ baseURL }, sent, issued) =>
    createOpenAI({ baseURL, apiKey: 'sk-secret', fetch: strictFetch(responsesCheck, sent, issued) })(
      'gpt-5-reason',
    ),
  chat: ({ baseURL }, sent, issued) =>
    createOpenAI({ baseURL, apiKey: 'sk-secret', fetch: strictFetch(chatCheck, sent, issued) }).chat(
      'gpt-5-reason',
    ),
  anthropic: ({ baseURL }, sent, issued) =>
    createAnthropic({ baseURL, apiKey: 'sk-secret', fetch: strictFetch(messagesCheck, sent, issued) })(
      'claude-sonnet-4-6',
    ),
  google: ({ url }, sent, issued) =>
    createGoogle({
      baseURL: `${url}/v1beta`,
      apiKey: 'sk-secret',
      fetch: strictFetch(geminiCheck, sent, issued),
    })('gemini-3-pro-preview'),
}

/** Turns on the thinking of every vendor. */
export const THINKING = {
  anthropic: { thinking: { type: 'enabled' as const, budgetTokens: 1_024 } },
  google: { thinkingConfig: { includeThoughts: true } },
  openai: { reasoningEffort: 'medium' as const },
}

/** The same models without the strictness, whose streams arrive as the provider sends them. */
export const PLAIN: Readonly<Record<keyof typeof STRICT, (address: Address) => LanguageModelV4>> = {
  responses: ({ baseURL }) => createOpenAI({ baseURL, apiKey: 'sk-secret' })('gpt-5-reason'),
  chat: ({ baseURL }) => createOpenAI({ baseURL, apiKey: 'sk-secret' }).chat('gpt-5'),
  anthropic: ({ baseURL }) => createAnthropic({ baseURL, apiKey: 'sk-secret' })('claude-sonnet-4-6'),
  google: ({ url }) => createGoogle({ baseURL: `${url}/v1beta`, apiKey: 'sk-secret' })('gemini-2.5-pro'),
}

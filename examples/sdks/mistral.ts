/**
 * Mistral's SDK over Harbor.
 *
 * Scenario: a provider that is overloaded at first, that goes down between two steps of a loop of tools, that ends a stream too early but in
 * good order, and that does not answer before the caller aborts.
 *
 *     pnpm example sdks/mistral
 */
import { createHarborFetch } from '@harbor/core'
import { startSimulator } from '@harbor/simulator'
import { HTTPClient, Mistral } from '@mistralai/mistralai'
import type { ChatCompletionRequest } from '@mistralai/mistralai/models/components'
import { abortOnceCalled } from '../lib/abort-once-called.ts'
import { printReceipts } from '../lib/print-receipts.ts'

const simulator = await startSimulator({ providers: { openai: {}, backup: {} } })
const [primary, backup] = [simulator.provider('openai'), simulator.provider('backup')]
const price = { inputPerMillion: 0.4, outputPerMillion: 1.6 }

const fetch = createHarborFetch({
  providers: { backup: { apiKey: 'simulated', baseURL: backup.baseURL } },
  fallback: ['backup/mistral-small-latest'],
  models: { 'mistral-small-latest': { price }, 'backup/mistral-small-latest': { price } },
  retry: { baseDelayMs: 100 },
})
printReceipts(fetch)
// The SDK does not retry unless `retryConfig` is set: leave that out.
const httpClient = new HTTPClient({ fetcher: fetch })
const mistral = new Mistral({ apiKey: 'simulated', serverURL: primary.url, httpClient })
const parameters = { type: 'object', properties: { city: { type: 'string' } } }
const request: ChatCompletionRequest = {
  model: 'mistral-small-latest',
  messages: [{ role: 'user', content: 'What is the weather in Hamburg?' }],
  tools: [{ type: 'function', function: { name: 'weather', parameters } }],
}

/** The content is text or, with images and the like, a list. */
const textOf = (content: unknown) => (typeof content === 'string' ? content : '')

console.log('🌬️  Overloaded at first: tried again')
primary.fail({ type: 'overloaded' })
const message = (await mistral.chat.complete(request)).choices[0]?.message
if (!message) throw new Error('No answer')

console.log('🌬️  Down between two steps of a loop of tools: the backup continues')
request.messages.push({ ...message, role: 'assistant' })
for (const call of message.toolCalls ?? [])
  request.messages.push({ role: 'tool', toolCallId: call.id, content: 'Sunny' })
primary.script({ rules: [{ fault: { type: 'status', status: 503 } }] })
const answer = await mistral.chat.complete(request)
console.log(`   ${request.messages.length} messages, then “${textOf(answer.choices[0]?.message?.content)}”`)

console.log('🌬️  A stream that ends too early, in good order')
primary.script({ rules: [{ fault: { type: 'stream-end', afterEvents: 4 } }] })
let text = ''
const story = { ...request, messages: [{ role: 'user' as const, content: 'Tell me a story.' }] }
try {
  for await (const { data } of await mistral.chat.stream(story))
    text += textOf(data.choices[0]?.delta.content)
} catch (error) {
  // This SDK knows no errors in a stream: it fails to read Harbor's.
  console.log(`   “${text}…” and ${error instanceof Error ? error.name : String(error)}`)
}

console.log('🌬️  An abort reaches the provider')
primary.reset()
primary.fail({ type: 'hang' })
await mistral.chat
  .complete(story, { fetchOptions: { signal: abortOnceCalled(primary) } })
  .catch((error: unknown) => {
    console.log(`   ${String(error)}`)
  })
await primary.whenIdle()
console.log(`   the provider saw ${primary.counts().aborts} abort`)
await fetch.close()
await simulator.close()

/**
 * LlamaIndex over Harbor.
 *
 * Scenario: a provider that is overloaded at first, that goes down between two steps of a loop of tools, and that ends a stream too early but
 * in good order. `chat()` takes no signal, so nothing can be aborted.
 *
 *     pnpm example sdks/llamaindex
 */
import { createHarborFetch } from '@harbor/core'
import { startSimulator } from '@harbor/simulator'
import { OpenAI } from '@llamaindex/openai'
import { printReceipts } from '../lib/print-receipts.ts'

const simulator = await startSimulator({ providers: { openai: {}, backup: {} } })
const [primary, backup] = [simulator.provider('openai'), simulator.provider('backup')]
const price = { inputPerMillion: 0.4, outputPerMillion: 1.6 }

const fetch = createHarborFetch({
  providers: { backup: { apiKey: 'simulated', baseURL: backup.baseURL } },
  fallback: ['backup/gpt-4.1-mini'],
  models: { 'gpt-4.1-mini': { price }, 'backup/gpt-4.1-mini': { price } },
  retry: { baseDelayMs: 100 },
})
printReceipts(fetch)
const llm = new OpenAI({
  model: 'gpt-4.1-mini',
  apiKey: 'simulated',
  baseURL: primary.baseURL,
  maxRetries: 0, // ten, unless you say otherwise
  additionalSessionOptions: { fetch },
})
const parameters = {
  type: 'object' as const,
  properties: { city: { type: 'string' as const } },
  required: ['city'],
}
const weather = {
  metadata: { name: 'weather', description: 'The weather in a city', parameters },
  call: () => 'Sunny',
}
const question = { role: 'user' as const, content: 'What is the weather in Hamburg?' }

console.log('🦙 Overloaded at first: tried again. Down after the first step: the backup continues')
primary.fail({ type: 'overloaded' })
primary.script({ rules: [{ when: { call: { from: 3 } }, fault: { type: 'status', status: 503 } }] })
const { newMessages } = await llm.exec({ messages: [question], tools: [weather] })
const answer = await llm.chat({ messages: [question, ...newMessages] })
console.log(
  `   ${newMessages.length} messages, then “${JSON.stringify(answer.message.content).slice(1, -1)}”`,
)

console.log('🦙 A stream that ends too early, in good order')
primary.script({ rules: [{ fault: { type: 'stream-end', afterEvents: 4 } }] })
let text = ''
try {
  const messages = [{ role: 'user' as const, content: 'Tell me a story.' }]
  for await (const { delta } of await llm.chat({ messages, stream: true })) text += delta
} catch (error) {
  console.log(`   “${text}…” and ${String(error)}`)
}

await fetch.close()
await simulator.close()

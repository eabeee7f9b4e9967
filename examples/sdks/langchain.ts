/**
 * LangChain over Harbor.
 *
 * Scenario: a provider that is overloaded at first, that goes down between two steps of a loop of tools, that ends a stream too early but in
 * good order, and that does not answer before the caller aborts.
 *
 *     pnpm example sdks/langchain
 */
import { createHarborFetch } from '@harbor/core'
import { startSimulator } from '@harbor/simulator'
import { HumanMessage, type BaseMessageLike } from '@langchain/core/messages'
import { tool } from '@langchain/core/tools'
import { ChatOpenAI } from '@langchain/openai'
import { z } from 'zod'
import { abortOnceCalled } from '../lib/abort-once-called.ts'
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
const model = new ChatOpenAI({
  model: 'gpt-4.1-mini',
  apiKey: 'simulated',
  maxRetries: 0, // LangChain's own six; those of the OpenAI SDK under it are off
  configuration: { baseURL: primary.baseURL, fetch },
})

console.log('🦜 Overloaded at first: tried again')
primary.fail({ type: 'overloaded' })
const schema = z.object({ city: z.string() })
const weather = tool(({ city }) => `Sunny in ${city}`, { name: 'weather', description: 'Of a city', schema })
const messages: BaseMessageLike[] = [new HumanMessage('What is the weather in Hamburg?')]
const step = await model.bindTools([weather]).invoke(messages)

console.log('🦜 Down between two steps of a loop of tools: the backup continues')
messages.push(step)
for (const call of step.tool_calls ?? []) messages.push(await weather.invoke({ ...call, type: 'tool_call' }))
primary.script({ rules: [{ fault: { type: 'status', status: 503 } }] })
console.log(`   ${messages.length} messages, then “${(await model.invoke(messages)).text}”`)

console.log('🦜 A stream that ends too early, in good order')
primary.script({ rules: [{ fault: { type: 'stream-end', afterEvents: 4 } }] })
let text = ''
try {
  for await (const chunk of await model.stream('Tell me a story.')) text += chunk.text
} catch (error) {
  console.log(`   “${text}…” and ${String(error)}`)
}

console.log('🦜 An abort reaches the provider')
primary.reset()
primary.fail({ type: 'hang' })
await model.invoke('Say hello.', { signal: abortOnceCalled(primary) }).catch((error: unknown) => {
  console.log(`   ${String(error)}`)
})
await primary.whenIdle()
console.log(`   the provider saw ${primary.counts().aborts} abort`)
await fetch.close()
await simulator.close()

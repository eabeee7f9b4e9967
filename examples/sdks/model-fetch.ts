/**
 * The provider packages of the AI SDK behind the OpenAI client.
 *
 * Scenario: an OpenAI client whose provider is overloaded at first, then down: Claude and Gemini answer, each through its own API. Then a
 * request that Claude cannot express, a stream that ends too early but in good order, and an abort.
 *
 *     pnpm example sdks/model-fetch
 */
import { createAnthropic } from '@ai-sdk/anthropic'
import { createGoogleGenerativeAI } from '@ai-sdk/google'
import { modelFetch } from '@harbor/ai-sdk'
import { Harbor, receiptOf } from '@harbor/core'
import { startSimulator } from '@harbor/simulator'
import { abortOnceCalled } from '../lib/abort-once-called.ts'
import { printReceipts } from '../lib/print-receipts.ts'

const simulator = await startSimulator({ providers: { openai: {}, anthropic: {}, google: {} } })
const [primary, claude, gemini] = ['openai', 'anthropic', 'google'].map((name) => simulator.provider(name))
if (!primary || !claude || !gemini) throw new Error('Three providers are needed.')
const anthropic = createAnthropic({ apiKey: 'simulated', baseURL: claude.baseURL })
const google = createGoogleGenerativeAI({ apiKey: 'simulated', baseURL: `${gemini.url}/v1beta` })

const harbor = new Harbor({
  apiKey: 'simulated',
  baseURL: primary.baseURL,
  providers: {
    anthropic: { apiKey: null, fetch: modelFetch((id) => anthropic(id)) },
    google: { apiKey: null, fetch: modelFetch((id) => google(id)) },
  },
  fallback: { 'gpt-4.1-mini': ['anthropic/claude-haiku-4-5', 'google/gemini-2.5-flash'] },
  models: {
    'gpt-4.1-mini': { price: { inputPerMillion: 0.4, outputPerMillion: 1.6 } },
    'anthropic/claude-haiku-4-5': { price: { inputPerMillion: 1, outputPerMillion: 5 } },
    'google/gemini-2.5-flash': { price: { inputPerMillion: 0.3, outputPerMillion: 2.5 } },
  },
  retry: { baseDelayMs: 100 },
  breaker: false, // so that each part of this program begins at the same target
})
printReceipts(harbor)
const messages = [{ role: 'user' as const, content: 'What is the weather in Hamburg?' }]
const question = { model: 'gpt-4.1-mini', messages }

console.log('🔁 Overloaded at first: tried again')
primary.fail({ type: 'overloaded' })
await harbor.chat.completions.create(question)

console.log('🔁 Down: Claude answers, with tool calls in the format of OpenAI')
primary.script({ rules: [{ fault: { type: 'status', status: 503 } }] })
const parameters = { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] }
const answer = await harbor.chat.completions.create({
  ...question,
  tools: [{ type: 'function', function: { name: 'weather', parameters } }],
})
const [call] = answer.choices[0]?.message.tool_calls ?? []
console.log(
  `   ${call?.type === 'function' ? `${call.function.name}(${call.function.arguments})` : 'no call'}`,
)

console.log('🔁 Claude is down, too: Gemini streams')
claude.script({ rules: [{ fault: { type: 'overloaded' } }] })
let text = ''
for await (const chunk of await harbor.chat.completions.create({ ...question, stream: true }))
  text += chunk.choices[0]?.delta.content ?? ''
console.log(`   “${text.slice(0, 30)}…”`)

console.log('🔁 What no fallback can express is refused by name, without a request')
claude.reset()
gemini.reset()
await harbor.chat.completions.create({ ...question, n: 2 }).catch((error: unknown) => {
  console.log(`   ${String(error)}`)
  for (const { target, failure } of receiptOf(error)?.attempts ?? [])
    console.log(`   ${target}: ${failure?.code ?? failure?.kind}`)
})
console.log(`   Anthropic saw ${claude.counts().calls} requests, Google ${gemini.counts().calls}`)

console.log('🔁 A stream that ends too early, in good order')
claude.script({ rules: [{ fault: { type: 'stream-end', afterEvents: 6 } }] })
text = ''
try {
  for await (const chunk of await harbor.chat.completions.create({ ...question, stream: true }))
    text += chunk.choices[0]?.delta.content ?? ''
} catch (error) {
  console.log(`   “${text.slice(0, 30)}…” and ${String(error)}`)
}

console.log('🔁 An abort reaches the provider')
claude.reset()
claude.fail({ type: 'hang' })
await harbor.chat.completions
  .create(question, { signal: abortOnceCalled(claude) })
  .catch((error: unknown) => {
    console.log(`   ${String(error)}`)
  })
await claude.whenIdle()
console.log(`   the provider saw ${claude.counts().aborts} abort`)
await harbor.close()
await simulator.close()

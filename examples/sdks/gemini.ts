/**
 * Google's SDK for Gemini over Harbor.
 *
 * Scenario: a project whose quota of the minute, then of the day is used up, and a stream that ends too early but in good order. Over
 * Harbor a quota of the minute is waited for as long as Google says, a quota of the day is not asked for again, another provider takes
 * over, and a stream is whole or ends with the SDK's own error.
 *
 *     pnpm example sdks/gemini
 */
import { ApiError, GoogleGenAI } from '@google/genai'
import { createHarborFetch } from '@harbor/core'
import { startSimulator } from '@harbor/simulator'

const simulator = await startSimulator({ providers: { google: {}, backup: {} } })
const [primary, backup] = [simulator.provider('google'), simulator.provider('backup')]

const fetch = createHarborFetch({
  providers: { backup: { kind: 'google', apiKey: 'simulated', baseURL: backup.url } },
  fallback: ['backup/gemini-2.5-flash'], // a hop rewrites the model in the path
})
fetch.on('end', ({ receipt }) => {
  const attempts = receipt.attempts.map(({ target, failure }) => `${target} ${failure?.kind ?? 'ok'}`)
  console.log(`   ${attempts.join(' → ')}: ${receipt.outcome}, $${receipt.cost?.usd.toFixed(6) ?? '?'}`)
})
// The SDK does not retry by default: leave `retryOptions` out.
const overHarbor = new GoogleGenAI({ apiKey: 'simulated', httpOptions: { baseUrl: primary.url, fetch } })
const bare = new GoogleGenAI({ apiKey: 'simulated', httpOptions: { baseUrl: primary.url } })

const request = { model: 'gemini-2.5-pro', contents: 'Tell me a story in ten words.' }

/** Reads a stream as most programs do, and says what they believe to have got. */
async function listen(client: GoogleGenAI): Promise<string> {
  let text = ''
  try {
    for await (const chunk of await client.models.generateContentStream(request)) text += chunk.text ?? ''
    return `“${text}”`
  } catch (error) {
    return `“${text}…” and ${error instanceof ApiError ? `ApiError ${error.status}` : String(error)}`
  }
}

console.log('🌗 A stream that ends too early, in good order')
primary.script({ rules: [{ fault: { type: 'stream-end', afterEvents: 4 } }] })
console.log(`   bare SDK: ${await listen(bare)}`)
console.log(`   Harbor:   ${await listen(overHarbor)}`)

console.log('🌗 A prompt that is blocked: an answer, not a failure')
primary.script({})
primary.fail({ type: 'blocked-prompt' })
const { promptFeedback } = await overHarbor.models.generateContent(request)
console.log(`   blockReason: ${promptFeedback?.blockReason}`)

console.log('🌗 The quota of the day is used up (429): asked once, the backup answers')
primary.script({ rules: [{ fault: { type: 'quota', per: 'day' } }] })
await overHarbor.models.generateContent(request)
console.log('🌗 The next call leaves the used-up quota alone')
await overHarbor.models.generateContent(request)

const { spentUsd, unpricedCalls } = fetch.stats().cost
console.log(`💰 spent $${spentUsd.toFixed(6)}; ${unpricedCalls} answers without a known price`)
await fetch.close()
await simulator.close()

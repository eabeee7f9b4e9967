/**
 * Anthropic's SDK over Harbor.
 *
 * Scenario: a provider of Claude that is overloaded, then ends a stream too early but in good order; then the account's spend limit is reached. The bare
 * SDK takes half a story for a whole one. Over Harbor a stream is whole or ends with the SDK's own error, and another provider takes over.
 *
 *     pnpm example sdks/anthropic
 */
import Anthropic from '@anthropic-ai/sdk'
import { createHarborFetch } from '@harbor/core'
import { startSimulator } from '@harbor/simulator'

const simulator = await startSimulator({ providers: { anthropic: {}, backup: {} } })
const [primary, backup] = [simulator.provider('anthropic'), simulator.provider('backup')]

const fetch = createHarborFetch({
  providers: { backup: { kind: 'anthropic', apiKey: 'simulated', baseURL: backup.url } },
  fallback: ['backup/claude-sonnet-4-6'],
  retry: { baseDelayMs: 100 },
})
fetch.on('end', ({ receipt }) => {
  const attempts = receipt.attempts.map(({ target, failure }) => `${target} ${failure?.kind ?? 'ok'}`)
  console.log(`   ${attempts.join(' → ')}: ${receipt.outcome}, $${receipt.cost?.usd.toFixed(6) ?? '?'}`)
})
const common = { apiKey: 'simulated', baseURL: primary.url, logLevel: 'off' } as const
const overHarbor = new Anthropic({ ...common, fetch, maxRetries: 0 }) // only one place should retry
const bare = new Anthropic(common)

const request = {
  model: 'claude-sonnet-4-6',
  max_tokens: 200,
  messages: [{ role: 'user' as const, content: 'Tell me a story in ten words.' }],
}

/** Reads a stream as most programs do, and says what they believe to have got. */
async function listen(client: Anthropic): Promise<string> {
  let text = ''
  try {
    for await (const event of await client.messages.create({ ...request, stream: true }))
      if (event.type === 'content_block_delta' && event.delta.type === 'text_delta') text += event.delta.text
    return `“${text}”`
  } catch (error) {
    return `“${text}…” and ${error instanceof Anthropic.APIError ? error.message : String(error)}`
  }
}

console.log('🏔️  Overloaded at first (529): tried again')
primary.fail({ type: 'overloaded' })
await overHarbor.messages.create(request)

console.log('🏔️  A stream that reports an overload before its first word: the backup answers')
primary.script({ rules: [{ fault: { type: 'stream-error', afterEvents: 1, code: 'overloaded_error' } }] })
console.log(`   ${await listen(overHarbor)}`)

console.log('🏔️  A stream that ends too early, in good order')
primary.script({ rules: [{ fault: { type: 'stream-end', afterEvents: 7 } }] })
console.log(`   bare SDK: ${await listen(bare)}`)
console.log(`   Harbor:   ${await listen(overHarbor)}`)

console.log('🏔️  The spend limit of the account is reached (429): not tried again, the backup answers')
primary.script({ rules: [{ fault: { type: 'spend-limit' } }] })
await overHarbor.messages.create(request)

const { spentUsd, unpricedCalls } = fetch.stats().cost
console.log(`💰 spent $${spentUsd.toFixed(6)}; ${unpricedCalls} answers without a known price`)
await fetch.close()
await simulator.close()

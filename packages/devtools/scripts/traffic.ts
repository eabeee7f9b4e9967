import { consecutive, Harbor, perCall } from '@harbor/core'
import { startSimulator } from '@harbor/simulator'
import { setTimeout as wait } from 'node:timers/promises'

/** Simulated providers and a client that has everything the page shows: retries, fallbacks, hedges, limits, a cache, open circuits, failures. */
export async function startTraffic(): Promise<Traffic> {
  const simulator = await startSimulator({
    seed: 7,
    providers: {
      openai: {
        latency: { mean: 260, sigma: 0.5 },
        tokenMs: 8,
        rules: [
          { when: { model: 'gpt-old' }, fault: { type: 'status', status: 404 } },
          { when: { windowMs: { from: 4_000, to: 5_500 } }, fault: { type: 'status', status: 503 } },
          { when: { probability: 0.08 }, fault: { type: 'status', status: 500 } },
          { when: { probability: 0.03 }, fault: { type: 'status', status: 429, retryAfter: '1' } },
          { when: { probability: 0.06 }, fault: { type: 'delay', ms: 1_400 } },
        ],
      },
      azure: { latency: { mean: 190, sigma: 0.4 }, tokenMs: 6 },
      small: { rules: [{ when: { call: { from: 3 } }, fault: { type: 'status', status: 503 } }] },
      limited: { latency: { mean: 90, sigma: 0.3 } },
    },
  })
  const at = (name: string) => ({
    apiKey: `sk-${name}-planted-key`,
    baseURL: simulator.provider(name).baseURL,
  })
  const price = { inputPerMillion: 2, outputPerMillion: 8 }
  const harbor = new Harbor({
    ...at('openai'),
    providers: {
      azure: at('azure'),
      small: at('small'),
      limited: { ...at('limited'), limits: { requestsPerMinute: 50, safety: 1 } },
    },
    fallback: { 'gpt-5': ['azure/gpt-5'], 'small/gpt-5-nano': ['azure/gpt-5'] },
    models: {
      'gpt-5': { price },
      'azure/gpt-5': { price },
      'small/gpt-5-nano': { price },
      'limited/gpt-5-mini': { price },
    },
    retry: { baseDelayMs: 250 },
    breaker: { trip: consecutive(3), openForMs: 3_000 },
    hedge: { afterMs: 700, maxExtraRatio: 1 },
    cache: { ttlMs: 60_000 },
    timeouts: { attemptMs: 1_200 },
    labels: { app: 'shop' },
    spendLimit: { usd: 2, per: 'day', by: 'tenant', unpriced: 'allow' },
    logLevel: 'off',
  })
  return {
    harbor,
    close: () => Promise.all([harbor.close({ graceMs: 0 }), simulator.close()]).then(() => undefined),
  }
}

export interface Traffic {
  readonly harbor: Harbor
  close(): Promise<void>
}

const TENANTS = ['acme', 'globex', 'initech']
const QUESTIONS = [
  'What is a harbour?',
  'Name three lighthouses.',
  'How deep is a port?',
  'Who builds ships?',
]

/** Makes calls of all kinds, a few at a time. @param calls the number of calls */
export async function makeCalls(harbor: Harbor, calls: number, pauseMs = 60): Promise<void> {
  const all: Promise<unknown>[] = []
  for (let index = 0; index < calls; index++) {
    all.push(call(harbor, index).catch(() => undefined))
    await wait(pauseMs)
  }
  await Promise.all(all)
}

async function call(harbor: Harbor, index: number): Promise<unknown> {
  const labels = { tenant: TENANTS[index % 3] ?? '', feature: index % 2 === 0 ? 'search' : 'chat' }
  const content = QUESTIONS[index % QUESTIONS.length] ?? ''
  const messages = [{ role: 'user' as const, content: index % 4 === 0 ? content : `${content} (${index})` }]
  const options = perCall({ labels })
  if (index % 11 === 5)
    return harbor.chat.completions.create({ model: 'small/gpt-5-nano', messages }, options)
  if (index % 13 === 7)
    return harbor.chat.completions.create({ model: 'limited/gpt-5-mini', messages }, options)
  if (index % 29 === 20) return harbor.chat.completions.create({ model: 'gpt-old', messages }, options)
  if (index % 3 !== 1)
    return harbor.chat.completions.create({ model: 'gpt-5', messages, temperature: 0 }, options)
  const stream = await harbor.chat.completions.create({ model: 'gpt-5', messages, stream: true }, options)
  let chunks = 0
  for await (const _ of stream) chunks++
  return chunks
}

/**
 * Fault tolerance and retries.
 *
 * Scenario: an application calls a model over a network that drops connections, through a provider that answers 500,
 * 429, or nothing at all, and goes down. Its users should notice none of it. For streams see broken-streams.ts.
 *
 *     pnpm demo                        against the simulator: no key, no network
 *     OPENAI_API_KEY=… pnpm demo       against a real provider (OPENAI_BASE_URL, HARBOR_MODEL)
 */
import { consecutive, Harbor, type HarborOptions, type HarborStats } from '@harbor/core'
import { startSimulator, type Fault, type Rule } from '@harbor/simulator'
import { setTimeout } from 'node:timers/promises'
import OpenAI from 'openai'

// ── Configuration ─────────────────────────────────────────────────────────────────────────────────

/** Three attempts; 1 s before the second, twice as long before the third, at most 60 s, spread by chance. */
const RETRY = { maxAttempts: 3, baseDelayMs: 1_000, maxDelayMs: 60_000, factor: 2, jitter: true } as const
/** Against the simulator both clients begin with the half second that the bare SDK has built in. */
const SIMULATED_RETRY = { ...RETRY, baseDelayMs: 500 }
/** A call may take 5 s in all, one attempt 250 ms. */
const PATIENCE = { timeout: 5_000, timeouts: { attemptMs: 250 } }

/** The circuit opens at the first failure, and 20 times a second the provider is asked whether it is back. */
const CIRCUIT: HarborOptions = {
  retry: false,
  breaker: { trip: consecutive(1) },
  health: { checkIntervalMs: 50 },
}

const model = process.env['HARBOR_MODEL'] ?? 'gpt-4o-mini'
const question = { model, messages: [{ role: 'user' as const, content: 'Say hello in five words.' }] }

// ── What the provider does wrong ──────────────────────────────────────────────────────────────────

const sometimes = (probability: number, fault: Fault): Rule => ({ when: { probability }, fault })
const FLAKY = [
  sometimes(0.05, { type: 'status', status: 500 }),
  sometimes(0.04, { type: 'status', status: 429, retryAfter: 40 }),
  sometimes(0.03, { type: 'reset', when: 'before-headers' }),
  sometimes(0.03, { type: 'error-200', code: 'server_error' }),
]
const HANGING: Rule[] = [{ when: { every: 6 }, fault: { type: 'hang' } }]
const DOWN: Rule[] = [{ when: { windowMs: { from: 0, to: 300 } }, fault: { type: 'status', status: 503 } }]

// ── Demonstration ─────────────────────────────────────────────────────────────────────────────────

/** The same work against the same faults: through Harbor, and through the SDK as it comes. */
async function compare<R>(
  rules: readonly Rule[],
  options: HarborOptions,
  work: (client: OpenAI) => Promise<R>,
) {
  const simulator = await startSimulator({ providers: { harbor: { rules }, bare: { rules } }, seed: 7 })
  const baseURL = (name: string): string => simulator.provider(name).baseURL
  const common = { apiKey: 'simulated', logLevel: 'off' } as const
  const harbor = new Harbor({ ...common, baseURL: baseURL('harbor'), retry: SIMULATED_RETRY, ...options })
  // The SDK knows one limit of time, and it is per attempt.
  const sdk = new OpenAI({
    ...common,
    baseURL: baseURL('bare'),
    timeout: options.timeouts ? PATIENCE.timeouts.attemptMs : undefined,
  })
  const [withHarbor, bare] = await Promise.all([work(harbor), work(sdk)])
  const stats = harbor.stats()
  await harbor.close()
  await simulator.close()
  return { withHarbor, bare, stats }
}

/** Which share of the calls brought an answer with text in it, and how long those took on average. */
async function ask(client: OpenAI, calls: number): Promise<{ rate: number; meanMs: number }> {
  const tookMs: number[] = []
  async function askOnce(): Promise<void> {
    const startedAt = performance.now()
    const answer: Partial<OpenAI.ChatCompletion> = await client.chat.completions.create(question)
    if (answer.choices?.[0]?.message.content) tookMs.push(performance.now() - startedAt)
  }
  await Promise.allSettled(Array.from({ length: calls }, askOnce))
  return { rate: tookMs.length / calls, meanMs: tookMs.reduce((sum, ms) => sum + ms, 0) / tookMs.length }
}

/** Calls until one is answered, and how many of those before it the provider never saw. */
async function askUntilAnswered(client: OpenAI): Promise<string> {
  for (let calls = 1, refused = 0; ; calls++) {
    try {
      await client.chat.completions.create(question)
      return `${refused} of ${calls} calls refused at once`
    } catch (error) {
      if ((error as { code?: string }).code === 'breaker_open') refused++
      await setTimeout(10)
    }
  }
}

async function simulated(): Promise<void> {
  const basic = await compare(FLAKY, {}, (client) => ask(client, 50))
  console.log(`✅ Basic retry - success rate: ${percent(basic.withHarbor.rate)}`)
  console.log(`   bare SDK, same faults: ${percent(basic.bare.rate)}`)

  const down = await compare(DOWN, CIRCUIT, askUntilAnswered)
  const [target] = Object.values(down.stats.targets)
  console.log(`🔧 Circuit breaker - ${down.withHarbor}, state: ${target?.state.toUpperCase() ?? '-'}`)
  console.log(`💓 Health check - provider: ${target?.available ? 'available again' : 'unavailable'}`)

  const slow = await compare(HANGING, PATIENCE, (client) => ask(client, 20))
  console.log(
    `⏱️  Timeouts - mean response time: ${seconds(slow.withHarbor.meanMs)}, success rate: ${percent(slow.withHarbor.rate)}`,
  )
  console.log(`   bare SDK, same faults: ${seconds(slow.bare.meanMs)}, ${percent(slow.bare.rate)}`)

  reportErrors([basic.stats, slow.stats])
}

async function real(): Promise<void> {
  const harbor = new Harbor({ retry: RETRY, timeout: 60_000 })
  const answers = await ask(harbor, 3)
  console.log(`✅ Basic retry - success rate: ${percent(answers.rate)}`)
  console.log(`⏱️  Timeouts - mean response time: ${seconds(answers.meanMs)}`)
  reportErrors([harbor.stats()])
  await harbor.close()
}

/** Every failed attempt, by class. Callers saw none of those that a later attempt made good. */
function reportErrors(stats: readonly HarborStats[]): void {
  const count = { network: 0, api: 0, timeout: 0 }
  for (const [kind, failures] of stats.flatMap((each) => Object.entries(each.failures))) {
    count[kind === 'network' || kind === 'timeout' ? kind : 'api'] += failures
  }
  console.log('📊 Errors by class:')
  console.log(
    `   - network errors: ${count.network}\n   - API errors: ${count.api}\n   - timeout errors: ${count.timeout}`,
  )
}

const percent = (share: number): string => `${(100 * share).toFixed(share === 1 ? 0 : 1)}%`
const seconds = (ms: number): string => `${(ms / 1_000).toFixed(2)}s`

const isReal = Boolean(process.env['OPENAI_API_KEY'])
console.log('🔄 Fault tolerance and retries')
console.log('================================')
console.log(isReal ? `   asking ${model}` : '   asking the simulator; OPENAI_API_KEY=… asks a real provider')
await (isReal ? real() : simulated())

// ── Best practice ─────────────────────────────────────────────────────────────────────────────────
// Make one client and keep it: connections and statistics live in it.
// Give `timeout` the patience of your users: it is the total of a call, over all attempts and waits.
// Leave retries to Harbor alone: no loop around it, and maxRetries: 0 in an SDK on createHarborFetch.
// Log `receiptOf(result)` or `receiptOf(error)`: which attempts there were, why they failed, what was waited for.

/**
 * Fault tolerance and retries.
 *
 * Scenario: an application calls a model over a network that drops connections, through a provider that answers 500 and 429, hides
 * errors under a 200, cuts streams off without a word, hangs, and goes down. Its users should notice none of it.
 *
 *     pnpm demo                        against the simulator: no key, no network
 *     OPENAI_API_KEY=… pnpm demo       against a real provider (OPENAI_BASE_URL, HARBOR_MODEL)
 */
import { consecutive, Harbor, type HarborOptions, type HarborStats } from '@harbor/core'
import { startSimulator, type Fault, type Rule } from '@harbor/simulator'
import { setTimeout } from 'node:timers/promises'
import OpenAI from 'openai'

// ── Configuration ─────────────────────────────────────────────────────────────────────────────────

/** Three attempts; 1 s before the second, twice as long before the third, at most 60 s, with jitter. */
const RETRY = { maxAttempts: 3, baseDelayMs: 1_000, maxDelayMs: 60_000, factor: 2, jitter: true } as const
/** A call may take 5 s altogether, one attempt 400 ms. */
const TIMEOUTS = { timeout: 5_000, timeouts: { attemptMs: 400 } }
/** The circuit opens at the first failure, and a health check asks the provider 20 times a second whether it works again. */
const OPEN_AT_ONCE = { trip: consecutive(1) }
const CIRCUIT: HarborOptions = { retry: false, breaker: OPEN_AT_ONCE, health: { checkIntervalMs: 50 } }

const model = process.env['HARBOR_MODEL'] ?? 'gpt-4o-mini'
const question = { model, messages: [{ role: 'user' as const, content: 'Say hello in five words.' }] }

// ── What the provider does wrong ──────────────────────────────────────────────────────────────────

const every = (calls: number, fault: Fault): Rule => ({ when: { every: calls, call: { to: 60 } }, fault })
const FLAKY = [
  every(5, { type: 'error-200', code: 'server_error' }),
  every(7, { type: 'status', status: 500 }),
  every(11, { type: 'status', status: 429, retryAfter: 40 }),
  every(13, { type: 'reset', when: 'before-headers' }),
]
/** Before the first content a stream is requested again unnoticed. After it, the reader gets the rest or an error. */
const cut: Fault = { type: 'stream-cut', afterEvents: 1 }
const CUTTING = [every(3, cut), every(7, { type: 'stream-end', afterEvents: 9 })]
const HANGING = [every(6, { type: 'hang' })]
const unavailable: Fault = { type: 'status', status: 503 }
const DOWN: Rule[] = [{ fault: unavailable }]
const BRIEFLY_DOWN: Rule[] = [{ fault: unavailable, when: { windowMs: { from: 0, to: 300 } } }]

// ── Demonstration ─────────────────────────────────────────────────────────────────────────────────

/** The same work against the same faults: through Harbor, which may know a second provider, and through the SDK as it comes. */
async function compare(rules: Rule[], options: HarborOptions, work: (client: OpenAI) => Promise<string>) {
  const simulator = await startSimulator({ providers: { harbor: { rules }, bare: { rules }, backup: {} } })
  const at = (name: string) => ({ apiKey: 'simulated', baseURL: simulator.provider(name).baseURL })
  // The SDK knows one timeout, for each attempt, and waits half a second before its first retry: so does Harbor here.
  const common = { logLevel: 'off', retry: { ...RETRY, baseDelayMs: 500 } } as const
  const harbor = new Harbor({ ...common, ...at('harbor'), providers: { backup: at('backup') }, ...options })
  const timeout = options.timeouts ? TIMEOUTS.timeouts.attemptMs : undefined
  const sdk = new OpenAI({ logLevel: 'off', ...at('bare'), timeout })
  const [withHarbor, bare] = await Promise.all([work(harbor), work(sdk)])
  const stats = harbor.stats()
  await harbor.close()
  await simulator.close()
  return { withHarbor, bare, stats }
}

/** Which share of the calls brought an answer with text in it, and how long those took on average. */
async function ask(client: OpenAI, calls: number): Promise<string> {
  const tookMs: number[] = []
  async function askOnce(): Promise<void> {
    const startedAt = performance.now()
    const answer: Partial<OpenAI.ChatCompletion> = await client.chat.completions.create(question)
    if (answer.choices?.[0]?.message.content) tookMs.push(performance.now() - startedAt)
  }
  await Promise.allSettled(Array.from({ length: calls }, askOnce))
  const meanS = tookMs.reduce((sum, ms) => sum + ms, 0) / tookMs.length / 1_000
  const rate = `success rate: ${((100 * tookMs.length) / calls).toFixed(0)}%`
  return tookMs.length === 0 ? rate : `${rate}, mean response time: ${meanS.toFixed(2)}s`
}

/** What the readers of 20 streams got: the whole text, an error, or a part of it that looked whole. */
async function listen(client: OpenAI): Promise<string> {
  const count = { whole: 0, error: 0, silent: 0 }
  async function listenOnce(end: 'whole' | 'silent' = 'silent') {
    const stream = await client.chat.completions.create({ ...question, stream: true })
    for await (const chunk of stream) if (chunk.choices[0]?.finish_reason === 'stop') end = 'whole'
    return end
  }
  for (let call = 0; call < 20; call++) count[await listenOnce().catch(() => 'error' as const)]++
  return `${count.whole} whole, ${count.error} ended by an error, ${count.silent} cut short in silence`
}

/** Calls until one is answered, and how many of those before it the provider never saw. */
async function askUntilAnswered(client: OpenAI): Promise<string> {
  for (let calls = 1, refused = 0; ; calls++) {
    const asked = client.chat.completions.create(question)
    const failure = await asked.then(undefined, (error: unknown) => error)
    if (!(failure instanceof Error)) return `${refused} of ${calls} calls refused at once`
    if ('code' in failure && failure.code === 'breaker_open') refused++
    await setTimeout(10)
  }
}

async function simulated(): Promise<void> {
  const show = (title: string, { withHarbor, bare }: { withHarbor: string; bare: string }): void => {
    console.log(`${title} - ${withHarbor}\n   bare SDK, same faults: ${bare}`)
  }
  const flaky = await compare(FLAKY, {}, (client) => ask(client, 50))
  show('✅ Basic retry', flaky)
  const streams = await compare(CUTTING, { retry: { ...RETRY, baseDelayMs: 50 } }, listen)
  show('🌊 Streams', streams)
  const hanging = await compare(HANGING, TIMEOUTS, (client) => ask(client, 20))
  show('⏱️  Timeouts', hanging)
  const outage = await compare(DOWN, { fallback: [`backup/${model}`] }, (client) => ask(client, 20))
  show('🔀 Provider down', outage)
  const circuit = await compare(BRIEFLY_DOWN, CIRCUIT, askUntilAnswered)
  const [target] = Object.values(circuit.stats.targets)
  console.log(`🔧 Circuit breaker - ${circuit.withHarbor}, state: ${target?.state.toUpperCase() ?? '-'}`)
  console.log(`💓 Health check - provider: ${target?.available ? 'available again' : 'unavailable'}`)
  reportErrors([flaky, streams, hanging, outage, circuit].map(({ stats }) => stats))
}

async function real(): Promise<void> {
  const harbor = new Harbor({ retry: RETRY, timeout: 60_000 })
  console.log(`✅ Basic retry - ${await ask(harbor, 3)}`)
  reportErrors([harbor.stats()])
  await harbor.close()
}

/** Every failed attempt, by class. Callers saw none of those that a later attempt made good. */
function reportErrors(stats: readonly HarborStats[]): void {
  const count = { network: 0, timeout: 0, stream: 0, API: 0 }
  for (const [kind, failures] of stats.flatMap((each) => Object.entries(each.failures)))
    count[kind in count ? (kind as keyof typeof count) : 'API'] += failures
  console.log('📊 Errors by class:')
  for (const [kind, failures] of Object.entries(count)) console.log(`   - ${kind} errors: ${failures}`)
}

const isReal = Boolean(process.env['OPENAI_API_KEY'])
console.log('🔄 Fault tolerance and retries\n================================')
console.log(isReal ? `   asking ${model}` : '   asking the simulator; OPENAI_API_KEY=… asks a real provider')
await (isReal ? real() : simulated())

// ── Best practice ─────────────────────────────────────────────────────────────────────────────────
// Make one client and keep it. Give `timeout` the patience of your users: it is for a call with all its attempts and waits.
// Leave retries to Harbor alone: no loop around it, and maxRetries: 0 in an SDK on createHarborFetch.
// Log `receiptOf(result)` or `receiptOf(error)`: which attempts there were, why they failed, what the call waited for.

/** How long a tier takes to answer: the median in milliseconds, and the standard deviation of the logarithm. */
export interface TierTime {
  readonly medianMs: number
  readonly sigma: number
}

export interface TieredProviderOptions {
  /** The time of answers at each tier; `default` for requests that name none. */
  readonly times: Readonly<Record<string, TierTime>>
  /** Whether a tier refuses requests at this time, in milliseconds since the start. @default never */
  readonly refuses?: (tier: string, atMs: number) => boolean
  /** The share of requests at the standard tier that fail with 500, from 0 to 1. @default 0 */
  readonly failedShare?: number
  /** The `retry-after` of refusals, in seconds. @default none */
  readonly retryAfter?: string
  readonly now?: () => number
}

/** A request as the provider got it. */
export interface TierRequest {
  readonly tier: string
  readonly model: string
  /** The `safety_identifier` of the request; empty without one. */
  readonly user: string
  readonly atMs: number
  readonly status: number
}

const INPUT_TOKENS = 1_000
const OUTPUT_TOKENS = 500

/**
 * A provider with service tiers, as a `fetch` in this process, for tests in which hours pass. It counts what it bills itself: every request that it
 * accepted, also if the client gave up. The time of an answer depends on the `safety_identifier` of the request and the tier alone, and whether it fails also on the
 * number of the attempt.
 */
export class TieredProvider {
  readonly requests: TierRequest[] = []
  readonly #options: TieredProviderOptions
  readonly #startedAt: number
  /** The number of requests of each user at each tier. */
  readonly #counts = new Map<string, number>()

  constructor(options: TieredProviderOptions) {
    this.#options = options
    this.#startedAt = this.#now()
  }

  /** The number of requests that were accepted, by tier. A request at the tier `flex` costs half. */
  get billed(): Readonly<Record<string, number>> {
    const billed: Record<string, number> = {}
    for (const { tier, status } of this.requests) if (status === 200) billed[tier] = (billed[tier] ?? 0) + 1
    return billed
  }

  readonly fetch = async (_input: unknown, init: RequestInit = {}): Promise<Response> => {
    const request = JSON.parse(init.body as string) as Record<string, unknown>
    const tier = typeof request['service_tier'] === 'string' ? request['service_tier'] : 'default'
    const { refuses, failedShare = 0, times, retryAfter } = this.#options
    const atMs = this.#now() - this.#startedAt
    const user = typeof request['safety_identifier'] === 'string' ? request['safety_identifier'] : ''
    const id = `${user} ${tier}`
    const count = (this.#counts.get(id) ?? 0) + 1
    this.#counts.set(id, count)
    const note = (status: number): void => {
      this.requests.push({ tier, model: String(request['model']), user, atMs, status })
    }
    if (refuses?.(tier, atMs)) {
      note(429)
      const error = { message: 'No capacity.', type: 'resource_unavailable', code: 'resource_unavailable' }
      return json(429, { error }, retryAfter === undefined ? {} : { 'retry-after': retryAfter })
    }
    if (tier === 'default' && chance(`${id} ${count}`) < failedShare) {
      note(500)
      return json(500, { error: { message: 'Failed.', type: 'server_error' } })
    }
    note(200)
    const { medianMs, sigma } = times[tier] ?? { medianMs: 0, sigma: 0 }
    await passed(medianMs * Math.exp(sigma * normal(id)), init.signal ?? undefined)
    return request['stream'] === true ? streamed(request, tier) : json(200, answer(request, tier))
  }

  #now(): number {
    return (this.#options.now ?? (() => performance.now()))()
  }
}

function answer({ model }: Record<string, unknown>, tier: string): object {
  return {
    id: 'chatcmpl-1',
    object: 'chat.completion',
    created: 0,
    model,
    service_tier: tier,
    choices: [{ index: 0, message: { role: 'assistant', content: 'A port.' }, finish_reason: 'stop' }],
    usage: {
      prompt_tokens: INPUT_TOKENS,
      completion_tokens: OUTPUT_TOKENS,
      total_tokens: INPUT_TOKENS + OUTPUT_TOKENS,
    },
  }
}

function streamed({ model }: Record<string, unknown>, tier: string): Response {
  const chunk = (delta: object, finish: string | null) =>
    `data: ${JSON.stringify({
      ...{ id: 'chatcmpl-1', object: 'chat.completion.chunk', created: 0, model, service_tier: tier },
      choices: [{ index: 0, delta, finish_reason: finish }],
    })}\n\n`
  const text = chunk({ role: 'assistant', content: 'A port.' }, null) + chunk({}, 'stop') + 'data: [DONE]\n\n'
  return new Response(text, { headers: { 'content-type': 'text/event-stream' } })
}

function json(status: number, body: object, headers: Record<string, string> = {}): Response {
  return new Response(JSON.stringify(body), {
    status,
    headers: { 'content-type': 'application/json', ...headers },
  })
}

/** Waits, and rejects as soon as the signal aborts. */
function passed(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', aborted)
      resolve()
    }, ms)
    const aborted = (): void => {
      clearTimeout(timer)
      reject(signal?.reason as Error)
    }
    if (signal?.aborted) aborted()
    else signal?.addEventListener('abort', aborted, { once: true })
  })
}

/** A number from 0 to 1 that depends on the text alone. */
export function chance(text: string): number {
  let hash = 2_166_136_261
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 16_777_619)
  hash = Math.imul(hash ^ (hash >>> 16), 2_246_822_507)
  hash = Math.imul(hash ^ (hash >>> 13), 3_266_489_909)
  return ((hash ^ (hash >>> 16)) >>> 0) / 2 ** 32
}

function normal(text: string): number {
  return (
    Math.sqrt(-2 * Math.log(1 - chance(`${text} length`))) * Math.cos(2 * Math.PI * chance(`${text} angle`))
  )
}

import { setTimeout as sleep } from 'node:timers/promises'
import { startSimulator } from '@harbor/simulator'
import { Agent, request } from 'undici'
import type { Contender } from './contenders.ts'

/** The estimated tokens of one call. */
export interface Estimate {
  input: number
  output: number
}

export interface Answer {
  status: number
  retryAfterMs: number
  usage: Estimate
  headers: Record<string, string | string[] | undefined>
}

/** The limits on this clock, which is this many times faster than the provider's. */
export interface Scale {
  requestsPerMinute: number
  tokensPerMinute: number
  faster: number
}

export interface Scenario {
  requestsPerMinute: number
  tokensPerMinute: number
  /** The provider's minutes. */
  minutes: number
  faster: number
  /** The share of a minute's limit that the provider allows at once. */
  burst: number
  workers: number
}

export interface Outcome {
  name: string
  /** The used share of the stricter limit in that time. */
  used: number
  answered: number
  refused: number
}

/** Workers make as many calls as possible through a contender, for a given time. */
export async function run(scenario: Scenario, contender: Contender): Promise<Outcome> {
  const { requestsPerMinute, tokensPerMinute, faster, burst, minutes, workers } = scenario
  const limits = { requestsPerMinute, tokensPerMinute, minuteMs: 60_000 / faster, burst }
  await using simulator = await startSimulator({
    providers: { openai: { reply: REPLY, latency: 600 / faster } },
  })
  const provider = simulator.provider()
  const dispatcher = new Agent()
  const call = (): Promise<Answer> => ask(provider.baseURL, dispatcher)
  for (let round = 0; round < 5; round++) await Promise.all(Array.from({ length: workers }, call))
  provider.script({ reply: REPLY, latency: 600 / faster, limits })
  provider.reset()

  const lead = contender.start({
    requestsPerMinute: requestsPerMinute * faster,
    tokensPerMinute: tokensPerMinute * faster,
    faster,
  })
  const work = async (): Promise<never> => {
    for (;;) await lead(ESTIMATE, call)
  }
  // At the end the workers are abandoned: closing the simulator ends their calls.
  for (let worker = 0; worker < workers; worker++) work().catch(() => undefined)
  await sleep((minutes * 60_000) / faster)
  const { byStatus, tokens } = provider.counts()
  await dispatcher.destroy()
  const answered = byStatus['200'] ?? 0
  const used =
    Math.max(answered / requestsPerMinute, (tokens.input + tokens.output) / tokensPerMinute) / minutes
  return { name: contender.name, used, answered, refused: byStatus['429'] ?? 0 }
}

const PROMPT = 'A question about harbours, and why ships like them. '.repeat(8)
const REPLY = 'Ships are safe there from wind and waves. '.repeat(6)
/** The estimate counts the prompt exactly, and the answer by its maximum. */
const ESTIMATE: Estimate = { input: 100, output: 120 }
const BODY = JSON.stringify({
  model: 'gpt-4',
  max_tokens: ESTIMATE.output,
  messages: [{ role: 'user', content: PROMPT }],
})

async function ask(baseURL: string, dispatcher: Agent): Promise<Answer> {
  const answer = await request(`${baseURL}/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: BODY,
    dispatcher,
  })
  const { usage } = (await answer.body.json()) as {
    usage?: { prompt_tokens: number; completion_tokens: number }
  }
  return {
    status: answer.statusCode,
    retryAfterMs: Number(answer.headers['retry-after-ms'] ?? 0),
    usage: { input: usage?.prompt_tokens ?? 0, output: usage?.completion_tokens ?? 0 },
    headers: answer.headers,
  }
}

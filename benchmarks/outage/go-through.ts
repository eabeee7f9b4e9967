import type { Contender } from './contenders.ts'
import { startProviders } from './providers.ts'
import type { Scenario } from './scenario.ts'

export interface Outcome {
  readonly name: string
  readonly setup: string
  readonly answered: number
  /** Requests that reached a provider, for each call. */
  readonly upstreamPerCall: number
  /** Of those that were answered, in milliseconds: before the outage, in it after its first two seconds, and behind it. */
  readonly before: Latency
  readonly during: Latency
  readonly after: Latency
  /** CPU of this process for each call, in microseconds. */
  readonly cpuUs: number
}

export interface Latency {
  readonly p50: number
  readonly p99: number
}

/** The first calls of an outage find out that it is one. */
const FINDING_OUT_MS = 2_000

interface Call {
  readonly at: number
  readonly tookMs: number
  readonly answered: boolean
}

/** Calls at a steady pace, whatever becomes of the earlier ones: users do not wait for each other. */
export async function goThrough(scenario: Scenario, contender: Contender): Promise<Outcome> {
  const { calls, perSecond, down } = scenario
  const providers = await startProviders(scenario)
  const client = contender.start(providers)
  const cpu = process.cpuUsage()
  const startedAt = performance.now()
  const made = await Promise.all(
    Array.from({ length: calls }, async (_, number): Promise<Call> => {
      const at = (number * 1_000) / perSecond
      await new Promise((resolve) => setTimeout(resolve, Math.max(0, at - (performance.now() - startedAt))))
      const begunAt = performance.now()
      const answered = await client.call().then(Boolean, () => false)
      return { at, tookMs: performance.now() - begunAt, answered }
    }),
  )
  const { user, system } = process.cpuUsage(cpu)
  const { primary, fallback } = await providers.calls()
  await client.close?.()
  providers.close()
  const between = (from: number, to: number): Latency => latencyOf(made, from, to)
  return {
    name: contender.name,
    setup: contender.setup,
    answered: made.filter(({ answered }) => answered).length,
    upstreamPerCall: (primary + fallback) / calls,
    before: between(0, down.from),
    during: between(down.from + FINDING_OUT_MS, down.to),
    after: between(down.to, Infinity),
    cpuUs: (user + system) / calls,
  }
}

function latencyOf(calls: readonly Call[], from: number, to: number): Latency {
  const took = calls
    .filter(({ at, answered }) => answered && at >= from && at < to)
    .map(({ tookMs }) => tookMs)
    .toSorted((one, other) => one - other)
  const quantile = (part: number): number =>
    took[Math.min(took.length - 1, Math.ceil(part * took.length) - 1)] ?? NaN
  return { p50: quantile(0.5), p99: quantile(0.99) }
}

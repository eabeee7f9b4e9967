import type { Source, WorkContext } from '@harbor/cache'
import { parseRecord } from '../base/json.ts'
import { StreamFaultError } from '../base/errors.ts'
import type { Exchange } from '../call/exchange.ts'
import type { CacheRules } from '../options/cache-options.ts'
import type { FleetFlights, FlightEvent, FlightFollow, FlightLead } from '../options/fleet-flights.ts'
import type { Plan } from '../targets/plan.ts'
import { isAnswerHead, type AnswerHead } from './answer-head.ts'
import { failureText, isFailureOfAll, readFailure } from './fleet-failure.ts'
import type { OpenedAnswer } from './opened-answer.ts'
import { PublishedChunks } from './published-chunks.ts'

/** After this number of leaders whose call failed, the failure of the last one is that of this call, too. */
const MAX_FAILED_LEADERS = 3
/** After this number of attempts to share a call, it is sent without regard to other processes. */
const MAX_ROUNDS = 10
/** How long a call that begins after the end of a flight still gets its answer, in milliseconds. It has looked into the far tier before that end. */
const LINGER_MS = 1_000

/** A call that is sent once for all processes of a fleet. */
export interface FleetCall {
  /** Identifies equal calls of the same tenant in all processes. */
  readonly name: string
  readonly exchange: Exchange
  readonly plan: Plan
  readonly rules: CacheRules
  /** How old the answer may be when a call begins, in milliseconds. */
  readonly maxAgeMs: number
  /** Whether the far tier of the cache is that of the fleet, so that the leader's answer is there. */
  readonly sharesFarTier: boolean
  /** Sends the call from this process. */
  readonly load: () => Promise<OpenedAnswer>
  /** Called when other processes wait for the answer of this one. */
  readonly onFollowed: () => void
}

/** The source of an answer, and whether another process sends the call. */
export interface FleetSource {
  readonly source: Source<AnswerHead>
  readonly isFollowed: boolean
}

/**
 * Sends a call, or gets the answer from the process that sends it. If that process fails, the others compete for the lead: one of them sends
 * the call again.
 *
 * @throws the failure of the leader if it concerns all callers, and that of `call.load`
 */
export async function sourceInFleet(
  flights: FleetFlights,
  call: FleetCall,
  context: WorkContext,
): Promise<FleetSource> {
  const { signal } = context
  const { name, rules, onFollowed } = call
  let failed = 0
  for (let round = 0; round < MAX_ROUNDS && failed < MAX_FAILED_LEADERS; round++) {
    const flight = await flights.enter({ name, signal, maxBytes: rules.maxRecordBytes, onFollowed })
    if (!flight) break
    if (flight.role === 'lead') return { source: await leadCall(flight, call, signal), isFollowed: false }
    const event = await flight.next()
    if (event.kind === 'too-large') break
    if (event.kind === 'lost') continue
    if (event.kind === 'failed') {
      failed++
      const error =
        event.failure === undefined ? undefined : readFailure(event.failure, call.exchange, call.plan)
      if (error && (failed === MAX_FAILED_LEADERS || isFailureOfAll(error))) throw error
      continue
    }
    const source = followedSource(flight, event, call)
    if (!source) break
    context.joined(call.sharesFarTier)
    return { source, isFollowed: true }
  }
  signal.throwIfAborted()
  return { source: (await call.load()).source, isFollowed: false }
}

/** Sends the call from this process, and passes its answer on to those that follow. */
async function leadCall(
  flight: FlightLead,
  { load, maxAgeMs }: FleetCall,
  signal: AbortSignal,
): Promise<Source<AnswerHead>> {
  try {
    signal.throwIfAborted()
    const { source, isKept } = await load()
    const lingerMs = (): number => (isKept() ? Math.min(LINGER_MS, maxAgeMs) : 0)
    const head = JSON.stringify(source.head)
    if (typeof source.body === 'string') {
      flight.whole(head, source.body, lingerMs())
      return source
    }
    flight.head(head)
    return { ...source, body: new PublishedChunks(source.body, flight, lingerMs) }
  } catch (error) {
    flight.fail(failureText(error))
    throw error
  }
}

/** Returns the answer of the leader. @returns undefined if it is not one that this version can read */
function followedSource(
  flight: FlightFollow,
  event: FlightEvent,
  { exchange }: FleetCall,
): Source<AnswerHead> | undefined {
  const isWhole = event.kind === 'whole'
  const head = isWhole || event.kind === 'head' ? parseRecord(event.head) : undefined
  if (!isAnswerHead(head, exchange.streaming ? 'stream' : 'text') || isWhole === exchange.streaming) {
    flight.leave()
    return undefined
  }
  return { head, body: isWhole ? event.text : followedChunks(flight) }
}

/** Returns the chunks of the leader's stream as they arrive. @throws StreamFaultError if the leader is lost before the end of the stream */
async function* followedChunks(flight: FlightFollow): AsyncGenerator<Uint8Array, void, undefined> {
  try {
    for (let event = await flight.next(); event.kind !== 'end'; event = await flight.next()) {
      if (event.kind !== 'chunk')
        throw new StreamFaultError(
          'stream_incomplete',
          'The process that sends this call for others lost it before the end of the stream; treat what arrived as a fragment.',
        )
      yield event.bytes
    }
  } finally {
    flight.leave()
  }
}

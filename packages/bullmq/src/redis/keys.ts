import { createHash } from 'node:crypto'

/** The version of the keys and of what they hold. Versions of this package with different formats do not meet on one server. */
const SCHEMA = 'bulk1'

/** How long the keys of a run stay after the coordinator has last renewed them, in milliseconds: a week. */
export const KEY_TTL_MS = 604_800_000

/** The keys of one queue. All have one hash tag, so that they are on one node of a cluster. */
export interface QueueKeys {
  /** The prefix that BullMQ puts before its own keys of the queue. */
  readonly bullmqPrefix: string
  /** The coordinator that owns the queue. */
  readonly lease: string
  /** BullMQ's list of the jobs that no worker has taken. */
  readonly wait: string
  /** BullMQ's keys of the queue besides that list and the jobs. */
  readonly others: readonly [string, string, string, string, string, string]
  /** What BullMQ puts before the id of a job. */
  readonly jobs: string
}

/** The keys of one run. */
export interface RunKeys {
  /** The state of the run: `run`, `stop` or `abort`. */
  readonly state: string
  /** A hash of the results that the coordinator has not stored yet, by job. */
  readonly results: string
  /** A list of the jobs that have a new result. */
  readonly done: string
  /** A sorted set that gets a member when `done` does. The coordinator blocks on it. */
  readonly wake: string
  /** A hash: how often a job that had been in a killed worker was begun again and did not end. */
  readonly trials: string
}

export function queueKeysOf(prefix: string, queue: string): QueueKeys {
  const tag = `{${prefix}:${SCHEMA}:${queue}}`
  const bullmq = `${tag}:${queue}:`
  const of = (part: string): string => `${bullmq}${part}`
  return {
    bullmqPrefix: tag,
    lease: `${tag}:lease`,
    wait: of('wait'),
    others: [of('active'), of('events'), of('meta'), of('id'), of('marker'), of('stalled')],
    jobs: bullmq,
  }
}

/** @param run the token of the run: the key of its journal */
export function runKeysOf({ bullmqPrefix: tag }: QueueKeys, run: string): RunKeys {
  const of = (part: string): string => `${tag}:${part}:${run}`
  return {
    state: of('run'),
    results: of('results'),
    done: of('done'),
    wake: of('wake'),
    trials: of('trials'),
  }
}

/**
 * Returns the id of the job for one attempt at an item. It is the same after a restart of the coordinator, so that jobs which are still in
 * Redis are joined and not added again. It is a hash, since BullMQ takes no ids that are numbers or contain a colon.
 */
export function jobIdOf(run: string, id: string, attempt: number): string {
  const digest = createHash('sha256').update(`${run}\0${attempt}\0${id}`, 'utf16le').digest('base64url')
  return `i${digest.slice(0, 32)}`
}

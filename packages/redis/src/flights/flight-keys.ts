import { createHash } from 'node:crypto'

/** How long a lock lives without a renewal, in milliseconds. A leader that dies is missed after this time at the latest. */
export const LOCK_TTL_MS = 2_000
/** How often a lock is renewed, in milliseconds. */
export const RENEW_MS = 500
/** How long the events of a flight can be read after its end, in milliseconds. */
export const KEEP_MS = 10_000
/** How long the events of a flight are in Redis without a renewal, in milliseconds: longer than Redis is waited for. */
export const STREAM_TTL_MS = 30_000
/** How long the leader and those that have a part of a stream wait for a server that cannot be reached, in milliseconds. */
export const MAX_UNREACHABLE_MS = 15_000
/** How long an epoch is remembered, in milliseconds: longer than any call takes. */
export const EPOCH_TTL_MS = 3_600_000

/** The names of the keys of all flights of one fleet, which have one hash tag. The 1 is the version of the scripts and events. */
export class FlightKeys {
  readonly #base: string

  constructor(prefix: string) {
    this.#base = `{${prefix}:flights1}`
  }

  get epoch(): string {
    return `${this.#base}:epoch`
  }

  /** @param name identifies the call. It may contain the scope of a tenant, which must not be seen in Redis */
  lock(name: string): string {
    return `${this.#base}:${createHash('sha256').update(name).digest('hex').slice(0, 40)}`
  }

  /** The key of the events of one leader. */
  stream(lock: string, token: string): string {
    return `${lock}:${token}`
  }

  /** The key that exists as long as a leader is alive. */
  life(lock: string, token: string): string {
    return `${lock}:${token}:life`
  }

  wake(member: string): string {
    return `${this.#base}:wake:${member}`
  }
}

import { randomBytes } from 'node:crypto'
import type { RedisConnection } from '../client/connection.ts'
import type { RedisClient } from '../client/redis-client.ts'
import { TimedScript } from '../client/timed-script.ts'
import type { FleetFlights, FlightCall } from '../fleet/flight-contracts.ts'
import { RedisFlightFollow } from './flight-follow.ts'
import { EPOCH_TTL_MS, FlightKeys, LOCK_TTL_MS, RENEW_MS } from './flight-keys.ts'
import { RedisFlightLead } from './flight-lead.ts'
import { FlightReader } from './flight-reader.ts'
import type { Publication } from './publication.ts'
import { ENTER, PUBLISH, RENEW, WAKE } from './flight-scripts.ts'

/** The maximum number of calls that a client leads, and that it follows, at the same time. Further ones are sent without regard to others. */
const MAX_FLIGHTS = 1_000
/** The maximum number of locks that one command renews. */
const MAX_RENEWED = 200

interface Led {
  readonly lock: string
  readonly stream: string
  readonly token: string
}

/** The calls that a client leads or follows. Redis holds a lock for each, and a stream with what its leader passes on. */
export class RedisFlights implements FleetFlights {
  readonly #connection: RedisConnection
  readonly #keys: FlightKeys
  readonly #enter: TimedScript
  readonly #publish: TimedScript
  readonly #renew: TimedScript
  readonly #reader: FlightReader
  readonly #led = new Map<RedisFlightLead, Led>()
  readonly #member = randomBytes(9).toString('base64url')
  #flights = 0
  /** The new epoch that Redis does not know yet; empty if there is none. */
  #epoch = ''
  #timer: NodeJS.Timeout | undefined
  #isClosed = false

  constructor(client: RedisClient, connection: RedisConnection, prefix: string) {
    const keys = new FlightKeys(prefix)
    this.#connection = connection
    this.#keys = keys
    this.#enter = new TimedScript(connection, ENTER)
    this.#publish = new TimedScript(connection, PUBLISH)
    this.#renew = new TimedScript(connection, RENEW)
    const wake = new TimedScript(connection, WAKE)
    const wakeKey = keys.wake(this.#member)
    this.#reader = new FlightReader(client, connection, wakeKey, () => void wake.run([wakeKey], []))
  }

  async enter(call: FlightCall): Promise<RedisFlightLead | RedisFlightFollow | undefined> {
    if (this.#led.size >= MAX_FLIGHTS || this.#reader.size >= MAX_FLIGHTS || this.#isClosed) return undefined
    const token = `${this.#member}-${(++this.#flights).toString(36)}`
    const lock = this.#keys.lock(call.name)
    const stream = this.#keys.stream(lock, token)
    const epoch = this.#epoch
    const reply = await this.#enter.run(
      [lock, this.#keys.epoch, stream],
      [token, String(LOCK_TTL_MS), epoch, String(EPOCH_TTL_MS)],
    )
    if (reply && this.#epoch === epoch) this.#epoch = ''
    const [role, leader, lockMs] = reply ?? []
    if (role === 'lead') return this.#lead(call, { lock, stream, token })
    if (role === 'follow' && leader !== undefined)
      return this.#follow(call, this.#keys.stream(lock, leader), Number(lockMs))
    return undefined
  }

  detach(): void {
    this.#epoch = randomBytes(9).toString('base64url')
  }

  /** Called when Redis cannot be reached: no call waits for another process. */
  drop(): void {
    this.#reader.drop()
  }

  close(): void {
    this.#isClosed = true
    clearInterval(this.#timer)
    this.#reader.close()
  }

  #lead({ maxBytes, onFollowed }: FlightCall, led: Led): RedisFlightLead {
    const lead = new RedisFlightLead({
      maxBytes,
      onFollowed,
      publish: (publication) => this.#send(led, publication),
      onOver: () => this.#over(lead),
    })
    this.#led.set(lead, led)
    this.#timer ??= setInterval(() => void this.#renewAll(), RENEW_MS).unref()
    return lead
  }

  #over(lead: RedisFlightLead): void {
    this.#led.delete(lead)
    if (this.#led.size > 0) return
    clearInterval(this.#timer)
    this.#timer = undefined
  }

  async #send({ lock, stream, token }: Led, publication: Publication): Promise<string | undefined> {
    const { lockTtlMs, streamTtlMs, state, maxEvents, first, entries } = publication
    const settings = [token, ...[lockTtlMs, streamTtlMs].map(String), state, String(maxEvents)]
    const events = entries.flatMap(({ kind, data }, index) => [String(first + index), kind, data])
    return (await this.#publish.run([lock, stream], [...settings, ...events]))?.[0]
  }

  async #renewAll(): Promise<void> {
    const due = [...this.#led].filter(([lead]) => lead.needsRenewal)
    for (let at = 0; at < due.length; at += MAX_RENEWED) {
      const some = due.slice(at, at + MAX_RENEWED)
      const states = await this.#renew.run(
        some.flatMap(([, { lock, stream }]) => [lock, stream]),
        [String(LOCK_TTL_MS), ...some.map(([, { token }]) => token)],
      )
      for (const [index, [lead]] of some.entries()) lead.noteState(states?.[index])
    }
  }

  async #follow(call: FlightCall, stream: string, lockMs: number): Promise<RedisFlightFollow | undefined> {
    const { signal, maxBytes } = call
    if (this.#reader.has(stream) || !(await this.#reader.open()) || signal.aborted) return undefined
    const listener = {
      lastId: '0',
      take: (number: number, kind: string, data: Buffer) => follow.take(number, kind, data),
      lose: () => follow.lose(),
    }
    const follow = new RedisFlightFollow({
      signal,
      maxBytes,
      lockMs: Math.min(Math.max(0, lockMs), LOCK_TTL_MS),
      lifeMs: () => this.#lifeOf(stream),
      onOver: () => this.#reader.remove(stream, listener),
    })
    this.#reader.add(stream, listener)
    return follow
  }

  /** Returns how long the sign of life of a leader is still valid, in milliseconds; 0 if it is not, or Redis cannot be reached. */
  async #lifeOf(stream: string): Promise<number> {
    const ms = await this.#connection.run((link) => link.send('PTTL', stream))
    return Math.max(0, Number(ms ?? 0))
  }
}

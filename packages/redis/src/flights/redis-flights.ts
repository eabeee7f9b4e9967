import { randomBytes } from 'node:crypto'
import type { RedisConnection } from '../client/connection.ts'
import type { RedisClient } from '../client/redis-client.ts'
import { TimedScript } from '../client/timed-script.ts'
import type { FleetFlights, FlightCall } from '../fleet/flight-contracts.ts'
import { RedisFlightFollow } from './flight-follow.ts'
import { EPOCH_TTL_MS, FlightKeys, KEEP_MS, LOCK_TTL_MS, RENEW_MS, STREAM_TTL_MS } from './flight-keys.ts'
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
  readonly life: string
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
    // A leader that cannot pass on its answer would only make others wait.
    if (this.#publish.isDown || this.#renew.isDown) return undefined
    const token = `${this.#member}-${(++this.#flights).toString(36)}`
    const lock = this.#keys.lock(call.name)
    const stream = this.#keys.stream(lock, token)
    const life = this.#keys.life(lock, token)
    const epoch = this.#epoch
    const reply = await this.#enter.run(
      [lock, this.#keys.epoch, stream, life],
      [token, String(LOCK_TTL_MS), epoch, String(EPOCH_TTL_MS), String(STREAM_TTL_MS)],
    )
    if (reply && this.#epoch === epoch) this.#epoch = ''
    const [role, leader, lockMs] = reply ?? []
    if (role === 'lead') return this.#lead(call, { lock, stream, life, token })
    if (role === 'follow' && leader !== undefined)
      return this.#follow(call, { lock, leader, lockMs: Number(lockMs) })
    return undefined
  }

  detach(): void {
    this.#epoch = randomBytes(9).toString('base64url')
  }

  /** Called when Redis cannot be reached: a call waits for another process only if it already has a part of its answer. */
  drop(): void {
    this.#reader.noteOutage()
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

  async #send({ lock, stream, life, token }: Led, publication: Publication): Promise<string | undefined> {
    const { entries, first, maxEvents, isFull, end } = publication
    const lifeMs = end ? KEEP_MS : LOCK_TTL_MS
    const streamMs = end ? KEEP_MS : STREAM_TTL_MS
    const state = end ? end.state : isFull ? 'full' : ''
    const settings = [token, lifeMs, end ? end.lockTtlMs : '', streamMs, state, maxEvents].map(String)
    const events = entries.flatMap(({ kind, data }, index) => [String(first + index), kind, data])
    return (await this.#publish.run([lock, stream, life], [...settings, ...events]))?.[0]
  }

  async #renewAll(): Promise<void> {
    const due = [...this.#led].filter(([lead]) => lead.needsRenewal)
    for (let at = 0; at < due.length; at += MAX_RENEWED) {
      const some = due.slice(at, at + MAX_RENEWED)
      const states = await this.#renew.run(
        some.flatMap(([, { lock, stream, life }]) => [lock, stream, life]),
        [String(LOCK_TTL_MS), String(STREAM_TTL_MS), ...some.map(([, { token }]) => token)],
      )
      for (const [index, [lead]] of some.entries()) lead.noteState(states?.[index])
    }
  }

  async #follow(
    { signal, maxBytes }: FlightCall,
    { lock, leader, lockMs }: { readonly lock: string; readonly leader: string; readonly lockMs: number },
  ): Promise<RedisFlightFollow | undefined> {
    const stream = this.#keys.stream(lock, leader)
    if (this.#reader.has(stream) || !(await this.#reader.open()) || signal.aborted) return undefined
    const life = this.#keys.life(lock, leader)
    const follow: RedisFlightFollow = new RedisFlightFollow({
      signal,
      maxBytes,
      lockMs: Math.min(Math.max(0, lockMs), LOCK_TTL_MS),
      askMs: () => this.#lifeOf(life),
      onOver: () => this.#reader.remove(stream, follow),
    })
    this.#reader.add(stream, follow)
    return follow
  }

  /** Returns how long the life key of a leader is valid, in milliseconds; 0 if it is not, undefined if Redis does not answer. */
  async #lifeOf(key: string): Promise<number | undefined> {
    const ms = await this.#connection.run((link) => link.send('PTTL', key))
    return ms === undefined ? undefined : Math.max(0, Number(ms))
  }
}

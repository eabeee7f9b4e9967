import type { ObservedLimits } from '@harbor/batch'
import type { Key, KeyList } from './credential.ts'
import { KeyRoom } from './key-room.ts'

/** The maximum number of models whose rate limits are stored for one key. */
const MAX_MODELS = 100
/** The maximum length of an organization's name. A longer one is ignored. */
const MAX_ORGANIZATION = 1_024

/** The state of one of several keys of a provider. Contains the key, so it must not be shown. */
export class KeyState {
  /** The index of the key in the list, from 0. */
  readonly index: number
  readonly key: Key
  /** The hash of the key, which decides which conversations use it. */
  readonly hash: number
  /** Identifies the account and the key. Cooldowns of the credential are stored under it. */
  readonly credential: string
  /** Identifies the rate limits of the key. Keys of one organization share their limits, so they have the same value. */
  group: string
  /** The number of requests that were signed with the key. */
  attempts = 0
  /** The sequence number of the latest use. The key with the lowest number was used least recently. */
  usedAt = 0
  readonly #account: string
  readonly #rooms = new Map<string, KeyRoom>()

  /** @param account identifies the provider and the caller's account */
  constructor({ keys, ids, hashes }: KeyList, index: number, account: string) {
    this.index = index
    this.key = keys[index] ?? null
    this.hash = hashes[index] ?? 0
    this.#account = account
    this.credential = `${account}\n${ids[index] ?? ''}`
    this.group = this.credential
  }

  /**
   * Records what an answer says about the key. The answer may be that of a failed attempt.
   * @param organization the organization that pays, as the answer names it
   * @param model the model or the family of models with limits of their own
   */
  learn(organization: string | undefined, limits: ObservedLimits, model: string, now: number): void {
    if (organization !== undefined && organization.length <= MAX_ORGANIZATION)
      this.group = `${this.#account}\norganization ${organization}`
    this.roomFor(model).observe(limits, now)
  }

  /** The number of models whose rate limits are stored. */
  get models(): number {
    return this.#rooms.size
  }

  /** Returns what the key has left of its rate limits for a model, or for a family of models. */
  roomFor(model: string): KeyRoom {
    const known = this.#rooms.get(model)
    if (known) return known
    if (this.#rooms.size >= MAX_MODELS) this.#rooms.clear()
    const room = new KeyRoom()
    this.#rooms.set(model, room)
    return room
  }
}

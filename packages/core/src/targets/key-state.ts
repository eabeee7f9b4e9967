import type { ObservedLimits } from '@harbor/batch'
import { BoundedMap } from '../base/bounded-map.ts'
import type { Key, KeyList } from './credential.ts'
import { KeyRoom } from './key-room.ts'

/** The maximum number of models whose rate limits are stored for one key. */
const MAX_MODELS = 100
/** The maximum length of an organization's name. A longer one is ignored. */
const MAX_ORGANIZATION = 1_024

/**
 * Decides which keys of a provider count against the same limits. As long as the organization of a key is not known, it may be that of any
 * other key. So all these keys count against one quota, and the first organization that an answer names takes this quota over, with the
 * requests that were counted.
 */
export class SharedQuota {
  /** The quota group of the keys whose organization is not known yet. */
  readonly unknown: string
  #first: string | undefined

  /** @param account identifies the provider and the caller's account */
  constructor(account: string) {
    this.unknown = `${account}\nunknown organization`
  }

  /** @param group identifies the organization */
  groupOf(group: string): string {
    return (this.#first ??= group) === group ? this.unknown : group
  }
}

/** The state of one of several keys of a provider. Contains the key, so it must not be shown. */
export class KeyState {
  /** The index of the key in the list, from 0. */
  readonly index: number
  readonly key: Key
  /** The hash of the key, which decides which conversations use it. */
  readonly hash: number
  /** Identifies the account and the key. Cooldowns of the credential are stored under it. */
  readonly credential: string
  /** Identifies the provider's rate limits of the key. Keys that are known to belong to one organization have the same value. */
  group: string
  /**
   * Identifies the limits that Harbor counts the key's requests against. Before an answer has shown the organization, they are shared with
   * all such keys.
   */
  quotaGroup: string
  /** The number of requests that were signed with the key. */
  attempts = 0
  /** The sequence number of the latest use. The key with the lowest number was used least recently. */
  usedAt = 0
  readonly #account: string
  readonly #shared: SharedQuota
  readonly #rooms = new BoundedMap<string, KeyRoom>(MAX_MODELS)

  /** @param account identifies the provider and the caller's account */
  constructor(
    { keys, ids, hashes }: KeyList,
    index: number,
    account: string,
    shared: SharedQuota = new SharedQuota(account),
  ) {
    this.index = index
    this.key = keys[index] ?? null
    this.hash = hashes[index] ?? 0
    this.#account = account
    this.credential = `${account}\n${ids[index] ?? ''}`
    this.group = this.credential
    this.#shared = shared
    this.quotaGroup = shared.unknown
  }

  /**
   * Records what an answer says about the key. The answer may be that of a failed attempt.
   * @param answer `failed` if it is that of a failed attempt. Then the name of the organization may be missing only because a gateway or
   * a check of the key answered, so the key goes on sharing its limits with the other keys whose organization is not known.
   * @param organization the organization that pays, as the answer names it
   * @param model the model or the family of models with limits of their own
   */
  learn(
    answer: 'failed' | 'succeeded',
    organization: string | undefined,
    limits: ObservedLimits,
    model: string,
    now: number,
  ): void {
    if (organization !== undefined && organization.length <= MAX_ORGANIZATION) {
      this.group = `${this.#account}\norganization ${organization}`
      this.quotaGroup = this.#shared.groupOf(this.group)
    } else if (answer === 'succeeded' && this.group === this.credential) this.quotaGroup = this.credential
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
    const room = new KeyRoom()
    this.#rooms.set(model, room)
    return room
  }
}

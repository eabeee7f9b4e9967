import type { RedisLink } from '../client/redis-client.ts'

/** Warns, once, if the server refuses writes when its memory is full instead of evicting old entries. */
export class MemoryPolicyCheck {
  readonly #link: RedisLink
  #isDone = false

  constructor(link: RedisLink) {
    this.#link = link
  }

  /** Checks the settings of the server in the background, at the first call only. */
  once(): void {
    if (this.#isDone) return
    this.#isDone = true
    // Hosted servers do not allow CONFIG. Then there is nothing to say.
    this.#check().catch(() => undefined)
  }

  async #check(): Promise<void> {
    const [maximum, policy] = await Promise.all([
      this.#setting('maxmemory'),
      this.#setting('maxmemory-policy'),
    ])
    if (maximum === '0' || policy !== 'noeviction') return
    process.emitWarning(
      'The Redis server of the cache has maxmemory-policy noeviction: when its memory is full, it refuses to store answers. Set ' +
        'allkeys-lru, or use another server for the cache.',
      'HarborWarning',
    )
  }

  async #setting(name: string): Promise<string | undefined> {
    const reply = await this.#link.send('CONFIG', 'GET', name)
    // A list of the name and the value, or with the newer protocol an object.
    const value: unknown = Array.isArray(reply)
      ? reply[1]
      : (reply as Readonly<Record<string, unknown>>)[name]
    return Buffer.isBuffer(value) ? value.toString() : undefined
  }
}

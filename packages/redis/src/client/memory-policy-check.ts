import type { RedisLink } from './redis-client.ts'

/** What a server is used for, and what its setting `maxmemory-policy` must then not be. */
const USES = {
  cache: {
    isWrong: (policy: string) => policy === 'noeviction',
    warning: (policy: string) =>
      `The Redis server of the cache has maxmemory-policy ${policy}: when its memory is full, it refuses to store answers. Set ` +
      'allkeys-lru, or use another server for the cache.',
  },
  state: {
    isWrong: (policy: string) => policy !== 'noeviction',
    warning: (policy: string) =>
      `The Redis server of the fleet has maxmemory-policy ${policy}: when its memory is full, it drops the counts of limits and of ` +
      'money, which processes then have to restore. Set noeviction.',
  },
} as const

/** Warns, once, if a server does the wrong thing when its memory is full: evicts keys, or refuses writes. */
export class MemoryPolicyCheck {
  readonly #link: RedisLink
  readonly #use: keyof typeof USES
  #isDone = false

  constructor(link: RedisLink, use: keyof typeof USES) {
    this.#link = link
    this.#use = use
  }

  /** Checks the settings of the server in the background, at the first call only, and not before the client has connected. */
  once(): void {
    if (this.#isDone) return
    const first = this.#link.firstConnection()
    if (first) void first.then(() => this.once())
    if (!this.#link.isReady()) return
    this.#isDone = true
    // Hosted servers do not allow CONFIG. Then there is nothing to say.
    this.#check().catch(() => undefined)
  }

  async #check(): Promise<void> {
    const { isWrong, warning } = USES[this.#use]
    const [maximum, policy] = await Promise.all([
      this.#setting('maxmemory'),
      this.#setting('maxmemory-policy'),
    ])
    if (maximum === '0' || policy === undefined || !isWrong(policy)) return
    process.emitWarning(warning(policy), 'HarborWarning')
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

import { createHash } from 'node:crypto'
import type { RedisLink } from './redis-client.ts'

/**
 * A Lua script, and the time that Redis has to run it. A script that Redis does not have, for example after `SCRIPT FLUSH` or a failover, is sent
 * again.
 */
export class TimedScript {
  readonly #link: RedisLink
  readonly #source: string
  readonly #digest: string
  readonly #budgetMs: number
  #isBusy = false

  constructor(link: RedisLink, source: string, budgetMs: number) {
    this.#link = link
    this.#source = source
    this.#digest = createHash('sha1').update(source).digest('hex')
    this.#budgetMs = budgetMs
  }

  /** Whether Redis has not answered the last command yet. */
  get isBusy(): boolean {
    return this.#isBusy
  }

  /**
   * Runs the script.
   *
   * @param onLate called when Redis has answered after the time was over, or the command has failed then; its reply is discarded
   * @returns the reply; undefined if the time was over first, there is no connection, or Redis answered with an error. Never rejects
   */
  run(
    keys: readonly string[],
    args: readonly string[],
    onLate: () => void,
  ): Promise<readonly string[] | undefined> {
    if (!this.#link.isReady()) return Promise.resolve(undefined)
    this.#isBusy = true
    return new Promise((resolve) => {
      let isLate = false
      const timer = setTimeout(() => {
        isLate = true
        resolve(undefined)
      }, this.#budgetMs)
      const end = (reply: readonly string[] | undefined): void => {
        clearTimeout(timer)
        this.#isBusy = false
        if (isLate) onLate()
        else resolve(reply)
      }
      this.#send(keys, args).then(
        (reply) => end(textsOf(reply)),
        () => end(undefined),
      )
    })
  }

  async #send(keys: readonly string[], args: readonly string[]): Promise<unknown> {
    const rest = [String(keys.length), ...keys, ...args]
    try {
      return await this.#link.send('EVALSHA', this.#digest, ...rest)
    } catch (error) {
      if (!(error instanceof Error && error.message.startsWith('NOSCRIPT')) || !this.#link.isReady())
        throw error
      return this.#link.send('EVAL', this.#source, ...rest)
    }
  }
}

/** Returns the texts of a reply; undefined if it is anything but a list of texts. */
function textsOf(reply: unknown): readonly string[] | undefined {
  if (!Array.isArray(reply)) return undefined
  const texts: string[] = []
  for (const each of reply as unknown[]) {
    if (!Buffer.isBuffer(each)) return undefined
    texts.push(each.toString())
  }
  return texts
}

import { createHash } from 'node:crypto'
import type { RedisConnection } from './connection.ts'
import { FORBIDDEN_MS, isForbidden } from './forbidden.ts'
import type { RedisLink } from './redis-client.ts'

/** A Lua script whose reply is a list of texts. */
export interface Script {
  readonly source: string
  readonly digest: string
}

export function scriptOf(source: string): Script {
  return { source, digest: createHash('sha1').update(source).digest('hex') }
}

/**
 * Runs a script within the time that a connection gives it. A script that Redis does not have, for example after `SCRIPT FLUSH` or a failover,
 * is sent again.
 */
export class TimedScript {
  readonly #connection: RedisConnection
  readonly #script: Script
  #isBusy = false
  /** Whether Redis has run the script for this process, so that its digest is enough. A first command with the digest could need two round trips. */
  #isStored = false
  #forbiddenUntil = -Infinity

  constructor(connection: RedisConnection, script: Script) {
    this.#connection = connection
    this.#script = script
  }

  /** Whether Redis has not answered the last command yet. */
  get isBusy(): boolean {
    return this.#isBusy
  }

  /** Whether the script is not sent now, because Redis does not answer, or because its user may not run the script or one of its commands. */
  get isDown(): boolean {
    return this.#connection.isDown || performance.now() < this.#forbiddenUntil
  }

  /**
   * Runs the script.
   *
   * @param onLate called with the reply when Redis has answered after the time was over, or without one when the command has failed then
   * @returns the reply; undefined if the time was over first, there is no connection, or Redis answered with an error. Never rejects
   */
  async run(
    keys: readonly string[],
    args: readonly (string | Buffer)[],
    onLate?: (reply?: readonly string[]) => void,
  ): Promise<readonly string[] | undefined> {
    if (this.isDown) return undefined
    const reply = await this.#connection.run(
      async (link) => {
        this.#isBusy = true
        try {
          const sent = await sendScript(link, this.#script, this.#isStored, keys, args)
          this.#isStored = true
          return sent
        } catch (error) {
          if (isForbidden(error)) this.#forbiddenUntil = performance.now() + FORBIDDEN_MS
          throw error
        } finally {
          this.#isBusy = false
        }
      },
      (late) => onLate?.(textsOf(late)),
    )
    return textsOf(reply)
  }
}

async function sendScript(
  link: RedisLink,
  { source, digest }: Script,
  isStored: boolean,
  keys: readonly string[],
  args: readonly (string | Buffer)[],
): Promise<unknown> {
  const rest = [String(keys.length), ...keys, ...args]
  if (!isStored) return link.send('EVAL', source, ...rest)
  try {
    return await link.send('EVALSHA', digest, ...rest)
  } catch (error) {
    if (!(error instanceof Error && error.message.startsWith('NOSCRIPT')) || !link.isReady()) throw error
    return link.send('EVAL', source, ...rest)
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

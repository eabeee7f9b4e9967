import type { IRedisClient } from 'bullmq'
import * as ofCoordinator from './coordinator-scripts.ts'
import type { Script } from './script.ts'
import * as ofWorker from './worker-scripts.ts'

const SCRIPTS: readonly Script[] = [...Object.values(ofCoordinator), ...Object.values(ofWorker)]

/** Runs the scripts of this package over a client of BullMQ, whichever library that client is of. */
export class Redis {
  readonly client: IRedisClient

  constructor(client: IRedisClient) {
    this.client = client
    for (const { name, numberOfKeys, lua } of SCRIPTS) client.defineCommand(name, { numberOfKeys, lua })
  }

  /** Runs a script. @returns its reply as texts; a number becomes one text */
  async run(
    { name }: Script,
    keys: readonly string[],
    args: readonly (string | number)[],
  ): Promise<readonly string[]> {
    const reply: unknown = await this.client.runCommand(name, [...keys, ...args])
    return Array.isArray(reply) ? reply.map(String) : [String(reply)]
  }
}

/** Whether Redis refused a command because its memory is full. It still reads and removes then. */
export function isOutOfMemory(error: unknown): boolean {
  return error instanceof Error && /\bOOM\b/.test(error.message)
}

/**
 * Waits for work, at most for a time.
 *
 * @param ms the time in milliseconds
 * @returns the result of the work; undefined if it took longer
 */
export async function atMost<Result>(ms: number, work: Promise<Result>): Promise<Result | undefined> {
  const ended = new AbortController()
  try {
    return await Promise.race([work, pause(ms, ended.signal).then(() => undefined)])
  } finally {
    // The timer would keep the process from ending.
    ended.abort()
  }
}

/** Returns a promise that resolves after a time, or when the signal aborts. It never rejects. */
export function pause(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', end)
      resolve()
    }
    const timer = setTimeout(end, ms)
    if (signal?.aborted) end()
    else signal?.addEventListener('abort', end, { once: true })
  })
}

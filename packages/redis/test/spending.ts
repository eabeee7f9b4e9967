import { spawn, type ChildProcess } from 'node:child_process'
import { createInterface } from 'node:readline'
import { join } from 'node:path'
import type { SpendLimitOptions } from '@harbor/core'
import type { Order, Outcome } from './fixtures/spending-process.ts'

/** A process with a client that shares its spend limits. */
export interface Spender {
  readonly child: ChildProcess
  /** Makes calls, and resolves when all have ended. */
  call(order: Order): Promise<Outcome>
}

export interface SpenderOptions {
  readonly redisUrl: string
  readonly baseURL: string
  readonly limits: readonly SpendLimitOptions[]
  readonly perRequest?: number
  readonly outputPerMillion?: number
}

/** Starts a process that makes calls on request. */
export async function startSpender({
  redisUrl,
  baseURL,
  limits,
  perRequest = 0,
  outputPerMillion = 0,
}: SpenderOptions): Promise<Spender> {
  const fixture = join(import.meta.dirname, '../.programs/fixtures/spending-process.js')
  const args = [redisUrl, baseURL, JSON.stringify(limits), String(perRequest), String(outputPerMillion)]
  const child = spawn(process.execPath, [fixture, ...args], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  await lines.next()
  return {
    child,
    async call(order) {
      child.stdin.write(`${JSON.stringify(order)}\n`)
      const { value, done } = await lines.next()
      if (done === true) throw new Error('The process has ended.')
      return JSON.parse(value) as Outcome
    },
  }
}

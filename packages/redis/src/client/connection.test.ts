import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import { RedisConnection } from './connection.ts'
import { ALLOWED_AGAIN_MS, FORBIDDEN_MS } from './forbidden.ts'

const noPermission = (): Promise<never> =>
  Promise.reject(new Error("NOPERM this user has no permissions to run the 'xadd' command"))

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

/** A connection to a server that answers all commands, and what it reported. */
function connected() {
  const warn = vi.spyOn(process, 'emitWarning').mockReturnValue(undefined)
  const link = { isReady: () => true, firstConnection: () => undefined, send: () => Promise.resolve('OK') }
  const degraded: boolean[] = []
  const connection = new RedisConnection(link, {
    budgetMs: 50,
    probeKey: 'probe',
    onDegraded: (isDegraded) => degraded.push(isDegraded),
  })
  onTestFinished(() => {
    connection.close()
    warn.mockRestore()
  })
  return { connection, degraded, warn }
}

describe('a connection to Redis', () => {
  it('is degraded while Redis refuses a command, and whole again when it has refused none for two minutes', async () => {
    const { connection, degraded, warn } = connected()
    await connection.run(noPermission)
    expect(degraded).toEqual([true])
    // What was refused is tried again after a minute.
    await vi.advanceTimersByTimeAsync(FORBIDDEN_MS)
    await connection.run(noPermission)
    await vi.advanceTimersByTimeAsync(ALLOWED_AGAIN_MS - 1)
    expect([connection.isDegraded, degraded]).toEqual([true, [true]])
    await vi.advanceTimersByTimeAsync(1)
    expect([connection.isDegraded, degraded]).toEqual([false, [true, false]])
    expect(warn).toHaveBeenCalledTimes(1)
  })

  it('reports once that it is degraded, also if Redis is lost while it refuses a command', async () => {
    const { connection, degraded } = connected()
    await connection.run(noPermission)
    await connection.run(() => Promise.reject(new Error('LOADING')))
    expect([connection.isDown, degraded]).toEqual([true, [true]])
    await vi.advanceTimersByTimeAsync(1_000)
    // Redis answers again, and the refusal is not two minutes old.
    expect([connection.isDown, degraded]).toEqual([false, [true]])
    await vi.advanceTimersByTimeAsync(ALLOWED_AGAIN_MS)
    expect(degraded).toEqual([true, false])
  })

  it('reports nothing after it was closed', async () => {
    const { connection, degraded } = connected()
    connection.close()
    await connection.run(noPermission)
    await vi.advanceTimersByTimeAsync(ALLOWED_AGAIN_MS)
    expect(degraded).toEqual([])
    expect(vi.getTimerCount()).toBe(0)
  })
})

import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from '../../parts/test/free-port.ts'

/** Whether this machine has a Redis server. Its tests are skipped otherwise, and say so. */
export const hasRedis = spawnSync('redis-server', ['--version']).status === 0
if (!hasRedis && process.env['CI'])
  throw new Error('These tests need redis-server: install the package redis-server.')

/** A Redis server of its own, without files, on a free port of loopback. */
export class RedisServer {
  readonly port: number
  readonly #folder: string
  readonly #settings: readonly string[]
  #process: ChildProcess

  private constructor(port: number, folder: string, settings: readonly string[], started: ChildProcess) {
    this.port = port
    this.#folder = folder
    this.#settings = settings
    this.#process = started
  }

  static async start(...settings: readonly string[]): Promise<RedisServer> {
    const folder = mkdtempSync(join(tmpdir(), 'harbor-redis-'))
    for (;;) {
      const port = await freePort()
      try {
        return new RedisServer(port, folder, settings, await started(port, folder, settings))
      } catch (error) {
        // A server of another test has taken the port meanwhile.
        if (!String(error).includes('Address already in use')) throw error
      }
    }
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`
  }

  /** Stops the process where it is: connections stay open, and get no reply. */
  freeze(): void {
    this.#process.kill('SIGSTOP')
  }

  thaw(): void {
    this.#process.kill('SIGCONT')
  }

  /** Kills the process. Everything that it held is lost. */
  async kill(): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return
    const ended = once(this.#process, 'exit')
    this.#process.kill('SIGKILL')
    await ended
  }

  /** Starts an empty server in the place of the killed one. */
  async restart(): Promise<void> {
    this.#process = await started(this.port, this.#folder, this.#settings)
  }

  async close(): Promise<void> {
    await this.kill()
    rmSync(this.#folder, { recursive: true, force: true })
  }
}

async function started(port: number, folder: string, settings: readonly string[]): Promise<ChildProcess> {
  const fixed = [
    '--port',
    String(port),
    '--bind',
    '127.0.0.1',
    '--dir',
    folder,
    '--save',
    '',
    '--appendonly',
    'no',
  ]
  const child = spawn('redis-server', [...fixed, ...settings], { stdio: ['ignore', 'pipe', 'inherit'] })
  let printed = ''
  for await (const chunk of child.stdout as AsyncIterable<Buffer>) {
    printed += chunk.toString()
    if (printed.includes('Ready to accept connections')) return child
  }
  throw new Error(`redis-server did not start:\n${printed}`)
}

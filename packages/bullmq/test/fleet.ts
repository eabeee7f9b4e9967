import { fork, type ChildProcess } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { once } from 'node:events'
import { join } from 'node:path'
import { runBulk } from '@harbor/batch'
import type { SimulatedProvider } from '@harbor/simulator'
import { Redis } from 'ioredis'

export interface Prompt {
  readonly id: string
  readonly text: string
}

/** @param crashing the number of prompts, spread over all, that kill the worker */
export function promptsOf(count: number, crashing = 0): Prompt[] {
  const every = crashing > 0 ? Math.floor(count / crashing) : Infinity
  return Array.from({ length: count }, (_, index) => ({
    id: String(index),
    text: index % every === every - 1 ? 'crash' : `prompt ${index}`,
  }))
}

export interface FleetPlan {
  readonly url: string
  readonly queue: string
  readonly folder: string
  readonly provider: SimulatedProvider
  readonly items: number
  readonly crashing?: number
  /** Whether a coordinator that dies is started again. @default true */
  readonly restartsCoordinator?: boolean
  readonly workers: number
  readonly concurrency: number
}

/** A coordinator and workers, each a process of its own, which are started again when they die. */
export class Fleet {
  readonly output: string
  readonly journal: string
  readonly #plan: FleetPlan
  readonly #workers: ChildProcess[] = []
  #coordinator: ChildProcess | undefined
  #isEnding = false
  deaths = 0

  constructor(plan: FleetPlan) {
    this.#plan = plan
    this.output = join(plan.folder, `${plan.queue}.output`)
    this.journal = join(plan.folder, `${plan.queue}.jsonl`)
    for (let index = 0; index < plan.workers; index++) this.#startWorker(index)
    this.startCoordinator()
  }

  get isDone(): boolean {
    return existsSync(this.output)
  }

  /** The number of calls at the provider. */
  get calls(): number {
    return this.#plan.provider.counts().calls
  }

  killWorker(index: number): void {
    this.#workers[index]?.kill('SIGKILL')
  }

  killCoordinator(): void {
    if (!this.isDone) this.#coordinator?.kill('SIGKILL')
  }

  /** Resolves when the coordinator has written all results. @returns its lines, sorted */
  async results(timeoutMs: number): Promise<readonly string[]> {
    await until(() => this.isDone, timeoutMs)
    return readFileSync(this.output, 'utf8').split('\n').toSorted()
  }

  /** Ends the workers, as a deployment would, and waits for them. */
  async close(): Promise<void> {
    this.#isEnding = true
    const children = [...this.#workers, ...(this.#coordinator ? [this.#coordinator] : [])]
    await Promise.all(
      children.map(async (child) => {
        if (child.exitCode !== null || child.signalCode !== null) return
        const ended = once(child, 'exit')
        child.kill(this.isDone ? 'SIGTERM' : 'SIGKILL')
        await ended
      }),
    )
  }

  #startWorker(index: number): void {
    const { url, queue, provider, concurrency } = this.#plan
    const child = start('worker', [url, queue, provider.baseURL, String(concurrency)])
    this.#workers[index] = child
    child.once('exit', (_, signal) => {
      if (this.#isEnding) return
      if (signal === 'SIGKILL') this.deaths++
      this.#startWorker(index)
    })
  }

  startCoordinator(): void {
    const { url, queue, items, crashing = 0, restartsCoordinator = true } = this.#plan
    const child = start('coordinator', [
      url,
      queue,
      this.journal,
      this.output,
      String(items),
      String(crashing),
    ])
    this.#coordinator = child
    child.once('exit', () => {
      if (restartsCoordinator && !this.#isEnding && !this.isDone) this.startCoordinator()
    })
  }
}

function start(fixture: string, args: readonly string[]): ChildProcess {
  return fork(join(import.meta.dirname, '../.programs/fixtures', `${fixture}.js`), args)
}

/** The results of a run that nothing interrupts, in one process. */
export async function expectedOf(provider: SimulatedProvider, items: number): Promise<readonly string[]> {
  const run = runBulk(
    promptsOf(items),
    async ({ text }) => {
      const body = JSON.stringify({ model: 'gpt-5', messages: [{ role: 'user', content: text }] })
      const response = await fetch(`${provider.baseURL}/chat/completions`, { method: 'POST', body })
      const { choices } = (await response.json()) as { choices: { message: { content: string } }[] }
      return { text, answer: choices[0]?.message.content }
    },
    { id: ({ id }) => id },
  )
  const lines: string[] = []
  for await (const result of run) lines.push(JSON.stringify([result.id, result.ok && result.value]))
  return lines.toSorted()
}

/** The names of all keys of a server. */
export async function keysOf(url: string): Promise<readonly string[]> {
  const client = new Redis(url)
  try {
    return (await client.keys('*')).toSorted()
  } finally {
    client.disconnect()
  }
}

/** Kills workers and the coordinator at random numbers of calls, and starts them again. @returns the number of kills */
export async function killAtRandom(
  fleet: Fleet,
  { items, workers }: FleetPlan,
  kills: number,
  random: () => number,
): Promise<number> {
  const before = fleet.calls
  const moments = Array.from({ length: kills }, () => before + Math.floor((0.02 + 0.9 * random()) * items))
  let killed = 0
  for (const moment of moments.toSorted((a, b) => a - b)) {
    await until(() => fleet.isDone || fleet.calls >= moment, 300_000)
    if (fleet.isDone) break
    if (random() < 0.3) fleet.killCoordinator()
    else fleet.killWorker(Math.floor(random() * workers))
    killed++
  }
  return killed
}

export function seeded(seed: number): () => number {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0
    let mixed = Math.imul(seed ^ (seed >>> 15), 1 | seed)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
  }
}

/** Waits for something to happen. Unlike `expect.poll`, it may run in tests that run beside each other. */
export async function until(
  hasHappened: () => boolean | Promise<boolean>,
  timeoutMs = 100_000,
): Promise<void> {
  const endsAt = performance.now() + timeoutMs
  while (!(await hasHappened())) {
    if (performance.now() > endsAt)
      throw new Error(`did not happen within ${timeoutMs} ms: ${hasHappened.toString()}`)
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
}

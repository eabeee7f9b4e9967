import type { Harbor } from '../harbor.ts'
import type { Fleet } from '../options/fleet.ts'
import { PATIENCE_MS } from './bulk-command.ts'
import { companion, companionPath } from './companion.ts'
import { createClient } from './create-client.ts'
import { openPage } from './open-page.ts'
import { EXIT, type ExitCode } from './options.ts'
import { courtesyStream } from './output/courtesy-stream.ts'
import type { WorkerArguments } from './worker-arguments.ts'

/** The package `@harbor/bullmq`, as far as `harbor worker` uses it. */
interface FleetPackage {
  readonly startFleetWorker: (
    client: Harbor,
    options: { queue: string; connection: string; concurrency: number; patienceMs: number },
  ) => { close(options: { graceMs: number }): Promise<void> }
}

/** The package `@harbor/redis`, as far as `harbor worker` uses it. */
interface RedisPackage {
  readonly redisFleet: (options: { client: object }) => Fleet
}

/** The client of Redis that workers share their limits over. */
interface RedisModule {
  readonly Redis: new (url: string) => {
    on(event: 'error', listener: () => void): unknown
    disconnect(): void
  }
}

/** How long calls in flight may take when the worker is stopped, in milliseconds. Most systems kill a process after 30 seconds. */
const GRACE_MS = 25_000

/**
 * Runs `harbor worker`: answers the requests of a queue, until a signal ends it.
 * @returns the exit code
 * @throws UsageError if `@harbor/bullmq` is not installed
 */
export async function workerCommand({
  redis,
  queue,
  client: settings,
  concurrency,
  page: hasPage,
}: WorkerArguments): Promise<ExitCode> {
  const stderr = courtesyStream(process.stderr)
  const note = (text: string): void => {
    stderr.write(`harbor: ${text}\n`)
  }
  const { startFleetWorker } = await companion<FleetPackage>('@harbor/bullmq', 'harbor worker')
  const shared = await sharedOver(redis)
  if (!shared) note(ALONE)
  const client = createClient({ client: settings, concurrency }, shared?.fleet)
  try {
    const page = hasPage ? await openPage(client, `harbor worker ${queue}`) : undefined
    if (page) note(`The calls are shown at ${page.url}`)
    const worker = startFleetWorker(client, {
      queue,
      connection: redis,
      concurrency,
      patienceMs: PATIENCE_MS,
    })
    note(`This worker takes requests from the queue ${queue}. Ctrl-C ends it.`)
    await interrupted()
    note('Stopping: requests in flight get their answers, for 25 s at most. Ctrl-C again ends at once.')
    const closed = worker.close({ graceMs: GRACE_MS })
    await Promise.race([closed, interrupted().then(() => worker.close({ graceMs: 0 }))])
    await page?.close()
    return EXIT.allAnswered.code
  } finally {
    await client.close({ graceMs: 0 })
    shared?.close()
  }
}

const ALONE =
  'Limits hold for this worker alone, since @harbor/redis is not installed here: npm install @harbor/redis ioredis'

/** Returns what workers share over Redis, if the packages for it are installed. */
async function sharedOver(url: string): Promise<{ readonly fleet: Fleet; close(): void } | undefined> {
  if (companionPath('@harbor/redis') === undefined || companionPath('ioredis') === undefined) return undefined
  const { redisFleet } = await companion<RedisPackage>('@harbor/redis', 'harbor worker')
  const { Redis } = await companion<RedisModule>('ioredis', 'harbor worker')
  const client = new Redis(url)
  // The fleet reports it, and goes on without Redis.
  client.on('error', () => undefined)
  return { fleet: redisFleet({ client }), close: () => client.disconnect() }
}

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/** Resolves with the next signal that requests the end of the process. */
function interrupted(): Promise<void> {
  return new Promise((resolve) => {
    const listener = (): void => {
      for (const signal of SIGNALS) process.off(signal, listener)
      resolve()
    }
    for (const signal of SIGNALS) process.on(signal, listener)
  })
}

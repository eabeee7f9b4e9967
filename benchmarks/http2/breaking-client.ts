import { fork } from 'node:child_process'
import { once } from 'node:events'
import { Agent, request } from 'undici'
import { startBreakingServer } from './breaking-server.ts'
import { randomFrom } from './random.ts'
import { CA } from './tls-provider.ts'

/** Requests of one run: 40 at once, 400 in all. A third of them are aborted within 10 ms, and a fifth of the bodies are not read. */
const [AT_ONCE, EACH] = [40, 10]
const PATIENCE_MS = 30_000

/** What became of one process that made these requests. */
export type Ending = 'answered' | 'crashed' | 'hung'

/** Makes 400 requests in a process of their own, to a server whose streams and connections break. */
export async function tryRequests(http2: boolean, seed: number): Promise<Ending> {
  const server = await startBreakingServer(seed)
  const client = fork(import.meta.filename, ['client', String(http2), String(seed), server.url], {
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  })
  const timer = setTimeout(() => client.kill('SIGKILL'), PATIENCE_MS)
  const [code, signal] = (await once(client, 'exit')) as [number | null, string | null]
  clearTimeout(timer)
  server.process.kill()
  return signal === 'SIGKILL' ? 'hung' : code === 0 ? 'answered' : 'crashed'
}

async function run(http2: boolean, seed: number, url: string): Promise<void> {
  const random = randomFrom(seed + 1)
  const dispatcher = new Agent({ allowH2: http2, connections: http2 ? 4 : AT_ONCE, connect: { ca: CA } })
  const one = async (): Promise<void> => {
    const abort = new AbortController()
    if (random() < 0.3) setTimeout(() => abort.abort(new Error('enough')), 10 * random())
    const { body } = await request(url, { method: 'POST', body: 'x', signal: abort.signal, dispatcher })
    // An abort after the end is an error of the body, too.
    body.on('error', () => undefined)
    if (random() < 0.2) body.destroy()
    else await body.text()
  }
  const worker = async (): Promise<void> => {
    // Any request may fail. Each must end, and none may end the process.
    for (let call = 0; call < EACH; call++) await one().catch(() => undefined)
  }
  await Promise.all(Array.from({ length: AT_ONCE }, worker))
  process.exit()
}

if (process.argv[2] === 'client' && process.argv[1] === import.meta.filename)
  void run(process.argv[3] === 'true', Number(process.argv[4]), process.argv[5] ?? '')

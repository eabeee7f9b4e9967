import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { freePort } from './free-port.ts'

/** A Redis server of this program, on loopback, without files. */
export interface RedisProcess {
  readonly url: string
  /** Stops it where it is: connections stay open, and get no answer. */
  freeze(): void
  thaw(): void
  close(): Promise<void>
}

/** Starts `redis-server` on a free port. Ends the program with a word of advice if it is not installed. */
export async function startRedis(): Promise<RedisProcess> {
  const port = await freePort()
  const settings = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no']
  const server = spawn('redis-server', settings, { stdio: ['ignore', 'pipe', 'inherit'] })
  server.once('error', () => {
    console.error(
      'This example needs redis-server. Debian, Ubuntu: apt-get install redis-server; macOS: brew install redis.',
    )
    process.exit(1)
  })
  let printed = ''
  for await (const chunk of server.stdout as AsyncIterable<Buffer>) {
    printed += chunk.toString()
    if (printed.includes('Ready to accept connections')) break
  }
  if (!printed.includes('Ready to accept connections'))
    throw new Error(`redis-server did not start:\n${printed}`)
  process.once('exit', () => server.kill('SIGKILL'))
  return {
    url: `redis://127.0.0.1:${port}`,
    freeze: () => void server.kill('SIGSTOP'),
    thaw: () => void server.kill('SIGCONT'),
    close: async () => {
      const ended = once(server, 'exit')
      server.kill('SIGKILL')
      await ended
    },
  }
}

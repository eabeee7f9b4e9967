import { readFileSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { expect, it, onTestFinished } from 'vitest'
import * as harborRetry from '../src/index.ts'

/** The second example of the README, without its types. */
function secondExample(): (url: string, caller: AbortSignal) => Promise<Response> {
  const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8')
  const code = readme.split('```ts')[2]?.split('```')[0] ?? ''
  const plain = code
    .replace(/^import (.*) from '@harbor\/retry'$/m, 'const $1 = harborRetry')
    .replace(
      'export function ask(url: string, caller: AbortSignal): Promise<Response>',
      'return function ask(url, caller)',
    )
    .replace('response: Response', 'response')
  // eslint-disable-next-line @typescript-eslint/no-implied-eval -- our own README
  const make = new Function('harborRetry', plain) as (module: object) => ReturnType<typeof secondExample>
  return make(harborRetry)
}

it('retries a 503 of fetch, as the second example of the README says', async () => {
  let requests = 0
  const server = createServer((socket) => {
    socket
      .on('error', () => undefined)
      .once('data', () => {
        requests++
        const status = requests < 3 ? '503 Service Unavailable\r\nretry-after-ms: 1' : '200 OK'
        socket.end(`HTTP/1.1 ${status}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`)
      })
  })
  onTestFinished(() => void server.close())
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const response = await secondExample()(`http://127.0.0.1:${port}/`, new AbortController().signal)
  expect([response.status, requests]).toEqual([200, 3])
})

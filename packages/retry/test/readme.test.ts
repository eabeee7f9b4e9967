import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { expect, it, onTestFinished } from 'vitest'

interface Example {
  ask(url: string, caller: AbortSignal): Promise<Response>
}

/** Loads the second example of the README, from a file beside it so that it finds the package. */
async function secondExample(): Promise<Example> {
  const packageFolder = join(import.meta.dirname, '..')
  const readme = readFileSync(join(packageFolder, 'README.md'), 'utf8')
  const code = readme.split('```ts')[2]?.split('```')[0] ?? ''
  mkdirSync(join(packageFolder, '.reports'), { recursive: true })
  const folder = mkdtempSync(join(packageFolder, '.reports', 'readme-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const file = join(folder, 'example.ts')
  writeFileSync(file, code)
  return (await import(/* @vite-ignore */ pathToFileURL(file).href)) as Example
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
  const { ask } = await secondExample()
  const response = await ask(`http://127.0.0.1:${port}/`, new AbortController().signal)
  expect([response.status, requests]).toEqual([200, 3])
})

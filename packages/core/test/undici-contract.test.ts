import { createRequire } from 'node:module'
import { gzipSync } from 'node:zlib'
import { Agent, fetch as undiciFetch, request } from 'undici'
import { describe, expect, it, onTestFinished } from 'vitest'
import { serve } from './helpers/http-server.ts'

// Why @harbor/pool brings a fetch of its own instead of mixing Node's with an installed undici.

const { version } = createRequire(import.meta.url)('undici/package.json') as { version: string }
const installedMajor = version.split('.')[0]
const bundledMajor = process.versions['undici']?.split('.')[0]

async function ownAgent(): Promise<Agent> {
  const agent = new Agent()
  onTestFinished(() => agent.close())
  return agent
}

describe('undici', () => {
  it.skipIf(bundledMajor === installedMajor)(
    "does not serve Node's built-in fetch with an Agent of another major version than Node brings",
    async () => {
      const { origin } = await serve((_, response) => response.end('hello'))
      const init = { dispatcher: await ownAgent() } as unknown as RequestInit
      await expect(fetch(origin, init).then((answer) => answer.text())).rejects.toThrow()
    },
  )

  it('does not take a built-in Request for its own fetch', async () => {
    const { origin } = await serve((_, response) => response.end('hello'))
    const dispatcher = await ownAgent()
    const given = new Request(origin) as never
    await expect(undiciFetch(given, { dispatcher })).rejects.toThrow('Failed to parse URL')
  })

  it('neither decompresses with request() nor follows a redirect', async () => {
    const packed = gzipSync('hello')
    const { origin } = await serve(({ path }, response) => {
      if (path === '/moved') response.writeHead(307, { location: '/' }).end()
      else response.writeHead(200, { 'content-encoding': 'gzip' }).end(packed)
    })
    const dispatcher = await ownAgent()
    const compressed = await request(origin, { dispatcher })
    expect(Buffer.from(await compressed.body.arrayBuffer())).toEqual(packed)
    const moved = await request(`${origin}/moved`, { dispatcher })
    await moved.body.dump()
    expect(moved.statusCode).toBe(307)
  })
})

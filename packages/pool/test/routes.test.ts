import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TLSSocket } from 'node:tls'
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import { startPool, statsOf } from './pool.ts'
import { startProxy } from './proxy.ts'
import { echo, startServer } from './server.ts'

const file = (name: string): string => readFileSync(join(import.meta.dirname, 'fixtures', name), 'utf8')
const ca = file('ca.pem')
const serverTls = { key: file('server.key.pem'), cert: file('server.pem') }
const clientTls = { key: file('client.key.pem'), cert: file('client.pem') }

const PROXY_VARIABLES = ['HTTP_PROXY', 'HTTPS_PROXY', 'ALL_PROXY', 'NO_PROXY'].flatMap((name) => [
  name,
  name.toLowerCase(),
])

beforeEach(() => {
  for (const name of PROXY_VARIABLES) vi.stubEnv(name, undefined)
})
afterEach(() => vi.unstubAllEnvs())

describe('the option tls', () => {
  it('makes the pool trust an authority; without it, the error has advice', async () => {
    const { url } = await startServer(echo, serverTls)
    const trusting = startPool({ tls: { ca } })
    for (let call = 0; call < 3; call++) await (await trusting.fetch(url)).text()
    expect(statsOf(trusting)).toMatchObject({ opened: 1, requests: 3 })
    await expect(startPool().fetch(url)).rejects.toMatchObject({
      message: 'fetch failed',
      origin: url,
      advice: 'The certificate is not trusted. Pass the authority that signed it as tls.ca.',
    })
  })

  it('checks the host name of a certificate', async () => {
    const { url } = await startServer(echo, serverTls)
    const failing = startPool({ tls: { ca, servername: 'api.example' } }).fetch(url)
    await expect(failing).rejects.toMatchObject({
      cause: { code: 'ERR_TLS_CERT_ALTNAME_INVALID' },
      advice: expect.stringMatching(/host name/) as string,
    })
  })

  it('sends a client certificate', async () => {
    const asks = { ...serverTls, ca, requestCert: true, rejectUnauthorized: true }
    const { url } = await startServer((request, response) => {
      const socket: unknown = request.socket
      response.end((socket as TLSSocket).getPeerCertificate().subject.CN)
    }, asks)
    expect(await (await startPool({ tls: { ca, ...clientTls } }).fetch(url)).text()).toBe(
      'Harbor test client',
    )
    await expect(startPool({ tls: { ca } }).fetch(url)).rejects.toThrow('fetch failed')
  })

  it('works with a server that negotiates no protocol, and gives advice for a server without TLS', async () => {
    const { url } = await startServer(echo)
    const failing = startPool({ tls: { ca } }).fetch(url.replace('http:', 'https:'))
    await expect(failing).rejects.toMatchObject({
      advice: expect.stringMatching(/base URL should begin with http:/) as string,
    })
  })
})

describe('a proxy', () => {
  it('tunnels https, with reuse, statistics, the authority and its own credentials', async () => {
    const { url } = await startServer(echo, serverTls)
    const proxy = await startProxy()
    const pool = startPool({ proxy: proxy.url.replace('//', '//user:word@'), tls: { ca } })
    for (let call = 0; call < 3; call++) {
      expect(await (await pool.fetch(url, { method: 'POST', body: 'x' })).json()).toMatchObject({ body: 'x' })
    }
    expect(proxy.seen).toEqual([`CONNECT ${new URL(url).host}`])
    expect(proxy.authorizations).toEqual([`Basic ${btoa('user:word')}`])
    expect(pool.stats()[url]).toMatchObject({ open: 1, opened: 1, requests: 3 })
    await pool.close()
  })

  it('forwards plain http', async () => {
    const { url } = await startServer(echo)
    const proxy = await startProxy()
    const pool = startPool({ proxy: proxy.url })
    expect(await (await pool.fetch(`${url}/path`, { method: 'POST', body: 'x' })).json()).toMatchObject({
      url: '/path',
      body: 'x',
    })
    expect(proxy.seen).toEqual([`POST ${url}/path`])
    await pool.close()
  })

  it('is read from HTTPS_PROXY and HTTP_PROXY, but not used for NO_PROXY, noProxy or proxy: false', async () => {
    const [plain, secure] = [await startServer(echo), await startServer(echo, serverTls)]
    const proxy = await startProxy()
    vi.stubEnv('HTTP_PROXY', proxy.url)
    vi.stubEnv('HTTPS_PROXY', proxy.url)
    const call = async (options: object): Promise<number> => {
      const pool = startPool({ tls: { ca }, ...options })
      proxy.seen.length = 0
      for (const { url } of [plain, secure]) expect((await pool.fetch(url)).status).toBe(200)
      return proxy.seen.length
    }
    expect(await call({})).toBe(2)
    expect(await call({ proxy: false })).toBe(0)
    expect(await call({ noProxy: 'localhost' })).toBe(1)
    vi.stubEnv('NO_PROXY', 'localhost,127.0.0.1')
    expect(await call({})).toBe(0)
  })

  it.each([
    ['ALL_PROXY', (url: string) => url],
    ['all_proxy', (url: string) => url],
    ['HTTP_PROXY without a scheme', (url: string) => url.replace('http://', '')],
    ['ALL_PROXY without a scheme', (url: string) => url.replace('http://', '')],
    ['https_proxy without a scheme', (url: string) => url.replace('http://', 'user:word@')],
  ])('is read from %s', async (variable, valueOf) => {
    const { url } = await startServer(echo, serverTls)
    const proxy = await startProxy()
    vi.stubEnv(variable.split(' ')[0] ?? '', valueOf(proxy.url))
    expect((await startPool({ tls: { ca } }).fetch(url)).status).toBe(200)
    expect(proxy.seen).toEqual([`CONNECT ${new URL(url).host}`])
  })

  it('is not used if ALL_PROXY has an unsupported protocol', async () => {
    const { url } = await startServer(echo)
    vi.stubEnv('ALL_PROXY', 'gopher://127.0.0.1:9')
    expect((await startPool().fetch(url)).status).toBe(200)
  })

  it.each([
    ['127.0.0.0/8', 0],
    ['10.0.0.0/8, 127.0.0.1/32', 0],
    ['example.com,127.0.0.0/8', 0],
    ['10.0.0.0/8', 1],
    ['127.0.0.0/33', 1],
    ['fd00::/8', 1],
  ])('is not used for an address within a range of NO_PROXY: %s', async (noProxy, asked) => {
    const { url } = await startServer(echo)
    const proxy = await startProxy()
    const pool = startPool({ proxy: proxy.url, noProxy })
    expect((await pool.fetch(url)).status).toBe(200)
    vi.stubEnv('NO_PROXY', noProxy)
    const other = startPool({ proxy: proxy.url })
    expect((await other.fetch(url)).status).toBe(200)
    expect(proxy.seen).toHaveLength(2 * asked)
    await Promise.all([pool.close(), other.close()])
    expect(pool.stats()[url]?.open ?? 0).toBe(0)
  })

  it('has another error than a server, if it cannot be reached', async () => {
    const pool = startPool({ proxy: 'http://127.0.0.1:9' })
    await expect(pool.fetch('https://api.example/')).rejects.toMatchObject({ origin: 'https://api.example' })
  })
})

describe('the option socketPath', () => {
  it('connects to a server on a Unix socket', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'harbor-pool-'))
    const socketPath = join(folder, 's')
    const server = createServer((request, response) => void echo(request, response)).listen(socketPath)
    onTestFinished(async () => {
      server.close()
      await rm(folder, { recursive: true })
    })
    await once(server, 'listening')
    const pool = startPool({ socketPath })
    expect(await (await pool.fetch('http://model.local/v1')).json()).toMatchObject({
      url: '/v1',
      headers: { host: 'model.local' },
    })
    await expect(
      startPool({ socketPath: join(folder, 'none') }).fetch('http://model.local/'),
    ).rejects.toMatchObject({
      advice: 'There is no such socket. Check socketPath.',
    })
    await pool.close()
  })
})

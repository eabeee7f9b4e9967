import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { createPool } from './create-pool.ts'
import { readOptions, type PoolOptions } from './options.ts'

describe('createPool', () => {
  it.each<[PoolOptions | object, string | RegExp]>([
    [{ connections: 0 }, 'connections must be a whole number of at least 1, got 0'],
    [{ connections: 1.5 }, 'connections must be a whole number of at least 1, got 1.5'],
    [{ maxQueued: -1 }, 'maxQueued must be a whole number of at least 0, got -1'],
    [{ queueTimeoutMs: '5' }, 'queueTimeoutMs must be a whole number of at least 1, got a string'],
    [{ keepAliveTimeoutMs: NaN }, 'keepAliveTimeoutMs must be a whole number of at least 1, got NaN'],
    [{ maxConnectionAgeMs: 2 ** 31 }, 'maxConnectionAgeMs must be at most 2147483647, got 2147483648'],
    [{ staleSocketRetry: 1 }, 'staleSocketRetry must be true or false, got 1'],
    [{ autoscale: true }, 'autoscale must be an object of options, or false, got true'],
    [{ autoscale: { min: 0 } }, 'autoscale.min must be a whole number of at least 1, got 0'],
    [
      { connections: 4, autoscale: { min: 5 } },
      'autoscale.min must be at most connections, which is 4, got 5',
    ],
    [{ autoscale: { max: 5 } }, /^autoscale\.max is not an option of the pool$/],
    [{ autoscale: { minn: 5 } }, /^autoscale\.minn is not an option of the pool$/],
    [
      { autoscale: { shrinkIntervallMs: 5 } },
      'autoscale.shrinkIntervallMs is not an option of the pool; did you mean autoscale.shrinkIntervalMs?',
    ],
    [
      { autoscale: { min: 4 }, origins: { 'http://a': { connections: 2 } } },
      'origins["http://a"].autoscale.min must be at most connections, which is 2, got 4',
    ],
    [{ tls: 'ca' }, 'tls must be an object of options for tls.connect, got a string'],
    [{ socketPath: '' }, 'socketPath must be the path of a socket, got an empty string'],
    [{ noProxy: [] }, 'noProxy must be a string, got '],
    [{ proxy: 'http://p:1', socketPath: '/s' }, 'socketPath and proxy exclude each other: leave one out'],
    [
      { origins: { 'http://a/v1': {} } },
      'origins["http://a/v1"] must be named by an origin such as http://a',
    ],
    [
      { origins: { 'http://a': { connections: 0 } } },
      'origins["http://a"].connections must be a whole number of at least 1, got 0',
    ],
    [
      { origins: { 'http://a': { proxy: false } } },
      /^origins\["http:\/\/a"\]\.proxy is not an option of the pool$/,
    ],
    [
      { maxSockets: 5 },
      /^maxSockets is not an option of the pool; did you mean connections\? \(Node's Agent calls it maxSockets\)$/,
    ],
    [
      { keepaliveTimeout: 5 },
      'keepaliveTimeout is not an option of the pool; did you mean keepAliveTimeoutMs?',
    ],
    [{ connection: 5 }, 'connection is not an option of the pool; did you mean connections?'],
  ])('throws for %o', (options, message) => {
    expect(() => createPool(options)).toThrow(TypeError)
    expect(() => createPool(options)).toThrow(message)
  })

  it('does not show an invalid proxy, which may contain a password', () => {
    expect(() => createPool({ proxy: 'user:secret@proxy' })).toThrow(
      /^proxy must be a URL such as (?!.*secret)/,
    )
  })

  it.each(['HTTP_PROXY', 'http_proxy', 'HTTPS_PROXY', 'https_proxy'])(
    'refuses a %s of the environment that is none, by its name, unless it is not asked for',
    (name) => {
      onTestFinished(() => void vi.unstubAllEnvs())
      for (const other of ['http_proxy', 'https_proxy']) vi.stubEnv(other, undefined)
      vi.stubEnv(name, 'ftp://user:secret@proxy')
      expect(() => createPool()).toThrow(new RegExp(`^${name} must be a URL such as (?!.*secret)`))
      createPool({ proxy: false })
    },
  )
})

describe('readOptions', () => {
  it('fills in the defaults, and treats undefined as absent', () => {
    expect(readOptions({ connections: undefined, origins: undefined }).of('http://a')).toMatchObject({
      connections: 256,
      maxQueued: 10_000,
      keepAliveTimeoutMs: 20_000,
      keepAliveMaxTimeoutMs: 25_000,
      maxConnectionAgeMs: 300_000,
      connectTimeoutMs: 10_000,
      headersTimeoutMs: 0,
      bodyIdleTimeoutMs: 120_000,
      staleSocketRetry: true,
      autoscale: false,
    })
  })

  it('lets an origin override parts of autoscale, or switch it off', () => {
    const { of } = readOptions({
      autoscale: { min: 4 },
      origins: { 'http://a': { autoscale: { shrinkIntervalMs: 5 } }, 'http://b': { autoscale: false } },
    })
    expect(of('http://c').autoscale).toEqual({ min: 4, targetQueueMs: 100, shrinkIntervalMs: 30_000 })
    expect(of('http://a').autoscale).toEqual({ min: 4, targetQueueMs: 100, shrinkIntervalMs: 5 })
    expect(of('http://b').autoscale).toBe(false)
  })

  it('lets an origin override single options', () => {
    const { of } = readOptions({ connections: 8, maxQueued: 5, origins: { 'http://a': { connections: 2 } } })
    expect(of('http://a')).toMatchObject({ connections: 2, maxQueued: 5 })
    expect(of('http://b')).toMatchObject({ connections: 8, maxQueued: 5 })
  })
})

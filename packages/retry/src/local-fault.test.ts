import { describe, expect, it } from 'vitest'
import { classify } from './classify.ts'

const failed = (cause: unknown): TypeError => new TypeError('fetch failed', { cause })
const coded = (code: string, syscall?: string): Error =>
  Object.assign(new Error(`${syscall ?? 'connect'} ${code} 10.0.0.1:443`), {
    code,
    ...(syscall && { syscall }),
  })
const all = (...codes: string[]): AggregateError =>
  Object.assign(new AggregateError(codes.map((code) => coded(code, 'connect'))), { code: codes[0] })

const OURS = { kind: 'network', retryable: true, ambiguous: false, origin: 'local' }

describe('classify, of what this machine lacks', () => {
  it.each([
    'EMFILE',
    'ENFILE',
    'ENOBUFS',
    'ENOMEM',
    'EADDRNOTAVAIL',
    'EACCES',
    'EPERM',
    'EAGAIN',
    'ENETDOWN',
  ])('says that %s is a local fault, and that nothing was sent', (code) => {
    expect(classify(failed(coded(code, 'connect')))).toMatchObject({ ...OURS, code })
    expect(classify(coded(code))).toMatchObject({ ...OURS, code })
  })

  it('says that what broke while it was sent may have arrived', () => {
    expect(classify(failed(coded('ENOBUFS', 'write')))).toMatchObject({ ...OURS, ambiguous: true })
  })

  it.each([
    ['all addresses', all('EMFILE', 'EMFILE'), 'EMFILE'],
    ['one address, and no route to the other', all('ENETUNREACH', 'EMFILE'), 'EMFILE'],
  ])('reads what Node says of %s', (_what, error, code) => {
    expect(classify(failed(error))).toMatchObject({ ...OURS, code })
  })

  it('reads the words of runtimes that give no code', () => {
    const words = 'error sending request for url: Too many open files (os error 24)'
    expect(classify(new TypeError(words))).toMatchObject({ ...OURS, code: 'EMFILE' })
  })

  it.each([
    ['a server that refuses, at one of two addresses', all('EADDRNOTAVAIL', 'ECONNREFUSED')],
    ['no route at all', all('ENETUNREACH', 'ENETUNREACH')],
    ['a refused connection', coded('ECONNREFUSED', 'connect')],
    ['a reset connection', coded('ECONNRESET', 'read')],
    ['a name that does not resolve', coded('ENOTFOUND', 'getaddrinfo')],
    ['a broken pipe', coded('EPIPE', 'write')],
  ])('leaves %s to the server', (_what, error) => {
    expect(classify(failed(error))).toMatchObject({ kind: 'network' })
    expect(classify(failed(error)).origin).toBeUndefined()
  })

  it('takes an answer for an answer, whatever words it uses', () => {
    const answer = Object.assign(new Error('too many open files'), { status: 503 })
    expect(classify(answer)).toMatchObject({ kind: 'server', status: 503 })
    expect(classify(answer).origin).toBeUndefined()
  })
})

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

const LOCAL = { kind: 'network', retryable: true, ambiguous: false, origin: 'local' }

describe('classify', () => {
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
  ])('reports %s as a local fault, with nothing sent', (code) => {
    expect(classify(failed(coded(code, 'connect')))).toMatchObject({ ...LOCAL, code })
    expect(classify(coded(code))).toMatchObject({ ...LOCAL, code })
  })

  it('reports a local fault during a write as ambiguous', () => {
    expect(classify(failed(coded('ENOBUFS', 'write')))).toMatchObject({ ...LOCAL, ambiguous: true })
  })

  it.each([
    ['all addresses', all('EMFILE', 'EMFILE'), 'EMFILE'],
    ['one address, and no route to the other', all('ENETUNREACH', 'EMFILE'), 'EMFILE'],
  ])('reports a local fault of %s, from the AggregateError of Node', (_what, error, code) => {
    expect(classify(failed(error))).toMatchObject({ ...LOCAL, code })
  })

  it('recognises the messages of runtimes that set no code', () => {
    const message = 'error sending request for url: Too many open files (os error 24)'
    expect(classify(new TypeError(message))).toMatchObject({ ...LOCAL, code: 'EMFILE' })
  })

  it.each([
    ['a server that refuses, at one of two addresses', all('EADDRNOTAVAIL', 'ECONNREFUSED')],
    ['no route at all', all('ENETUNREACH', 'ENETUNREACH')],
    ['a refused connection', coded('ECONNREFUSED', 'connect')],
    ['a reset connection', coded('ECONNRESET', 'read')],
    ['a name that does not resolve', coded('ENOTFOUND', 'getaddrinfo')],
    ['a broken pipe', coded('EPIPE', 'write')],
  ])('does not report %s as a local fault', (_what, error) => {
    expect(classify(failed(error))).toMatchObject({ kind: 'network' })
    expect(classify(failed(error)).origin).toBeUndefined()
  })

  it('does not report an answer as a local fault, whatever its message', () => {
    const answer = Object.assign(new Error('too many open files'), { status: 503 })
    expect(classify(answer)).toMatchObject({ kind: 'server', status: 503 })
    expect(classify(answer).origin).toBeUndefined()
  })
})

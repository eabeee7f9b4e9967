import { request } from 'node:http'
import { afterAll, expect, it } from 'vitest'
import { chat } from '../../test/wire.ts'
import { startSimulator } from '../index.ts'

const simulator = await startSimulator()
const provider = simulator.provider()
afterAll(() => simulator.close())

/** The header lines of an answer as they came, repeated ones included. */
function rawHeaders(): Promise<string[]> {
  return new Promise((resolve) => {
    const sent = request(`${provider.baseURL}/chat/completions`, { method: 'POST' }, (response) => {
      response.resume().on('end', () => resolve(response.rawHeaders))
    })
    sent.end('{}')
  })
}

it('sends only the given status, headers and body', async () => {
  provider.fail({ type: 'raw', status: 207, headers: { 'X-Odd': 'yes' }, body: 'data: {' })
  const { status, headers, body, ended } = await chat(provider)
  expect([status, body, ended]).toEqual([207, 'data: {', 'whole'])
  expect(headers).toMatchObject({ 'x-odd': 'yes' })
  expect(headers).not.toHaveProperty('content-type')
  expect(headers).not.toHaveProperty('x-request-id')
  expect(provider.counts().faults).toMatchObject({ raw: 1 })
})

it('sends a header several times', async () => {
  const type = 'application/json'
  provider.fail({ type: 'raw', headers: { 'content-type': [type, type] }, body: '{}' })
  const lines = await rawHeaders()
  expect(lines.filter((line) => line === type)).toHaveLength(2)
})

it('sends each piece of a body separately, with any bytes', async () => {
  const bytes = Buffer.from([0xff, 0x00, 0xfe])
  provider.fail({ type: 'raw', body: [bytes.toString('base64'), 'AQ=='], encoding: 'base64' })
  const answer = await chat(provider)
  expect([...answer.bytes]).toEqual([0xff, 0x00, 0xfe, 0x01])
  expect(answer.pieces).toEqual([3, 1])
})

it.each([
  ['close', 'ECONNRESET'],
  ['reset', 'ECONNRESET'],
] as const)('ends the connection by %s behind the last piece', async (ending, ended) => {
  provider.fail({ type: 'raw', body: 'half', ending })
  expect(await chat(provider)).toMatchObject({ body: 'half', ended })
})

it('sends nothing more after the last piece', async () => {
  provider.fail({ type: 'raw', body: 'half', ending: 'stall' })
  expect(await chat(provider, { patienceMs: 20 })).toMatchObject({ body: 'half', ended: 'gone' })
})

it('rejects what it could not send', () => {
  const fails = (fault: object) => () => provider.fail({ type: 'raw', ...fault })
  expect(fails({ body: 7 })).toThrow('body must be a string')
  expect(fails({ body: ['a', 7] })).toThrow('body[1] must be a string')
  expect(fails({ headers: { 'x-a': ['b', 'c\n'] } })).toThrow('headers.x-a[1] must be a value that fits')
  expect(fails({ ending: 'ends' })).toThrow('ending must be one of end, close, reset, stall')
  expect(fails({ bodies: '' })).toThrow("unknown key 'bodies'")
})

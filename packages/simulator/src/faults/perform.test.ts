import { Agent } from 'node:http'
import { connect } from 'node:net'
import { afterAll, beforeEach, describe, expect, it } from 'vitest'
import { chat, chatStream } from '../../test/wire.ts'
import { startSimulator } from '../index.ts'

const simulator = await startSimulator()
const provider = simulator.provider()
afterAll(() => simulator.close())
beforeEach(() => {
  provider.script({})
  provider.reset()
})

/** Opens a connection and sends nothing. @returns how the connection ends */
function silentConnection(): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(provider.port, '127.0.0.1')
    socket.resume()
    socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.name))
    socket.on('end', () => resolve('end'))
  })
}

describe('a connection', () => {
  it('is reset as soon as it is accepted', async () => {
    provider.fail({ type: 'reset', when: 'connect' })
    expect(await silentConnection()).toBe('ECONNRESET')
    expect(provider.counts()).toMatchObject({ calls: 1, byOperation: { connect: 1 }, faults: { reset: 1 } })
    expect((await chat(provider)).status).toBe(200)
  })

  it('is closed cleanly at once', async () => {
    provider.script({ rules: [{ when: { call: { to: 2 } }, fault: { type: 'refuse' } }] })
    expect(await silentConnection()).toBe('end')
    expect(await chat(provider)).toMatchObject({ status: undefined, ended: 'ECONNRESET' })
    expect((await chat(provider)).status).toBe(200)
    expect(provider.counts()).toMatchObject({ calls: 3, aborts: 0, byStatus: { 200: 1 } })
  })

  it('is closed when it is reused', async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 })
    await chat(provider, { agent })
    provider.fail({ type: 'refuse' })
    expect(await chat(provider, { agent })).toMatchObject({ status: undefined, ended: 'ECONNRESET' })
    expect(provider.counts()).toMatchObject({ calls: 2, connections: { opened: 1 } })
    agent.destroy()
  })
})

it('resets after the request was read, or after the headers of the answer', async () => {
  provider.fail({ type: 'reset' }, { type: 'reset', when: 'after-headers' })
  expect(await chat(provider)).toMatchObject({ status: undefined, ended: 'ECONNRESET' })
  expect(provider.requests()[0]?.body).toHaveProperty('messages')
  expect(await chat(provider)).toMatchObject({ status: 200, body: '', ended: 'ECONNRESET' })
  await provider.whenIdle()
  expect(provider.counts()).toMatchObject({ aborts: 0, byStatus: { 200: 1 }, faults: { reset: 2 } })
})

it('resets a reused connection when a second request arrives, but no new connection', async () => {
  provider.script({ rules: [{ fault: { type: 'reset-reused' } }] })
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  const ends = []
  for (let call = 0; call < 4; call++) ends.push((await chat(provider, { agent })).ended)
  agent.destroy()
  expect(ends).toEqual(['whole', 'ECONNRESET', 'whole', 'ECONNRESET'])
  expect(provider.counts()).toMatchObject({ connections: { opened: 2 }, faults: { 'reset-reused': 2 } })
})

it('delays the headers, then sends the next fault or a good answer', async () => {
  provider.fail(
    { type: 'delay', ms: 60_000 },
    { type: 'delay', ms: 5 },
    { type: 'delay', ms: 5, then: { type: 'status', status: 503 } },
  )
  const impatient = await chat(provider, { patienceMs: 30 })
  expect(impatient).toMatchObject({ status: undefined, ended: 'gone' })
  expect((await chat(provider)).status).toBe(200)
  expect((await chat(provider)).status).toBe(503)
  expect(provider.counts().faults).toEqual({ delay: 3, status: 1 })
})

it('does not speak TLS, so a handshake fails', async () => {
  const failure: unknown = await fetch(`https://127.0.0.1:${provider.port}/v1/models`).catch(
    (error: unknown) => error,
  )
  expect(failure).toMatchObject({ cause: { code: expect.stringMatching(/SSL|EPROTO/) as string } })
})

it('hangs until the client closes the connection', async () => {
  provider.fail({ type: 'hang' })
  const hanging = chat(provider, { patienceMs: 30 })
  expect(await hanging).toMatchObject({ status: undefined, ended: 'gone' })
  await provider.whenIdle()
  expect(provider.counts()).toMatchObject({ aborts: 1, inFlight: 0, byStatus: {} })
})

it('paces a stream as in the script: headers, first event, other events', async () => {
  const cases = [
    [{ latency: 60_000 }, undefined, 0],
    [{ firstTokenMs: 60_000 }, 200, 0],
    [{ tokenMs: 60_000 }, 200, 1],
  ] as const
  for (const [script, status, events] of cases) {
    provider.script(script)
    const answer = await chatStream(provider, { patienceMs: 30 })
    expect(answer.status).toBe(status)
    expect(answer.body.split('\n\n')).toHaveLength(events + 1)
  }
  provider.script({ latency: { min: 1, max: 2 }, firstTokenMs: { mean: 2, sigma: 1 }, tokenMs: 0.2 })
  expect(await chatStream(provider)).toMatchObject({ status: 200, ended: 'whole' })
})

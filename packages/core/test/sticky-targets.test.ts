import { describe, expect, it, vi } from 'vitest'
import { perCall, receiptOf, type Harbor, type HarborOptions } from '../src/index.ts'
import { harborFetchFor, harborFor } from './helpers/harbor-for.ts'
import { hello, serveByKey, type KeyServer } from './helpers/key-server.ts'

/** A client with two targets at one server that differ in their keys. */
async function twoTargets(options: HarborOptions = {}): Promise<{ harbor: Harbor; server: KeyServer }> {
  const server = await serveByKey()
  const harbor = harborFor(server, {
    apiKey: 'first',
    providers: { backup: { apiKey: 'backup', baseURL: server.baseURL } },
    fallback: ['backup/gpt-4'],
    ...options,
  })
  return { harbor, server }
}

const call = (
  harbor: Harbor,
  options: Parameters<typeof perCall>[0] = {},
  more: object = {},
): Promise<object> => harbor.chat.completions.create(hello('gpt-4', more), perCall(options))

/** Lets the backup answer once, and then makes the first target well again. */
async function moveToBackup(server: KeyServer, move: () => Promise<object>): Promise<void> {
  server.answers['first'] = 500
  await move()
  server.answers['first'] = 200
  expect(server.keys().at(-1)).toBe('backup')
}

describe('a conversation', () => {
  it('stays with the target that answered last', async () => {
    const { harbor, server } = await twoTargets()
    await moveToBackup(server, () => call(harbor, { session: 's' }))
    const fallbacks = vi.fn()
    harbor.on('fallback', fallbacks)
    const answer = await call(harbor, { session: 's' })
    expect(server.keys().at(-1)).toBe('backup')
    expect(receiptOf(answer)).toMatchObject({ target: 'backup/gpt-4', skipped: [], attempts: [{}] })
    expect(fallbacks).not.toHaveBeenCalled()
    await call(harbor, { session: 'other' })
    expect(server.keys().at(-1)).toBe('first')
    await call(harbor)
    expect(server.keys().at(-1)).toBe('first')
  })

  it.each([
    ['prompt_cache_key', { prompt_cache_key: 'c' }],
    ['safety_identifier', { safety_identifier: 'u' }],
    ['user', { user: 'u' }],
  ])('is named by the %s of the request', async (_, mark) => {
    const { harbor, server } = await twoTargets()
    await moveToBackup(server, () => call(harbor, {}, mark))
    await call(harbor, {}, mark)
    expect(server.keys().at(-1)).toBe('backup')
    expect(harbor.explain(hello('gpt-4', mark)).targets).toMatchObject([
      { name: 'backup/gpt-4', sticky: true },
      { name: 'openai/gpt-4', sticky: false },
    ])
    expect(harbor.explain(hello('gpt-4')).targets.map(({ name }) => name)[0]).toBe('openai/gpt-4')
  })

  it('leaves a target that is not well, and stays with the next one', async () => {
    const { harbor, server } = await twoTargets()
    await moveToBackup(server, () => call(harbor, { session: 's' }))
    server.answers['backup'] = 401
    await call(harbor, { session: 's' })
    expect(server.keys().slice(-2)).toEqual(['backup', 'first'])
    server.answers['backup'] = 200
    await call(harbor, { session: 's' })
    expect(server.keys().at(-1)).toBe('first')
  })

  it('is another one for each account and scope, whatever its name', async () => {
    const { harbor, server } = await twoTargets()
    await moveToBackup(server, () => call(harbor, { session: 's', scope: 'tenant a' }))
    await call(harbor, { session: 's', scope: 'tenant b' })
    expect(server.keys().at(-1)).toBe('first')
    await call(harbor, { session: 's' })
    expect(server.keys().at(-1)).toBe('first')
    await harbor.chat.completions.create(hello('gpt-4'), {
      ...perCall({ session: 's', scope: 'tenant a' }),
      headers: { 'x-tenant-id': 'b' },
    })
    expect(server.keys().at(-1)).toBe('first')
    await call(harbor, { session: 's', scope: 'tenant a' })
    expect(server.keys().at(-1)).toBe('backup')
  })

  it('stays with its target under an order, which chooses for its first call', async () => {
    let backupFirst = true
    const { harbor, server } = await twoTargets({
      order: (targets) => (backupFirst ? targets.toReversed() : targets),
    })
    await call(harbor, { session: 's' })
    expect(server.keys()).toEqual(['backup'])
    backupFirst = false
    await call(harbor, { session: 's' })
    await call(harbor, { session: 'other' })
    expect(server.keys()).toEqual(['backup', 'backup', 'first'])
    await call(harbor, { session: 's', order: (targets) => targets })
    expect(server.keys().at(-1)).toBe('first')
  })

  it('does not return to a target that the order leaves out', async () => {
    let onlyFirst = false
    const { harbor, server } = await twoTargets({
      order: (targets) => (onlyFirst ? targets.slice(0, 1) : targets.toReversed()),
    })
    await call(harbor, { session: 's' })
    onlyFirst = true
    await call(harbor, { session: 's' })
    expect(server.keys()).toEqual(['backup', 'first'])
  })

  it('stays with its target through createHarborFetch', async () => {
    const server = await serveByKey({ first: 500 })
    const fetch = harborFetchFor({
      providers: { backup: { apiKey: 'backup', baseURL: server.baseURL } },
      fallback: ['backup/gpt-4'],
    })
    const send = (): Promise<Response> =>
      fetch(`${server.baseURL}/chat/completions`, {
        method: 'POST',
        headers: { authorization: 'Bearer first', 'content-type': 'application/json' },
        body: JSON.stringify(hello('gpt-4', { prompt_cache_key: 'c' })),
      })
    await (await send()).text()
    server.answers['first'] = 200
    await (await send()).text()
    expect(server.keys().at(-1)).toBe('backup')
  })
})

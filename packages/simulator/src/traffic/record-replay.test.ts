import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import OpenAI from 'openai'
import { afterAll, beforeEach, describe, expect, it, vi } from 'vitest'
import {
  recordTraffic,
  replayTraffic,
  startSimulator,
  type RecordOptions,
  type ReplayOptions,
} from '../index.ts'
import { readTraffic } from './traffic-file.ts'

const folder = mkdtempSync(join(tmpdir(), 'traffic-'))
const simulator = await startSimulator()
const provider = simulator.provider()
let file = ''
let files = 0
afterAll(async () => {
  await simulator.close()
  rmSync(folder, { recursive: true })
})
beforeEach(() => {
  file = join(folder, `${files++}.jsonl`)
  provider.script({})
  provider.reset()
})

const record = (options: Partial<RecordOptions> = {}) =>
  recordTraffic({ upstream: provider.baseURL, to: file, ...options })
const replay = (options: Partial<ReplayOptions> = {}) => replayTraffic({ from: file, ...options })
const clientOf = (baseURL: string, apiKey = 'sk-test-secret-key') =>
  new OpenAI({ baseURL, apiKey, maxRetries: 0 })

const tools = [
  {
    type: 'function' as const,
    function: {
      name: 'find_harbour',
      parameters: { type: 'object', properties: { town: { type: 'string' } } },
    },
  },
]
const chat = {
  model: 'gpt-5',
  messages: [{ role: 'user' as const, content: 'Which harbour is Marseille famous for? 港' }],
}

/** Everything that a client sees of a few calls. */
async function conversation(baseURL: string): Promise<unknown[]> {
  const client = clientOf(baseURL)
  const seen: unknown[] = [await client.chat.completions.create(chat)]
  for await (const chunk of await client.chat.completions.create({ ...chat, stream: true })) seen.push(chunk)
  for await (const event of await client.responses.create({ model: 'gpt-5', input: 'Why?', stream: true }))
    seen.push(event)
  seen.push(await client.chat.completions.create({ ...chat, tools, tool_choice: 'required' }))
  seen.push(await client.embeddings.create({ model: 'text-embedding-3-small', input: ['sea', 'ship'] }))
  provider.fail({ type: 'status', status: 429, retryAfter: '7' })
  const error = await client.models.list().catch((reason: unknown) => reason)
  seen.push(
    error instanceof OpenAI.RateLimitError
      ? [error.status, error.code, error.headers.get('retry-after')]
      : error,
  )
  return seen
}

describe('a recording', () => {
  it('plays what the OpenAI SDK saw, when answers are kept', async () => {
    provider.script({ reply: 'A port.' })
    const recorder = await record({ answers: 'keep' })
    const first = await conversation(recorder.baseURL)
    await recorder.close()
    await using server = await replay()
    expect(await conversation(`${server.url}/v1`)).toEqual(first)
    expect(server.unused()).toEqual([])
    expect(server.unmatched()).toEqual([])
    expect(readFileSync(file, 'utf8')).not.toMatch(/Marseille|secret-key/)
  })

  it('plays answers of the same shape, when they are redacted', async () => {
    const recorder = await record()
    const first = await conversation(recorder.baseURL)
    expect(recorder.counts()).toEqual({ recorded: 6, unfinished: 0, failed: 0 })
    await recorder.close()
    await using server = await replay()
    const second = await conversation(`${server.url}/v1`)
    expect(second.map(shapeOf)).toEqual(first.map(shapeOf))
    const [before, after] = [first, second].map(([answer]) => answer as OpenAI.ChatCompletion)
    expect(after).toMatchObject({ id: before?.id, model: before?.model, usage: before?.usage })
    const text = before?.choices[0]?.message.content ?? ''
    expect(after?.choices[0]?.message.content).toHaveLength(Buffer.byteLength(text))
    expect(readFileSync(file, 'utf8')).not.toContain(text.slice(0, 12))
  })

  it('is byte-equal, chunk by chunk, with the times of its chunks', async () => {
    provider.script({ tokenMs: 5 })
    const body = JSON.stringify({ ...chat, stream: true })
    const call = async (root: string) =>
      (await fetch(`${root}/chat/completions`, { method: 'POST', body })).arrayBuffer()
    const recorder = await record({ prompts: 'keep', answers: 'keep' })
    const bytes = Buffer.from(await call(recorder.baseURL))
    await recorder.close()
    const [exchange] = readTraffic(file)
    expect(exchange?.request.body).toBe(body)
    expect(exchange?.redacted).toEqual({ prompts: false, answers: false })
    const chunks = exchange?.response.chunks ?? []
    expect(chunks.length).toBeGreaterThan(3)
    expect(chunks.at(-1)?.[0]).toBeGreaterThan(20)
    for (const speed of [1, 10, Infinity]) {
      await using server = await replay({ speed })
      const startedAt = performance.now()
      expect(Buffer.from(await call(`${server.url}/v1`))).toEqual(bytes)
      if (speed === 1) expect(performance.now() - startedAt).toBeGreaterThan((chunks.at(-1)?.[0] ?? 0) * 0.9)
    }
  })

  it('cuts the stream where the upstream cut it', async () => {
    provider.fail({ type: 'stream-cut', afterEvents: 2, inside: true })
    const read = async (baseURL: string) => {
      const texts = []
      try {
        for await (const chunk of await clientOf(baseURL).chat.completions.create({ ...chat, stream: true }))
          texts.push(chunk.id)
      } catch {
        texts.push('cut')
      }
      return texts
    }
    const recorder = await record()
    const first = await read(recorder.baseURL)
    await recorder.close()
    await using server = await replay()
    expect(first.at(-1)).toBe('cut')
    expect(await read(`${server.url}/v1`)).toEqual(first)
  })

  it('holds no exchange of a client that left, or of an upstream that cannot be reached', async () => {
    const recorder = await record()
    provider.fail({ type: 'stream-stall', afterEvents: 1 })
    const caller = new AbortController()
    const stream = await clientOf(recorder.baseURL).chat.completions.create(
      { ...chat, stream: true },
      { signal: caller.signal },
    )
    for await (const _ of stream) caller.abort()
    await expect.poll(() => recorder.counts().unfinished).toBe(1)
    await provider.whenIdle()
    expect(provider.counts().aborts).toBe(1)
    await provider.down()
    await expect(clientOf(recorder.baseURL).models.list()).rejects.toThrow('cannot be reached: ECONNREFUSED')
    await provider.up()
    expect(recorder.counts()).toEqual({ recorded: 0, unfinished: 2, failed: 0 })
    await recorder.close()
    expect(readFileSync(file, 'utf8')).toBe('')
  })

  it('has the text of an answer that was compressed all the same', async () => {
    const server = createServer((_, response) => {
      response.writeHead(200, { 'content-type': 'application/json', 'content-encoding': 'gzip' })
      response.end(gzipSync('{"object":"list","data":[]}'))
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as AddressInfo
    const recorder = await record({ upstream: `http://127.0.0.1:${port}` })
    expect(await (await fetch(`${recorder.baseURL}/v1/models`)).json()).toEqual({ object: 'list', data: [] })
    await recorder.close()
    server.close()
    await using played = await replay()
    expect(await (await fetch(`${played.url}/v1/models`)).text()).toBe('{"object":"list","data":[]}')
  })
})

/** The fields of a value and the types of what they hold. */
function shapeOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.length > 8 ? [value.length] : value.map(shapeOf)
  if (typeof value !== 'object' || value === null) return typeof value
  return Object.entries(value).map(([name, each]) =>
    name === 'parsed_arguments' ? name : [name, shapeOf(each)],
  )
}

describe('a recorded file', () => {
  it('can be read by its owner only', async () => {
    await (await record()).close()
    expect(statSync(file).mode & 0o777).toBe(0o600)
  })

  it('is continued, without a line that a crash left incomplete', async () => {
    const once = async (question: string) => {
      await using recorder = await record()
      await clientOf(recorder.baseURL).chat.completions.create({
        ...chat,
        messages: [{ role: 'user', content: question }],
      })
    }
    await once('one')
    const [line = ''] = readFileSync(file, 'utf8').split('\n')
    writeFileSync(file, `${line}\n${line.slice(0, 200)}`)
    expect(readTraffic(file)).toHaveLength(1)
    await once('two')
    expect(readTraffic(file)).toHaveLength(2)
  })

  it('has whole lines when the recorder is killed in the middle of a stream', async () => {
    const index = JSON.stringify(new URL('../index.ts', import.meta.url).href)
    const options = JSON.stringify({ upstream: provider.baseURL, to: file })
    const program = `import { recordTraffic } from ${index}; console.log((await recordTraffic(${options})).baseURL)`
    const argv = ['--conditions=@harbor/source', '--input-type=module-typescript', '--eval', program]
    const child = spawn(process.execPath, argv, { stdio: ['ignore', 'pipe', 'inherit'] })
    const [line] = (await once(child.stdout, 'data')) as [Buffer]
    const client = clientOf(line.toString().trim())
    await client.chat.completions.create(chat)
    provider.fail({ type: 'stream-stall', afterEvents: 3 })
    const stream = await client.chat.completions.create({ ...chat, stream: true })
    const reading = (async () => {
      for await (const _ of stream) child.kill('SIGKILL')
    })()
    await expect(reading).rejects.toThrow()
    expect(readFileSync(file, 'utf8').endsWith('\n')).toBe(true)
    expect(readTraffic(file)).toHaveLength(1)
  })

  it('is refused if it is something else', async () => {
    writeFileSync(file, '{"name":"harbor"}\n')
    await expect(record()).rejects.toThrow(`${file}:1 is not a recorded exchange of version 1`)
    await expect(replay()).rejects.toThrow(`${file}:1 is not a recorded exchange of version 1`)
    expect(readFileSync(file, 'utf8')).toBe('{"name":"harbor"}\n')
  })
})

describe('redaction', () => {
  const secret = fc.stringMatching(/^[a-zA-Z\d_-]{12,40}$/)
  const word = fc.stringMatching(/^zq[a-z]{6,12}$/)
  const headers = fc.dictionary(
    fc.stringMatching(
      /^(?:x-[a-z]{1,10}|authorization|api-key|x-api-key|x-goog-api-key|cookie|openai-organization)$/,
    ),
    secret,
    { minKeys: 1, maxKeys: 6 },
  )

  it.each(['redact', 'keep'] as const)(
    'leaves no key in the file, and with prompts: %j no word that should not be',
    async (choice) => {
      const recorder = await record({ prompts: choice, answers: choice })
      await fc.assert(
        fc.asyncProperty(headers, secret, word, fc.boolean(), async (sent, key, text, stream) => {
          const body = {
            model: 'gpt-5',
            stream,
            messages: [{ role: 'user', content: `${text} ${Object.values(sent).join(' ')} ${key}` }],
            metadata: { [text]: text },
            [text]: { [text]: [text] },
          }
          provider.script({ reply: `${text} ${Object.values(sent).join(' ')} ${key}` })
          const response = await fetch(`${recorder.baseURL}/chat/completions?key=${key}&${text}=${text}`, {
            method: 'POST',
            headers: { ...sent, 'content-type': 'application/json' },
            body: JSON.stringify(body),
          })
          expect(response.status).toBe(200)
          await response.text()
          const line = readFileSync(file, 'utf8').trimEnd().split('\n').at(-1) ?? ''
          for (const value of [key, ...Object.values(sent)]) expect(line).not.toContain(value)
          if (choice === 'redact') expect(line).not.toContain(text)
        }),
        { numRuns: 60 },
      )
      await recorder.close()
    },
  )

  it('removes ids of accounts from the path and from the headers of answers', async () => {
    const server = createServer((_, response) => {
      response.setHeader('openai-organization', 'org-of-acme-corporation')
      response.setHeader('set-cookie', ['session=abcdefghijkl', 'other=mnopqrstuvw'])
      response.end('{"object":"org-of-acme-corporation"}')
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as AddressInfo
    const recorder = await record({ upstream: `http://127.0.0.1:${port}` })
    await (await fetch(`${recorder.url}/v1/organizations/org-1234567/projects/acme-project/models`)).text()
    await recorder.close()
    server.close()
    expect(readFileSync(file, 'utf8')).not.toMatch(/acme|org-1234567|abcdefghijkl|mnopqrstuvw/)
    expect(readTraffic(file)[0]?.request.path).toBe('/v1/[redacted]/[redacted]/[redacted]/[redacted]/models')
  })

  it('calls a function of the user last, and stores nothing if it throws', async () => {
    const warning = vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined)
    const recorder = await record({
      redact: (exchange) => {
        if (exchange.request.path.endsWith('/models')) throw new Error('not this one')
        return { ...exchange, request: { ...exchange.request, body: 'nothing' } }
      },
    })
    const client = clientOf(recorder.baseURL)
    await client.models.list()
    await client.chat.completions.create(chat)
    expect(recorder.counts()).toEqual({ recorded: 1, unfinished: 0, failed: 1 })
    expect(readTraffic(file).map(({ request }) => request.body)).toEqual(['nothing'])
    await expect(recorder.close()).rejects.toThrow('an exchange was not recorded')
    expect(warning).toHaveBeenCalledOnce()
    warning.mockRestore()
  })
})

describe('a replay', () => {
  const ask = (root: string, question: string, more: object = {}) =>
    fetch(`${root}/v1/chat/completions`, {
      method: 'POST',
      body: JSON.stringify({ ...chat, messages: [{ role: 'user', content: question }], ...more }),
    })
  const recorded = async (...questions: string[]) => {
    const recorder = await record({ answers: 'keep' })
    for (const question of questions) await (await ask(recorder.url, question)).text()
    await recorder.close()
  }

  it('finds a recording whatever the order of the fields, the key and the port', async () => {
    await recorded('one')
    await using server = await replay()
    const { model, messages } = { ...chat, messages: [{ content: 'one', role: 'user' }] }
    const body = JSON.stringify({ messages, model })
    const response = await fetch(`${server.url}/v1/chat/completions?key=other`, { method: 'POST', body })
    expect(response.status).toBe(200)
    await response.text()
  })

  it('plays equal requests in the order in which they were recorded, each once', async () => {
    provider.fail({ type: 'status', status: 429 })
    await recorded('one', 'one')
    await using server = await replay()
    const statuses = []
    for (let call = 0; call < 3; call++) statuses.push((await ask(server.url, 'one')).status)
    expect(statuses).toEqual([429, 200, 404])
    expect(server.unmatched()[0]).toMatch(/recorded 2 times, and played as often/)
    server.reset()
    expect((await ask(server.url, 'one')).status).toBe(429)
  })

  it('plays all from the beginning after reset(), also if not all had been played', async () => {
    await recorded('one', 'two', 'three')
    await using server = await replay({ match: 'order' })
    const first = await (await ask(server.url, 'one')).text()
    server.reset()
    expect(server.unused()).toHaveLength(3)
    const again = []
    for (const text of ['one', 'two', 'three']) again.push(await (await ask(server.url, text)).text())
    expect(again[0]).toBe(first)
    expect(new Set(again).size).toBe(3)
  })

  it('repeats the last of equal requests with repeat: true', async () => {
    await recorded('one')
    await using server = await replay({ repeat: true })
    for (let call = 0; call < 3; call++) expect((await ask(server.url, 'one')).status).toBe(200)
  })

  it.each([
    [
      'another text',
      'two',
      {},
      /1 with this method, path and model differ in the body or the query, in text of the same length/,
    ],
    ['another field', 'one', { temperature: 1 }, /the nearest one in temperature/],
    [
      'another model',
      'one',
      { model: 'gpt-4' },
      /there are recordings for POST \/v1\/chat\/completions \(gpt-5\)/,
    ],
  ])('says what differs in a request that was not recorded: %s', async (_, question, more, message) => {
    await recorded('one')
    await using server = await replay()
    const response = await ask(server.url, question, more)
    expect(response.status).toBe(404)
    const { error } = (await response.json()) as { error: { message: string } }
    expect(error.message).toMatch(message)
    await expect(clientOf(`${server.url}/v1`).models.retrieve('gpt-5')).rejects.toThrow(
      'no recording answers GET',
    )
    expect(server.unused()).toHaveLength(1)
  })

  it('plays recordings in their order to other bodies with match: order, and refuses another path', async () => {
    await recorded('one', 'two')
    await using server = await replay({ match: 'order' })
    const first = await (await ask(server.url, 'something else')).text()
    expect(first).toBe(
      readTraffic(file)[0]
        ?.response.chunks.map(([, text]) => text)
        .join(''),
    )
    await expect(clientOf(`${server.url}/v1`).models.list()).rejects.toThrow(
      'no recording answers GET /v1/models: the next one is for POST /v1/chat/completions (gpt-5)',
    )
    expect((await ask(server.url, 'x')).status).toBe(200)
    expect(await (await ask(server.url, 'x')).text()).toContain('all 2 recordings have been played')
  })

  it.each([
    [{ from: 5 }, 'options.from must be a string'],
    [{ from: 'x', speed: 0 }, 'options.speed must be'],
    [{}, 'options.from is missing'],
  ])('refuses wrong options: %j', async (options, message) => {
    await expect(replayTraffic(options as ReplayOptions)).rejects.toThrow(message)
  })
})

describe('the options of a recorder', () => {
  it.each([
    [{ to: 'x' }, 'options.upstream is missing'],
    [{ upstream: 'api.openai.com', to: 'x' }, 'options.upstream must be the base URL of a provider'],
    [{ upstream: 'https://user:sk-secret@api.openai.com', to: 'x' }, 'without credentials'],
    [
      { upstream: 'https://api.openai.com/v1', to: 'x', prompts: 'kept' },
      'options.prompts must be one of redact, keep',
    ],
    [{ upstream: 'https://api.openai.com/v1', to: 'x', redact: true }, 'options.redact must be a function'],
  ])('are checked: %j', async (options, message) => {
    const failure = await recordTraffic(options as RecordOptions).catch((error: unknown) => String(error))
    expect(failure).toContain(message)
    expect(failure).not.toContain('sk-secret')
  })
})

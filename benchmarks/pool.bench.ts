import { fork } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createPool } from '@harbor/pool'
import OpenAI from 'openai'
import * as undici from 'undici'

// CPU of the client per call, against a server in a process of its own that answers at once.
//   node --conditions=@harbor/source benchmarks/pool.bench.ts

const CHUNKS = 200
const ROUNDS = 7

if (process.argv[2] === 'serve') serve()
else await main()

type Call = () => Promise<unknown>

async function main(): Promise<void> {
  const server = fork(import.meta.filename, ['serve'])
  const [port] = (await once(server, 'message')) as [number]
  const url = `http://127.0.0.1:${port}/v1/chat/completions`
  const pool = createPool()
  const agent = new undici.Agent({ connections: 256, allowH2: false })
  const ask = { model: 'm', messages: [{ role: 'user' as const, content: 'Say something of a kilobyte.' }] }
  const headers = { 'content-type': 'application/json', authorization: 'Bearer key' }
  const sdk = { baseURL: `http://127.0.0.1:${port}/v1`, apiKey: 'key', maxRetries: 0 }
  const overGlobal = new OpenAI(sdk)
  const overPool = new OpenAI({ ...sdk, fetch: pool.fetch })

  const init = (stream: boolean) => ({
    method: 'POST' as const,
    headers,
    body: JSON.stringify({ ...ask, stream }),
  })
  const bare = (stream: boolean) => undici.request(url, { ...init(stream), dispatcher: agent })
  const drain = async (chunks: AsyncIterable<unknown> | null): Promise<void> => {
    for await (const chunk of chunks ?? []) if (chunk === undefined) return
  }

  await compare('JSON of 1 KB, 64 at once', 64, 1_500, {
    'undici.request': async () => (await bare(false)).body.text(),
    'pool.fetch': async () => (await pool.fetch(url, init(false))).text(),
    'undici.fetch': async () => (await undici.fetch(url, { ...init(false), dispatcher: agent })).text(),
    'global fetch': async () => (await fetch(url, init(false))).text(),
  })
  await compare('JSON of 1 KB through the OpenAI SDK, 64 at once', 64, 1_500, {
    'SDK over global fetch': async () => overGlobal.chat.completions.create(ask),
    'SDK over pool.fetch': async () => overPool.chat.completions.create(ask),
  })
  await compare(`SSE of ${CHUNKS} chunks, 16 at once`, 16, 240, {
    'undici.request': async () => drain((await bare(true)).body),
    'pool.fetch, chunks()': async () => drain((await pool.fetch(url, init(true))).chunks()),
    'pool.fetch, for await body': async () => drain((await pool.fetch(url, init(true))).body),
    'global fetch, for await body': async () => drain((await fetch(url, init(true))).body),
  })
  await compare(`SSE of ${CHUNKS} chunks through the OpenAI SDK, 16 at once`, 16, 240, {
    'SDK over global fetch': async () =>
      drain(await overGlobal.chat.completions.create({ ...ask, stream: true })),
    'SDK over pool.fetch': async () =>
      drain(await overPool.chat.completions.create({ ...ask, stream: true })),
  })

  await Promise.all([pool.close(), agent.close()])
  server.disconnect()
}

/** Takes the subjects in turns, so that whatever else the machine does hits all alike; the first one is the yardstick. */
async function compare(
  title: string,
  atOnce: number,
  calls: number,
  subjects: Record<string, Call>,
): Promise<void> {
  const rounds = new Map(Object.keys(subjects).map((name): [string, number[]] => [name, []]))
  for (const call of Object.values(subjects)) await cpuOf(call, calls, atOnce)
  for (let round = 0; round < ROUNDS; round++) {
    for (const [name, call] of Object.entries(subjects))
      rounds.get(name)?.push(await cpuOf(call, calls, atOnce))
  }
  const yardstick = [...rounds.values()][0] ?? []
  console.log(`\n${title}: median of ${ROUNDS} rounds`)
  for (const [name, micros] of rounds) {
    const ratios = micros.map((value, round) => value / (yardstick[round] ?? NaN))
    const range = `${Math.min(...ratios).toFixed(2)} to ${Math.max(...ratios).toFixed(2)}`
    console.log(
      `${name.padEnd(30)}${median(micros).toFixed(0).padStart(7)} µs  × ${median(ratios).toFixed(2)}  (${range})`,
    )
  }
}

/** Microseconds of CPU per call. */
async function cpuOf(call: Call, calls: number, atOnce: number): Promise<number> {
  let left = calls
  const worker = async (): Promise<void> => {
    while (left-- > 0) await call()
  }
  const before = process.cpuUsage()
  await Promise.all(Array.from({ length: atOnce }, worker))
  const { user, system } = process.cpuUsage(before)
  return (user + system) / calls
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? NaN
}

function serve(): void {
  const base = { id: 'chatcmpl-1', created: 1, model: 'm' }
  const message = { role: 'assistant', content: 'x'.repeat(800) }
  const whole = JSON.stringify({
    ...base,
    object: 'chat.completion',
    choices: [{ index: 0, message, finish_reason: 'stop' }],
  })
  const delta = { index: 0, delta: { content: 'word ' }, finish_reason: null }
  const event = `data: ${JSON.stringify({ ...base, object: 'chat.completion.chunk', choices: [delta] })}\n\n`

  const server = createServer((request, response) => {
    let body = ''
    request.on('data', (chunk: Buffer) => (body += chunk.toString()))
    request.on('end', () => {
      if (!body.includes('"stream":true')) {
        response.writeHead(200, { 'content-type': 'application/json' }).end(whole)
        return
      }
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      let sent = 0
      const next = (): void => {
        if (sent++ < CHUNKS) {
          response.write(event)
          setImmediate(next)
        } else {
          response.end('data: [DONE]\n\n')
        }
      }
      next()
    })
  })
  server.listen(0, '127.0.0.1', () => process.send?.((server.address() as AddressInfo).port))
  process.on('disconnect', () => process.exit())
}

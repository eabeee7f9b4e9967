import { spawn, type ChildProcess } from 'node:child_process'
import { randomInt } from 'node:crypto'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { createClient } from 'redis'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { CLIENTS } from './clients.ts'
import { completion, HeldProvider, type HeldRequest } from './held-provider.ts'
import { hasRedis, RedisServer } from './redis-server.ts'

const WORDS = ['one ', 'two ', 'three ', 'four ', 'five ', 'six ']
const LIBRARIES = Object.keys(CLIENTS)

/** What a process prints at the end of a call. */
interface Ended {
  readonly text?: string
  readonly status?: string
  readonly attempts?: number
  readonly error?: string
}

class AskingProcess {
  words: string[] = []
  ended: Ended[] = []
  readonly child: ChildProcess
  readonly ready: Promise<void>

  constructor(...args: readonly string[]) {
    const fixture = join(import.meta.dirname, '../.programs/fixtures/asking-process.js')
    const child = spawn(process.execPath, [fixture, ...args], {
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    this.child = child
    const lines = createInterface({ input: child.stdout })
    this.ready = new Promise((resolve) => lines.once('line', () => resolve()))
    lines.on('line', (line) => {
      const printed = JSON.parse(line) as Ended & { word?: string; ready?: true }
      if (printed.word !== undefined) this.words.push(printed.word)
      else if (!printed.ready) this.ended.push(printed)
    })
  }

  ask(how: 'json' | 'stream', question: string): void {
    this.words = []
    this.ended = []
    this.child.stdin?.write(`${how} ${question}\n`)
  }
}

let server: RedisServer
let provider: HeldProvider
let own: ReturnType<typeof createClient>
let watching: ReturnType<typeof createClient>
/** The stream that each connection has read last, by the address of the connection. */
const lastRead = new Map<string, string>()
const started: AskingProcess[] = []
/** The processes that were not killed. */
const alive = new Set<AskingProcess>()

/** Starts processes until this number of them are alive. Those of earlier tests are used again, since each takes long to start. */
async function processes(count: number): Promise<readonly AskingProcess[]> {
  while (alive.size < count) {
    const library = LIBRARIES[started.length % LIBRARIES.length] as string
    const added = new AskingProcess(server.url, library, provider.baseURL, String(started.length))
    started.push(added)
    alive.add(added)
  }
  await Promise.all(started.map(({ ready }) => ready))
  return [...alive].slice(0, count)
}

function kill(killed: AskingProcess): void {
  killed.child.kill('SIGKILL')
  alive.delete(killed)
}

/** Returns the request of a test with this number, counted from 0, when it has arrived. */
async function request(number: number): Promise<HeldRequest> {
  return provider.request(before + number)
}

/** Returns how many requests the test has caused. */
const requests = (): number => provider.requests.length - before

/** The number of requests before the test. */
let before = 0

const senderOf = ({ headers }: HeldRequest): AskingProcess =>
  started[Number(headers['x-process'])] as AskingProcess

/** Resolves when this number of processes follow another one. */
async function untilFollowed(count: number): Promise<void> {
  const blocked = async (): Promise<number> =>
    Number(/blocked_clients:(\d+)/.exec(await own.info('clients'))?.[1])
  await expect.poll(blocked, { interval: 20 }).toBe(count)
}

/** Returns the stream that most connections have read last. */
function mostRead(): string | undefined {
  const byStream = Map.groupBy(lastRead, ([, stream]) => stream)
  return [...byStream].toSorted(([, one], [, other]) => other.length - one.length)[0]?.[0]
}

async function untilEnded(all: readonly AskingProcess[]): Promise<readonly (Ended | undefined)[]> {
  await expect.poll(() => all.map(({ ended }) => ended.length)).toEqual(all.map(() => 1))
  return all.map(({ ended }) => ended[0])
}

describe.skipIf(!hasRedis)('ten processes with one cold question (needs redis-server)', () => {
  beforeAll(async () => {
    server = await RedisServer.start()
    provider = await HeldProvider.start()
    own = createClient({ url: server.url })
    await own.connect()
    watching = createClient({ url: server.url })
    await watching.connect()
    await watching.monitor((reply) => {
      const [, address, stream] = /\[\d+ ([^\]]+)\] "XREAD" .*"STREAMS" "[^"]+" "([^"]+)"/i.exec(reply) ?? []
      if (address !== undefined && stream !== undefined) lastRead.set(address, stream)
    })
    await processes(10)
  })
  beforeEach(async () => {
    before = provider.requests.length
    await untilFollowed(0)
  })
  afterAll(async () => {
    for (const { child } of started) child.kill('SIGKILL')
    own.destroy()
    watching.destroy()
    provider.close()
    await server.close()
  })

  it('send one call', async () => {
    const all = await processes(10)
    for (const each of all) each.ask('json', 'held')
    const first = await request(0)
    await untilFollowed(9)
    first.json(200, completion('Hello.'))
    const ended = await untilEnded(all)
    expect(ended.filter((end) => end?.text === 'Hello.')).toHaveLength(10)
    expect(ended.filter((end) => end?.status === 'shared' && end.attempts === 0)).toHaveLength(9)
    expect(requests()).toBe(1)
  })

  it('send one call although it is answered at once', async () => {
    const all = await processes(10)
    for (const each of all) each.ask('json', 'at-once')
    const first = await request(0)
    first.json(200, completion('Hello.'))
    const ended = await untilEnded(all)
    expect(ended.filter((end) => end?.text === 'Hello.')).toHaveLength(10)
    expect(requests()).toBe(1)
  })

  it('get each word of a stream before the next one is sent', async () => {
    const all = await processes(10)
    for (const each of all) each.ask('stream', 'words')
    const first = await request(0)
    await untilFollowed(9)
    for (const word of WORDS) {
      first.words(word)
      await expect
        .poll(() => all.map(({ words }) => words.at(-1)), { interval: 5 })
        .toEqual(Array(10).fill(word))
    }
    first.end()
    const ended = await untilEnded(all)
    expect(ended.map((end) => end?.text)).toEqual(Array(10).fill(WORDS.join('')))
    expect(requests()).toBe(1)
  })

  it('send a second call when the sender of the first one stands still, which then goes on alone', async () => {
    const all = await processes(10)
    for (const each of all) each.ask('json', 'stopped')
    const first = await request(0)
    const leader = senderOf(first)
    await untilFollowed(9)
    const left = mostRead()
    leader.child.kill('SIGSTOP')
    const second = await request(1)
    // The new leader has read the stream of the old one last, and reads none itself.
    await expect.poll(() => [...lastRead.values()].filter((stream) => stream === left)).toHaveLength(1)
    await untilFollowed(8)
    leader.child.kill('SIGCONT')
    first.json(200, completion('First.'))
    const [own] = await untilEnded([leader])
    expect(own?.text).toBe('First.')
    second.json(200, completion('Second.'))
    const ended = await untilEnded(all.filter((each) => each !== leader))
    expect(ended.map((end) => end?.text)).toEqual(Array(9).fill('Second.'))
    expect(requests()).toBe(2)
  })

  it('send exactly two calls when the sender of the first one is killed', async () => {
    const all = await processes(10)
    for (const each of all) each.ask('json', 'killed')
    const leader = senderOf(await request(0))
    await untilFollowed(9)
    kill(leader)
    const second = await request(1)
    await untilFollowed(8)
    second.json(200, completion('Hello.'))
    const ended = await untilEnded(all.filter((each) => each !== leader))
    expect(ended.map((end) => end?.text)).toEqual(Array(9).fill('Hello.'))
    expect(requests()).toBe(2)
  })

  it.each(['before its first event', 'at a random event'])(
    'send exactly two calls when the leader of a stream is killed %s',
    async (when) => {
      const events = when === 'at a random event' ? randomInt(1, WORDS.length + 1) : 0
      const all = await processes(10)
      for (const each of all) each.ask('stream', `killed-${events}`)
      const first = await request(0)
      const leader = senderOf(first)
      const others = all.filter((each) => each !== leader)
      await untilFollowed(9)
      for (const word of WORDS.slice(0, events)) first.words(word)
      await expect.poll(() => others.map(({ words }) => words.length)).toEqual(Array(9).fill(events))
      kill(leader)
      if (events > 0) {
        // Those that have a part of the stream get an error, and ask again.
        const failed = await untilEnded(others)
        for (const end of failed) expect(end?.error, `killed after ${events} events`).toMatch(/fragment/)
        for (const each of others) each.ask('stream', `killed-${events}`)
      }
      const second = await request(1)
      await untilFollowed(8)
      for (const word of WORDS) second.words(word)
      second.end()
      const ended = await untilEnded(others)
      expect(ended.map((end) => end?.text)).toEqual(Array(9).fill(WORDS.join('')))
      expect(requests(), `killed after ${events} events`).toBe(2)
    },
  )
})

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { setImmediate } from 'node:timers'
import { asObject } from './answers/prompt.ts'
import { Call } from './call.ts'
import { checkFault, checkScript } from './check-script.ts'
import type { Fault } from './fault.ts'
import { FaultPicker } from './fault-picker.ts'
import { perform } from './faults/perform.ts'
import { Journal, type ProviderCounts, type RecordedRequest } from './journal.ts'
import { hashText, seededRandom } from './random.ts'
import { route } from './route.ts'
import type { ProviderScript } from './script.ts'

/** One simulated provider: a server on a port of its own. */
export interface SimulatedProvider {
  readonly name: string
  /** `http://127.0.0.1:PORT/v1` */
  readonly baseURL: string
  readonly port: number
  /** Replaces the script, for the calls to come. */
  script(script: ProviderScript): void
  /** Queues faults for the next calls, in order and before any rule; a sequence counts as its faults. */
  fail(...faults: (Fault | 'ok')[]): void
  /** What has reached it since its start or last reset. */
  counts(): ProviderCounts
  /** The last requests: at most 10,000, and at most 64 MiB of bodies. */
  requests(): readonly RecordedRequest[]
  /** Begins again: counts, requests, call numbers, queue, chance, and the clock of `windowMs`. */
  reset(): void
  /** Resolves when nothing is in flight and clients of this process that went away have been noticed. */
  whenIdle(): Promise<void>
  /** Stops listening and destroys every connection: ECONNREFUSED until `up()`. */
  down(): Promise<void>
  /** Listens again, on the same port. */
  up(): Promise<void>
}

interface Connection {
  readonly id: number
  calls: number
}

/** Listens and counts; what a call is answered with is decided by the picker and written by `perform`. */
export class Provider implements SimulatedProvider {
  readonly name: string
  readonly #server: Server
  readonly #connections = new Map<Socket, Connection>()
  readonly #picker: FaultPicker
  readonly #seed: number
  #script: ProviderScript
  #journal = new Journal()
  #random: () => number
  #startedAt = performance.now()
  #port = 0
  #connectionIds = 0
  #inFlight = 0
  #idle: (() => void)[] = []
  #down = true

  constructor(name: string, script: ProviderScript, seed: number) {
    this.name = name
    this.#script = script
    this.#seed = hashText(name, seed)
    this.#random = seededRandom(this.#seed)
    this.#picker = new FaultPicker(script, this.#seed)
    this.#server = createServer({ keepAliveTimeout: 0, requestTimeout: 0 })
    this.#server.on('connection', (socket: Socket) => this.#connect(socket))
    this.#server.on('request', (request, response) => this.#receive(request, response))
  }

  get port(): number {
    return this.#port
  }

  get baseURL(): string {
    return `http://127.0.0.1:${this.#port}/v1`
  }

  script(script: ProviderScript): void {
    checkScript(script, `script of provider '${this.name}'`)
    this.#script = script
    this.#picker.script(script)
  }

  fail(...faults: (Fault | 'ok')[]): void {
    for (const [index, fault] of faults.entries()) checkFault(fault, `fail()[${index}]`)
    this.#picker.queue(faults)
  }

  counts(): ProviderCounts {
    return this.#journal.counts(this.#connections.size, this.#inFlight)
  }

  requests(): readonly RecordedRequest[] {
    return this.#journal.requests()
  }

  reset(): void {
    this.#journal = new Journal()
    this.#picker.reset()
    this.#random = seededRandom(this.#seed)
    this.#startedAt = performance.now()
  }

  async whenIdle(): Promise<void> {
    do {
      if (this.#inFlight > 0) await new Promise<void>((resolve) => this.#idle.push(resolve))
      // What clients of this process have sent or closed is in the kernel by now; a few turns read it all.
      for (let turn = 0; turn < 4; turn++) await new Promise<void>((resolve) => setImmediate(resolve))
    } while (this.#inFlight > 0)
  }

  async listen(port: number): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject)
      this.#server.listen(port, '127.0.0.1', () => {
        this.#server.off('error', reject)
        resolve()
      })
    })
    this.#port = (this.#server.address() as AddressInfo).port
    this.#down = false
  }

  async up(): Promise<void> {
    if (this.#down) await this.listen(this.#port)
  }

  async down(): Promise<void> {
    if (this.#down) return
    this.#down = true
    await new Promise<void>((resolve) => {
      this.#server.close(() => resolve())
      for (const socket of this.#connections.keys()) socket.destroy()
    })
  }

  #connect(socket: Socket): void {
    const connection = { id: ++this.#connectionIds, calls: 0 }
    const journal = this.#journal
    journal.opened++
    this.#connections.set(socket, connection)
    socket.once('close', () => this.#connections.delete(socket))
    const elapsedMs = performance.now() - this.#startedAt
    const fault = this.#picker.takeAtConnection({ call: journal.calls + 1, elapsedMs })
    if (fault === undefined) return
    journal.fault(fault.type)
    journal.record({
      call: ++journal.calls,
      operation: 'connect',
      method: '',
      path: '',
      headers: {},
      body: undefined,
      at: elapsedMs,
      connection: connection.id,
      aborted: false,
    })
    if (fault.type === 'reset') socket.resetAndDestroy()
    else socket.destroy()
  }

  #receive(request: IncomingMessage, response: ServerResponse): void {
    const journal = this.#journal
    const connection = this.#connections.get(request.socket) ?? { id: 0, calls: 0 }
    const { method = '', url = '' } = request
    const query = url.indexOf('?')
    const path = query < 0 ? url : url.slice(0, query)
    const record = {
      call: ++journal.calls,
      operation: route(method, path),
      method,
      path,
      headers: request.headers,
      body: undefined as unknown,
      at: performance.now() - this.#startedAt,
      connection: connection.id,
      aborted: false,
    }
    const reused = connection.calls++ > 0
    let call: Call | undefined
    this.#inFlight++

    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const raw = chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks)
      record.body = parseJson(raw)
      journal.record(record, raw.length)
      call = new Call({
        request: record,
        raw,
        response,
        script: this.#script,
        random: this.#random,
        reused,
        onFault: (type) => journal.fault(type),
      })
      perform(call, this.#picker.take(facts(record)))
    })
    response.on('close', () => {
      this.#inFlight--
      if (call === undefined) journal.record(record)
      call?.end()
      if (!response.writableFinished && !call?.killed && !this.#down) {
        record.aborted = true
        journal.aborts++
      }
      if (response.headersSent) journal.status(response.statusCode)
      if (call?.usage) {
        journal.tokens.input += call.usage.input
        journal.tokens.output += Math.round(call.usage.output * call.progress)
      }
      if (this.#inFlight === 0) for (const resolve of this.#idle.splice(0)) resolve()
    })
  }
}

function facts({ call, at, operation, body }: RecordedRequest) {
  const { stream, model } = asObject(body)
  return { call, elapsedMs: at, request: { operation, stream: stream === true, model } }
}

function parseJson(raw: Buffer): unknown {
  if (raw.length === 0) return undefined
  try {
    return JSON.parse(raw.toString())
  } catch {
    return undefined
  }
}

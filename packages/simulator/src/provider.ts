import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { setImmediate } from 'node:timers'
import { asObject } from './answers/json.ts'
import { Call } from './call.ts'
import { checkFault, checkScript } from './check-script.ts'
import type { Fault } from './fault.ts'
import { FaultPicker } from './fault-picker.ts'
import { perform } from './faults/perform.ts'
import { Journal, type ProviderCounts, type RecordedRequest } from './journal.ts'
import { type Connection, Listener } from './listener.ts'
import { hashText, seededRandom } from './random.ts'
import { type Operation, route } from './route.ts'
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

/** Takes calls in and counts them; what they are answered with is decided by the picker and written by `perform`. */
export class Provider implements SimulatedProvider {
  readonly name: string
  readonly #listener: Listener
  readonly #picker: FaultPicker
  readonly #seed: number
  #script: ProviderScript
  #journal = new Journal()
  #random: () => number
  #startedAt = performance.now()
  #inFlight = 0
  #idle: (() => void)[] = []

  constructor(name: string, script: ProviderScript, seed: number) {
    this.name = name
    this.#script = script
    this.#seed = hashText(name, seed)
    this.#random = seededRandom(this.#seed)
    this.#picker = new FaultPicker(script, this.#seed)
    this.#listener = new Listener({
      connection: (socket, connection) => this.#connect(socket, connection),
      request: (request, response, connection) => this.#receive(request, response, connection),
    })
  }

  get port(): number {
    return this.#listener.port
  }

  get baseURL(): string {
    return `http://127.0.0.1:${this.port}/v1`
  }

  script(script: ProviderScript): void {
    checkScript(script, `the script of '${this.name}'`)
    this.#script = script
    this.#picker.script(script)
  }

  fail(...faults: (Fault | 'ok')[]): void {
    for (const [index, fault] of faults.entries()) checkFault(fault, `fail()[${index}]`)
    this.#picker.queue(faults)
  }

  counts(): ProviderCounts {
    return this.#journal.counts(this.#listener.openConnections, this.#inFlight)
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

  async up(port?: number): Promise<void> {
    await this.#listener.up(port)
  }

  async down(): Promise<void> {
    await this.#listener.down()
  }

  #connect(socket: Socket, connection: Connection): void {
    const journal = this.#journal
    journal.opened++
    const at = this.#elapsed()
    const fault = this.#picker.takeAtConnection({ call: journal.calls + 1, elapsedMs: at })
    if (fault === undefined) return
    journal.fault(fault.type)
    journal.record(this.#begin('connect', connection, at))
    connection.ended = true
    if (fault.type === 'reset') socket.resetAndDestroy()
    else socket.destroy()
  }

  #receive(request: IncomingMessage, response: ServerResponse, connection: Connection): void {
    const journal = this.#journal
    const { method = '', url = '' } = request
    const query = url.indexOf('?')
    const path = query < 0 ? url : url.slice(0, query)
    const record = {
      ...this.#begin(route(method, path), connection, this.#elapsed()),
      method,
      path,
      headers: request.headers,
    }
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
        connection,
        script: this.#script,
        random: this.#random,
        journal,
      })
      perform(call, this.#picker.take(facts(record)))
    })
    // Writes that a destroyed socket drops finish too; Node's own listener lets go of the socket, so this one comes first.
    let finished = false
    response.prependListener('finish', () => (finished = !request.socket.destroyed))
    response.on('close', () => {
      if (call) call.end()
      else journal.record(record)
      if (!finished && !connection.ended) {
        record.aborted = true
        journal.aborts++
      }
      this.#inFlight--
      if (this.#inFlight === 0) for (const resolve of this.#idle.splice(0)) resolve()
    })
  }

  /** What is known of a call before it has said anything. */
  #begin(operation: Operation, connection: Connection, at: number) {
    const call = ++this.#journal.calls
    return {
      call,
      requestId: `req_${this.#seed.toString(16)}${call.toString(16).padStart(8, '0')}`,
      operation,
      method: '',
      path: '',
      headers: {},
      body: undefined as unknown,
      at,
      connection: connection.id,
      aborted: false,
    }
  }

  #elapsed(): number {
    return performance.now() - this.#startedAt
  }
}

function facts({ call, at, operation, body }: RecordedRequest) {
  const { stream, model } = asObject(body)
  return { call, elapsedMs: at, request: { operation, stream: stream === true, model, body } }
}

function parseJson(raw: Buffer): unknown {
  if (raw.length === 0) return undefined
  try {
    return JSON.parse(raw.toString())
  } catch {
    return undefined
  }
}

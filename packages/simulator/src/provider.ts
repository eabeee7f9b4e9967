import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { BatchService } from './batches/batch-service.ts'
import { Call } from './call.ts'
import { checkFault, checkScript } from './script/check-script.ts'
import { deliver } from './deliver.ts'
import type { Fault, SimpleFault } from './script/fault.ts'
import { FaultPicker } from './script/fault-picker.ts'
import { perform } from './faults/perform.ts'
import { Journal, type ProviderCounts, type RecordedRequest } from './journal.ts'
import { type Connection, Listener } from './listener.ts'
import { admit } from './limits/admit.ts'
import { ResponseService } from './responses/response-service.ts'
import { RateLimits } from './limits/rate-limits.ts'
import { readBody, requestFacts, wantedBy } from './request-facts.ts'
import { hashText, seededRandom } from './random.ts'
import type { ProviderScript } from './script/script.ts'
import { scriptAtTier, tierRefusal } from './script/at-tier.ts'
import { type Clock, processClock, turns } from './time/clock.ts'
import type { SimulatedProvider } from './simulated-provider.ts'
import { routeOf } from './wires/registry.ts'

/** Receives calls and counts them. `FaultPicker` chooses their faults, and `perform` writes the answers. */
export class Provider implements SimulatedProvider {
  readonly name: string
  readonly #listener: Listener
  readonly #picker: FaultPicker
  readonly #seed: number
  #script: ProviderScript
  #limits: RateLimits | undefined
  #journal = new Journal()
  #batches: BatchService
  #responses: ResponseService
  #random: () => number
  readonly #clock: Clock
  #startedAt: number

  constructor(name: string, script: ProviderScript, seed: number, clock: Clock = processClock) {
    this.name = name
    this.#clock = clock
    this.#startedAt = clock.now()
    this.#script = script
    this.#seed = hashText(name, seed)
    this.#random = seededRandom(this.#seed)
    this.#picker = new FaultPicker(script, this.#seed)
    this.#limits = rateLimitsOf(script, this.#clock)
    this.#batches = new BatchService(this.#seed, this.#clock)
    this.#responses = new ResponseService(this.#clock)
    this.#listener = new Listener({
      connection: (socket, connection) => this.#connect(socket, connection),
      request: (request, response, connection) => this.#receive(request, response, connection),
    })
  }

  get port(): number {
    return this.#listener.port
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`
  }

  get baseURL(): string {
    return `${this.url}/v1`
  }

  script(script: ProviderScript): void {
    checkScript(script, `the script of '${this.name}'`)
    this.#script = script
    this.#picker.script(script)
    this.#limits = rateLimitsOf(script, this.#clock)
  }

  fail(...faults: (Fault | 'ok')[]): void {
    for (const [index, fault] of faults.entries()) checkFault(fault, `fail()[${index}]`)
    this.#picker.queue(faults)
  }

  unusedFaults(): readonly SimpleFault[] {
    return this.#picker.unused()
  }

  counts(): ProviderCounts {
    return {
      ...this.#journal.counts(this.#listener.openConnections),
      batches: this.#batches.counts(),
    }
  }

  requests(): readonly RecordedRequest[] {
    return this.#journal.requests()
  }

  reset(): void {
    this.#journal = new Journal()
    this.#picker.reset()
    this.#limits = rateLimitsOf(this.#script, this.#clock)
    this.#batches.stop()
    this.#batches = new BatchService(this.#seed, this.#clock)
    this.#responses = new ResponseService(this.#clock)
    this.#random = seededRandom(this.#seed)
    this.#startedAt = this.#clock.now()
  }

  async whenIdle(): Promise<void> {
    do {
      await this.#journal.whenIdle()
      // Everything that clients in this process have sent or closed is in the kernel by now: a few turns of the event
      // loop read it.
      await turns(4)
    } while (this.#journal.inFlight > 0)
  }

  async up(port?: number): Promise<void> {
    await this.#listener.up(port)
  }

  async down(): Promise<void> {
    await this.#listener.down()
  }

  /** Ends all connections and the work on batches. (`down()` does not end the work on batches.) */
  async close(): Promise<void> {
    this.#batches.stop()
    await this.#listener.down()
  }

  #connect(socket: Socket, connection: Connection): void {
    const journal = this.#journal
    journal.opened++
    this.#clock.noticed()
    const at = this.#elapsed()
    const fault = this.#picker.takeAtConnection({ call: journal.calls + 1, elapsedMs: at })
    if (fault === undefined) return
    journal.fault(fault.type)
    journal.record(this.#begin({ wire: 'openai', operation: 'connect' }, connection, at))
    connection.ended = true
    if (fault.type === 'reset') socket.resetAndDestroy()
    else socket.destroy()
  }

  #receive(request: IncomingMessage, response: ServerResponse, connection: Connection): void {
    const journal = this.#journal
    const { method = '', url = '' } = request
    const [path = '', query = ''] = url.split('?', 2)
    const route = routeOf({ method, path, query, headers: request.headers })
    const record = {
      ...this.#begin(route, connection, this.#elapsed()),
      method,
      path,
      query,
      headers: request.headers,
    }
    let call: Call | undefined
    journal.begin()
    this.#clock.noticed()

    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const raw = chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks)
      // An upload is stored with the files, not in the journal.
      const isJson = record.operation !== 'files'
      if (isJson) record.body = readBody(raw)
      Object.assign(record, wantedBy(route, record.body))
      journal.record(record, isJson ? raw.length : 0)
      const facts = requestFacts(record)
      call = new Call({
        request: record,
        raw,
        response,
        connection,
        script: scriptAtTier(this.#script, facts.request.tier),
        random: this.#random,
        journal,
        batches: this.#batches,
        responses: this.#responses,
        clock: this.#clock,
      })
      const refusal = admit(call, this.#limits)
      if (refusal) deliver(call, refusal)
      else this.#perform(call, facts)
    })
    // A response on a destroyed socket emits `finish`, too. Must run before Node's own listener, which detaches the
    // socket.
    let finished = false
    response.prependListener('finish', () => (finished = !request.socket.destroyed))
    response.on('close', () => {
      if (call) call.end()
      else journal.record(record)
      if (!finished && !connection.ended) {
        record.aborted = true
        journal.aborts++
      }
      journal.end()
      this.#clock.noticed()
    })
  }

  #perform(call: Call, facts: ReturnType<typeof requestFacts>): void {
    const fault = this.#picker.take(facts)
    const refusal = fault ? undefined : tierRefusal(this.#script, facts, this.#seed)
    // A tier that has no capacity refuses at once, however long its answers take.
    if (refusal) call.isRefused = true
    perform(call, fault ?? refusal)
  }

  /** Creates the record of a call whose request has not been read yet. */
  #begin(
    { wire, operation }: Pick<RecordedRequest, 'wire' | 'operation'>,
    connection: Connection,
    at: number,
  ) {
    const call = ++this.#journal.calls
    return {
      call,
      requestId: `req_${this.#seed.toString(16)}${call.toString(16).padStart(8, '0')}`,
      wire,
      operation,
      model: undefined as string | undefined,
      stream: false,
      method: '',
      path: '',
      query: '',
      headers: {},
      body: undefined as unknown,
      at,
      connection: connection.id,
      aborted: false,
    }
  }

  #elapsed(): number {
    return this.#clock.now() - this.#startedAt
  }
}

function rateLimitsOf({ limits }: ProviderScript, clock: Clock): RateLimits | undefined {
  return limits && new RateLimits(limits, clock)
}

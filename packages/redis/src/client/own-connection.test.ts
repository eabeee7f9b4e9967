import { EventEmitter } from 'node:events'
import { describe, expect, it } from 'vitest'
import { openConnection } from './own-connection.ts'

/** A client whose second connection opens when `opening` resolves, and that records whether it was closed again. */
class Client extends EventEmitter {
  readonly #opening: Promise<unknown>
  isClosed = false

  constructor(opening: Promise<unknown>) {
    super()
    this.#opening = opening
  }
  duplicate(): this {
    return this
  }
  connect(): Promise<unknown> {
    return this.#opening
  }
  destroy(): void {
    this.isClosed = true
  }
  readonly status = 'ready'
  callBuffer(): Promise<unknown> {
    return Promise.resolve('OK')
  }
}

const open = (client: Client, maxMs: number) => openConnection(client, maxMs)

/** Resolves after some turns of the event loop, in each of which timers that are due fire. */
async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++) await new Promise((resolve) => setImmediate(resolve))
}

/** Keeps the event loop from everything else, as in a process that gets no CPU. */
function standStill(ms: number): void {
  for (const until = performance.now() + ms; performance.now() < until;);
}

describe('a second connection to Redis', () => {
  it('is in time if only this process was too busy to see that it is open', async () => {
    const client = new Client(turns(3))
    const opened = open(client, 10)
    standStill(40)
    expect(await opened).toBeDefined()
    expect(client.isClosed).toBe(false)
  })

  it('is given up, and closed, if the server does not answer', async () => {
    const client = new Client(new Promise(() => undefined))
    expect(await open(client, 5)).toBeUndefined()
    expect(client.isClosed).toBe(true)
  })
})

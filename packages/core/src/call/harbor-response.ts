import { LeanResponse, type LeanResponseInit } from '@harbor/pool'
import type { JsonBody } from '../base/json.ts'
import { ReaderEnd } from './reader-end.ts'
import type { Answer } from './exchange.ts'

/** These have no body, and a `Response` refuses to give them one. */
const BODILESS = new Set([204, 205, 304])

/** The `Response` that the caller's SDK reads. Whoever knows of it gets what has been parsed already. */
export class HarborResponse extends LeanResponse {
  /** Of a stream, while its events were parsed on their way. */
  readonly events: ReaderEnd | undefined
  #json: JsonBody | undefined

  constructor({ body }: Pick<Answer, 'body'>, init: Omit<LeanResponseInit, 'body'> & { status: number }) {
    const reader = body.kind === 'stream' ? new ReaderEnd(body) : undefined
    const content = reader ?? (body.kind === 'text' ? body.text : null)
    super({ ...init, body: BODILESS.has(init.status) ? null : content })
    this.events = reader?.hasPieces ? reader : undefined
    if (body.kind === 'text') this.#json = body.json
  }

  /** The body as an object, for one who may keep it; undefined where it was not parsed, and for a second one. */
  takeJson(): JsonBody | undefined {
    const json = this.#json
    this.#json = undefined
    return json
  }
}

import { Buffer } from 'node:buffer'
import type { Call } from '../call.ts'
import type { RawFault } from '../script/answer-fault.ts'

/**
 * Writes an answer exactly as a `raw` fault describes it. Each piece of the body is written in its own turn of the event loop, so that it
 * arrives separately.
 */
export function performRaw(call: Call, { status = 200, headers = {}, ...fault }: RawFault): void {
  const { body = [], encoding = 'utf8', ending = 'end' } = fault
  const pieces = (typeof body === 'string' ? [body] : body).map((piece) => Buffer.from(piece, encoding))
  const { response, journal } = call
  journal.status(status)
  response.writeHead(status, linesOf(headers))
  response.flushHeaders()
  let next = 0
  function step(): void {
    const piece = pieces[next++]
    if (piece) {
      response.write(piece)
      call.nextTurn(step)
    } else if (ending === 'end') response.end()
    // The callback of an empty write comes when everything before it has been sent, so the client gets every byte.
    else if (ending !== 'stall') response.socket?.write('', () => call.kill(ending))
  }
  step()
}

/** Returns the headers as name, value, name, value … A header whose value is an array is repeated for each element. */
function linesOf(headers: NonNullable<RawFault['headers']>): string[] {
  return Object.entries(headers).flatMap(([name, values]) =>
    (typeof values === 'string' ? [values] : values).flatMap((value) => [name, value]),
  )
}

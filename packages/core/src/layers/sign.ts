import { untilAborted } from '@harbor/parts'
import { endReason } from '../attempt/attempt-scope.ts'
import { credentialFailed } from '../attempt/refusals.ts'
import { UnusableKeyError } from '../attempt/unusable-key-error.ts'
import { CallWait } from '../call/call-wait.ts'
import type { LegExchange, LegHandler } from '../call/exchange.ts'
import type { Signer } from '../call/signer.ts'
import { ClientClosedError, TimeoutError } from '../base/errors.ts'
import { formatOf } from '../targets/providers.ts'

/** How long a signature is used, in milliseconds. A request that is sent later than this after it was signed is signed again. */
const FRESH_MS = 100

/**
 * Signs each attempt again if keys come from functions or hooks. A short-lived key may have expired during a wait for limits or before a
 * retry, so this layer is below those waits.
 */
export function signLayer(): (next: LegHandler) => LegHandler {
  return (next) =>
    function sign(exchange) {
      const signing = signingFor(exchange)
      return signing ? signed(exchange, signing).then(next) : next(exchange)
    }
}

type Signing = () => Promise<LegExchange>

function signingFor(exchange: LegExchange): Signing | undefined {
  const { leg, signer, operation } = exchange
  const { provider } = leg
  if (provider.native) return signer && !isFresh(exchange, signer) ? () => again(exchange, signer) : undefined
  const { apiKey } = provider
  if (typeof apiKey !== 'function') return undefined
  return async () => ({
    ...exchange,
    ...operation.endpoint.signed(exchange, formatOf(provider, operation), textOf(await apiKey())),
  })
}

function isFresh({ receipt, perCall, init, policy }: LegExchange, { body }: Signer): boolean {
  const isFirst = receipt.attempts.length === 0 && !perCall.ahead && init.body === body
  return isFirst && policy.clock.now() - receipt.startedAt < FRESH_MS
}

async function again(exchange: LegExchange, signer: Signer): Promise<LegExchange> {
  const { body } = exchange.init
  const signed = await signer.sign(body === signer.body ? undefined : body)
  const init = { ...exchange.init, ...(signed.body !== undefined && { body: signed.body }) }
  return { ...exchange, url: signed.url, headers: signed.headers, init }
}

/** Signs a request, and waits for the key function or hook at most as long as the call lasts. */
async function signed(exchange: LegExchange, signing: Signing): Promise<LegExchange> {
  const wait = new CallWait(exchange)
  try {
    return await untilAborted(wait.signal, signing())
  } catch (error) {
    if (wait.isOver) throw new TimeoutError('total', exchange.policy.totalMs, error)
    if (exchange.signal?.aborted) throw endReason(exchange)
    if (ClientClosedError.is(error)) throw error
    throw credentialFailed(exchange, error)
  } finally {
    wait.end()
  }
}

/**
 * Checks the value that a key function returned.
 * @throws UnusableKeyError for a value that cannot be a key; the message never contains it
 */
function textOf(key: unknown): string {
  if (typeof key !== 'string')
    throw new UnusableKeyError(`returned ${key === null ? 'null' : typeof key}, not a text`)
  if (key === '') throw new UnusableKeyError('returned an empty text')
  if (/[^\t\x20-\x7e\x80-\xff]/.test(key))
    throw new UnusableKeyError(
      'returned a text with a line break or another character that no header may have',
    )
  return key
}

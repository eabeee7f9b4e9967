import { MAX_TIMER_MS, untilAborted } from '@harbor/parts'
import { endReason, limitsOf } from '../attempt/attempt-scope.ts'
import { credentialFailed } from '../attempt/refusals.ts'
import { UnusableKeyError } from '../attempt/unusable-key-error.ts'
import { CallWait } from '../call/call-wait.ts'
import type { LegExchange, LegHandler } from '../call/exchange.ts'
import type { Signer } from '../call/signer.ts'
import { ClientClosedError, TimeoutError } from '../base/errors.ts'
import { copyHeaders } from '../base/readonly-headers.ts'
import { formatOf } from '../targets/providers.ts'
import type { TargetCooldowns } from '../routing/target-cooldowns.ts'
import type { Key } from '../targets/credential.ts'
import type { KeyState } from '../targets/key-state.ts'

/**
 * How long a signature is valid for Harbor, in milliseconds. If the request is sent later than this after it was signed, it is signed
 * again.
 */
const FRESH_MS = 100

/**
 * Signs attempts. If the key comes from a function or the client has signing hooks, an attempt is signed again unless its signature is new,
 * because a short-lived key may expire during a wait. If the provider has several keys, the attempt is signed with the chosen one. This
 * layer is below the waits for limits and retries.
 * @param cooldowns gets a cooldown for each key whose function failed
 */
export function signLayer(cooldowns: TargetCooldowns): (next: LegHandler) => LegHandler {
  return (next) =>
    function sign(exchange) {
      const signing = signingFor(exchange)
      if (typeof signing !== 'function') return next(signing ?? exchange)
      return signed(exchange, signing, cooldowns).then(next)
    }
}

type Signing = () => Promise<LegExchange>

/** Returns the signed request of the attempt, or a function that signs it; undefined if the request already has the right signature. */
function signingFor(exchange: LegExchange): LegExchange | Signing | undefined {
  const { leg, signer, headers } = exchange
  const { provider } = leg
  if (provider.native && signer?.key) {
    const { key } = leg.key ?? (signer as { readonly key: Key })
    return () => withKeyFrom(exchange, key, withOwnKey)
  }
  // The SDK has signed a request to the client's own provider with the first key.
  if (leg.key && !(provider.native && headers.get('authorization') === `Bearer ${leg.key.key as string}`))
    return signingWith(exchange, leg.key)
  if (provider.native) return signer && !isFresh(exchange, signer) ? () => again(exchange, signer) : undefined
  const { apiKey } = provider
  return typeof apiKey === 'function' ? () => withKeyFrom(exchange, apiKey) : undefined
}

/** Signs a request with one of several keys, after the client's hooks have processed it. */
function signingWith(exchange: LegExchange, { key }: KeyState): LegExchange | Signing {
  const { signer } = exchange
  const isHooked = signer?.hasHooks === true && !isFresh(exchange, signer)
  if (typeof key !== 'function' && !isHooked) return withKey(exchange, key)
  return async () => withKeyFrom(isHooked ? await again(exchange, signer) : exchange, key)
}

/** Signs a request that the SDK has left unsigned. Everything else about it is as the SDK has built it. */
function withOwnKey(exchange: LegExchange, key: string): LegExchange {
  const headers = copyHeaders(exchange.headers)
  headers.set('authorization', `Bearer ${key}`)
  return { ...exchange, headers }
}

/**
 * Signs a request with a key, or with what its function returns.
 * @throws UnusableKeyError for a value that cannot be a key; the message never contains it
 */
async function withKeyFrom(
  exchange: LegExchange,
  from: Key,
  put: (exchange: LegExchange, key: string) => LegExchange = withKey,
): Promise<LegExchange> {
  const key: unknown = typeof from === 'function' ? await from() : from
  if (typeof key !== 'string')
    throw new UnusableKeyError(`returned ${key === null ? 'null' : typeof key}, not a text`)
  if (key === '') throw new UnusableKeyError('returned an empty text')
  if (/[^\t\x20-\x7e\x80-\xff]/.test(key))
    throw new UnusableKeyError('returned a text with a line break or the like')
  return put(exchange, key)
}

function withKey(exchange: LegExchange, key: string | null): LegExchange {
  const { operation, leg, url } = exchange
  const headers = copyHeaders(exchange.headers)
  // The key of the SDK. Some protocols have another header for theirs.
  headers.delete('authorization')
  return {
    ...exchange,
    ...operation.endpoint.signed({ url, headers }, formatOf(leg.provider, operation), key ?? ''),
  }
}

function isFresh({ receipt, perCall, init, policy }: LegExchange, { body }: Signer): boolean {
  const isFirst = receipt.attempts.length === 0 && !perCall.isPrefetch && init.body === body
  return isFirst && policy.clock.now() - receipt.startedAt < FRESH_MS
}

async function again(exchange: LegExchange, signer: Signer): Promise<LegExchange> {
  const { body } = exchange.init
  const signed = await signer.sign(body === signer.body ? undefined : body)
  const init = { ...exchange.init, ...(signed.body !== undefined && { body: signed.body }) }
  return { ...exchange, url: signed.url, headers: signed.headers, init }
}

/**
 * Signs a request. It waits for the key function or the hooks at most for the time of an attempt, so that another target can take over, and until the
 * deadline of the call.
 */
async function signed(
  exchange: LegExchange,
  signing: Signing,
  cooldowns: TargetCooldowns,
): Promise<LegExchange> {
  const wait = new CallWait(exchange)
  const { attemptMs } = limitsOf(exchange, exchange.policy.clock.now())
  // Without a limit, the time of the call ends first.
  const timer = setTimeout(
    () => wait.callOff(new UnusableKeyError(`did not return within ${Math.round(attemptMs)} ms`)),
    Math.min(attemptMs, MAX_TIMER_MS),
  ).unref()
  try {
    return await untilAborted(wait.signal, signing())
  } catch (error) {
    if (wait.isOver) throw new TimeoutError('total', exchange.policy.totalMs, error)
    if (exchange.signal?.aborted) throw endReason(exchange)
    if (ClientClosedError.is(error)) throw error
    if (exchange.leg.key) cooldowns.noteFailedFunction(exchange)
    throw credentialFailed(exchange, error)
  } finally {
    clearTimeout(timer)
    wait.end()
  }
}
